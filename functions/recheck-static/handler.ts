/** Tries typed passwords again that a registry refused or a host reported. There is nothing to mint: it logs in. */
import process from 'node:process';
import { refresher } from '../../lib/lambda/refresher.ts';
import { readVaultWriterConfiguration } from '../../lib/lambda/writer-configuration.ts';
import { staticSource } from '../../lib/sources/static.ts';

export const handler = refresher({
  variables: process.env,
  sink: process.stdout,
  configuration: readVaultWriterConfiguration(process.env),
  kind: staticSource(),
});
