/**
 * Answers agents: reads the catalogue and issued credentials. It writes nothing, and cannot read what somebody typed.
 */
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { ResolveEnvironment } from '../../lambda/environment.ts';
import { BundledFunction, type FunctionContext } from '../bundled-function.ts';
import { storesEnvironment } from '../function-environments.ts';
import { readCatalogue, readPartitions } from '../permissions/catalogue-permissions.ts';
import { readSecrets } from '../permissions/secret-permissions.ts';

export function resolveFunction(scope: Construct, context: FunctionContext): BundledFunction {
  return new BundledFunction(scope, 'Resolve', {
    context,
    name: 'resolve',
    purpose: 'answers agents',
    environment: {
      ...storesEnvironment(context),
      PULLPASS_ECR_UPSTREAM_HOSTS: context.settings.ecrUpstreamHosts.join(','),
    } satisfies ResolveEnvironment,
    permissions: [
      ...readCatalogue(context.storage),
      ...readPartitions(context.storage),
      ...readSecrets(context.storage, ['issued']),
    ],
    memoryMegabytes: 512,
    timeout: Duration.seconds(10),
  });
}
