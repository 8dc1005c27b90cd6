/**
 * The credential helper on a host: an answer from its cache against a shell that does nothing, and one from Pullpass
 * against bare curl that sends the same request to the same Pullpass.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { millisecondsEach, type CommandLoop } from '../support/command-loop.ts';
import { compare, inTurns, median } from '../support/comparison.ts';
import type { Finding, Skipped } from '../support/finding.ts';
import type { BenchContext, Gate } from '../support/gate.ts';
import { startMeasuredServer } from '../support/measured-server.ts';
import { resolvableStore } from '../support/resolvable-store.ts';
import { ENVIRONMENT, seededAddress } from '../support/seeded-store.ts';

const HIT = 'helper, cache hit / sh -c :';
const MISS = 'helper, cache miss / bare curl';
const HELPER = fileURLToPath(new URL('../../host/docker-credential-pullpass', import.meta.url));

/** Few, because a kept answer may be used for about two seconds only, and all of them are fetched before it is used. */
const REGISTRIES = 20;
/** Starting the loop itself is a part of what is measured, and not a steady one: short commands run often. */
const CALLS = { nothing: 300, hit: 100, request: REGISTRIES };
const ATTEMPTS = 5;

interface Host {
  readonly folder: string;
  readonly cache: string;
  readonly run: Pick<CommandLoop, 'inputs' | 'inputFiles' | 'environment'>;
}

export const helper: Gate = {
  name: 'helper',
  run: async (context) => {
    if (!runs('sh', ['-c', ':'])) return [skipped(HIT, 'there is no sh here'), skipped(MISS, 'there is no sh here')];
    const hasCurl = runs('curl', ['--version']);
    if (!hasCurl) return [skipped(HIT, 'there is no curl here'), skipped(MISS, 'there is no curl here')];
    const store = await resolvableStore(await context.newDirectory(), REGISTRIES);
    const server = await startMeasuredServer(new URL('../support/pullpass-server.ts', import.meta.url), [
      store.directory,
      '',
    ]);
    try {
      const url = `http://127.0.0.1:${server.port}`;
      const host = await prepareHost(await context.newDirectory(), { url, token: store.token });
      return [await measureHit(host, context), await measureMiss(host, context)];
    } finally {
      await server.stop();
    }
  },
};

function runs(command: string, parameters: readonly string[]): boolean {
  return spawnSync(command, parameters, { stdio: 'ignore' }).status === 0;
}

function skipped(gate: string, reason: string): Skipped {
  return { gate, skipped: `not measured: ${reason}` };
}

async function prepareHost(folder: string, pullpass: { readonly url: string; readonly token: string }): Promise<Host> {
  const { url, token } = pullpass;
  const inputs = join(folder, 'inputs');
  const cache = join(folder, 'cache');
  const tokenFile = join(folder, 'token');
  await mkdir(inputs);
  for (let index = 0; index < REGISTRIES; index += 1)
    await writeFile(join(inputs, String(index)), seededAddress(index));
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
  const request = [
    `url = "${url}/v1/environments/${ENVIRONMENT}/docker-credential"`,
    `header = "authorization: Bearer ${token}"`,
    'header = "content-type: text/plain"',
    'data-binary = "@-"',
  ];
  await writeFile(join(folder, 'request'), request.join('\n'), { mode: 0o600 });
  const environment = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    PULLPASS_URL: url,
    PULLPASS_ENVIRONMENT: ENVIRONMENT,
    PULLPASS_TOKEN_FILE: tokenFile,
    PULLPASS_CACHE_DIR: cache,
  };
  return { folder, cache, run: { inputs, inputFiles: REGISTRIES, environment } };
}

async function measureHit(host: Host, { quick }: BenchContext): Promise<Finding> {
  const [floors = [], hits = []] = await inTurns(quick ? 7 : 25, [
    () => millisecondsEach({ ...host.run, count: CALLS.nothing, command: ['sh', '-c', ':'] }),
    () => millisecondsOfHits(host),
  ]);
  return {
    gate: HIT,
    comparison: compare(hits, floors),
    limits: { direction: 'at most', target: 5, failsAt: 7 },
    figures: `${median(hits).toFixed(2)} ms a call, sh ${median(floors).toFixed(2)} ms`,
  };
}

/** Where the machine was so busy that an answer grew too old meanwhile, the round is done again. */
async function millisecondsOfHits(host: Host): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    await forget(host);
    // Fills the cache; these calls do not count.
    await millisecondsEach({ ...host.run, count: REGISTRIES, command: [HELPER, 'get'] });
    const kept = await keptAnswers(host);
    const milliseconds = await millisecondsEach({ ...host.run, count: CALLS.hit, command: [HELPER, 'get'] });
    if ((await keptAnswers(host)) === kept) return milliseconds;
  }
  throw new Error('the helper asked Pullpass every time: there are no cache hits to measure');
}

async function measureMiss(host: Host, { quick }: BenchContext): Promise<Finding> {
  const curl = ['curl', '-q', '-sf', '--noproxy', '*', '-K', join(host.folder, 'request')];
  const [floors = [], misses = []] = await inTurns(quick ? 7 : 25, [
    () => millisecondsEach({ ...host.run, count: CALLS.request, command: curl }),
    async () => {
      await forget(host);
      return await millisecondsEach({ ...host.run, count: CALLS.request, command: [HELPER, 'get'] });
    },
  ]);
  return {
    gate: MISS,
    comparison: compare(misses, floors),
    limits: { direction: 'at most', target: 1.2, failsAt: 1.5 },
    figures: `${median(misses).toFixed(2)} ms a call, curl ${median(floors).toFixed(2)} ms`,
  };
}

async function forget({ cache }: Host): Promise<void> {
  await rm(cache, { recursive: true, force: true });
}

/** The kept answers' names and times: any call that asked Pullpass changes it. */
async function keptAnswers({ cache }: Host): Promise<string> {
  const names = await readdir(cache);
  if (names.length !== REGISTRIES) throw new Error(`the helper kept ${names.length} answers of ${REGISTRIES}`);
  const times = await Promise.all(names.map(async (name) => `${name} ${(await stat(join(cache, name))).mtimeMs}`));
  return times.toSorted().join('\n');
}
