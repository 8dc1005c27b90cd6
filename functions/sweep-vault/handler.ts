/** Removes secrets that no registry has, once a day. It reads none of them. */
import process from 'node:process';
import { dynamoDbClient, PATIENT, secretsManagerClient } from '../../lib/lambda/clients.ts';
import { readSweepVaultConfiguration } from '../../lib/lambda/configuration.ts';
import { functionLog } from '../../lib/lambda/function-log.ts';
import { invocation } from '../../lib/lambda/invocation.ts';
import { sweepVault } from '../../lib/lambda/sweep-vault.ts';
import { badRowReport } from '../../lib/service/bad-row-report.ts';
import { badRows } from '../../lib/stores/bad-rows.ts';
import { readInstallation } from '../../lib/stores/dynamodb/installation.ts';
import { readCatalogue } from '../../lib/stores/dynamodb/read-catalogue.ts';
import { secretsManagerVault } from '../../lib/stores/secrets-manager/secrets-manager-vault.ts';

const configuration = readSweepVaultConfiguration(process.env);
const log = functionLog({ installation: configuration.PULLPASS_INSTALLATION, sink: process.stdout });
const dynamoDb = dynamoDbClient(process.env, PATIENT);

// Neither warm nor timed: nobody waits, and listing all pages in one call would look like a vault that is slow.
const table = { client: dynamoDb, tableName: configuration.PULLPASS_TABLE, bad: badRows(badRowReport(log.report)) };
const installation = (): ReturnType<typeof readInstallation> => readInstallation(table);
const vault = secretsManagerVault({
  client: secretsManagerClient(process.env, PATIENT),
  prefix: configuration.PULLPASS_SECRET_PREFIX,
  recoveryDays: configuration.PULLPASS_RECOVERY_DAYS,
  installationId: async () => (await installation())?.id,
});

export const handler = invocation(
  { log },
  sweepVault({
    catalogue: readCatalogue(table),
    vault,
    installation,
    now: Date.now,
    random: Math.random,
    report: log.report,
  }),
);
