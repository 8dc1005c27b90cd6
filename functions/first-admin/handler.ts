/** Makes the first administrator when the stack is deployed. */
import process from 'node:process';
import { adminTokenSecret } from '../../lib/lambda/admin-token-secret.ts';
import { dynamoDbClient, PATIENT, secretsManagerClient } from '../../lib/lambda/clients.ts';
import { readFirstAdminConfiguration } from '../../lib/lambda/configuration.ts';
import { firstAdminFunction } from '../../lib/lambda/first-admin-function.ts';
import { functionLog } from '../../lib/lambda/function-log.ts';
import { invocation } from '../../lib/lambda/invocation.ts';
import { warmCatalogue } from '../../lib/lambda/writing-stores.ts';

const configuration = readFirstAdminConfiguration(process.env);
const log = functionLog({ installation: configuration.PULLPASS_INSTALLATION, sink: process.stdout });
const client = dynamoDbClient(process.env, PATIENT);
const catalogue = warmCatalogue({ client, tableName: configuration.PULLPASS_TABLE, log });
const keepToken = adminTokenSecret(secretsManagerClient(process.env, PATIENT), configuration.PULLPASS_ADMIN_SECRET);

export const handler = invocation(
  { log, ready: [catalogue.ready] },
  firstAdminFunction({ catalogue: catalogue.store, keepToken, now: Date.now, log }),
);
