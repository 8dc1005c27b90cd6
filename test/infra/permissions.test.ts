import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prod } from '../../lib/infra/stages.ts';
import { Deployed } from './support/cloudformation.ts';
import { permitted, policiesOf, type Request } from './support/permitted.ts';
import { ACCOUNT, FUNCTIONS, REGION, Workbench } from './support/synthesise.ts';

const workbench = new Workbench();
let deployed: Deployed;

beforeAll(() => {
  deployed = new Deployed(workbench.template(prod));
}, 60_000);

afterAll(() => {
  workbench.remove();
});

type By = Request['by'];

const ALL = [
  'resolve',
  'reject',
  'admin',
  'refresh-ecr',
  'mint-google',
  'recheck-static',
  'record-decisions',
  'sweep-vault',
  'first-admin',
] as const satisfies readonly By[];
const REFRESHERS: readonly By[] = ['refresh-ecr', 'mint-google', 'recheck-static'];
const READERS: readonly By[] = ['resolve', 'reject', 'admin', ...REFRESHERS, 'first-admin'];

async function whoMay(action: string, resource: string, more: Partial<Request> = {}): Promise<readonly string[]> {
  const answers = await Promise.all(ALL.map((by) => permitted(deployed, { by, action, resource, ...more })));
  return ALL.filter((_, index) => answers[index]);
}

function sorted(names: readonly string[]): readonly string[] {
  return ALL.filter((name) => names.includes(name));
}

function secret(path: string): string {
  return `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:${path}-AbCdEf`;
}

