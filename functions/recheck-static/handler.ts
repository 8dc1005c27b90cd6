/**
 * Tries typed passwords again that a registry refused or a host reported: there is nothing to mint, it logs in. Every hour it
 * is the background check, too, for the registries of all kinds.
 */
import process from 'node:process';
import { refresher } from '../../lib/lambda/refresher.ts';
import { readVaultWriterConfiguration } from '../../lib/lambda/writer-configuration.ts';
import { staticSource } from '../../lib/sources/static.ts';

export const handler = refresher({
  variables: process.env,
  sink: process.stdout,
  configuration: readVaultWriterConfiguration(process.env),
  kind: staticSource(),
  reverifies: true,
});
