import { AwsSolutionsChecks } from 'cdk-nag';
import { Validations, type App } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FunctionName } from '../../lib/infra/function-names.ts';
import { dev, prod } from '../../lib/infra/stages.ts';
import { INDEXES } from '../../lib/stores/dynamodb/table-schema.ts';
import { Deployed, isRecord, statementsOf } from './support/cloudformation.ts';
import { FUNCTIONS, templateOf, Workbench } from './support/synthesise.ts';

const workbench = new Workbench();
let app: App;
let production: Deployed;
let trial: Deployed;

beforeAll(() => {
  app = workbench.app();
  production = new Deployed(templateOf(app, workbench.stack(app, prod)));
  trial = new Deployed(workbench.template(dev));
}, 90_000);

afterAll(() => {
  workbench.remove();
});

const NAMES = [
  'resolve',
  'reject',
  'admin',
  'refresh-ecr',
  'mint-google',
  'recheck-static',
  'record-decisions',
  'sweep-vault',
  'first-admin',
] as const;

describe('functions', () => {
  it('are all deployed, and no other code', () => {
    expect(production.resources('AWS::Lambda::Function')).toHaveLength(Object.keys(FUNCTIONS).length);
  });

  it.each<[FunctionName, number]>([
    ['resolve', 10],
    ['reject', 10],
    ['admin', 29],
    ['refresh-ecr', 180],
    ['mint-google', 180],
    ['recheck-static', 180],
    ['record-decisions', 60],
    ['sweep-vault', 300],
    ['first-admin', 60],
  ])('%s ends after %i seconds', (name, seconds) => {
    expect(production.function(name)['Timeout']).toBe(seconds);
  });

  it('that answer the API end before it gives up', () => {
    for (const name of ['resolve', 'reject', 'admin'] as const) {
      expect(Number(production.function(name)['Timeout']), name).toBeLessThan(30);
    }
  });

  it.each(NAMES)('%s runs its bundle on Node 24, arm64, and logs JSON to a log group of its own', (name) => {
    const lambda = production.function(name);
    const logs = production.one('AWS::Logs::LogGroup', `${FUNCTIONS[name]}Logs`);

    expect(lambda).toMatchObject({
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Architectures: ['arm64'],
      LoggingConfig: { LogFormat: 'JSON', LogGroup: logs.id, ApplicationLogLevel: 'INFO' },
    });
  });

  it.each<[FunctionName, readonly string[]]>([
    ['resolve', ['INSTALLATION', 'TABLE', 'SECRET_PREFIX', 'ECR_UPSTREAM_HOSTS']],
    ['reject', ['INSTALLATION', 'TABLE']],
    ['record-decisions', ['INSTALLATION', 'TABLE', 'DECISION_DAYS']],
    ['sweep-vault', ['INSTALLATION', 'TABLE', 'SECRET_PREFIX', 'RECOVERY_DAYS']],
    ['first-admin', ['INSTALLATION', 'TABLE', 'ADMIN_SECRET']],
  ])('%s is told what it needs and nothing else', (name, variables) => {
    expect(Object.keys(environmentOf(name)).sort()).toEqual(variables.map((variable) => `PULLPASS_${variable}`).sort());
  });

  it.each(NAMES)('no variable of %s is empty but the lists', (name) => {
    const empty = Object.entries(environmentOf(name)).filter(([, value]) => value === '');
    const lists = ['PULLPASS_ALLOWED_NETWORKS', 'PULLPASS_ECR_UPSTREAM_HOSTS', 'PULLPASS_TRUSTED_TOKEN_URIS'];

    expect(empty.map(([variable]) => variable).filter((variable) => !lists.includes(variable))).toEqual([]);
  });

  it('that mint are those that administration names', () => {
    expect(environmentOf('admin')).toMatchObject({
      PULLPASS_MINT_ECR: production.function('refresh-ecr').id,
      PULLPASS_MINT_GOOGLE: production.function('mint-google').id,
      PULLPASS_SECRET_REPLICAS: '[]',
      PULLPASS_RECOVERY_DAYS: '30',
    });
  });

  it('with nobody waiting leave what failed in the end with the dead letters', () => {
    const queue = production.arnOf('AWS::SQS::Queue');
    const watched = [...production.ofType('AWS::Lambda::EventInvokeConfig').values()];

    expect(watched.map((config) => config['FunctionName']).sort()).toEqual(
      (['refresh-ecr', 'mint-google', 'recheck-static', 'record-decisions', 'sweep-vault'] as const)
        .map((name) => production.function(name).id)
        .sort(),
    );
    for (const config of watched) expect(config['DestinationConfig']).toEqual({ OnFailure: { Destination: queue } });
  });

  function environmentOf(name: FunctionName): Readonly<Record<string, unknown>> {
    const environment = production.function(name)['Environment'];
    const variables = isRecord(environment) ? environment['Variables'] : undefined;
    if (!isRecord(variables)) throw new Error(`${name} has no environment`);
    return variables;
  }
});

