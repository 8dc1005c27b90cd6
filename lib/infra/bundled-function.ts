/**
 * One function as all of them are deployed: its bundle, a role that starts out with nothing but its own log, its log
 * group. What it is told and what else it may do is said where each function is made.
 */
import { join } from 'node:path';
import type { Duration } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  type FunctionOptions,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { FunctionName } from './function-names.ts';
import { permit, type Permission } from './permissions/permission.ts';
import type { Settings } from './settings.ts';
import type { Storage } from './storage.ts';

/** What every function is made with. */
export interface FunctionContext {
  readonly settings: Settings;
  readonly storage: Storage;
  readonly deadLetters: IQueue;
}

export interface BundledFunctionProps {
  readonly context: FunctionContext;
  readonly name: FunctionName;
  readonly purpose: string;
  /** Each function says by `satisfies` that it is all that it reads. */
  readonly environment: Readonly<Record<string, string>>;
  readonly permissions: readonly Permission[];
  readonly memoryMegabytes: number;
  readonly timeout: Duration;
  /** For functions that are invoked with nobody waiting: what fails in the end goes to the dead letters. */
  readonly unattended?: Unattended;
  /** It is on the private network, where there is one. */
  readonly talksToRegistries?: true;
}

export interface Unattended {
  /** Beside the first try. */
  readonly retries: 0 | 1 | 2;
  readonly maximumAge: Duration;
}

export class BundledFunction extends Construct {
  readonly functionName: FunctionName;
  readonly lambda: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: BundledFunctionProps) {
    super(scope, id);
    const { settings, storage, deadLetters } = props.context;
    const description = `Pullpass ${settings.installation}: ${props.purpose}`;
    const onNetwork = props.talksToRegistries === true && settings.network !== undefined;
    this.functionName = props.name;
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: settings.logRetention,
      encryptionKey: storage.key,
      removalPolicy: settings.removalPolicy,
    });
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com'), description });
    permit(this.role, [writeLog(this.logGroup), ...(onNetwork ? joinNetwork() : []), ...props.permissions]);
    this.lambda = new LambdaFunction(this, 'Function', {
      description,
      code: Code.fromAsset(join(settings.bundles, props.name)),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: settings.architecture,
      role: this.role,
      environment: { ...props.environment },
      memorySize: props.memoryMegabytes,
      timeout: props.timeout,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      // Decisions are lines of this level: under a stricter one the audit trail would end unnoticed.
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      ...concurrencyOf(props.name, settings),
      ...(onNetwork ? networkOf(settings) : {}),
      ...(props.unattended === undefined ? {} : failuresOf(props.unattended, deadLetters)),
    });
  }
}

/** The role that AWS offers for this may make and write any log group of the account. */
function writeLog(logGroup: LogGroup): Permission {
  return {
    statement: new PolicyStatement({
      sid: 'WriteOwnLog',
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    }),
  };
}

const NETWORK_INTERFACES = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];
const WHY_ANY_INTERFACE = 'The interfaces that a function joins a network by have no names before they are made.';

/** Lambda does it in the role's name; what the function's own code asks for carries the function's ARN. */
function joinNetwork(): readonly Permission[] {
  const everywhere = { actions: NETWORK_INTERFACES, resources: ['*'] };
  return [
    { statement: new PolicyStatement({ sid: 'JoinNetwork', ...everywhere }), whyPattern: WHY_ANY_INTERFACE },
    {
      statement: new PolicyStatement({
        sid: 'NeverByItsOwnCode',
        effect: Effect.DENY,
        ...everywhere,
        conditions: { Null: { 'lambda:SourceFunctionArn': 'false' } },
      }),
    },
  ];
}

function concurrencyOf(name: FunctionName, settings: Settings): Pick<FunctionOptions, 'reservedConcurrentExecutions'> {
  const reserved = settings.reservedConcurrency[name];
  return reserved === undefined ? {} : { reservedConcurrentExecutions: reserved };
}

function networkOf({ network }: Settings): Pick<FunctionOptions, 'vpc' | 'vpcSubnets' | 'securityGroups'> {
  if (network === undefined) return {};
  const { vpc, subnets, securityGroups } = network;
  return {
    vpc,
    ...(subnets === undefined ? {} : { vpcSubnets: subnets }),
    ...(securityGroups === undefined ? {} : { securityGroups }),
  };
}

function failuresOf(
  { retries, maximumAge }: Unattended,
  deadLetters: IQueue,
): Pick<FunctionOptions, 'onFailure' | 'retryAttempts' | 'maxEventAge'> {
  return { onFailure: new SqsDestination(deadLetters), retryAttempts: retries, maxEventAge: maximumAge };
}