describe('the table', () => {
  const table = (): string => deployed.arnOf('AWS::DynamoDB::GlobalTable');
  const partition = (key: string): Partial<Request> => ({ context: { 'dynamodb:LeadingKeys': [key] } });

  it.each([
    ['GetItem', ''],
    ['BatchGetItem', ''],
    ['Query', ''],
    ['Query', '/index/due'],
    ['Query', '/index/expiring'],
    ['Query', '/index/urgent'],
    ['Query', '/index/list'],
  ])('%s%s is for every function that reads it', async (action, index) => {
    expect(await whoMay(`dynamodb:${action}`, `${table()}${index}`)).toEqual(sorted(READERS));
  });

  it.each([
    'Scan',
    'PartiQLInsert',
    'PartiQLUpdate',
    'PartiQLDelete',
    'DeleteTable',
    'UpdateTable',
    'PutResourcePolicy',
  ])('%s is for no function', async (action) => {
    expect(await whoMay(`dynamodb:${action}`, table())).toEqual([]);
  });

  it('a statement that reads all of it is for no function', async () => {
    const whole = { context: { 'dynamodb:FullTableScan': 'true' } };
    const byKey = { context: { 'dynamodb:FullTableScan': 'false' } };

    expect(await whoMay('dynamodb:PartiQLSelect', table(), whole)).toEqual([]);
    expect(await whoMay('dynamodb:PartiQLSelect', table(), byKey)).toEqual(['resolve']);
    expect(await whoMay('dynamodb:PartiQLSelect', table())).toEqual(['resolve']);
  });

  it.each<[string, string, readonly By[]]>([
    ['GetItem', 'host#docker.io', [...READERS, 'sweep-vault']],
    ['GetItem', 'registry#01J', [...READERS, 'sweep-vault']],
    ['GetItem', 'agent#01J', READERS],
    ['GetItem', 'policy', READERS],
    ['GetItem', 'installation', [...READERS, 'sweep-vault']],
    ['PutItem', 'host#docker.io', ['reject', 'admin', ...REFRESHERS]],
    ['UpdateItem', 'host#docker.io', REFRESHERS],
    ['DeleteItem', 'host#docker.io', ['admin']],
    ['PutItem', 'registry#01J', ['admin']],
    ['UpdateItem', 'registry#01J', []],
    ['DeleteItem', 'registry#01J', ['admin']],
    ['PutItem', 'agent#01J', ['admin', 'first-admin']],
    ['UpdateItem', 'agent#01J', []],
    ['DeleteItem', 'agent#01J', ['admin', 'first-admin']],
    ['PutItem', 'principals', ['admin']],
    ['DeleteItem', 'principals', ['admin']],
    ['PutItem', 'policy', ['admin']],
    ['PutItem', 'policy#prod', ['admin']],
    ['DeleteItem', 'policy#prod', []],
    ['PutItem', 'environments', []],
    ['UpdateItem', 'environments', ['admin']],
    ['DeleteItem', 'environments', []],
    ['PutItem', 'installation', []],
    ['UpdateItem', 'installation', ['admin']],
    ['DeleteItem', 'installation', []],
    ['PutItem', 'audit#change', ['admin', ...REFRESHERS, 'first-admin']],
    ['PutItem', 'audit#decision#3', []],
    ['BatchWriteItem', 'audit#decision#3', ['record-decisions']],
    ['BatchWriteItem', 'audit#change', []],
    ['UpdateItem', 'audit#change', []],
    ['DeleteItem', 'audit#change', []],
  ])('%s in partition %s', async (action, key, expected) => {
    expect(await whoMay(`dynamodb:${action}`, table(), partition(key))).toEqual(sorted(expected));
  });

  it('one request for an allowed and a foreign partition is refused', async () => {
    const both = { context: { 'dynamodb:LeadingKeys': ['host#docker.io', 'policy'] } };

    expect(await whoMay('dynamodb:PutItem', table(), both)).toEqual(['admin']);
    expect(await whoMay('dynamodb:PutItem', table())).toEqual([]);
  });

  const HOST = 'host#docker.io';
  const POINTER = 'registry#01J';
  const AGENT = 'agent#01J';
  const CHANGE = 'audit#change';

  type Operation = readonly [action: 'PutItem' | 'UpdateItem' | 'DeleteItem', partition: string];
  const audited: Operation = ['PutItem', CHANGE];
  const counted: Operation = ['UpdateItem', 'environments'];

  // Whether the check of an operation is shown its own partition or those of its whole transaction is not documented.
  it.each<[string, readonly By[], readonly Operation[]]>([
    ['adds a registry', ['admin'], [['PutItem', HOST], ['PutItem', POINTER], counted, audited]],
    ['changes a registry', ['admin'], [['PutItem', HOST], counted, audited]],
    ['removes a registry', ['admin'], [['DeleteItem', HOST], ['DeleteItem', POINTER], counted, audited]],
    ["sets the organisation's policy", ['admin'], [['PutItem', 'policy'], audited]],
    ["sets an environment's policy", ['admin'], [['PutItem', 'policy#prod'], counted, audited]],
    ['adds an agent with a token', ['admin'], [['PutItem', AGENT], counted, audited]],
    ['adds an agent with a principal', ['admin'], [['PutItem', AGENT], ['PutItem', 'principals'], counted, audited]],
    ['removes an agent with a token', ['admin'], [['DeleteItem', AGENT], counted, audited]],
    [
      'removes an agent with a principal',
      ['admin'],
      [['DeleteItem', AGENT], ['DeleteItem', 'principals'], counted, audited],
    ],
    ['adds an administrator', ['admin', 'first-admin'], [['PutItem', AGENT], audited]],
    ['removes an administrator', ['admin', 'first-admin'], [['DeleteItem', AGENT], audited]],
    ['claims a registry, or reports it rejected', ['reject', 'admin', ...REFRESHERS], [['PutItem', HOST]]],
    ['ends a refresh that it tells of', ['admin', ...REFRESHERS], [['PutItem', HOST], audited]],
    ['notes a login that it tells of, and drift', ['admin', ...REFRESHERS], [['PutItem', HOST], audited, audited]],
  ])('a transaction that %s passes for %j, however it is checked', async (_, expected, operations) => {
    const all = operations.map(([, key]) => key);
    for (const [action, own] of operations) {
      expect(await whoMay(`dynamodb:${action}`, table(), partition(own))).toEqual(
        expect.arrayContaining([...expected]),
      );
      const whole = { context: { 'dynamodb:LeadingKeys': all } };
      expect(await whoMay(`dynamodb:${action}`, table(), whole)).toEqual(expect.arrayContaining([...expected]));
    }
  });

  it.each([
    ['UpdateItem', [CHANGE]],
    ['DeleteItem', [CHANGE]],
    ['UpdateItem', [CHANGE, CHANGE]],
    ['DeleteItem', [CHANGE, 'audit#decision#0']],
    ['PutItem', [CHANGE, 'audit#decision#0']],
    ['DeleteItem', [AGENT, 'audit#decision#0']],
  ])('%s of %j is for no function', async (action, keys) => {
    expect(await whoMay(`dynamodb:${action}`, table(), { context: { 'dynamodb:LeadingKeys': keys } })).toEqual([]);
  });
});