describe('data', () => {
  it('is in one table with the indexes of the store, on demand, recoverable, encrypted with the own key', () => {
    const table = production.one('AWS::DynamoDB::GlobalTable');

    expect(table).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      Replicas: [
        {
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          SSESpecification: { KMSMasterKeyId: production.arnOf('AWS::KMS::Key') },
          DeletionProtectionEnabled: true,
        },
      ],
    });
    expect(table).toMatchObject({
      GlobalSecondaryIndexes: Object.values(INDEXES).map((index) => ({ IndexName: index.name })),
    });
  });

  it('has a key that is rotated', () => {
    expect(production.one('AWS::KMS::Key')['EnableKeyRotation']).toBe(true);
  });

  it.each(['AWS::DynamoDB::GlobalTable', 'AWS::KMS::Key', 'AWS::Logs::LogGroup', 'AWS::SecretsManager::Secret'])(
    'outlives the stack in production, and not on trial: %s',
    (type) => {
      expect(policies(production, type)).toEqual(['Retain']);
      expect(policies(trial, type)).toEqual(['Delete']);
    },
  );

  it('keeps the names that CloudFormation knows it by: under others it would be made anew, and empty', () => {
    expect(production.one('AWS::DynamoDB::GlobalTable').id).toBe('PullpassStorageTableCA16CCC7');
    expect(production.one('AWS::KMS::Key').id).toBe('PullpassStorageKeyA505E429');
    expect(production.one('AWS::SecretsManager::Secret').id).toBe('PullpassFirstAdminTokenE3E8745F');
  });

  it('in logs is encrypted, and kept for a time', () => {
    const groups = [...production.ofType('AWS::Logs::LogGroup').values()];

    expect(groups).toHaveLength(10);
    for (const group of groups) {
      expect(group).toMatchObject({ RetentionInDays: 365, KmsKeyId: production.arnOf('AWS::KMS::Key') });
    }
  });

  it('in queue and topic is encrypted, and travels by TLS only', () => {
    expect(production.one('AWS::SQS::Queue')['SqsManagedSseEnabled']).toBe(true);
    expect(production.one('AWS::SNS::Topic')['KmsMasterKeyId']).toBe(production.arnOf('AWS::KMS::Key'));
    for (const type of ['AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy']) {
      const refusal = { Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } };
      expect(statementsOf(production.one(type)['PolicyDocument'])).toContainEqual(expect.objectContaining(refusal));
    }
  });

  function policies(deployed: Deployed, type: string): readonly unknown[] {
    return [...new Set(deployed.resources(type).map(([, { DeletionPolicy }]) => DeletionPolicy))];
  }
});

