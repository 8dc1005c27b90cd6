import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Registry } from '../../lib/domain/registry.ts';
import { verifyRegistry } from '../../lib/service/registries.ts';
import { refreshDue } from '../../lib/service/refresh.ts';
import { addEcrRegistry, openWorld, type World } from '../support/simulated-registry-world.ts';

const HOUR = 3_600_000;
const LIMITS = { budgetMilliseconds: 60_000, concurrency: 4 };

let world: World;
let id: string;
let first: Registry;

beforeEach(async () => {
  world = await openWorld({ seed: 11, lifetimeMilliseconds: 12 * HOUR });
  id = await addEcrRegistry(world, '111111111111');
  first = await refreshedAfter(0);
});

afterEach(async () => {
  await world.close();
});

async function refreshedAfter(milliseconds: number): Promise<Registry> {
  world.clock.now += milliseconds;
  await refreshDue(LIMITS, world.refreshDeps);
  const registry = await world.store.catalogue.getRegistry(id);
  if (registry === undefined) throw new Error('it is gone');
  return registry;
}

function versionOf({ credential }: Registry): string {
  return credential.current?.version ?? 'none';
}

describe('a new credential that could not be tried', () => {
  it('does not replace one that works while there is time; the next try replaces it', async () => {
    world.registry = 'unreachable';
    const kept = await refreshedAfter(8 * HOUR);
    expect(versionOf(kept)).toBe(versionOf(first));
    expect(kept.credential).toMatchObject({ lastError: { code: 'unreachable' }, consecutiveFailures: 1 });
    expect(kept.verification).toEqual(first.verification);
    world.registry = 'accepts';
    const next = await refreshedAfter(5 * 60_000);
    expect(versionOf(next)).not.toBe(versionOf(first));
    expect(next.credential).toMatchObject({ consecutiveFailures: 0 });
  });

  it('replaces it when somebody would have to act', async () => {
    world.registry = 'unreachable';
    expect(versionOf(await refreshedAfter(9.5 * HOUR))).not.toBe(versionOf(first));
  });

  it('replaces one of a registry that Pullpass never reached', async () => {
    world.registry = 'unreachable';
    const second = await refreshedAfter(10 * HOUR);
    expect(versionOf(await refreshedAfter(8 * HOUR))).not.toBe(versionOf(second));
  });
});

describe('an expiry that is too late', () => {
  it('is cut to the longest life of its kind', async () => {
    const kinds = world.refreshDeps.kinds.map((kind) => ({ ...kind, longestLifetimeMilliseconds: 2 * HOUR }));
    world.clock.now += 8 * HOUR;
    await world.store.catalogue.reportRejection({ registryId: id, version: versionOf(first), now: world.clock.now });
    await refreshDue(LIMITS, { ...world.refreshDeps, kinds });
    const { credential } = (await world.store.catalogue.getRegistry(id)) ?? first;
    const { issuedAt = 0, expiresAt = 0 } = credential.current ?? {};
    expect(expiresAt - issuedAt).toBe(2 * HOUR);
  });

  it('is no reason to keep a credential that the registry refuses', async () => {
    world.lifetimeMilliseconds = 3 * HOUR;
    world.revokeIssued();
    const second = await refreshedAfter(8 * HOUR);
    expect(versionOf(second)).not.toBe(versionOf(first));
    expect(second.credential.current?.expiresAt).toBeLessThan(first.credential.current?.expiresAt ?? 0);
  });

  it('is no reason to keep a credential that an administrator saw refused', async () => {
    world.revokeIssued();
    const deps = { ...world.refreshDeps, ...world.resolveDeps, catalogue: world.store.catalogue };
    const target = { id, expectedRevision: undefined, actor: 'admin-1' };
    expect(await verifyRegistry(target, deps)).toMatchObject({ ok: true, value: { status: 'unauthorized' } });
    world.lifetimeMilliseconds = 3 * HOUR;
    const second = await refreshedAfter(60_000);
    expect(versionOf(second)).not.toBe(versionOf(first));
    expect(second.credential).toMatchObject({ consecutiveFailures: 0 });
  });

  it('keeps a credential that the registry still takes from one that ends before it', async () => {
    world.lifetimeMilliseconds = 3 * HOUR;
    const kept = await refreshedAfter(8 * HOUR);
    expect(versionOf(kept)).toBe(versionOf(first));
    expect(kept.credential).toMatchObject({ lastError: { code: 'bad_answer' } });
  });
});
