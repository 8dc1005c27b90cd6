/**
 * The AWS clients: one per service, region and identity. Those of Pullpass's own identity are kept, since they hold its
 * credentials and connections; those of a role's session or an access key are made for one mint and closed after it.
 */
import { ECRClient } from '@aws-sdk/client-ecr';
import { ECRPUBLICClient } from '@aws-sdk/client-ecr-public';
import { STSClient, type STSClientConfig } from '@aws-sdk/client-sts';

export interface AwsConfig {
  /** One address for all three services. Left out: the SDK's own, and what AWS_ENDPOINT_URL and its like say. */
  readonly endpoint?: string;
  /** Pullpass's own identity. Left out: the SDK's default chain (environment, profile, web identity, container, instance). */
  readonly credentials?: NonNullable<STSClientConfig['credentials']>;
  readonly connectTimeoutMilliseconds?: number;
  /** For one attempt, of which there are two at most. */
  readonly attemptTimeoutMilliseconds?: number;
}

/** An access key, or the credentials of a role's session. Secrets: they live no longer than a mint. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface ClientTarget {
  readonly region: string;
  /** Undefined: Pullpass's own identity. */
  readonly credentials: AwsCredentials | undefined;
}

/** Lends a client for as long as `ask` takes. */
export type Lend<Client> = <Answer>(target: ClientTarget, ask: (client: Client) => Promise<Answer>) => Promise<Answer>;

export interface AwsClients {
  readonly ecr: Lend<ECRClient>;
  readonly ecrPublic: Lend<ECRPUBLICClient>;
  readonly sts: Lend<STSClient>;
}

/** Nothing of the SDK's reaches a log: it would hold requests and answers. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** No client is made before it is asked for: making the first one is dear. */
export function awsClients(config: AwsConfig): AwsClients {
  const { connectTimeoutMilliseconds = 3_000, attemptTimeoutMilliseconds = 5_000, endpoint } = config;
  const settingsFor = ({ region, credentials }: ClientTarget) => {
    const identity = credentials ?? config.credentials;
    return {
      region,
      // The refresher has its own, much longer back-off; this is for a connection that broke.
      maxAttempts: 2,
      retryMode: 'standard',
      logger: SILENT,
      requestHandler: {
        connectionTimeout: connectTimeoutMilliseconds,
        requestTimeout: attemptTimeoutMilliseconds,
        throwOnRequestTimeout: true,
        logger: SILENT,
      },
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(identity === undefined ? {} : { credentials: identity }),
    };
  };
  return {
    ecr: lender((target) => new ECRClient(settingsFor(target))),
    ecrPublic: lender((target) => new ECRPUBLICClient(settingsFor(target))),
    sts: lender((target) => new STSClient(settingsFor(target))),
  };
}

/** Key: the region. Lifetime: the process's, since nothing in a client depends on anything else that changes. */
function lender<Client extends { destroy(): void }>(create: (target: ClientTarget) => Client): Lend<Client> {
  const kept = new Map<string, Client>();
  return async (target, ask) => {
    if (target.credentials === undefined) {
      const client = kept.get(target.region) ?? create(target);
      kept.set(target.region, client);
      return await ask(client);
    }
    const client = create(target);
    try {
      return await ask(client);
    } finally {
      client.destroy();
    }
  };
}
