/** A host says that a registry rejected a credential: it is marked, and the schedule finds it due. It starts nothing. */
import process from 'node:process';
import { dynamoDbClient, HURRIED } from '../../lib/lambda/clients.ts';
import { readRejectConfiguration } from '../../lib/lambda/configuration.ts';
import { functionLog } from '../../lib/lambda/function-log.ts';
import { invocation } from '../../lib/lambda/invocation.ts';
import { rejectApi } from '../../lib/lambda/reject-api.ts';
import { warmCatalogue } from '../../lib/lambda/writing-stores.ts';

const configuration = readRejectConfiguration(process.env);
const log = functionLog({ installation: configuration.PULLPASS_INSTALLATION, sink: process.stdout });
const client = dynamoDbClient(process.env, HURRIED);
const catalogue = warmCatalogue({ client, tableName: configuration.PULLPASS_TABLE, log });

export const handler = invocation({ log, ready: [catalogue.ready] }, rejectApi({ catalogue: catalogue.store, log }));
