/**
 * An esbuild plugin that makes the AWS SDK's part of a bundle smaller: what a function never gets to is left out, and what the
 * SDK's generator writes out at length is put shorter. A cold start would load all of it. What is left does the same.
 *
 * It goes by paths and texts of the SDK. Should a new version have them otherwise, they are in the bundle as they are, which
 * works, and is noticed by its size.
 */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';
import { plainSchemaKeys, shortenErrors, shortenManifest, shortenPartitions } from './shortened-modules.ts';

interface Change {
  /** Of a file's path with `/`. */
  readonly module: RegExp;
  readonly change: (source: string) => string;
}

function replaceWith(contents: string): Change['change'] {
  return () => contents;
}

const CHANGES: readonly Change[] = [
  {
    // Lambda puts the role's credentials into the environment, where the chain looks first: profiles, SSO, web identity,
    // processes and the instance's metadata are never asked.
    module: /\/@aws-sdk\/credential-provider-node\/dist-es\/index\.js$/,
    change: replaceWith(`export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';`),
  },
  {
    // Nor are there profiles to take settings from; the SDK would look for their files.
    module: /\/@smithy\/core\/dist-es\/submodules\/config\/shared-ini-file-loader\/loadSharedConfigFiles\.js$/,
    change: replaceWith(
      `export { CONFIG_PREFIX_SEPARATOR } from './constants';
       export const loadSharedConfigFiles = async () => ({ configFile: {}, credentialsFile: {} });`,
    ),
  },
  {
    // DynamoDB's endpoint discovery is off unless it is asked for; its cache is made all the same.
    module: /\/@aws-sdk\/endpoint-cache\/dist-es\/EndpointCache\.js$/,
    change: replaceWith(`export class EndpointCache {}`),
  },
  {
    // For a Node without cryptography.
    module: /\/@smithy\/core\/dist-es\/submodules\/checksum\/sha256\/Sha256Js\.js$/,
    change: replaceWith(`export const Sha256Js = undefined;`),
  },
  {
    // For signing events of a stream.
    module: /\/@smithy\/signature-v4\/dist-es\/HeaderFormatter\.js$/,
    change: replaceWith(`export class HeaderFormatter {}`),
  },
  { module: /\/@aws-sdk\/core\/dist-es\/.*\/aws\/partitions\.js$/, change: shortenPartitions },
  { module: /\/@aws-sdk\/client-[^/]+\/dist-es\/models\/errors\.js$/, change: shortenErrors },
  { module: /\/@aws-sdk\/client-[^/]+\/dist-es\/schemas\/schemas_0\.js$/, change: plainSchemaKeys },
  { module: /\/@aws-sdk\/client-[^/]+\/package\.json$/, change: shortenManifest },
];

/**
 * Loaded when an operation streams events, and none that is used here does. An import as late as this one brings the whole
 * of a package along.
 */
const EVENT_STREAMS = /^@smithy\/core\/event-streams$/;
const NOTHING = 'nothing';

export const sdkForLambda: Plugin = {
  name: 'sdk-for-lambda',
  setup: (build) => {
    build.onResolve({ filter: EVENT_STREAMS }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, namespace: NOTHING } : undefined,
    );
    build.onLoad({ filter: EVENT_STREAMS, namespace: NOTHING }, () => ({ contents: 'export {};' }));
    build.onLoad({ filter: /[/\\]@(?:aws-sdk|smithy)[/\\]/ }, async ({ path }) => {
      const found = CHANGES.find(({ module }) => module.test(path.replaceAll('\\', '/')));
      if (found === undefined) return undefined;
      const contents = found.change(await readFile(path, 'utf8'));
      return { contents, loader: path.endsWith('.json') ? 'json' : 'js', resolveDir: dirname(path) };
    });
  },
};