describe('the API', () => {
  const AGENT_CALLS = [
    'POST resolve',
    'POST docker-credential',
    'POST explain',
    'GET docker-config',
    'GET host-config/{runtime}',
    'POST rejections',
  ];
  const ENVIRONMENT = '/v1/environments/{environment}/';

  function routes(): ReadonlyMap<string, unknown> {
    const all = [...production.ofType('AWS::ApiGatewayV2::Route').values()];
    return new Map(all.map((route) => [String(route['RouteKey']), route['AuthorizationType']]));
  }

  it("lets AWS check the signature of every agent's call below /iam, and the functions check tokens", () => {
    const calls = AGENT_CALLS.map((call) => call.replace(' ', ` ${ENVIRONMENT}`));

    expect(Object.fromEntries(routes())).toEqual({
      ...Object.fromEntries(calls.map((call) => [call, 'NONE'])),
      ...Object.fromEntries(calls.map((call) => [call.replace(' ', ' /iam'), 'AWS_IAM'])),
      'ANY /v1/{proxy+}': 'NONE',
      'GET /healthz': 'NONE',
      'GET /openapi.json': 'NONE',
      'GET /reference': 'NONE',
      'GET /install/{file}': 'NONE',
    });
  });

  it.each<[string, FunctionName]>([
    [`POST ${ENVIRONMENT}resolve`, 'resolve'],
    [`POST /iam${ENVIRONMENT}resolve`, 'resolve'],
    [`GET /iam${ENVIRONMENT}docker-config`, 'resolve'],
    [`GET ${ENVIRONMENT}host-config/{runtime}`, 'resolve'],
    [`POST ${ENVIRONMENT}rejections`, 'reject'],
    [`POST /iam${ENVIRONMENT}rejections`, 'reject'],
    ['ANY /v1/{proxy+}', 'admin'],
    ['GET /healthz', 'admin'],
    ['GET /reference', 'admin'],
  ])('%s goes to %s', (key, name) => {
    const route = [...production.ofType('AWS::ApiGatewayV2::Route').values()].find((one) => one['RouteKey'] === key);
    const integrations = production.ofType('AWS::ApiGatewayV2::Integration');
    const target = integrations.get(String(route?.['Target']).replace('integrations/', ''));

    expect(target).toMatchObject({ PayloadFormatVersion: '2.0', IntegrationUri: arnOfFunction(name) });
  });

  it('is throttled, and logs who called which route with what outcome, and nothing that callers write', () => {
    const stage = production.one('AWS::ApiGatewayV2::Stage');
    const { AccessLogSettings: log } = stage;
    const format: unknown = JSON.parse(String(isRecord(log) ? log['Format'] : ''));

    expect(stage).toMatchObject({
      StageName: '$default',
      DefaultRouteSettings: { ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 2000 },
    });
    expect(Object.values(isRecord(format) ? format : {})).toEqual([
      '$context.requestId',
      '$context.requestTimeEpoch',
      '$context.identity.sourceIp',
      '$context.routeKey',
      '$context.status',
      '$context.responseLatency',
      '$context.integrationLatency',
      '$context.integrationStatus',
      '$context.responseLength',
      '$context.error.responseType',
    ]);
  });

  it('takes fewer calls of what anybody may ask administration, and knows those routes before it is told so', () => {
    const [found] = production.resources('AWS::ApiGatewayV2::Stage');
    const [, stage] = found ?? [];
    const limits = { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 };
    const keys = ['ANY /v1/{proxy+}', 'GET /healthz', 'GET /openapi.json', 'GET /reference', 'GET /install/{file}'];
    const ids = [...production.ofType('AWS::ApiGatewayV2::Route')]
      .filter(([, route]) => keys.includes(String(route['RouteKey'])))
      .map(([id]) => id);

    expect(stage?.Properties['RouteSettings']).toEqual(Object.fromEntries(keys.map((key) => [key, limits])));
    expect(ids).toHaveLength(keys.length);
    expect(stage?.DependsOn).toEqual(expect.arrayContaining(ids));
  });

  it('may invoke its three functions, each once for all routes', () => {
    const permissions = [...production.ofType('AWS::Lambda::Permission').values()];
    const byApi = permissions.filter((permission) => permission['Principal'] === 'apigateway.amazonaws.com');

    expect(byApi.map((permission) => permission['FunctionName']).sort()).toEqual(
      (['admin', 'reject', 'resolve'] as const).map(arnOfFunction).sort(),
    );
  });

  function arnOfFunction(name: FunctionName): string {
    return production.arnOf('AWS::Lambda::Function', `${FUNCTIONS[name]}Function`);
  }
});

