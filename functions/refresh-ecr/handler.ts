/** Refreshes what is due of ECR and ECR Public on schedule, and mints for administration. */
import process from 'node:process';
import { environmentCredentials } from '../../lib/lambda/clients.ts';
import { refresher } from '../../lib/lambda/refresher.ts';
import { readVaultWriterConfiguration } from '../../lib/lambda/writer-configuration.ts';
import { ecrSource } from '../../lib/sources/ecr.ts';

const configuration = readVaultWriterConfiguration(process.env);

export const handler = refresher({
  variables: process.env,
  sink: process.stdout,
  configuration,
  kind: ecrSource({
    credentials: environmentCredentials(process.env),
    ecrUpstreamHosts: configuration.PULLPASS_ECR_UPSTREAM_HOSTS,
  }),
});
