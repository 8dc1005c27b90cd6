/** Refreshes what is due of ECR and ECR Public on schedule, and mints for administration. */
import process from 'node:process';
import { environmentCredentials } from '../../lib/lambda/clients.ts';
import { refresher } from '../../lib/lambda/refresher.ts';
import { readVaultWriterConfiguration } from '../../lib/lambda/writer-configuration.ts';
import { ecrSource } from '../../lib/sources/ecr.ts';

export const handler = refresher({
  variables: process.env,
  sink: process.stdout,
  configuration: readVaultWriterConfiguration(process.env),
  kind: ecrSource({ credentials: environmentCredentials(process.env) }),
});
