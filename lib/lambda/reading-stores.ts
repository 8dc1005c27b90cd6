/** The stores of the function that answers hosts: what only reads, and no more of them in its bundle. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { badRowReport } from '../service/bad-row-report.ts';
import { badRows } from '../stores/bad-rows.ts';
import { readCatalogue, type ReadCatalogue } from '../stores/dynamodb/read-catalogue.ts';
import { secretsManagerIssued } from '../stores/secrets-manager/issued-credentials.ts';
import type { IssuedCredentials } from '../stores/vault.ts';
import type { FunctionLog } from './function-log.ts';
import { warmUp } from './invocation.ts';
import { timedStore } from './timed-store.ts';

export interface ReadingStores {
  readonly catalogue: ReadCatalogue;
  readonly issued: IssuedCredentials;
  readonly ready: readonly Promise<void>[];
}

const NOBODY = { caller: { kind: 'agent', id: 'warm-up' }, environment: 'warm-up', host: 'warm-up' } as const;

export function readingStores(parts: {
  readonly dynamoDb: DynamoDBClient;
  readonly tableName: string;
  readonly secretsManager: SecretsManagerClient;
  readonly secretPrefix: string;
  readonly log: FunctionLog;
}): ReadingStores {
  const { dynamoDb, tableName, secretsManager, secretPrefix, log } = parts;
  const catalogue = readCatalogue({ client: dynamoDb, tableName, bad: badRows(badRowReport(log.report)) });
  const issued = secretsManagerIssued({ client: secretsManager, prefix: secretPrefix });
  const calls = [() => catalogue.readForResolve(NOBODY), () => issued.getIssued('warm-up', 'warm-up')];
  return {
    catalogue: timedStore(catalogue, (milliseconds) => {
      log.observeStore('catalogue', milliseconds);
    }),
    issued: timedStore(issued, (milliseconds) => {
      log.observeStore('vault', milliseconds);
    }),
    ready: [warmUp(calls, log)],
  };
}
