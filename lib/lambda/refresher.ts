/** A function that refreshes one kind's registries and mints for it, from its configuration to its handler. */
import type { Context } from 'aws-lambda';
import type { SourceKind } from '../sources/source-kind.ts';
import { dynamoDbClient, PATIENT, secretsManagerClient } from './clients.ts';
import type { Variables } from './configuration.ts';
import { functionLog, type LineSink } from './function-log.ts';
import { invocation } from './invocation.ts';
import { refreshFunction } from './refresh-function.ts';
import { reverifyFunction } from './reverify-function.ts';
import { warmCatalogue, warmVault } from './writing-stores.ts';
import type { VaultWriterConfiguration } from './writer-configuration.ts';

export function refresher(parts: {
  readonly variables: Variables;
  readonly sink: LineSink;
  readonly configuration: VaultWriterConfiguration;
  readonly kind: SourceKind;
  /** It also does the background check, of registries of every kind. */
  readonly reverifies?: true;
}): (event: unknown, context: Context) => Promise<unknown> {
  const { variables, sink, configuration, kind } = parts;
  const log = functionLog({ installation: configuration.PULLPASS_INSTALLATION, sink });
  const tableName = configuration.PULLPASS_TABLE;
  const catalogue = warmCatalogue({ client: dynamoDbClient(variables, PATIENT), tableName, log });
  const vault = warmVault({
    ...{ client: secretsManagerClient(variables, PATIENT), configuration, log },
    catalogue: catalogue.store,
  });
  const options = {
    catalogue: catalogue.store,
    vault: vault.store,
    kinds: [kind],
    allowNetworks: configuration.PULLPASS_ALLOWED_NETWORKS,
    ecrUpstreamHosts: configuration.PULLPASS_ECR_UPSTREAM_HOSTS,
    log,
  };
  const refresh = refreshFunction(options);
  const run = parts.reverifies === true ? reverifyFunction(options, refresh) : refresh;
  return invocation({ log, ready: [catalogue.ready, vault.ready] }, run);
}
