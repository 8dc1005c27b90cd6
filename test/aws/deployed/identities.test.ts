/**
 * Who may what in the account: hosts that are known by their AWS role, and the functions' own roles, each of which does what
 * it must not do and is refused. Signatures are checked and policies evaluated by the stand-in.
 */
import { BatchWriteItemCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { Login } from '../../clients/support/auth-file.ts';
import { startHtpasswdRegistry, type HtpasswdRegistry } from '../../clients/support/registry-htpasswd.ts';
import { newLogin } from '../../clients/support/scene.ts';
import { available as hasTools } from '../../clients/support/tools.ts';
import type { Keys } from '../support/account.ts';
import { answerOf, signed, type SignedRequest } from '../support/aws-call.ts';
import { assumeRole, createRole } from '../support/assumed-role.ts';
import { deployPullpass, type Deployment } from '../support/deployment.ts';
import { ACCOUNT_ID, REGION } from '../support/deployment-names.ts';
import { available } from '../support/machine.ts';
import { refusals } from '../support/refusals.ts';

const IMAGE = 'team/app:1';
const ALL = available('ministack') && hasTools('unshare', 'docker-registry', 'htpasswd', 'skopeo', 'openssl', 'curl');
const PATH = '/iam/v1/environments/prod/resolve';

let pullpass: Deployment;
let registry: HtpasswdRegistry;
let login: Login;
let registryId: string;

const CREATED = z.looseObject({ id: z.string() });

beforeAll(async () => {
  if (!ALL) return;
  pullpass = await deployPullpass(async (ground) => {
    login = newLogin(ground, 'anna');
    registry = await startHtpasswdRegistry(ground.workspace, [login]);
    return {};
  });
  const added = await pullpass.api('POST /v1/registries', {
    address: registry.address,
    source: { kind: 'static', ...login },
    environments: ['prod'],
    tls: { plainHttp: true },
  });
  expect(added.status).toBe(201);
  registryId = CREATED.parse(added.body).id;
});

afterAll(async () => {
  if (ALL) await pullpass.end();
});

describe.runIf(ALL)('a host that is known by its AWS role', () => {
  const mayCall = (): string => {
    const [api = ''] = new URL(pullpass.url).hostname.split('.');
    return `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${api}/*/POST/iam/*`;
  };
  const hostRole = (name: string, resource = mayCall()): Promise<string> =>
    createRole(pullpass.workspace, pullpass.account, {
      name,
      may: [{ Effect: 'Allow', Action: 'execute-api:Invoke', Resource: resource }],
    });
  const call = async (keys: Keys, path = PATH): Promise<ReturnType<typeof answerOf>> => {
    const request: SignedRequest = {
      url: `${pullpass.url}${path}`,
      service: 'execute-api',
      body: JSON.stringify({ image: `${registry.address}/${IMAGE}` }),
      headers: { 'content-type': 'application/json' },
      keys,
      printsSecrets: true,
    };
    const { stdout } = await signed(pullpass.workspace, pullpass.account, request);
    return answerOf(stdout);
  };
  let bound: string;

  beforeAll(async () => {
    bound = await hostRole('node-a');
    const pattern = `arn:aws:iam::${ACCOUNT_ID}:role/node-*`;
    const create = ['agent', 'create', 'nodes', '--env', 'prod', '--principal', pattern];
    expect(await pullpass.cli(create)).toMatchObject({ exitCode: 0 });
  });

  it('gets a credential by curl with its signature and no token', async () => {
    const { status, text } = await call(await assumeRole(pullpass.account, bound));
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ credential: { username: login.username, password: login.password } });
  });

  it('is refused by Pullpass when its role is bound to nothing', async () => {
    const { status, text } = await call(await assumeRole(pullpass.account, await hostRole('stranger')));
    expect(status).toBe(403);
    expect(text).toContain('principal_not_bound');
  });

  it('is refused by Pullpass in an environment that its role is not bound to', async () => {
    const keys = await assumeRole(pullpass.account, bound);
    expect(await call(keys, PATH.replace('prod', 'other'))).toMatchObject({ status: 403 });
  });

  it('is refused by AWS when its role may not call the API', async () => {
    const keys = await assumeRole(pullpass.account, await hostRole('node-without', 'arn:aws:execute-api:*:*:none/*'));
    expect(await call(keys)).toMatchObject({ status: 403 });
  });

  it('is refused by AWS with a signature that is not its own', async () => {
    const keys = await assumeRole(pullpass.account, bound);
    expect(await call({ ...keys, secretAccessKey: 'x'.repeat(40) })).toMatchObject({ status: 403 });
  });

  it('gets nothing with a signature where a token is asked for', async () => {
    const keys = await assumeRole(pullpass.account, bound);
    expect(await call(keys, PATH.replace('/iam', ''))).toMatchObject({ status: 401 });
  });

  // AWS itself answers 403; the stand-in lets a bearer token through to the function, which does not take it either.
  it('and an administrator by token gets nothing where a signature is asked for', async () => {
    const { status, text } = await pullpass.api(`POST ${PATH}`, { image: `${registry.address}/${IMAGE}` });
    expect([401, 403]).toContain(status);
    expect(text).not.toContain(login.password);
  });
});

