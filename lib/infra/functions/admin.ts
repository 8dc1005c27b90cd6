/**
 * Administration, and what anybody may ask. It mints through the functions of the kinds, so it has none of their
 * rights.
 */
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { AdminEnvironment } from '../../lambda/environment.ts';
import { BundledFunction, type FunctionContext } from '../bundled-function.ts';
import { vaultWriterEnvironment } from '../function-environments.ts';
import { PARTITIONS, readCatalogue, writeCatalogue } from '../permissions/catalogue-permissions.ts';
import { invoke } from '../permissions/invoke-permission.ts';
import { readSecrets, removeSecrets, switchVersions, writeSecrets } from '../permissions/secret-permissions.ts';
import type { Refreshers } from './refreshers.ts';

export function adminFunction(scope: Construct, context: FunctionContext, refreshers: Refreshers): BundledFunction {
  const { settings, storage } = context;
  const { ecr, google } = refreshers;
  const { hosts, pointers, agents, principals, policies, environments, installation, changes } = PARTITIONS;
  return new BundledFunction(scope, 'Admin', {
    context,
    name: 'admin',
    purpose: 'administration',
    environment: {
      ...vaultWriterEnvironment(context),
      PULLPASS_MINT_ECR: ecr.lambda.functionName,
      PULLPASS_MINT_GOOGLE: google.lambda.functionName,
      PULLPASS_TRUSTED_TOKEN_URIS: settings.trustedTokenUris.join(','),
      PULLPASS_VERSION: settings.version,
    } satisfies AdminEnvironment,
    permissions: [
      ...readCatalogue(storage),
      ...writeCatalogue(storage, {
        PutItem: [...hosts, ...pointers, ...agents, ...principals, ...policies, ...changes],
        UpdateItem: [...environments, ...installation],
        DeleteItem: [...hosts, ...pointers, ...agents, ...principals],
      }),
      ...readSecrets(storage, ['source', 'issued']),
      ...writeSecrets(storage, ['source', 'issued']),
      ...switchVersions(storage, ['source', 'issued']),
      ...removeSecrets(storage, ['source', 'issued']),
      invoke([ecr.lambda, google.lambda]),
    ],
    memoryMegabytes: 512,
    // Below the API's own limit of 30: the caller is answered by the function and not by a gateway that gave up.
    timeout: Duration.seconds(29),
    talksToRegistries: true,
  });
}
