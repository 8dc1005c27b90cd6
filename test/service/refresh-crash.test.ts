import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refreshDue } from '../../lib/service/refresh.ts';
import type { RefreshDeps } from '../../lib/service/refresh-registry.ts';
import { resolve } from '../../lib/service/resolve.ts';
import { StoreUnavailable, type RefreshOutcome } from '../../lib/stores/catalogue.ts';
import type { SourceKind } from '../../lib/sources/source-kind.ts';
import type { Vault } from '../../lib/stores/vault.ts';
import { addEcrRegistry, openWorld, type World } from '../support/simulated-registry-world.ts';

const HOUR = 3_600_000;
const LIMITS = { budgetMilliseconds: 60_000, concurrency: 4 };
const IMAGE = '111111111111.dkr.ecr.eu-west-1.amazonaws.com/app:1';

let world: World;

beforeEach(async () => {
  world = await openWorld({ seed: 3, lifetimeMilliseconds: 12 * HOUR });
});

afterEach(async () => {
  await world.close();
});

async function pull(): Promise<string> {
  const question = { caller: world.caller, environment: 'prod', image: IMAGE };
  const answer = await resolve(question, world.resolveDeps);
  if (!answer.ok) throw new Error(answer.failure.kind);
  return answer.value.credential.password.reveal();
}

/** The same stores, whose writes stop working after the first `writes` of them, as if the process had been killed. */
function dyingAfter(writes: number): { readonly deps: RefreshDeps; readonly done: () => number } {
  let done = 0;
  const alive = <Parameters extends readonly unknown[], Value>(
    write: (...parameters: Parameters) => Promise<Value>,
  ): ((...parameters: Parameters) => Promise<Value>) => {
    return async (...parameters) => {
      if (done >= writes) throw new StoreUnavailable('killed');
      done += 1;
      return await write(...parameters);
    };
  };
  const { catalogue, vault } = world.store;
  const deps = {
    ...world.refreshDeps,
    catalogue: {
      getRegistry: catalogue.getRegistry.bind(catalogue),
      claimRegistry: alive(catalogue.claimRegistry.bind(catalogue)),
      claimDue: alive(catalogue.claimDue.bind(catalogue)),
      finishRefresh: alive(catalogue.finishRefresh.bind(catalogue)),
    },
    vault: {
      ...vault,
      putIssued: alive(vault.putIssued.bind(vault)),
      settle: alive(vault.settle.bind(vault)),
    },
  };
  return { deps, done: () => done };
}

describe('a process that dies between any two writes of a refresh', () => {
  // Claim, tidying up what was there, vault, catalogue, tidying up, and the claim that finds nothing more.
  it.each([0, 1, 2, 3, 4, 5])('leaves a credential that works when it dies after write %i', async (writes) => {
    const id = await addEcrRegistry(world, '111111111111');
    await refreshDue(LIMITS, world.refreshDeps);
    const before = await pull();
    world.clock.now += 7 * HOUR;

    const dying = dyingAfter(writes);
    await refreshDue(LIMITS, dying.deps).catch((error: unknown) => {
      expect(error).toBeInstanceOf(StoreUnavailable);
    });
    expect(dying.done()).toBe(writes);
    const after = await pull();
    expect(world.works(after)).toBe(true);
    expect(after === before).toBe(writes < 4);

    world.clock.now += 3 * 60_000;
    await refreshDue(LIMITS, world.refreshDeps);
    expect(await pull()).not.toBe(before);
    expect((await world.store.catalogue.getRegistry(id))?.credential).toMatchObject({ consecutiveFailures: 0 });
  });
});

describe('a store that fails for a moment', () => {
  it.each([1, 2, 3])('holds up the same process no longer when it fails after write %i', async (writes) => {
    await addEcrRegistry(world, '111111111111');
    const limits = { ...LIMITS, unended: new Set<RefreshOutcome>() };
    const failing = dyingAfter(writes);
    await refreshDue(limits, failing.deps).catch((error: unknown) => {
      expect(error).toBeInstanceOf(StoreUnavailable);
    });
    world.clock.now += 2_000;
    expect(await refreshDue(LIMITS, world.refreshDeps)).toEqual({ refreshed: 0, failed: 0, lost: 0 });
    // What failed is noted as a failed try, and waits as one.
    expect((await refreshDue(limits, world.refreshDeps)).refreshed).toBeLessThanOrEqual(1);
    world.clock.now += 4_000;
    await refreshDue(limits, world.refreshDeps);
    expect(limits.unended.size).toBe(0);
    expect(world.works(await pull())).toBe(true);
  });

  it('does not ask the source again and again while only the vault fails', async () => {
    await addEcrRegistry(world, '111111111111');
    const limits = { ...LIMITS, unended: new Set<RefreshOutcome>() };
    const putIssued = (): Promise<never> => Promise.reject(new StoreUnavailable('full'));
    const deps = { ...world.refreshDeps, vault: { ...world.store.vault, putIssued } };
    const until = world.clock.now + HOUR;
    for (; world.clock.now < until; world.clock.now += 2_000) await refreshDue(limits, deps);
    expect(world.mints).toBeGreaterThan(5);
    expect(world.mints).toBeLessThan(60);
    expect(await world.store.catalogue.getRegistry('registry-111111111111')).toMatchObject({
      credential: { lastError: { code: 'unavailable' } },
    });
  });

  it('takes no claim away from another process that has it by then', async () => {
    const id = await addEcrRegistry(world, '111111111111');
    const limits = { ...LIMITS, unended: new Set<RefreshOutcome>() };
    await refreshDue(limits, dyingAfter(2).deps).catch(() => undefined);
    world.clock.now += 3 * 60_000;
    const claim = { claimId: 'another', now: world.clock.now, until: world.clock.now + 60_000 };
    await world.store.catalogue.claimRegistry(id, claim);
    await refreshDue(limits, world.refreshDeps);
    expect((await world.store.catalogue.getRegistry(id))?.credential.claim?.id).toBe('another');
  });
});

