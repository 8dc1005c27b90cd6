/** Hosts' calls: resolve, docker-credential, explain, docker-config. Reads, and writes nothing but its log. */
import process from 'node:process';
import { dynamoDbClient, HURRIED, secretsManagerClient } from '../../lib/lambda/clients.ts';
import { readResolveConfiguration } from '../../lib/lambda/configuration.ts';
import { functionLog } from '../../lib/lambda/function-log.ts';
import { invocation } from '../../lib/lambda/invocation.ts';
import { readingStores } from '../../lib/lambda/reading-stores.ts';
import { resolveApi } from '../../lib/lambda/resolve-api.ts';

const configuration = readResolveConfiguration(process.env);
const log = functionLog({ installation: configuration.PULLPASS_INSTALLATION, sink: process.stdout });
const { catalogue, issued, ready } = readingStores({
  dynamoDb: dynamoDbClient(process.env, HURRIED),
  tableName: configuration.PULLPASS_TABLE,
  secretsManager: secretsManagerClient(process.env, HURRIED),
  secretPrefix: configuration.PULLPASS_SECRET_PREFIX,
  log,
});

const { PULLPASS_ECR_UPSTREAM_HOSTS: ecrUpstreamHosts } = configuration;

export const handler = invocation({ log, ready }, resolveApi({ catalogue, issued, ecrUpstreamHosts, log }));
