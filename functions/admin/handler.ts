/** Administration, and what anybody may ask. Credentials of ECR and Google are minted by the functions of those kinds. */
import process from 'node:process';
import { adminApi } from '../../lib/lambda/admin-api.ts';
import { dynamoDbClient, lambdaClient, PATIENT, secretsManagerClient, WAITING } from '../../lib/lambda/clients.ts';
import { functionLog } from '../../lib/lambda/function-log.ts';
import { hostScripts } from '../../lib/lambda/host-scripts.ts';
import { invocation } from '../../lib/lambda/invocation.ts';
import { mintedRemotely } from '../../lib/lambda/remote-mint.ts';
import { ADMIN_BUDGET } from '../../lib/lambda/time-budgets.ts';
import { readAdminConfiguration } from '../../lib/lambda/writer-configuration.ts';
import { warmCatalogue, warmVault } from '../../lib/lambda/writing-stores.ts';
import { ecrAcceptance } from '../../lib/sources/ecr/ecr-acceptance.ts';
import { googleAcceptance, trustsTokenUri } from '../../lib/sources/google/google-acceptance.ts';
import { staticSource } from '../../lib/sources/static.ts';

const configuration = readAdminConfiguration(process.env);
const log = functionLog({ installation: configuration.PULLPASS_INSTALLATION, sink: process.stdout });
const tableName = configuration.PULLPASS_TABLE;
const catalogue = warmCatalogue({ client: dynamoDbClient(process.env, PATIENT), tableName, log });
const vault = warmVault({
  ...{ client: secretsManagerClient(process.env, PATIENT), configuration, log },
  catalogue: catalogue.store,
});

const remote = {
  client: lambdaClient(process.env, WAITING),
  timeoutMilliseconds: ADMIN_BUDGET.remoteMintMilliseconds,
  report: log.report,
};
const isTrusted = trustsTokenUri(configuration.PULLPASS_TRUSTED_TOKEN_URIS);
const kinds = [
  staticSource(),
  mintedRemotely(ecrAcceptance, { ...remote, functionName: configuration.PULLPASS_MINT_ECR }),
  mintedRemotely(googleAcceptance(isTrusted), { ...remote, functionName: configuration.PULLPASS_MINT_GOOGLE }),
];

const api = hostScripts().then((scripts) =>
  adminApi({
    catalogue: catalogue.store,
    vault: vault.store,
    kinds,
    allowNetworks: configuration.PULLPASS_ALLOWED_NETWORKS,
    ecrUpstreamHosts: configuration.PULLPASS_ECR_UPSTREAM_HOSTS,
    hostScripts: scripts,
    version: configuration.PULLPASS_VERSION,
    log,
  }),
);

export const handler = invocation(
  { log, ready: [catalogue.ready, vault.ready] },
  async (...call: Parameters<Awaited<typeof api>>) => await (await api)(...call),
);
