/** Parts of the functions' environment variables that several of them share. */
import { Stack } from 'aws-cdk-lib';
import type {
  BaseEnvironment,
  CatalogueEnvironment,
  StoresEnvironment,
  VaultWriterEnvironment,
} from '../lambda/environment.ts';
import type { FunctionContext } from './bundled-function.ts';

function baseEnvironment({ settings }: FunctionContext): BaseEnvironment {
  return { PULLPASS_INSTALLATION: settings.installation };
}

export function catalogueEnvironment(context: FunctionContext): CatalogueEnvironment {
  return { ...baseEnvironment(context), PULLPASS_TABLE: context.storage.tableName };
}

export function storesEnvironment(context: FunctionContext): StoresEnvironment {
  return { ...catalogueEnvironment(context), PULLPASS_SECRET_PREFIX: context.settings.secretPrefix };
}

export function vaultWriterEnvironment(context: FunctionContext): VaultWriterEnvironment {
  const { settings, storage } = context;
  const { replica } = settings;
  const replicas = replica === undefined ? [] : [{ region: replica.region, kmsKey: replica.kmsKeyArn }];
  return {
    ...storesEnvironment(context),
    PULLPASS_KMS_KEY: storage.key.keyArn,
    PULLPASS_RECOVERY_DAYS: String(settings.secretRecoveryDays),
    PULLPASS_SECRET_REPLICAS: Stack.of(storage).toJsonString(replicas),
    PULLPASS_ALLOWED_NETWORKS: settings.allowedNetworks.join(','),
    PULLPASS_ECR_UPSTREAM_HOSTS: settings.ecrUpstreamHosts.join(','),
  };
}
