/** Notes that a registry rejected a credential, which makes it due. It reads no secret and starts no function. */
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { RejectEnvironment } from '../../lambda/environment.ts';
import { BundledFunction, type FunctionContext } from '../bundled-function.ts';
import { catalogueEnvironment } from '../function-environments.ts';
import { PARTITIONS, readCatalogue, writeCatalogue } from '../permissions/catalogue-permissions.ts';

export function rejectFunction(scope: Construct, context: FunctionContext): BundledFunction {
  return new BundledFunction(scope, 'Reject', {
    context,
    name: 'reject',
    purpose: 'takes reports of rejected credentials',
    environment: { ...catalogueEnvironment(context) } satisfies RejectEnvironment,
    permissions: [...readCatalogue(context.storage), ...writeCatalogue(context.storage, { PutItem: PARTITIONS.hosts })],
    memoryMegabytes: 512,
    timeout: Duration.seconds(10),
  });
}
