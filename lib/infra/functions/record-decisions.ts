/** Copies decisions from the log of resolve into the catalogue, for listing. It can add decisions and read nothing. */
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { RecordDecisionsEnvironment } from '../../lambda/environment.ts';
import { BundledFunction, type FunctionContext } from '../bundled-function.ts';
import { catalogueEnvironment } from '../function-environments.ts';
import { PARTITIONS, writeCatalogue } from '../permissions/catalogue-permissions.ts';

export function recordDecisionsFunction(scope: Construct, context: FunctionContext): BundledFunction {
  return new BundledFunction(scope, 'RecordDecisions', {
    context,
    name: 'record-decisions',
    purpose: 'lists decisions from the log',
    environment: {
      ...catalogueEnvironment(context),
      PULLPASS_DECISION_DAYS: String(context.settings.decisionDays),
    } satisfies RecordDecisionsEnvironment,
    permissions: writeCatalogue(context.storage, { BatchWriteItem: PARTITIONS.decisions }),
    memoryMegabytes: 256,
    timeout: Duration.seconds(60),
    unattended: { retries: 2, maximumAge: Duration.hours(6) },
  });
}
