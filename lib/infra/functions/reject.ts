/** Notes that a registry rejected a credential, and has it minted anew. It reads no secret. */
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { RejectEnvironment } from '../../lambda/environment.ts';
import { BundledFunction, type FunctionContext } from '../bundled-function.ts';
import { catalogueEnvironment } from '../function-environments.ts';
import { PARTITIONS, readCatalogue, writeCatalogue } from '../permissions/catalogue-permissions.ts';
import { invoke } from '../permissions/invoke-permission.ts';
import type { Refreshers } from './refreshers.ts';

export function rejectFunction(scope: Construct, context: FunctionContext, refreshers: Refreshers): BundledFunction {
  const { ecr, google, static: recheck } = refreshers;
  return new BundledFunction(scope, 'Reject', {
    context,
    name: 'reject',
    purpose: 'takes reports of rejected credentials',
    environment: {
      ...catalogueEnvironment(context),
      PULLPASS_MINT_ECR: ecr.lambda.functionName,
      PULLPASS_MINT_GOOGLE: google.lambda.functionName,
      PULLPASS_RECHECK_STATIC: recheck.lambda.functionName,
    } satisfies RejectEnvironment,
    permissions: [
      ...readCatalogue(context.storage),
      ...writeCatalogue(context.storage, { PutItem: PARTITIONS.registries }),
      invoke([ecr.lambda, google.lambda, recheck.lambda]),
    ],
    memoryMegabytes: 512,
    timeout: Duration.seconds(10),
  });
}
