/** What one who deploys Pullpass may choose, and what holds where he chooses nothing. */
import { RemovalPolicy } from 'aws-cdk-lib';
import type { ICertificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { FunctionName } from './function-names.ts';
import { packageVersion, packagedBundles } from '../package-files.ts';

export interface PullpassProps {
  /**
   * Names this installation: unique in the account and region, lower-case letters, digits and `-`, at most 24. It is
   * the first dimension of its metrics and part of its secrets' names, so a change of it leaves the credentials
   * behind.
   */
  readonly installation: string;
  /** What becomes of table, key and logs when the stack is removed. Default: RETAIN. */
  readonly removalPolicy?: RemovalPolicy;
  /** Of the table. Default: where it is retained. */
  readonly deletionProtection?: boolean;
  /**
   * ARN patterns of the roles that the ECR refresher may assume; an empty list: none. Default: roles named
   * `pullpass-pull…` in any account.
   */
  readonly ecrRolePatterns?: readonly string[];
  /**
   * ARN patterns of the repositories that hosts may pull from with a token of Pullpass's own identity (a registry without role
   * and key): such a token opens what the ECR refresher's role may pull. Default: all of this account, in every region.
   */
  readonly ecrRepositoryPatterns?: readonly string[];
  /**
   * `host[:port]` of registries of your own before ECR (`upstream`) that may be sent a token of Pullpass's own identity, without
   * an access key. Default: none, such tokens go to ECR's own hosts only.
   */
  readonly ecrUpstreamHosts?: readonly string[];
  /** Where alarms are sent to; the topic is there in any case. */
  readonly alarmEmail?: string;
  readonly customDomain?: CustomDomain;
  /**
   * For functions that talk to registries, where those are on private networks. Default: none, the functions' own
   * network.
   */
  readonly network?: Network;
  /** CIDRs of registries that are not on public addresses. Default: none. */
  readonly allowedNetworks?: readonly string[];
  /** A second region for the table and the secrets. Default: none. */
  readonly replica?: Replica;
  /** Exact URLs, beside Google's own, that a service account key may name. */
  readonly trustedTokenUris?: readonly string[];
  /** Default: three months. */
  readonly logRetention?: RetentionDays;
  /** For how many days decisions are listed by `GET /v1/audit`; the record itself is their log, see `logRetention`. Default: 30. */
  readonly decisionDays?: number;
  /** Which decisions are listed. All of them are in the log. Default: all. */
  readonly recordedDecisions?: 'all' | 'refused';
  /** Days until a removed registry's secrets are gone for good, 7 to 30. Default: 7. */
  readonly secretRecoveryDays?: number;
  /** Default: ARM_64, which costs less. */
  readonly architecture?: Architecture;
  /** Concurrency set aside, by function. Default: none. */
  readonly reservedConcurrency?: Readonly<Partial<Record<FunctionName, number>>>;
  /** Of the whole API. Default: 1,000 requests a second, bursts of 2,000. */
  readonly throttling?: Throttling;
  /**
   * Of each route that administration answers. Anybody can call those, and what they take of the account's concurrency
   * the hosts lack. Default: 100 requests a second, bursts of 200.
   */
  readonly adminThrottling?: Throttling;
  /** A higher number writes a new token for the first administrator. Default: 1. */
  readonly firstAdminGeneration?: number;
  /** A folder with one folder a function, `index.js` in each. Default: those of this package. */
  readonly bundles?: string;
}

export interface CustomDomain {
  readonly name: string;
  readonly certificate: ICertificate;
}

export interface Network {
  readonly vpc: IVpc;
  readonly subnets?: SubnetSelection;
  readonly securityGroups?: ISecurityGroup[];
}

export interface Replica {
  readonly region: string;
  /** A key in that region. */
  readonly kmsKeyArn: string;
}

export interface Throttling {
  readonly requestsPerSecond: number;
  readonly burst: number;
}

type Optional = 'alarmEmail' | 'customDomain' | 'network' | 'replica' | 'ecrRolePatterns' | 'ecrRepositoryPatterns';

/** The props with every default filled in; what stays optional is absent from the stack unless it is named. */
export type Settings = Required<Omit<PullpassProps, Optional>> &
  Pick<PullpassProps, Optional> & {
    /** Names of secrets are `<prefix>/<registry id>/source` and `…/issued`. */
    readonly secretPrefix: string;
    readonly version: string;
  };

export function settingsOf(props: PullpassProps): Settings {
  requireValid(props);
  const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
  return {
    removalPolicy,
    deletionProtection: removalPolicy === RemovalPolicy.RETAIN,
    allowedNetworks: [],
    trustedTokenUris: [],
    ecrUpstreamHosts: [],
    logRetention: RetentionDays.THREE_MONTHS,
    decisionDays: 30,
    recordedDecisions: 'all',
    secretRecoveryDays: 7,
    architecture: Architecture.ARM_64,
    reservedConcurrency: {},
    throttling: { requestsPerSecond: 1000, burst: 2000 },
    adminThrottling: { requestsPerSecond: 100, burst: 200 },
    firstAdminGeneration: 1,
    ...props,
    bundles: props.bundles ?? packagedBundles(),
    // No `/` within it: an installation's permissions must not cover another's whose name begins alike.
    secretPrefix: `pullpass-${props.installation}`,
    version: packageVersion(),
  };
}

function requireValid(props: PullpassProps): void {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?$/.test(props.installation)) {
    throw new Error('Pullpass: installation must be lower-case letters, digits and "-", at most 24, such as "prod"');
  }
  requireWithin('secretRecoveryDays', props.secretRecoveryDays, [7, 30]);
  requireWithin('decisionDays', props.decisionDays, [1, 3650]);
  requireWithin('firstAdminGeneration', props.firstAdminGeneration, [1, Number.MAX_SAFE_INTEGER]);
}

function requireWithin(name: string, value: number | undefined, [least, most]: readonly [number, number]): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw new Error(`Pullpass: ${name} must be a whole number from ${least} to ${most}`);
}