describe.runIf(ALL)("the functions' roles", () => {
  const roles = new Map<string, string>();
  /** A client's call under the role of this function: `allowed`, or the code of the refusal. */
  const attempt = async (role: string, send: (keys: Keys) => Promise<unknown>): Promise<string> => {
    try {
      await send(await assumeRole(pullpass.account, roles.get(role) ?? ''));
      return 'allowed';
    } catch (error) {
      return error instanceof Error ? error.name : 'unknown';
    }
  };
  const options = (keys: Keys): ReturnType<Deployment['account']['clientOptions']> =>
    pullpass.account.clientOptions(keys);
  const secret = (part: 'source' | 'issued'): string => `pullpass-test/${registryId}/${part}`;
  const read = (part: 'source' | 'issued') => (keys: Keys) =>
    new SecretsManagerClient(options(keys)).send(new GetSecretValueCommand({ SecretId: secret(part) }));
  const write = (part: 'source' | 'issued') => (keys: Keys) =>
    new SecretsManagerClient(options(keys)).send(
      new PutSecretValueCommand({ SecretId: secret(part), SecretString: 'x', VersionStages: ['AWSPENDING'] }),
    );
  const readAdminToken = (keys: Keys): Promise<unknown> =>
    new SecretsManagerClient(options(keys)).send(
      new GetSecretValueCommand({ SecretId: pullpass.outputs['FirstAdminSecret'] ?? '' }),
    );
  const put = (pk: string) => (keys: Keys) =>
    new DynamoDBClient(options(keys)).send(
      new PutItemCommand({ TableName: pullpass.outputs['Table'] ?? '', Item: { pk: { S: pk }, sk: { S: 'attempt' } } }),
    );
  const batchPut = (pk: string) => (keys: Keys) => {
    const item = { PutRequest: { Item: { pk: { S: pk }, sk: { S: 'attempt' } } } };
    const RequestItems = { [pullpass.outputs['Table'] ?? '']: [item] };
    return new DynamoDBClient(options(keys)).send(new BatchWriteItemCommand({ RequestItems }));
  };
  const scan = (keys: Keys): Promise<unknown> =>
    new DynamoDBClient(options(keys)).send(new ScanCommand({ TableName: pullpass.outputs['Table'] ?? '' }));
  const list = (keys: Keys): Promise<unknown> =>
    new SecretsManagerClient(options(keys)).send(new ListSecretsCommand({}));
  const assume = (role: string) => (keys: Keys) =>
    new STSClient(options(keys)).send(
      new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${ACCOUNT_ID}:role/${role}`, RoleSessionName: 'x' }),
    );
  const ecrToken = (keys: Keys): Promise<unknown> =>
    new ECRClient(options(keys)).send(new GetAuthorizationTokenCommand({}));
  const invoke = (name: string) => (keys: Keys) =>
    new LambdaClient(options(keys)).send(
      new InvokeCommand({ FunctionName: functionNames.get(name) ?? '', InvocationType: 'Event', Payload: '{}' }),
    );
  const functionNames = new Map<string, string>();

  beforeAll(async () => {
    const lambda = new LambdaClient(pullpass.account.clientOptions());
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
    for (const { FunctionName = '', Role = '' } of Functions) {
      const name = NAMES.find((each) => FunctionName.toLowerCase().includes(each.replaceAll('-', ''))) ?? FunctionName;
      roles.set(name, Role);
      functionNames.set(name, FunctionName);
    }
    expect([...roles.keys()].toSorted()).toEqual([...NAMES].toSorted());
    const pull = [{ Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' }] as const;
    for (const name of ['pullpass-team', 'somebody-elses']) {
      await createRole(pullpass.workspace, pullpass.account, {
        name,
        trusts: roles.get('refresh-ecr') ?? '',
        may: pull,
      });
    }
  });

  const NAMES = [
    'resolve',
    'reject',
    'first-admin',
    'admin',
    'refresh-ecr',
    'mint-google',
    'recheck-static',
    'record-decisions',
    'sweep-vault',
  ];

  it.each([
    ['resolve', 'reads an issued credential', () => read('issued')],
    ['refresh-ecr', 'assumes a role of its pattern', () => assume('pullpass-team')],
    ['refresh-ecr', 'gets a token of ECR', () => ecrToken],
    ['mint-google', 'reads a source secret', () => read('source')],
    ['recheck-static', 'reads a source secret', () => read('source')],
    ['admin', 'reads a source secret', () => read('source')],
    ['admin', "starts the function of ECR's tokens", () => invoke('refresh-ecr')],
    ['record-decisions', 'writes decisions', () => batchPut('audit#decision#0')],
  ])('%s %s', async (role, _, send) => {
    expect(await attempt(role, send())).toBe('allowed');
  });

  it.each([
    ['resolve', 'read a source secret', () => read('source')],
    ['resolve', 'write an issued credential', () => write('issued')],
    ['resolve', 'write into the table', () => put(`host#${registry.address}`)],
    ['resolve', 'walk over the table', () => scan],
    ['resolve', 'list secrets', () => list],
    ['resolve', "read the administrator's token", () => readAdminToken],
    ['resolve', 'start the administrator', () => invoke('admin')],
    ['resolve', 'get a token of ECR', () => ecrToken],
    ['resolve', 'become a role', () => assume('pullpass-team')],
    ['reject', 'read an issued credential', () => read('issued')],
    ['reject', 'read a source secret', () => read('source')],
    ['reject', 'write a policy', () => put('policy')],
    ['reject', 'make an agent', () => put('agent#01')],
    ['reject', 'start the administrator', () => invoke('admin')],
    ['reject', "start the function of ECR's tokens", () => invoke('refresh-ecr')],
    ['admin', 'become a role', () => assume('pullpass-team')],
    ['admin', 'get a token of ECR', () => ecrToken],
    ['admin', 'walk over the table', () => scan],
    ['admin', "read the administrator's token", () => readAdminToken],
    ['refresh-ecr', 'become a role outside its pattern', () => assume('somebody-elses')],
    ['refresh-ecr', 'write a source secret', () => write('source')],
    ['refresh-ecr', 'make an agent', () => put('agent#01')],
    ['refresh-ecr', 'write a policy', () => put('policy')],
    ['refresh-ecr', "read the administrator's token", () => readAdminToken],
    ['mint-google', 'become a role', () => assume('pullpass-team')],
    ['mint-google', 'get a token of ECR', () => ecrToken],
    ['mint-google', 'write a source secret', () => write('source')],
    ['recheck-static', 'write a source secret', () => write('source')],
    ['recheck-static', 'become a role', () => assume('pullpass-team')],
    ['record-decisions', 'read an issued credential', () => read('issued')],
    ['record-decisions', 'write a registry', () => batchPut(`host#${registry.address}`)],
    ['record-decisions', 'write a change', () => batchPut('audit#change')],
    ['record-decisions', 'read the table', () => scan],
    ['first-admin', 'read an issued credential', () => read('issued')],
    ['first-admin', 'write a registry', () => put(`host#${registry.address}`)],
  ])('%s cannot %s', async (role, _, send) => {
    const before = refusals(pullpass.account).length;
    expect(await attempt(role, send())).toMatch(/^AccessDenied/);
    expect(refusals(pullpass.account).length).toBe(before + 1);
  });
});

describe.runIf(ALL)('a registry behind a role', () => {
  const ECR = '123456789012.dkr.ecr.us-east-1.amazonaws.com';
  const add = (role: string): ReturnType<Deployment['cli']> => {
    const arn = `arn:aws:iam::${ACCOUNT_ID}:role/${role}`;
    return pullpass.cli(['registry', 'add', ECR, '--env', 'prod', '--role-arn', arn, '--no-verify']);
  };

  it('is minted for through that role when its name is in the pattern', async () => {
    expect((await add('pullpass-team')).stdout).toContain('credential: fresh');
  });

  it('is told to be denied when it is not, by a code and without the words of AWS', async () => {
    const outcome = await add('somebody-elses');
    expect(outcome.stdout).toContain('credential: pending (denied)');
    expect(outcome.stdout + outcome.stderr).not.toMatch(/is not authorized to perform/);
  });
});