describe('several runs and bad neighbours', () => {
  it('lets two runs at once refresh each registry once', async () => {
    const ids = [];
    for (let index = 0; index < 30; index += 1) ids.push(await addEcrRegistry(world, String(100_000_000_000 + index)));
    const runs = await Promise.all([refreshDue(LIMITS, world.refreshDeps), refreshDue(LIMITS, world.refreshDeps)]);
    expect(runs.reduce((sum, run) => sum + run.refreshed, 0)).toBe(30);
    expect(world.mints).toBeLessThanOrEqual(2);
  });

  it('refreshes 999 while one of 1,000 hangs', async () => {
    const hanging = '100000000500';
    const [kind] = world.refreshDeps.kinds;
    if (kind === undefined) throw new Error('no kind');
    for (let index = 0; index < 1000; index += 1) await addEcrRegistry(world, String(100_000_000_000 + index));
    const deps: RefreshDeps = {
      ...world.refreshDeps,
      kinds: [
        {
          ...kind,
          sharingKey: ({ address }) => address,
          mint: (request) => (request.address.startsWith(hanging) ? new Promise(() => undefined) : kind.mint(request)),
        },
      ],
      // Real time, but a short one: the hanging mint ignores its signal altogether.
      deadline: () => AbortSignal.timeout(500),
    };
    const run = await refreshDue({ budgetMilliseconds: 60_000, concurrency: 16 }, deps);
    expect(run).toEqual({ refreshed: 999, failed: 1, lost: 0 });
    const stuck = await world.store.catalogue.getRegistry(`registry-${hanging}`);
    expect(stuck?.credential.lastError?.code).toBe('timeout');
  });

  it('asks a throttling source once, however many registries share it', async () => {
    for (let index = 0; index < 50; index += 1) await addEcrRegistry(world, String(100_000_000_000 + index));
    world.weather = 'throttled';
    const run = await refreshDue(LIMITS, world.refreshDeps);
    expect(run.failed).toBe(50);
    expect(world.mints).toBe(1);
  });

  it.each(['minted', 'written'])(
    'leaves nothing in the vault of a registry that is deleted while its credential is %s',
    async (moment) => {
      const id = await addEcrRegistry(world, '111111111111');
      const change = { type: 'change', at: 0, actor: 'test', action: 'registry.delete', subject: id } as const;
      const { vault } = world.store;
      const [kind] = world.refreshDeps.kinds;
      if (kind === undefined) throw new Error('no kind');
      const deleteAt = async (now: string): Promise<void> => {
        if (now !== moment) return;
        await world.store.catalogue.removeRegistry({ id, expectedRevision: undefined, change });
        await vault.remove(id);
      };
      const minting: SourceKind = {
        ...kind,
        mint: async (request) => {
          await deleteAt('minted');
          return await kind.mint(request);
        },
      };
      const writing: Vault = {
        ...vault,
        putIssued: async (registryId, credential) => {
          await deleteAt('written');
          await vault.putIssued(registryId, credential);
        },
      };
      const deps: RefreshDeps = { ...world.refreshDeps, kinds: [minting], vault: writing };
      expect(await refreshDue(LIMITS, deps)).toEqual({ refreshed: 0, failed: 0, lost: 1 });
      expect(await vault.registryIds()).toEqual([]);
    },
  );

  it('writes nothing into the vault for a registry that another run has taken over while it minted', async () => {
    const id = await addEcrRegistry(world, '111111111111');
    const [kind] = world.refreshDeps.kinds;
    if (kind === undefined) throw new Error('no kind');
    const slow: SourceKind = {
      ...kind,
      mint: async (request) => {
        world.clock.now += 10 * 60_000;
        const claim = { claimId: 'another-run', now: world.clock.now, until: world.clock.now + 60_000 };
        expect(await world.store.catalogue.claimRegistry(id, claim)).toMatchObject({ id });
        return await kind.mint(request);
      },
    };
    const outcome = await refreshDue(LIMITS, { ...world.refreshDeps, kinds: [slow] });
    expect(outcome).toEqual({ refreshed: 0, failed: 0, lost: 1 });
    expect(await world.store.vault.registryIds()).toEqual([]);
  });

  it('does not replace a credential by one that ends sooner, unless a registry rejected it', async () => {
    const id = await addEcrRegistry(world, '111111111111');
    await refreshDue(LIMITS, world.refreshDeps);
    const first = await pull();
    world.lifetimeMilliseconds = HOUR;
    world.clock.now += 7 * HOUR;
    await refreshDue(LIMITS, world.refreshDeps);
    expect(await pull()).toBe(first);
    const version = (await world.store.catalogue.getRegistry(id))?.credential.current?.version ?? '';
    world.clock.now += HOUR;
    await world.store.catalogue.reportRejection({ registryId: id, version, now: world.clock.now });
    await refreshDue(LIMITS, world.refreshDeps);
    expect(await pull()).not.toBe(first);
  });
});