describe('what runs by itself', () => {
  it.each<[FunctionName, string, string, number, number]>([
    ['refresh-ecr', 'rate(1 minute)', 'refresh', 300, 2],
    ['mint-google', 'rate(1 minute)', 'refresh', 300, 2],
    ['recheck-static', 'rate(1 minute)', 'refresh', 300, 2],
    ['recheck-static', 'rate(1 hour)', 'reverify', 1_800, 2],
    ['sweep-vault', 'rate(1 day)', 'sweep', 21_600, 10],
  ])('%s runs at %s for %s, and is not lost silently', (name, rate, pullpass, seconds, retries) => {
    const lambda = production.arnOf('AWS::Lambda::Function', `${FUNCTIONS[name]}Function`);
    const Input = JSON.stringify({ pullpass });
    const schedules = [...production.ofType('AWS::Scheduler::Schedule').values()].filter(
      ({ Target }) => isRecord(Target) && Target['Arn'] === lambda && Target['Input'] === Input,
    );

    expect(schedules).toMatchObject([
      {
        ScheduleExpression: rate,
        Target: {
          DeadLetterConfig: { Arn: production.arnOf('AWS::SQS::Queue') },
          RetryPolicy: { MaximumEventAgeInSeconds: seconds, MaximumRetryAttempts: retries },
        },
      },
    ]);
  });

  it('is nothing else', () => {
    expect(production.ofType('AWS::Scheduler::Schedule').size).toBe(5);
  });

  it('by schedule is started by one role, which may start that and nothing else', () => {
    const names = ['refresh-ecr', 'mint-google', 'recheck-static', 'sweep-vault'] as const;
    const policy = production.one('AWS::IAM::Policy', 'PullpassSchedulesRole');

    expect(statementsOf(policy['PolicyDocument'])).toMatchObject([
      {
        Action: 'lambda:InvokeFunction',
        Resource: names.map((name) => production.arnOf('AWS::Lambda::Function', `${FUNCTIONS[name]}Function`)),
      },
      { Action: 'sqs:SendMessage', Resource: production.arnOf('AWS::SQS::Queue') },
    ]);
  });

  it('decisions go from the log of resolve to the function that lists them', () => {
    expect(production.one('AWS::Logs::SubscriptionFilter')).toMatchObject({
      LogGroupName: production.one('AWS::Logs::LogGroup', 'PullpassFunctionsResolveLogs').id,
      FilterPattern: '{ $.event = "decision" }',
      DestinationArn: production.arnOf('AWS::Lambda::Function', 'PullpassFunctionsRecordDecisionsFunction'),
    });
  });

  it('the first administrator is made once its function may, and again for a new generation', () => {
    const [found] = production.resources('Custom::PullpassFirstAdmin');
    const [, administrator] = found ?? [];

    expect(administrator?.Properties).toMatchObject({ Generation: '1' });
    expect(administrator?.DependsOn).toEqual(
      expect.arrayContaining([
        expect.stringContaining('FirstAdminRoleDefaultPolicy'),
        expect.stringContaining('StorageTable'),
      ]),
    );
  });
});

