import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAwsWireServer, type AwsWireServer } from '../support/aws-wire-server.ts';
import { startFunctions, type RunningFunctions } from '../support/functions-in-process.ts';
import {
  createServiceAccount,
  startGoogleTokenServer,
  type GoogleTokenServer,
} from '../support/google-token-server.ts';

const SECRET_KEY = 'canary/aws/secret/key/0123456789abcdef0';
const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const account = createServiceAccount();

let aws: AwsWireServer;
let google: GoogleTokenServer;
let functions: RunningFunctions;

beforeEach(async () => {
  aws = await startAwsWireServer({ accessKeys: { AKIAEXAMPLEEXAMPLE01: SECRET_KEY } });
  google = await startGoogleTokenServer({ accounts: [account] });
  functions = await startFunctions({ ecr: { endpoint: aws.endpoint }, trustedTokenUris: [google.tokenUri] });
});

afterEach(async () => {
  await Promise.all([aws.close(), google.close(), functions.close()]);
});

const ecrSource = { kind: 'ecr', accessKeyId: 'AKIAEXAMPLEEXAMPLE01', secretAccessKey: SECRET_KEY };

async function addEcr(): Promise<string> {
  const document = { address: ECR, source: ecrSource, environments: ['prod'], verify: false };
  const added = await functions.call('POST /v1/registries', document);
  expect(added.status, added.text).toBe(201);
  return member(added.body, 'id');
}

async function newAgent(fields: Record<string, unknown> = {}): Promise<string> {
  const created = await functions.call('POST /v1/agents', { name: 'host', environments: ['prod'], ...fields });
  expect(created.status, created.text).toBe(201);
  return member(created.body, 'token');
}

function member(document: unknown, name: string): string {
  const value: unknown = typeof document === 'object' && document !== null ? Reflect.get(document, name) : undefined;
  if (typeof value !== 'string') throw new Error(`no ${name}`);
  return value;
}

