/**
 * The reason why Pullpass exists: ECR's tokens run out, its API throttles, fails and hangs, and no pull ever fails. Time
 * itself is the subject, so this file waits; its tokens live for 40 seconds instead of 12 hours.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { podmanPull, skopeoCopy } from './support/clients.ts';
import { startEcrFront, type EcrFront } from './support/ecr-front.ts';
import { ECR_KEY, startEcrSource, type EcrSource, type SourceMood } from './support/ecr-source.ts';
import type { Host } from './support/host.ts';
import { openScene, type Scene } from './support/scene.ts';
import { available } from './support/tools.ts';
import { waitUntil } from './support/wait.ts';

const LIFETIME_MS = 40_000;
const LIFETIMES = 3;
const PULL_EVERY_MS = 1_000;
/**
 * A token is due at 24 s at the latest, looked at 2 s later and given out until 35 s: 9 s are left for trouble. What ends
 * after this time leaves room for the back-off after it, and for one attempt that hung for its 5 s.
 */
const TROUBLE_MS = 3_000;
/** Before its end a token is not given out any more. */
const NOT_GIVEN_OUT_MS = 5_000;
const TROUBLES = ['throttle', 'fail', 'hang'] as const satisfies readonly SourceMood[];
const UPSTREAM = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const IMAGE = 'team/app:1';

let scene: Scene;
let front: EcrFront;
let source: EcrSource;
let image: string;
let hosts: readonly [Host, Host];

beforeAll(async () => {
  scene = await openScene(async ({ workspace, canaries }) => {
    front = await startEcrFront(workspace);
    let minted = 0;
    const onToken = (password: string): void => {
      minted += 1;
      canaries.add(`token ${minted}`, password, 'AWS');
    };
    source = await startEcrSource(workspace, { front, lifetimeMs: LIFETIME_MS, onToken });
    canaries.add('the AWS key', source.environment['AWS_SECRET_ACCESS_KEY'] ?? '');
    return { environment: source.environment };
  });
  await front.push(IMAGE);
  image = `${front.address}/${IMAGE}`;
  const key = ['--access-key-id', ECR_KEY.accessKeyId, '--secret-access-key-stdin'];
  const add = ['registry', 'add', front.address, '--env', 'prod', '--upstream', UPSTREAM, '--plain-http', ...key];
  expect(await scene.pullpass.cli(add, { stdin: ECR_KEY.secretAccessKey })).toMatchObject({ exitCode: 0 });
  const { tokenFile } = await scene.agent('prod');
  const options = { environment: 'prod', tokenFile, plainHttp: [front.address] };
  hosts = [scene.host(options), scene.host({ ...options, registries: [front.address] })];
});

afterAll(() => scene.end());

/**
 * Three times, before the next token is due, the source turns bad; it recovers some time after it was first asked for one.
 * Ends when all three have passed.
 */
async function makeTrouble(): Promise<void> {
  for (const trouble of TROUBLES) {
    const [tokens, calls] = [source.tokens.length, source.calls.length];
    source.mood = trouble;
    await waitUntil(`a call meets "${trouble}"`, () => source.calls.length > calls, LIFETIME_MS);
    await new Promise((resolve) => setTimeout(resolve, TROUBLE_MS));
    source.mood = 'answer';
    await waitUntil(`a token after "${trouble}"`, () => source.tokens.length > tokens, LIFETIME_MS);
  }
}

interface Pulls {
  readonly count: number;
  readonly failures: readonly string[];
}

async function pullUntil(on: Host, end: number): Promise<Pulls> {
  const failures: string[] = [];
  let count = 0;
  while (Date.now() < end) {
    const next = Date.now() + PULL_EVERY_MS;
    // containers/storage keeps what podman pulled, but it asks for the manifest every time.
    const pull = count % 10 === 9 ? podmanPull : skopeoCopy;
    const { exitCode, stderr } = await pull(on, image);
    count += 1;
    if (exitCode !== 0) failures.push(stderr);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - Date.now())));
  }
  return { count, failures };
}