describe("registries' secrets", () => {
  const source = secret('pullpass-prod/01J/source');
  const issued = secret('pullpass-prod/01J/issued');

  it.each<[string, string, readonly By[]]>([
    ['GetSecretValue', issued, ['resolve', 'admin', ...REFRESHERS]],
    ['GetSecretValue', source, ['admin', ...REFRESHERS]],
    ['PutSecretValue', issued, ['admin', ...REFRESHERS]],
    ['PutSecretValue', source, ['admin']],
    ['CreateSecret', issued, ['admin', ...REFRESHERS]],
    ['CreateSecret', source, ['admin']],
    ['UpdateSecretVersionStage', issued, ['admin', ...REFRESHERS]],
    ['UpdateSecretVersionStage', source, ['admin']],
    ['RestoreSecret', issued, ['admin', ...REFRESHERS]],
    ['RestoreSecret', source, ['admin']],
    ['DeleteSecret', issued, ['admin', ...REFRESHERS, 'sweep-vault']],
    ['DeleteSecret', source, ['admin', ...REFRESHERS, 'sweep-vault']],
    ['DescribeSecret', source, ['admin', ...REFRESHERS, 'sweep-vault']],
    ['RemoveRegionsFromReplication', issued, ['admin', ...REFRESHERS, 'sweep-vault']],
    ['PutResourcePolicy', issued, []],
    ['ReplicateSecretToRegions', issued, []],
    ['UpdateSecret', issued, []],
    ['UntagResource', issued, []],
    ['RotateSecret', issued, []],
  ])('%s of %s', async (action, resource, expected) => {
    expect(await whoMay(`secretsmanager:${action}`, resource)).toEqual(sorted(expected));
  });

  it.each<[string, readonly By[]]>([
    ['ListSecrets', ['sweep-vault']],
    ['BatchGetSecretValue', []],
  ])('%s, which knows no single secret, is for %j', async (action, expected) => {
    expect(await whoMay(`secretsmanager:${action}`, '*')).toEqual(expected);
  });

  it.each([
    ['of another installation', secret('pullpass-dev/01J/issued')],
    ['of an installation whose name begins alike', secret('pullpass-prod-2/01J/issued')],
    ['outside of the prefix', secret('database/issued')],
    ['of another part', secret('pullpass-prod/01J/other')],
    ['of another region', issued.replace(REGION, 'us-east-1')],
    ['of another account', issued.replace(ACCOUNT, '222222222222')],
  ])('no function reads or writes a secret %s', async (_, resource) => {
    expect(await whoMay('secretsmanager:GetSecretValue', resource)).toEqual([]);
    expect(await whoMay('secretsmanager:PutSecretValue', resource)).toEqual([]);
    expect(await whoMay('secretsmanager:DeleteSecret', resource)).toEqual([]);
  });

  it('no function removes one without time to bring it back', async () => {
    const context = { 'secretsmanager:ForceDeleteWithoutRecovery': 'true' };

    expect(await whoMay('secretsmanager:DeleteSecret', issued, { context })).toEqual([]);
  });

  it("the first administrator's token is written by its function alone, and read by none", async () => {
    const token = deployed.arnOf('AWS::SecretsManager::Secret');

    expect(await whoMay('secretsmanager:PutSecretValue', token)).toEqual(['first-admin']);
    expect(await whoMay('secretsmanager:GetSecretValue', token)).toEqual([]);
    expect(await whoMay('secretsmanager:DeleteSecret', token)).toEqual([]);
  });
});

