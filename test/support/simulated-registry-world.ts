/**
 * A world with its own clock: a source that issues tokens and misbehaves on a timetable, a registry that accepts what was
 * issued and still lives, and a Pullpass between them on a real store. What the source issued is remembered, so that a
 * test can ask of every credential that comes out whether it works.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAddress, type CanonicalAddress } from '../../lib/domain/address.ts';
import type { Credential } from '../../lib/domain/credential.ts';
import { failure, success } from '../../lib/domain/result.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { LoginCheck } from '../../lib/distribution/login-check.ts';
import { createAgent } from '../../lib/service/agents.ts';
import type { Caller } from '../../lib/service/authenticate.ts';
import type { ServiceEvent } from '../../lib/service/events.ts';
import { expiringCache } from '../../lib/service/expiring-cache.ts';
import { mintFailure } from '../../lib/service/mint.ts';
import type { RefreshDeps } from '../../lib/service/refresh-registry.ts';
import { cachedResolveViews } from '../../lib/service/resolve-view.ts';
import type { ResolveDeps } from '../../lib/service/resolve.ts';
import type { SourceKind } from '../../lib/sources/source-kind.ts';
import { openEmbeddedStore, type EmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import * as z from 'zod/mini';

export type Weather =
  'well' | 'throttled' | 'denied' | 'unavailable' | 'hangs' | 'answers_empty' | 'answers_expired' | 'answers_short';

export interface World {
  readonly clock: { now: number };
  readonly store: EmbeddedStore;
  readonly events: ServiceEvent[];
  /** What the source does at present. */
  weather: Weather;
  /** Is the registry reachable for login checks, and does it believe the source's new tokens? */
  registry: 'accepts' | 'unreachable' | 'refuses_new' | 'denies_probe' | 'forbids';
  lifetimeMilliseconds: number;
  mints: number;
  readonly refreshDeps: RefreshDeps;
  readonly resolveDeps: ResolveDeps;
  /** An agent of prod. */
  readonly caller: Caller;
  /** Would the registry accept this password now? */
  works(password: string): boolean;
  /** The registry takes none of the tokens that were issued until now. */
  revokeIssued(): void;
  close(): Promise<void>;
}

const STARTED_AT = Date.UTC(2026, 0, 1);

export function address(text: string): CanonicalAddress {
  const parsed = parseAddress(text);
  if (!parsed.ok) throw new Error(`not an address: ${text}`);
  return parsed.value.canonical;
}

/** Deterministic, so that a failing run can be repeated. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export async function openWorld(options: {
  readonly seed: number;
  readonly lifetimeMilliseconds: number;
}): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-world-'));
  const opened = await openEmbeddedStore({ directory });
  if (!opened.ok) throw new Error(opened.failure.advice);
  const store = opened.value;
  const clock = { now: STARTED_AT };
  const now = (): number => clock.now;
  const tokens = new Map<string, number>();
  const events: ServiceEvent[] = [];
  const random = seededRandom(options.seed);
  let serial = 0;
  const newId = (): string => `id-${(serial += 1)}`;

  const created = await createAgent({ name: 'host', environments: ['prod'] }, 'test', {
    catalogue: store.catalogue,
    now,
  });
  if (!created.ok) throw new Error('no agent');

  const issue = (lifetime: number): { readonly password: Secret; readonly expiresAt: number } => {
    serial += 1;
    const password = `canary-token-${serial}`;
    const expiresAt = clock.now + lifetime;
    tokens.set(password, expiresAt);
    return { password: new Secret(password), expiresAt };
  };

  const kind: SourceKind = {
    kind: 'ecr',
    renewable: true,
    inputSchema: z.object({}),
    accept: () => success({ settings: { kind: 'ecr' } }),
    sharingKey: () => 'one principal in one region',
    mint: async ({ signal }) => {
      world.mints += 1;
      switch (world.weather) {
        case 'well':
          return success({ username: 'AWS', ...issue(world.lifetimeMilliseconds) });
        case 'answers_short':
          return success({ username: 'AWS', ...issue(20_000) });
        case 'answers_expired':
          return success({ username: 'AWS', password: new Secret('dead'), expiresAt: clock.now - 1 });
        case 'answers_empty':
          return success({ username: 'AWS', password: new Secret('') });
        case 'throttled':
          return failure({ ...mintFailure('throttled', 'slow down'), retryAfterSeconds: 3 });
        case 'denied':
        case 'unavailable':
          return failure(mintFailure(world.weather, 'no'));
        case 'hangs':
          return await new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              resolve(failure(mintFailure('timeout', 'aborted')));
            });
          });
      }
    },
  };

  const loginCheck: LoginCheck = async ({ password }) => {
    if (world.registry === 'unreachable') return { status: 'unreachable', advice: 'no way' };
    if (world.registry === 'forbids') return { status: 'forbidden', advice: 'not from here' };
    if (world.registry === 'refuses_new' || !world.works(password.reveal())) {
      return { status: 'unauthorized', advice: 'no' };
    }
    if (world.registry === 'denies_probe') return { status: 'scope_denied', advice: 'not that repository' };
    return { status: 'verified', advice: 'yes' };
  };

  const base = {
    catalogue: store.catalogue,
    vault: store.vault,
    now,
    random,
    newId,
    loginCheck,
    kinds: [kind],
    ecrUpstreamHosts: [],
    report: (event: ServiceEvent) => {
      events.push(event);
    },
    mintTimeoutMilliseconds: 15_000,
    loginTimeoutMilliseconds: 12_000,
    // A deadline passes at once in real time, and takes its time on the world's clock.
    deadline: (milliseconds: number): AbortSignal => {
      const controller = new AbortController();
      if (world.weather === 'hangs') {
        setImmediate(() => {
          clock.now += milliseconds;
          controller.abort();
        });
      }
      return controller.signal;
    },
  };
  const world: World = {
    clock,
    store,
    events,
    weather: 'well',
    registry: 'accepts',
    lifetimeMilliseconds: options.lifetimeMilliseconds,
    mints: 0,
    refreshDeps: base,
    resolveDeps: {
      ...base,
      views: cachedResolveViews(store.catalogue, { ttlMilliseconds: 0, now }),
      issued: store.vault,
      issuedCache: expiringCache<Credential>({ ttlMilliseconds: 300_000, maxEntries: 100, now }),
      recordDecision: async () => undefined,
      hostCacheMilliseconds: 2_500,
    },
    caller: { kind: 'token', token: created.value.token },
    revokeIssued: () => {
      tokens.clear();
    },
    works: (password) => (tokens.get(password) ?? 0) > clock.now,
    close: async () => {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return world;
}

export async function addEcrRegistry(world: World, account: string): Promise<string> {
  const { clock, store } = world;
  const id = `registry-${account}`;
  await store.catalogue.addRegistry(
    {
      id,
      address: address(`${account}.dkr.ecr.eu-west-1.amazonaws.com`),
      environments: ['prod'],
      state: 'active',
      source: { kind: 'ecr' },
      tls: {},
      credential: { dueAt: clock.now, consecutiveFailures: 0 },
      createdAt: clock.now,
      updatedAt: clock.now,
    },
    { type: 'change', at: clock.now, actor: 'test', action: 'registry.add', subject: id },
  );
  return id;
}
