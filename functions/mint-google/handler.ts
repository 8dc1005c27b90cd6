/** Refreshes what is due of Google's registries on schedule, and mints for administration. */
import process from 'node:process';
import { refresher } from '../../lib/lambda/refresher.ts';
import { readMintGoogleConfiguration } from '../../lib/lambda/writer-configuration.ts';
import { googleSource } from '../../lib/sources/google.ts';

const configuration = readMintGoogleConfiguration(process.env);

export const handler = refresher({
  variables: process.env,
  sink: process.stdout,
  configuration,
  kind: googleSource({ trustedTokenUris: configuration.PULLPASS_TRUSTED_TOKEN_URIS }),
});