describe('alarms', () => {
  const alarms = (): readonly Readonly<Record<string, unknown>>[] => [
    ...production.ofType('AWS::CloudWatch::Alarm').values(),
  ];

  it('each tells somebody when it begins and when it is over, and where it is written what to do', () => {
    expect(alarms().length).toBeGreaterThan(20);
    for (const alarm of alarms()) {
      const topic = [production.arnOf('AWS::SNS::Topic')];
      expect(alarm).toMatchObject({ AlarmActions: topic, OKActions: topic });
      expect(alarm['AlarmDescription']).toMatch(/^[A-Z].{30,} What to do: docs\/operations\.md, "[A-Z][\w ]+"\.$/);
    }
  });

  it.each([
    ['credentials run out (ecr)', 'SecondsLeft', 'LessThanThreshold', 600],
    ['credentials run out (google)', 'SecondsLeft', 'LessThanThreshold', 600],
    ['registries have drifted', 'DriftedRegistries', 'GreaterThanOrEqualToThreshold', 1],
    ['passwords expire', 'ExpiringPasswords', 'GreaterThanOrEqualToThreshold', 1],
    ['a registry needs somebody', 'SecondsUntilUrgent', 'LessThanOrEqualToThreshold', 0],
    ['refresh stands still (ecr)', 'RefreshRuns', 'LessThanThreshold', 1],
    ['refresh stands still (google)', 'RefreshRuns', 'LessThanThreshold', 1],
    ['refresh stands still (static)', 'RefreshRuns', 'LessThanThreshold', 1],
    ['refreshes fail (ecr)', 'RefreshFailures', 'GreaterThanOrEqualToThreshold', 1],
    ['dead letters', 'ApproximateNumberOfMessagesVisible', 'GreaterThanOrEqualToThreshold', 1],
    ['function fails (resolve)', 'Errors', 'GreaterThanOrEqualToThreshold', 1],
    ['function fails (sweep-vault)', 'Errors', 'GreaterThanOrEqualToThreshold', 1],
    ['function is throttled (resolve)', 'Throttles', 'GreaterThanOrEqualToThreshold', 1],
    ['API answers 5xx', '5xx', 'GreaterThanOrEqualToThreshold', 5],
    ['API is slow', 'Latency', 'GreaterThanOrEqualToThreshold', 2000],
    ['catalogue is slow', 'StoreLatency', 'GreaterThanOrEqualToThreshold', 500],
    ['vault is slow', 'StoreLatency', 'GreaterThanOrEqualToThreshold', 500],
  ])('%s: %s %s %i', (name, metric, comparison, threshold) => {
    const alarm = alarms().find(({ AlarmName }) => AlarmName === `Pullpass prod: ${name}`);

    expect(alarm).toMatchObject({ MetricName: metric, ComparisonOperator: comparison, Threshold: threshold });
  });

  it.each(['DriftedRegistries', 'ExpiringPasswords'])('stays what it was about %s, counted once an hour', (name) => {
    const counted = alarms().find(({ MetricName }) => MetricName === name);

    expect(counted).toMatchObject({ Period: 3_600, Statistic: 'Maximum', TreatMissingData: 'ignore' });
  });

  it('say of passwords that expire that nobody but an administrator can renew them', () => {
    const expiring = alarms().find(({ MetricName }) => MetricName === 'ExpiringPasswords');

    expect(expiring?.['AlarmDescription']).toContain('Pullpass cannot renew it. What to do: docs/operations.md');
  });

  it('no news is bad news about refreshes only', () => {
    const breaching = alarms().filter(({ TreatMissingData }) => TreatMissingData === 'breaching');

    expect(breaching.map(({ MetricName }) => MetricName)).toEqual(['RefreshRuns', 'RefreshRuns', 'RefreshRuns']);
  });

  it('of an installation look at its metrics and no other', () => {
    const own = alarms().filter(({ Namespace }) => Namespace === 'Pullpass');

    expect(own.length).toBeGreaterThan(8);
    for (const { Dimensions } of own) {
      expect(Dimensions).toEqual(expect.arrayContaining([{ Name: 'Installation', Value: 'prod' }]));
    }
  });

  it('may use the topic and its key', () => {
    const topic = statementsOf(production.one('AWS::SNS::TopicPolicy')['PolicyDocument']);
    const key = statementsOf(production.one('AWS::KMS::Key')['KeyPolicy']);
    const allowed = { Principal: { Service: 'cloudwatch.amazonaws.com' }, Effect: 'Allow' };

    expect(topic).toContainEqual(expect.objectContaining({ ...allowed, Action: 'sns:Publish' }));
    expect(key).toContainEqual(
      expect.objectContaining({ ...allowed, Action: ['kms:Decrypt', 'kms:GenerateDataKey*'] }),
    );
  });
});

describe('the rules of AWS Solutions', () => {
  it('find nothing that is not acknowledged', () => {
    expect(new AwsSolutionsChecks().validateScope(app).violations).toEqual([]);
  });

  it('do look: a queue that somebody adds to the stack is found', () => {
    const other = workbench.app();
    new Queue(workbench.stack(other, prod), 'Another');
    const { violations } = new AwsSolutionsChecks().validateScope(other);

    expect(violations.map(({ ruleName }) => ruleName)).toEqual(['AwsSolutions-SQS3', 'AwsSolutions-SQS4']);
  });

  it('are acknowledged each with its reason', () => {
    const entries = app.node.findAll().flatMap((construct) => construct.node.metadata.filter(isAcknowledgement));
    const reasons = entries.flatMap(({ data }) => (isRecord(data) ? Object.values(data) : []));

    expect(reasons.length).toBeGreaterThan(5);
    for (const reason of reasons) expect(String(reason).length, String(reason)).toBeGreaterThanOrEqual(20);
  });

  function isAcknowledgement({ type }: { readonly type: string }): boolean {
    return type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY;
  }
});