describe('the functions together', () => {
  it('mint in the function of the kind when a registry is added, and release what it made', async () => {
    await addEcr();
    expect(functions.lambda.invocations).toMatchObject([
      { functionName: 'refresh-ecr', type: 'RequestResponse', payload: { pullpass: 'mint', address: ECR } },
    ]);
    const token = await newAgent();
    const image = { image: `${ECR}/app:1` };
    const released = await functions.call('POST /v1/environments/prod/resolve', image, { token });
    expect(released.status, released.text).toBe(200);
    expect(released.body).toMatchObject({ credential: { username: 'AWS', serverAddress: ECR } });
    expect(aws.secrets.some((secret) => released.text.includes(secret))).toBe(true);
    expect(functions.logs.resolve.metrics()).toEqual({ 'Resolves{Installation=test,Outcome=released}': [1] });
  });

  it.each([
    ['no role', {}],
    ['a role', { roleArn: 'arn:aws:iam::123456789012:role/pullpass-pull', externalId: 'x' }],
  ])('mint with their own identity and %s for no host that nobody named, whoever asks', async (_name, fields) => {
    const settings = { kind: 'ecr', upstream: ECR, ...fields };
    const request = { pullpass: 'mint', address: 'evil.example', settings, timeoutMilliseconds: 5_000 };
    expect(await functions.refresh('refresh-ecr', request)).toMatchObject({ ok: false, code: 'destination_refused' });
    expect(aws.requests).toEqual([]);
    const source = { kind: 'ecr', upstream: ECR, ...('roleArn' in fields ? { roleArn: fields.roleArn } : {}) };
    const added = await functions.call('POST /v1/registries', { address: 'evil.example', source, environments: ['*'] });
    expect(added.body).toMatchObject({ status: 400, errors: [{ field: 'source.upstream' }] });
    expect(functions.lambda.invocations).toEqual([]);
  });

  it('record a decision as one line before the secret leaves, which is listed once it was delivered', async () => {
    await addEcr();
    const token = await newAgent();
    await functions.call('POST /v1/environments/prod/resolve', { image: `${ECR}/app:1` }, { token });
    await functions.call('POST /v1/environments/prod/resolve', { image: 'quay.io/app:1' }, { token });
    expect(functions.logs.resolve.linesOf('decision')).toMatchObject([
      { image: `${ECR}/app:1`, outcome: 'released', environment: 'prod' },
      { image: 'quay.io/app:1', outcome: 'no_credential', environment: 'prod' },
    ]);
    expect((await functions.call('GET /v1/audit?type=decision')).body).toEqual({ items: [] });
    await functions.deliverDecisions();
    expect((await functions.call('GET /v1/audit?type=decision')).body).toMatchObject({
      items: [
        { image: 'quay.io/app:1', outcome: 'no_credential' },
        { image: `${ECR}/app:1`, outcome: 'released' },
      ],
    });
  });

  it('refresh on schedule what is due of their own kind, and say how long everything lasts', async () => {
    const id = await addEcr();
    await functions.store.catalogue.claimRegistry(id, { claimId: 'test', now: Date.now(), until: Date.now() + 1_000 });
    const before = await functions.store.catalogue.getRegistry(id);
    if (before?.credential.current === undefined) throw new Error('no credential');
    const { claim: _ours, ...record } = before.credential;
    const { sourceVersion } = before;
    const overdue = { ...record, dueAt: Date.now() - 1_000 };
    await functions.store.catalogue.finishRefresh({
      registryId: id,
      claimId: 'test',
      sourceVersion,
      credential: overdue,
    });

    expect(await functions.refresh('mint-google')).toEqual({ refreshed: 0, failed: 0, lost: 0 });
    expect(await functions.refresh('refresh-ecr')).toEqual({ refreshed: 1, failed: 0, lost: 0 });
    const after = await functions.store.catalogue.getRegistry(id);
    expect(after?.credential.current?.version).not.toBe(before.credential.current.version);

    const metrics = functions.logs['refresh-ecr'].metrics();
    expect(metrics['Refreshes{Installation=test,Kind=ecr}']).toEqual([1]);
    expect(metrics['RefreshRuns{Installation=test,Kind=ecr}']).toEqual([1]);
    const [left] = metrics['SecondsLeft{Installation=test,Kind=ecr}'] ?? [];
    expect(left).toBeGreaterThan(11.9 * 3600);
    const [urgent] = metrics['SecondsUntilUrgent{Installation=test}'] ?? [];
    expect(urgent).toBeGreaterThan(8.9 * 3600);
    // Of Google there is nothing that could run out.
    expect(Object.keys(functions.logs['mint-google'].metrics())).toEqual([
      'RefreshRuns{Installation=test,Kind=google}',
      'SecondsUntilUrgent{Installation=test}',
    ]);
  });

  it('count what fails by its code, and go on', async () => {
    const document = { address: ECR, source: ecrSource, environments: ['prod'], verify: false };
    aws.always('ecr', { kind: 'error', code: 'AccessDeniedException', status: 400 });
    const added = await functions.call('POST /v1/registries', document);
    expect(added.body).toMatchObject({ credential: { state: 'pending', lastError: { code: 'denied' } } });
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect(await functions.refresh('refresh-ecr')).toEqual({ refreshed: 0, failed: 1, lost: 0 });
    expect(functions.logs['refresh-ecr'].metrics()).toMatchObject({
      'RefreshFailures{Installation=test,Kind=ecr}': [1],
      'RefreshFailures{Installation=test,Kind=ecr,Code=denied}': [1],
    });
  });

  it('serve callers that AWS knows, where API Gateway says who they are', async () => {
    await addEcr();
    const bound = { principal: 'arn:aws:iam::111122223333:role/node-*' };
    await functions.call('POST /v1/agents', { name: 'nodes', environments: ['prod'], ...bound });
    const arn = 'arn:aws:sts::111122223333:assumed-role/node-7/i-0123';
    const body = { image: `${ECR}/app:1` };
    const signed = await functions.call('POST /iam/v1/environments/prod/resolve', body, { token: '', arn });
    expect(signed.status, signed.text).toBe(200);
    const unsigned = await functions.call('POST /v1/environments/prod/resolve', body, { token: '', arn });
    expect(unsigned.status).toBe(401);
  });

  it('note a rejection, and start nothing for it: the schedule finds it due within the minute', async () => {
    const registryId = await addEcr();
    const token = await newAgent();
    const before = functions.lambda.invocations.length;
    const version = (await functions.store.catalogue.getRegistry(registryId))?.credential.current?.version;
    const reported = await functions.call('POST /v1/environments/prod/rejections', { registryId, version }, { token });
    expect(reported).toMatchObject({ status: 202, body: { outcome: 'scheduled' } });
    expect(functions.lambda.invocations).toHaveLength(before);
    const after = await functions.store.catalogue.getRegistry(registryId);
    expect(after?.credential.rejectedVersion).toBe(version);
    expect(after?.credential.dueAt).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  it('answer each only what is theirs', async () => {
    const token = await newAgent({ export: true });
    expect((await functions.call('GET /v1/environments/prod/docker-config', undefined, { token })).status).toBe(200);
    expect((await functions.call('GET /healthz', undefined, { token: '' })).status).toBe(200);
    expect((await functions.call('GET /install/install.sh', undefined, { token: '' })).text).toBe('#!/bin/sh\n');
    const document = await functions.call('GET /openapi.json', undefined, { token: '' });
    const paths: unknown = Reflect.get(Object(document.body), 'paths');
    for (const path of ['/v1/registries', '/v1/environments/{environment}/resolve', '/healthz']) {
      expect(paths).toHaveProperty([path]);
    }
    expect((await functions.call('GET /v1/nothing')).body).toMatchObject({ code: 'route_not_found' });
  });

  it('log no secret, whatever goes wrong', async () => {
    const id = await addEcr();
    const key = account.keyFile(google.tokenUri);
    const gar = { address: 'gcr.io', source: { kind: 'google', key }, environments: ['prod'], verify: false };
    expect((await functions.call('POST /v1/registries', gar)).status).toBe(201);
    await functions.call('POST /v1/registries', `{"source": {"password": "canary-mistyped`);
    aws.always('ecr', { kind: 'error', code: 'ThrottlingException', status: 400 });
    google.always({ kind: 'error', status: 400, error: 'invalid_grant' });
    await functions.call(`POST /v1/registries/${id}/refresh`);
    await functions.refresh('refresh-ecr');
    functions.lambda.always({ kind: 'drop' });
    await functions.call(`POST /v1/registries/${id}/refresh`);
    const token = await newAgent();
    await functions.call('POST /v1/environments/prod/resolve', { image: `${ECR}/app:1` }, { token });
    await functions.call('POST /v1/environments/prod/resolve', { image: `${ECR}/app:1` }, { token: `${token}0` });

    const pem = account.keyFile('x')['private_key'] ?? '';
    const secrets = [SECRET_KEY, 'canary-mistyped', pem.slice(40, 90), token, functions.adminToken];
    const logged = Object.values(functions.logs).map(({ text }) => text());
    for (const secret of [...secrets, ...aws.secrets, ...google.secrets]) {
      expect(logged.join('').includes(secret), secret.slice(0, 12)).toBe(false);
    }
    expect(logged.join('').split('\n').length).toBeGreaterThan(10);
  });
});
