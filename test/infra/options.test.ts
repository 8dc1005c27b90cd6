import { Stack, type App } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pullpass } from '../../lib/infra/pullpass.ts';
import type { PullpassStage } from '../../lib/infra/pullpass-stack.ts';
import { prod, stageNamed } from '../../lib/infra/stages.ts';
import { Deployed, isRecord } from './support/cloudformation.ts';
import { permitted, policiesOf } from './support/permitted.ts';
import { ACCOUNT, FUNCTIONS, REGION, templateOf, Workbench } from './support/synthesise.ts';

const workbench = new Workbench();

afterAll(() => {
  workbench.remove();
});

/** Everything that can be chosen, chosen. */
const EVERYTHING: PullpassStage = {
  ...prod,
  installation: 'full',
  ecrRolePatterns: ['arn:aws:iam::*:role/registry/pull-*'],
  alarmEmail: 'ops@example.com',
  customDomain: {
    name: 'pullpass.example.com',
    certificateArn: `arn:aws:acm:${REGION}:${ACCOUNT}:certificate/11111111-2222-3333-4444-555555555555`,
  },
  network: { vpcId: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'], securityGroupIds: ['sg-1'] },
  allowedNetworks: ['10.0.0.0/8', '192.168.1.0/24'],
  ecrUpstreamHosts: ['docker.corp.example', 'docker.corp.example:5000'],
  replica: { region: 'eu-west-1', kmsKeyArn: `arn:aws:kms:eu-west-1:${ACCOUNT}:key/replica` },
  trustedTokenUris: ['https://tokens.example.com/token'],
  recordedDecisions: 'refused',
  reservedConcurrency: { resolve: 50 },
  throttling: { requestsPerSecond: 10, burst: 20 },
  adminThrottling: { requestsPerSecond: 3, burst: 4 },
  firstAdminGeneration: 2,
};

describe('a stack with everything that can be chosen', () => {
  let app: App;
  let deployed: Deployed;

  beforeAll(() => {
    app = workbench.app();
    deployed = new Deployed(templateOf(app, workbench.stack(app, EVERYTHING)));
  }, 60_000);

  it('has its functions that talk to registries on the network, and the others not', () => {
    const onNetwork = [...deployed.ofType('AWS::Lambda::Function').entries()].filter(([, { VpcConfig }]) => VpcConfig);

    expect(onNetwork.map(([id]) => id).sort()).toEqual(
      (['admin', 'mint-google', 'recheck-static', 'refresh-ecr'] as const)
        .map((name) => deployed.function(name).id)
        .sort(),
    );
    expect(deployed.function('admin')['VpcConfig']).toEqual({
      SubnetIds: ['subnet-1', 'subnet-2'],
      SecurityGroupIds: ['sg-1'],
    });
  });

  it('tells functions that write secrets of networks, replica and trusted token endpoints', () => {
    expect(deployed.function('mint-google')['Environment']).toMatchObject({
      Variables: {
        PULLPASS_ALLOWED_NETWORKS: '10.0.0.0/8,192.168.1.0/24',
        PULLPASS_ECR_UPSTREAM_HOSTS: 'docker.corp.example,docker.corp.example:5000',
        PULLPASS_TRUSTED_TOKEN_URIS: 'https://tokens.example.com/token',
        PULLPASS_SECRET_REPLICAS: `[{"region":"eu-west-1","kmsKey":"arn:aws:kms:eu-west-1:${ACCOUNT}:key/replica"}]`,
      },
    });
  });

  it('has its table in both regions, encrypted and recoverable in each', () => {
    const recoverable = { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } };

    expect(deployed.one('AWS::DynamoDB::GlobalTable')).toMatchObject({
      Replicas: [
        { Region: REGION, ...recoverable, SSESpecification: { KMSMasterKeyId: deployed.arnOf('AWS::KMS::Key') } },
        { Region: 'eu-west-1', ...recoverable, SSESpecification: { KMSMasterKeyId: EVERYTHING.replica?.kmsKeyArn } },
      ],
    });
  });

  it('replicates secrets, and only of its own prefix', async () => {
    const secrets = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret`;
    const replicate = (resource: string): Promise<boolean> =>
      permitted(deployed, { by: 'refresh-ecr', action: 'secretsmanager:ReplicateSecretToRegions', resource });

    expect(await replicate(`${secrets}:pullpass-full/01J/issued-AbCdEf`)).toBe(true);
    expect(await replicate(`${secrets}:pullpass-full/01J/source-AbCdEf`)).toBe(false);
    expect(await replicate(`${secrets}:pullpass-prod/01J/issued-AbCdEf`)).toBe(false);
  });

  it('assumes the roles of its pattern and no longer those of the default', async () => {
    const trust = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'sts:AssumeRole' }],
    };
    const assume = (role: string): Promise<boolean> =>
      permitted(deployed, {
        by: 'refresh-ecr',
        action: 'sts:AssumeRole',
        resource: `arn:aws:iam::222222222222:role/${role}`,
        account: '222222222222',
        resourcePolicy: trust,
      });

    expect(await assume('registry/pull-app')).toBe(true);
    expect(await assume('pullpass-pull')).toBe(false);
  });

  it.each([
    ['CreateNetworkInterface', 'network-interface/*'],
    ['DeleteNetworkInterface', 'network-interface/eni-1'],
  ])("%s is done for a function that is on the network, and refused to the function's own code", async (name, of) => {
    const by = 'refresh-ecr';
    const request = { by, action: `ec2:${name}`, resource: `arn:aws:ec2:${REGION}:${ACCOUNT}:${of}` } as const;
    const byItsCode = { 'lambda:SourceFunctionArn': `arn:aws:lambda:${REGION}:${ACCOUNT}:function:any` };

    expect(await permitted(deployed, request)).toBe(true);
    expect(await permitted(deployed, { ...request, context: byItsCode })).toBe(false);
    expect(await permitted(deployed, { ...request, by: 'resolve' })).toBe(false);
  });

  it('answers at its own name, which is what it gives out', () => {
    expect(deployed.one('AWS::ApiGatewayV2::DomainName')['DomainName']).toBe('pullpass.example.com');
    expect(deployed.outputs()['Url']).toBe('https://pullpass.example.com');
    expect(deployed.outputs()).toHaveProperty('DomainTarget');
  });

  it.each([
    ['alarms are mailed', 'AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@example.com' }],
    [
      'refusals alone are listed',
      'AWS::Logs::SubscriptionFilter',
      { FilterPattern: '{ $.event = "decision" && ($.outcome != "released" || $.wouldRefuse IS TRUE) }' },
    ],
    [
      'the API is throttled as told',
      'AWS::ApiGatewayV2::Stage',
      {
        DefaultRouteSettings: { ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 },
        RouteSettings: { 'ANY /v1/{proxy+}': { ThrottlingRateLimit: 3, ThrottlingBurstLimit: 4 } },
      },
    ],
    ['another administrator is made', 'Custom::PullpassFirstAdmin', { Generation: '2' }],
  ])('%s', (_, type, properties) => {
    expect(deployed.one(type)).toMatchObject(properties);
  });

  it('has concurrency set aside where it was asked for', () => {
    expect(deployed.function('resolve')['ReservedConcurrentExecutions']).toBe(50);
    expect(deployed.function('admin')).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  it('is clean by the rules of AWS Solutions', () => {
    expect(new AwsSolutionsChecks().validateScope(app).violations).toEqual([]);
  });
});

describe("in somebody else's app", () => {
  it('a stage that names no pattern of roles and repositories lets its refresher assume and pull none', () => {
    const deployed = new Deployed(workbench.template({ ...prod, ecrRolePatterns: [], ecrRepositoryPatterns: [] }));

    expect(JSON.stringify(policiesOf(deployed, 'refresh-ecr'))).toContain('ecr:GetAuthorizationToken');
    expect(JSON.stringify(policiesOf(deployed, 'refresh-ecr'))).not.toContain('sts:AssumeRole');
    expect(JSON.stringify(policiesOf(deployed, 'refresh-ecr'))).not.toContain('ecr:BatchGetImage');
  });

  it('two installations in one stack that knows neither account nor region do not collide', () => {
    const app = workbench.app();
    const stack = new Stack(app, 'platform');
    const { bundles } = workbench;
    const one = new Pullpass(stack, 'One', { installation: 'one', bundles });
    const two = new Pullpass(stack, 'Two', { installation: 'two', bundles });
    const deployed = new Deployed(templateOf(app, stack));

    const tables = [...deployed.ofType('AWS::DynamoDB::GlobalTable').keys()];
    const prefixes = [...deployed.ofType('AWS::Lambda::Function').values()].flatMap(({ Environment }) => {
      const variables = isRecord(Environment) ? Environment['Variables'] : undefined;
      return isRecord(variables) && 'PULLPASS_SECRET_PREFIX' in variables ? [variables['PULLPASS_SECRET_PREFIX']] : [];
    });
    const alarms = [...deployed.ofType('AWS::CloudWatch::Alarm').values()].map(({ AlarmName }) => AlarmName);

    expect([one.installation, two.installation]).toEqual(['one', 'two']);
    expect(tables).toHaveLength(2);
    expect(new Set(prefixes)).toEqual(new Set(['pullpass-one', 'pullpass-two']));
    expect(new Set(alarms).size).toBe(alarms.length);
    expect(deployed.resources('AWS::Lambda::Function')).toHaveLength(2 * Object.keys(FUNCTIONS).length);
    expect(new AwsSolutionsChecks().validateScope(app).violations).toEqual([]);
  });

  it('two installations of one name in a stack are refused before anything is deployed', () => {
    const stack = new Stack(workbench.app(), 'platform');
    const props = { installation: 'one', bundles: workbench.bundles };
    new Pullpass(stack, 'One', props);

    expect(() => new Pullpass(stack, 'Two', props)).toThrow('platform/One has installation "one" already');
  });

  it.each([
    ['an installation with upper case', { installation: 'Prod' }, 'installation must be lower-case'],
    ['an installation with a slash', { installation: 'a/b' }, 'installation must be lower-case'],
    ['an installation that is too long', { installation: 'a'.repeat(25) }, 'installation must be lower-case'],
    ['too short a recovery', { secretRecoveryDays: 6 }, 'secretRecoveryDays must be a whole number from 7 to 30'],
    ['half a day', { decisionDays: 0.5 }, 'decisionDays must be a whole number from 1 to 3650'],
    ['generation 0', { firstAdminGeneration: 0 }, 'firstAdminGeneration must be a whole number from 1'],
  ])('%s is refused with a reason', (_, wrong, reason) => {
    const stack = new Stack(workbench.app(), 'platform');
    const props = { installation: 'one', bundles: workbench.bundles, ...wrong };

    expect(() => new Pullpass(stack, 'Pullpass', props)).toThrow(reason);
  });
});

describe('stages', () => {
  it('are found by name', () => {
    expect(stageNamed('prod')).toBe(prod);
  });

  it.each(['production', '', 'constructor'])('%j is not one, and those that are get named', (name) => {
    expect(() => stageNamed(name)).toThrow(`There is no stage "${name}": lib/infra/stages.ts has dev, prod`);
  });
});
