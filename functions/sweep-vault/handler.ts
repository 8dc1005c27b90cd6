/** Removes secrets that no registry has, once a day. It reads none of them. */
import process from 'node:process';
import { dynamoDbClient, PATIENT, secretsManagerClient } from '../../lib/lambda/clients.ts';
import { readSweepVaultConfiguration } from '../../lib/lambda/configuration.ts';
import { functionLog } from '../../lib/lambda/function-log.ts';
import { invocation } from '../../lib/lambda/invocation.ts';
import { sweepVault } from '../../lib/lambda/sweep-vault.ts';
import { readCatalogue } from '../../lib/stores/dynamodb/read-catalogue.ts';
import { secretsManagerVault } from '../../lib/stores/secrets-manager/secrets-manager-vault.ts';

const configuration = readSweepVaultConfiguration(process.env);
const log = functionLog({ installation: configuration.PULLPASS_INSTALLATION, sink: process.stdout });
const dynamoDb = dynamoDbClient(process.env, PATIENT);

// Neither warm nor timed: nobody waits, and listing all pages in one call would look like a vault that is slow.
const catalogue = readCatalogue({ client: dynamoDb, tableName: configuration.PULLPASS_TABLE });
const vault = secretsManagerVault({
  client: secretsManagerClient(process.env, PATIENT),
  prefix: configuration.PULLPASS_SECRET_PREFIX,
  recoveryDays: configuration.PULLPASS_RECOVERY_DAYS,
});

export const handler = invocation(
  { log },
  sweepVault({ catalogue, vault, now: Date.now, random: Math.random, report: log.report }),
);
