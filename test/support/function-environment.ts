/** What the functions are told by their environment variables, for tests and benchmarks that run their bundles. */
import type {
  AdminEnvironment,
  FirstAdminEnvironment,
  MintGoogleEnvironment,
  RecheckStaticEnvironment,
  RecordDecisionsEnvironment,
  RefreshEcrEnvironment,
  RejectEnvironment,
  ResolveEnvironment,
  SweepVaultEnvironment,
} from '../../lib/lambda/environment.ts';

export const TABLE = 'pullpass-test';
export const SECRET_PREFIX = 'pullpass-test';
export const INSTALLATION_NAME = 'pullpass-test';

const catalogue = { PULLPASS_INSTALLATION: INSTALLATION_NAME, PULLPASS_TABLE: TABLE };
const stores = { ...catalogue, PULLPASS_SECRET_PREFIX: SECRET_PREFIX };
const writer = {
  ...stores,
  PULLPASS_KMS_KEY: 'arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000000',
  PULLPASS_RECOVERY_DAYS: '7',
  PULLPASS_SECRET_REPLICAS: '[]',
  PULLPASS_ALLOWED_NETWORKS: '127.0.0.0/8',
  PULLPASS_ECR_UPSTREAM_HOSTS: '',
};

const ENVIRONMENTS = {
  resolve: { ...stores, PULLPASS_ECR_UPSTREAM_HOSTS: '' } satisfies ResolveEnvironment,
  reject: catalogue satisfies RejectEnvironment,
  admin: {
    ...writer,
    PULLPASS_MINT_ECR: 'refresh-ecr',
    PULLPASS_MINT_GOOGLE: 'mint-google',
    PULLPASS_TRUSTED_TOKEN_URIS: '',
    PULLPASS_VERSION: 'test',
  } satisfies AdminEnvironment,
  'refresh-ecr': writer satisfies RefreshEcrEnvironment,
  'mint-google': { ...writer, PULLPASS_TRUSTED_TOKEN_URIS: '' } satisfies MintGoogleEnvironment,
  'recheck-static': writer satisfies RecheckStaticEnvironment,
  'record-decisions': { ...catalogue, PULLPASS_DECISION_DAYS: '30' } satisfies RecordDecisionsEnvironment,
  'sweep-vault': { ...stores, PULLPASS_RECOVERY_DAYS: '7' } satisfies SweepVaultEnvironment,
  'first-admin': {
    ...catalogue,
    PULLPASS_ADMIN_SECRET: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:pullpass-test/first-admin-AbCdEf',
  } satisfies FirstAdminEnvironment,
};

export const FUNCTION_NAMES: readonly string[] = Object.keys(ENVIRONMENTS);

/** With what Lambda sets for the SDK; the keys open nothing. */
export function functionEnvironment(name: string, awsEndpoint: string): Readonly<Record<string, string>> {
  const own = Object.entries(ENVIRONMENTS).find(([key]) => key === name)?.[1];
  if (own === undefined) throw new Error(`there is no function ${name}`);
  return {
    ...own,
    AWS_ENDPOINT_URL: awsEndpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
}