describe('the key', () => {
  const use = (context: Record<string, string>): Partial<Request> => ({
    context,
    resourcePolicy: deployed.one('AWS::KMS::Key')['KeyPolicy'],
  });
  const key = (): string => deployed.arnOf('AWS::KMS::Key');
  const VIA_SECRETS = { 'kms:ViaService': `secretsmanager.${REGION}.amazonaws.com` };

  it('is used by no function directly', async () => {
    expect(await whoMay('kms:Decrypt', key(), use({}))).toEqual([]);
    expect(await whoMay('kms:GenerateDataKey', key(), use({}))).toEqual([]);
  });

  it('opens secrets for resolve only by their names, which are those of issued ones', async () => {
    const patterns = [policiesOf(deployed, 'resolve')]
      .flatMap((policies) => JSON.stringify(policies).match(/"kms:EncryptionContext:SecretARN":\[[^\]]*\]/g) ?? [])
      .join();

    // The evaluator knows no names in this condition, so what is named is looked at here.
    expect(await whoMay('kms:Decrypt', key(), use(VIA_SECRETS))).not.toContain('resolve');
    expect(patterns.match(/:secret:[^"]+/g)).toEqual([
      ':secret:pullpass-prod/*/issued-??????',
      ':secret:pullpass-prod/*/issued',
    ]);
  });

  it.each<[string, readonly By[]]>([
    ['Decrypt', [...READERS, 'record-decisions', 'sweep-vault']],
    ['DescribeKey', [...READERS, 'record-decisions', 'sweep-vault']],
    ['GenerateDataKey', ['reject', 'admin', ...REFRESHERS, 'record-decisions', 'first-admin']],
    ['ReEncryptTo', ['reject', 'admin', ...REFRESHERS, 'record-decisions', 'first-admin']],
  ])('is used by DynamoDB for those that read or write the table: %s', async (action, expected) => {
    const viaTable = { 'kms:ViaService': `dynamodb.${REGION}.amazonaws.com` };

    expect(await whoMay(`kms:${action}`, key(), use(viaTable))).toEqual(sorted(expected));
  });

  it('seals secrets for those that write them', async () => {
    const writers = ['admin', ...REFRESHERS, 'first-admin'];

    expect(await whoMay('kms:GenerateDataKey', key(), use(VIA_SECRETS))).toEqual(sorted(writers));
  });

  it.each(['ScheduleKeyDeletion', 'DisableKey', 'PutKeyPolicy', 'CreateGrant'])(
    '%s is for no function',
    async (action) => {
      expect(await whoMay(`kms:${action}`, key(), use(VIA_SECRETS))).toEqual([]);
    },
  );
});

