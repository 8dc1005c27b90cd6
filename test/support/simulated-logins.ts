/**
 * Registries that answer logins as a test says, on a clock of the test, and a Pullpass's real store beside them: for what is
 * done with a login's outcome. Nothing here waits.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret } from '../../lib/domain/secret.ts';
import type { Registry } from '../../lib/domain/registry.ts';
import type { LoginCheckOutcome, LoginCheckRequest } from '../../lib/distribution/login-check.ts';
import type { ServiceEvent } from '../../lib/service/events.ts';
import type { ReverifyDeps } from '../../lib/service/reverify.ts';
import { openEmbeddedStore, type EmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { registryFixture, START, type NewRegistry } from './registry-fixture.ts';

export type Login = (request: LoginCheckRequest) => Promise<LoginCheckOutcome>;

export interface SimulatedLogins {
  readonly clock: { now: number };
  readonly store: EmbeddedStore;
  readonly events: ServiceEvent[];
  /** What was logged in at: the address, and when. */
  readonly asked: { readonly address: string; readonly at: number }[];
  /** By address; what is not in it lets everybody in who has the right password. */
  readonly logins: Map<string, Login>;
  /** How long a login takes, on the clock. */
  loginMilliseconds: number;
  readonly deps: ReverifyDeps;
  /** With its credential in the vault. */
  add(fields?: Partial<NewRegistry>): Promise<Registry>;
  get(id: string): Promise<Registry>;
  /** What the vault has of it. */
  secrets(registry: Registry): Promise<readonly unknown[]>;
  /** Newest first: action, actor and detail. */
  changes(): Promise<readonly (readonly (string | undefined)[])[]>;
  close(): Promise<void>;
}

export const PASSWORD = 'canary-password';
const VERIFIED: LoginCheckOutcome = { status: 'verified', advice: 'fine' };

/** Typed by somebody, and fresh. */
export const TYPED: Pick<NewRegistry, 'source' | 'credential' | 'sourceVersion'> = {
  source: { kind: 'static', username: 'puller' },
  sourceVersion: 'source-1',
  credential: { current: { version: 'version-1', username: 'puller', issuedAt: START }, consecutiveFailures: 0 },
};

export async function simulateLogins(): Promise<SimulatedLogins> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-logins-'));
  const opened = await openEmbeddedStore({ directory });
  if (!opened.ok) throw new Error(opened.failure.advice);
  const store = opened.value;
  const { catalogue, vault } = store;
  const clock = { now: START };
  const events: ServiceEvent[] = [];
  const asked: { readonly address: string; readonly at: number }[] = [];
  const logins = new Map<string, Login>();
  let serial = 0;
  const world: SimulatedLogins = {
    clock,
    store,
    events,
    asked,
    logins,
    loginMilliseconds: 100,
    deps: {
      catalogue,
      issued: vault,
      ecrUpstreamHosts: [],
      now: () => clock.now,
      newId: () => `id-${(serial += 1)}`,
      report: (event) => {
        events.push(event);
      },
      loginCheck: async (request) => {
        asked.push({ address: request.address, at: clock.now });
        clock.now += world.loginMilliseconds;
        if (request.password.reveal() !== PASSWORD) throw new Error('not the credential that hosts are given');
        return await (logins.get(request.address)?.(request) ?? Promise.resolve(VERIFIED));
      },
      deadline: () => new AbortController().signal,
      loginTimeoutMilliseconds: 12_000,
      pause: async (milliseconds) => {
        clock.now += milliseconds;
        await Promise.resolve();
      },
    },
    async add(fields = {}) {
      const given = registryFixture({ ...TYPED, ...fields });
      const { current } = given.credential;
      if (current !== undefined) {
        const { version, username, issuedAt } = current;
        await vault.putSource(given.id, 'source-1', new Secret('{}'));
        const expires = current.expiresAt === undefined ? {} : { expiresAt: current.expiresAt };
        await vault.putIssued(given.id, { version, username, issuedAt, ...expires, password: new Secret(PASSWORD) });
      }
      const change = { type: 'change', at: START, actor: 'test', action: 'registry.add', subject: given.id } as const;
      const added = await catalogue.addRegistry(given, change);
      if (current !== undefined) await vault.settle(given.id, { issuedVersion: current.version });
      return added;
    },
    async get(id) {
      const registry = await catalogue.getRegistry(id);
      if (registry === undefined) throw new Error(`there is no registry ${id}`);
      return registry;
    },
    async secrets({ id }) {
      const issued = await vault.getIssued(id, 'version-1');
      const source = await vault.getSource(id, 'source-1');
      return [issued?.password.reveal(), issued?.issuedAt, source?.reveal()];
    },
    async changes() {
      const page = await catalogue.listAudit({ limit: 100, type: 'change' });
      if (page === 'bad_cursor') throw new Error('no cursor was given');
      return page.items.flatMap((entry) =>
        entry.type === 'change' && entry.action !== 'registry.add'
          ? [[entry.action, entry.actor, entry.subject, entry.detail]]
          : [],
      );
    },
    async close() {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return world;
}

export function answering(outcome: Partial<LoginCheckOutcome>): Login {
  return async () => await Promise.resolve({ ...VERIFIED, ...outcome });
}

/** One after the other; the last one for good. */
export function answeringInTurn(...outcomes: readonly Partial<LoginCheckOutcome>[]): Login {
  let next = 0;
  return async () => {
    const outcome = outcomes[Math.min(next, outcomes.length - 1)];
    next += 1;
    return await Promise.resolve({ ...VERIFIED, ...outcome });
  };
}