/** Requests that came with a user name and were refused: a token that had run out, or none of ours. */
function refusedLogins(): string[] {
  const log = readFileSync(join(scene.workspace.folder, `ecr-${front.port}`, 'access.log'), 'utf8');
  return log.split('\n').filter((line) => /^\S+ - AWS .* 401 /.test(line));
}

const event = z.looseObject({ event: z.string(), reason: z.optional(z.string()) });

function refreshFailures(): (string | undefined)[] {
  const lines = scene.pullpass.output().split('\n');
  return lines
    .filter((line) => line.startsWith('{'))
    .map((line) => event.parse(JSON.parse(line)))
    .filter((each) => each.event === 'refresh.failed')
    .map(({ reason }) => reason);
}

const ALL = available('unshare', 'docker-registry', 'nginx', 'podman', 'skopeo');

describe.runIf(ALL)('an ECR token that runs out', () => {
  it(
    `is replaced in time: pulls of every second never fail over ${LIFETIMES} lifetimes, while the source throttles, fails and hangs`,
    { timeout: (LIFETIMES + 2) * LIFETIME_MS },
    async () => {
      const end = Date.now() + LIFETIMES * LIFETIME_MS;
      const pulling = Promise.all(hosts.map((each) => pullUntil(each, end)));
      await makeTrouble();
      const pulls = await pulling;
      expect(pulls.flatMap(({ failures }) => failures)).toEqual([]);
      // The tokens of the beginning are long dead.
      expect(source.tokens.filter(({ expiresAt }) => expiresAt < Date.now()).length).toBeGreaterThanOrEqual(2);
      // Half of them would still be many pulls in each token's last seconds.
      for (const { count } of pulls) expect(count).toBeGreaterThan((LIFETIMES * LIFETIME_MS) / PULL_EVERY_MS / 2);
    },
  );

  it('has its successor while it could still be given out', () => {
    const reserves = source.tokens.slice(1).map(({ expiresAt }, index) => {
      const mintedAt = expiresAt - LIFETIME_MS;
      return (source.tokens[index]?.expiresAt ?? 0) - NOT_GIVEN_OUT_MS - mintedAt;
    });
    expect(reserves.filter((reserve) => reserve <= 0)).toEqual([]);
  });

  it('is never shown to the registry once it has run out', () => {
    expect(refusedLogins()).toEqual([]);
  });

  it('is asked for as often as its lifetime wants it, trouble included', () => {
    // Due between 40 % and 60 % of a lifetime.
    expect(source.tokens.length).toBeGreaterThanOrEqual(LIFETIMES + 1);
    expect(source.tokens.length).toBeLessThanOrEqual(Math.ceil(LIFETIMES / 0.4) + 1);
    for (const trouble of TROUBLES) {
      const calls = source.calls.filter((mood) => mood === trouble).length;
      expect(calls).toBeGreaterThanOrEqual(1);
      // An attempt is two calls at most, and back-off lets no more than a few attempts into the time of trouble.
      expect(calls).toBeLessThanOrEqual(6);
    }
  });

  it("leaves its trouble in the log, by code and without the source's own words", () => {
    expect(refreshFailures()).toEqual(expect.arrayContaining(['throttled', 'unavailable']));
    expect(scene.pullpass.output()).not.toMatch(/Rate exceeded|internal failure/);
  });

  it('leaves no trace of trouble once it is over', async () => {
    const { body } = await scene.pullpass.api.call('GET /v1/registries');
    expect(body).toMatchObject({ items: [{ credential: { state: 'fresh', lastError: null } }] });
    expect(await scene.pullpass.cli(['status'])).toMatchObject({ exitCode: 0 });
  });
});

describe.runIf(ALL)('afterwards', () => {
  it('no screen, log or file holds a secret, and no token that was ever minted', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