describe('registries of AWS', () => {
  const trusting = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'sts:AssumeRole' }],
  };
  const elsewhere = { account: '222222222222', resourcePolicy: trusting };

  it.each<[string, string, readonly By[]]>([
    ['of this account', `arn:aws:ecr:eu-west-1:${ACCOUNT}:repository/team/app`, ['refresh-ecr']],
    ['of another account', 'arn:aws:ecr:eu-west-1:222222222222:repository/team/app', []],
  ])(
    'repositories %s are pulled from with the token of who may pull from them',
    async (_name, repository, expected) => {
      expect(await whoMay('ecr:BatchGetImage', repository)).toEqual(expected);
      expect(await whoMay('ecr:GetDownloadUrlForLayer', repository)).toEqual(expected);
      expect(await whoMay('ecr:BatchCheckLayerAvailability', repository)).toEqual(expected);
      expect(await whoMay('ecr:PutImage', repository)).toEqual([]);
    },
  );

  it.each(['ecr:GetAuthorizationToken', 'ecr-public:GetAuthorizationToken'])(
    '%s is for the ECR refresher',
    async (action) => {
      expect(await whoMay(action, '*')).toEqual(['refresh-ecr']);
    },
  );

  it('bearer tokens are for the ECR refresher, and for public registries only', async () => {
    const named = (service: string): Partial<Request> => ({ context: { 'sts:AWSServiceName': service } });

    expect(await whoMay('sts:GetServiceBearerToken', '*', named('ecr-public.amazonaws.com'))).toEqual(['refresh-ecr']);
    expect(await whoMay('sts:GetServiceBearerToken', '*', named('codeartifact.amazonaws.com'))).toEqual([]);
  });

  it.each([
    ['arn:aws:iam::222222222222:role/pullpass-pull', ['refresh-ecr']],
    ['arn:aws:iam::222222222222:role/pullpass-pull-team', ['refresh-ecr']],
    [`arn:aws:iam::${ACCOUNT}:role/pullpass-prod-PullpassFunctionsAdminRole`, []],
    ['arn:aws:iam::222222222222:role/admin', []],
    ['arn:aws:iam::222222222222:role/team/pullpass-pull', []],
  ])('the role %s is assumed by %j', async (role, expected) => {
    expect(await whoMay('sts:AssumeRole', role, elsewhere)).toEqual(expected);
  });

  it.each(['ecr:PutImage', 'ecr:DescribeRepositories'])('%s is for no function', async (action) => {
    expect(await whoMay(action, `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/app`)).toEqual([]);
  });
});

describe('other functions', () => {
  it.each<[By, readonly By[]]>([
    ['refresh-ecr', ['admin']],
    ['mint-google', ['admin']],
    ['recheck-static', []],
    ['resolve', []],
    ['admin', []],
    ['reject', []],
    ['record-decisions', []],
    ['sweep-vault', []],
    ['first-admin', []],
  ])('%s is invoked by %j', async (name, expected) => {
    const { id } = deployed.function(name);
    const arn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${id}`;

    expect(await whoMay('lambda:InvokeFunction', arn)).toEqual(sorted(expected));
  });
});

describe('every role', () => {
  it('is within the size of policies that IAM takes', () => {
    for (const by of ALL) {
      const sizes = policiesOf(deployed, by).map(({ policy }) => JSON.stringify(policy).length);
      // Real names are longer than those of the test, by at most this factor.
      expect(sizes.reduce((sum, size) => sum + size, 0) * 1.5, by).toBeLessThan(10_240);
    }
  });

  it.each(ALL)('%s writes its own log and no other', async (by) => {
    const own = deployed.arnOf('AWS::Logs::LogGroup', `${FUNCTIONS[by]}Logs`);
    const another = deployed.arnOf('AWS::Logs::LogGroup', 'PullpassApiAccessLog');
    const write = (group: string): Promise<boolean> =>
      permitted(deployed, { by, action: 'logs:PutLogEvents', resource: group.replace(/:\*$/, ':log-stream:one') });

    expect(await write(own)).toBe(true);
    expect(await write(another)).toBe(false);
  });

  it('has no policy of AWS and trusts no one but its service', () => {
    const roles = [...deployed.ofType('AWS::IAM::Role').values()];

    expect(roles.flatMap((role) => role['ManagedPolicyArns'] ?? [])).toEqual([]);
    expect(
      new Set(roles.map((role) => JSON.stringify(role['AssumeRolePolicyDocument']).match(/"Service":"[^"]+"/)?.[0])),
    ).toEqual(new Set(['"Service":"lambda.amazonaws.com"', '"Service":"scheduler.amazonaws.com"']));
  });
});
