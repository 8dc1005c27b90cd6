/**
 * The AWS clients of a function: one of each for as long as its process lives, made while it starts. The credentials are the
 * role's, which Lambda puts into the environment; nothing else is asked for any, so that the chain of other providers can be
 * left out of the bundle.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

type Variables = Readonly<Record<string, string | undefined>>;

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Read at every call: whoever is asked for them keeps what it wants to keep. */
export function environmentCredentials(variables: Variables): () => Promise<Credentials> {
  return async () => {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = variables;
    const { AWS_SESSION_TOKEN: sessionToken } = variables;
    if (!accessKeyId || !secretAccessKey) throw new Error('the environment holds no AWS credentials');
    return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  };
}

/** How patient a client is. Connections are kept alive by default, 50 at most. */
interface Patience {
  readonly retryMode: 'standard' | 'adaptive';
  readonly maxAttempts: number;
  readonly connectionTimeout: number;
  /** For one attempt. */
  readonly requestTimeout: number;
}

/** Somebody waits: rather two quick tries than a long one. */
export const HURRIED: Patience = {
  retryMode: 'standard',
  maxAttempts: 3,
  connectionTimeout: 1_000,
  requestTimeout: 2_000,
};

/** A refresh has half a credential's life; when it is throttled it slows down by itself. */
export const PATIENT: Patience = {
  retryMode: 'adaptive',
  maxAttempts: 5,
  connectionTimeout: 2_000,
  requestTimeout: 5_000,
};

/** For an answer that takes as long as a mint does. The caller's signal ends it sooner. */
export const WAITING: Patience = {
  retryMode: 'standard',
  maxAttempts: 2,
  connectionTimeout: 1_000,
  requestTimeout: 15_000,
};

/** Nothing of the SDK's reaches a log: it would hold requests and answers. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

function settings(variables: Variables, patience: Patience) {
  const { retryMode, maxAttempts, connectionTimeout, requestTimeout } = patience;
  return {
    credentials: environmentCredentials(variables),
    retryMode,
    maxAttempts,
    logger: SILENT,
    requestHandler: {
      connectionTimeout,
      requestTimeout,
      throwOnRequestTimeout: true,
      logger: SILENT,
    },
  };
}

export function dynamoDbClient(variables: Variables, patience: Patience): DynamoDBClient {
  return new DynamoDBClient(settings(variables, patience));
}

export function secretsManagerClient(variables: Variables, patience: Patience): SecretsManagerClient {
  return new SecretsManagerClient(settings(variables, patience));
}

export function lambdaClient(variables: Variables, patience: Patience): LambdaClient {
  return new LambdaClient(settings(variables, patience));
}
