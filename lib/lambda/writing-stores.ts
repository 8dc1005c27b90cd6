/** The whole catalogue, and for functions that write secrets the whole vault: timed, and warm when the first event comes. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { badRowReport } from '../service/bad-row-report.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { dynamoCatalogue } from '../stores/dynamodb/dynamo-catalogue.ts';
import { secretsManagerVault } from '../stores/secrets-manager/secrets-manager-vault.ts';
import type { Vault } from '../stores/vault.ts';
import type { FunctionLog } from './function-log.ts';
import { warmUp } from './invocation.ts';
import { timedStore } from './timed-store.ts';
import type { VaultWriterConfiguration } from './writer-configuration.ts';

/** Decisions are added by one function, which knows for how long; none of those made here adds any. */
const NO_DECISIONS = { decisionDays: 1 };

export interface WarmStore<Store> {
  readonly store: Store;
  readonly ready: Promise<void>;
}

export function warmCatalogue(parts: {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly log: FunctionLog;
}): WarmStore<Catalogue> {
  const { client, tableName, log } = parts;
  const catalogue = dynamoCatalogue({ client, tableName, ...NO_DECISIONS, onBadRow: badRowReport(log.report) });
  const store = timedStore(catalogue, (milliseconds) => {
    log.observeStore('catalogue', milliseconds);
  });
  return { store, ready: warmUp([() => catalogue.getAgent('warm-up')], log) };
}

export function warmVault(parts: {
  readonly client: SecretsManagerClient;
  readonly configuration: VaultWriterConfiguration;
  readonly catalogue: Pick<Catalogue, 'installationId'>;
  readonly log: FunctionLog;
}): WarmStore<Vault> {
  const { client, configuration, catalogue, log } = parts;
  const vault = secretsManagerVault({
    client,
    prefix: configuration.PULLPASS_SECRET_PREFIX,
    kmsKey: configuration.PULLPASS_KMS_KEY,
    recoveryDays: configuration.PULLPASS_RECOVERY_DAYS,
    installationId: () => catalogue.installationId(),
    replicas: configuration.PULLPASS_SECRET_REPLICAS.map(({ region, kmsKey }) =>
      kmsKey === undefined ? { region } : { region, kmsKey },
    ),
  });
  const store = timedStore(vault, (milliseconds) => {
    log.observeStore('vault', milliseconds);
  });
  return { store, ready: warmUp([() => vault.getIssued('warm-up', 'warm-up')], log) };
}
