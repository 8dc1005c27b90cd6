/** Copies decisions from the log of resolve into the table, where they are listed for some time. */
import process from 'node:process';
import { dynamoDbClient, PATIENT } from '../../lib/lambda/clients.ts';
import { readRecordDecisionsConfiguration } from '../../lib/lambda/configuration.ts';
import { functionLog } from '../../lib/lambda/function-log.ts';
import { invocation } from '../../lib/lambda/invocation.ts';
import { recordDecisions } from '../../lib/lambda/record-decisions.ts';
import { recordDecisionsOnce } from '../../lib/stores/dynamodb/decisions.ts';

const configuration = readRecordDecisionsConfiguration(process.env);
const log = functionLog({ installation: configuration.PULLPASS_INSTALLATION, sink: process.stdout });
const table = {
  client: dynamoDbClient(process.env, PATIENT),
  tableName: configuration.PULLPASS_TABLE,
  decisionDays: configuration.PULLPASS_DECISION_DAYS,
};

export const handler = invocation({ log }, (event: unknown) =>
  recordDecisions(event, { store: (decisions) => recordDecisionsOnce(table, decisions), report: log.report }),
);
