import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Registry } from '../../lib/domain/registry.ts';
import type { RefreshDeps } from '../../lib/service/refresh-registry.ts';
import { refreshDue } from '../../lib/service/refresh.ts';
import { status, type Attention } from '../../lib/service/status.ts';
import { addEcrRegistry, openWorld, type World } from '../support/simulated-registry-world.ts';

const HOUR = 3_600_000;
const LIMITS = { budgetMilliseconds: 60_000, concurrency: 4 };

let world: World;
let id: string;

beforeEach(async () => {
  world = await openWorld({ seed: 7, lifetimeMilliseconds: 12 * HOUR });
  id = await addEcrRegistry(world, '111111111111');
});

afterEach(async () => {
  await world.close();
});

async function refreshed(deps: Partial<RefreshDeps> = {}): Promise<Registry> {
  await refreshDue(LIMITS, { ...world.refreshDeps, ...deps });
  return await stored();
}

async function stored(): Promise<Registry> {
  const registry = await world.store.catalogue.getRegistry(id);
  if (registry === undefined) throw new Error('it is gone');
  return registry;
}

function versionOf({ credential }: Registry): string {
  return credential.current?.version ?? 'none';
}

async function rejectInAnHour(version: string): Promise<void> {
  world.clock.now += HOUR;
  const report = { registryId: id, version, now: world.clock.now };
  expect(await world.store.catalogue.reportRejection(report)).toBe('scheduled');
}

async function attention(): Promise<readonly Attention['reason'][]> {
  const answer = await status({ catalogue: world.store.catalogue, now: () => world.clock.now });
  return answer.attention.map(({ reason }) => reason);
}

describe('a new credential that may not pull the probe repository', () => {
  it('replaces one that hosts were refused with, and an operator hears of it', async () => {
    const first = await refreshed();
    await rejectInAnHour(versionOf(first));
    world.registry = 'denies_probe';
    const second = await refreshed();
    expect(versionOf(second)).not.toBe(versionOf(first));
    expect(second.credential).toMatchObject({ consecutiveFailures: 0 });
    expect(second.verification).toMatchObject({ status: 'scope_denied', drift: { from: 'verified' } });
    expect(await attention()).toEqual(['drifted']);
  });

  it('does not replace one that nobody was refused with', async () => {
    const first = await refreshed();
    await rejectInAnHour(versionOf(first));
    const second = await refreshed();
    world.clock.now += 8 * HOUR;
    world.registry = 'denies_probe';
    expect(versionOf(await refreshed())).toBe(versionOf(second));
    expect(await attention()).toEqual(['stale']);
  });

  it('does not replace a password that is the same one again', async () => {
    const first = await refreshed();
    await rejectInAnHour(versionOf(first));
    world.registry = 'denies_probe';
    const kinds = world.refreshDeps.kinds.map((kind) => ({ ...kind, renewable: false }));
    const second = await refreshed({ kinds });
    expect(versionOf(second)).toBe(versionOf(first));
    expect(second.credential).toMatchObject({ lastError: { code: 'login_refused' } });
  });

  it('is better than none, and an operator hears of it although nothing was well before', async () => {
    world.registry = 'denies_probe';
    const first = await refreshed();
    expect(first.credential.current).toBeDefined();
    expect(first.verification).toEqual({ status: 'scope_denied', at: world.clock.now });
    expect(await attention()).toEqual(['refused']);
    world.clock.now += 8 * HOUR;
    world.registry = 'accepts';
    await refreshed();
    expect(await attention()).toEqual([]);
  });
});

describe('a new credential whose login is forbidden', () => {
  it('does not replace one that lives, until its last tenth', async () => {
    const first = await refreshed();
    world.clock.now += 8 * HOUR;
    world.registry = 'forbids';
    const kept = await refreshed();
    expect(versionOf(kept)).toBe(versionOf(first));
    expect(kept.verification).toMatchObject({ status: 'forbidden' });
    world.clock.now += 3 * HOUR;
    expect(versionOf(await refreshed())).not.toBe(versionOf(first));
  });

  it('is better than none, and an operator hears of it', async () => {
    world.registry = 'forbids';
    expect((await refreshed()).credential.current).toBeDefined();
    expect(await attention()).toEqual(['refused']);
  });

  it('counts as well as before where it is a password that is the same every time', async () => {
    await refreshed();
    world.clock.now += 8 * HOUR;
    world.registry = 'forbids';
    const kinds = world.refreshDeps.kinds.map((kind) => ({ ...kind, renewable: false }));
    const { credential } = await refreshed({ kinds });
    expect(credential).toMatchObject({ consecutiveFailures: 0 });
    expect(credential).not.toHaveProperty('lastError');
  });
});

describe('a rejection that is reported while a refresh is underway', () => {
  /** What a host reports after the registry was claimed. */
  function reportingDuring(version: string): Partial<RefreshDeps> {
    const kinds = world.refreshDeps.kinds.map((kind) => ({
      ...kind,
      mint: async (request: Parameters<typeof kind.mint>[0]) => {
        await world.store.catalogue.reportRejection({ registryId: id, version, now: world.clock.now });
        return await kind.mint(request);
      },
    }));
    return { kinds };
  }

  it('is kept by one that fails, and tried at once', async () => {
    const version = versionOf(await refreshed());
    world.clock.now += 8 * HOUR;
    world.weather = 'denied';
    const { credential } = await refreshed(reportingDuring(version));
    expect(credential).toMatchObject({ rejectedVersion: version, consecutiveFailures: 1 });
    expect(credential.dueAt).toBeLessThanOrEqual(world.clock.now);
  });

  it('is over with one that succeeds', async () => {
    const version = versionOf(await refreshed());
    world.clock.now += 8 * HOUR;
    const { credential } = await refreshed(reportingDuring(version));
    expect(credential.current?.version).not.toBe(version);
    expect(credential.rejectedVersion).toBeUndefined();
    expect(credential.dueAt).toBeGreaterThan(world.clock.now);
  });

  it('that was known before does not undo the back-off of one that fails', async () => {
    const version = versionOf(await refreshed());
    await rejectInAnHour(version);
    world.weather = 'denied';
    const { credential } = await refreshed();
    expect(credential).toMatchObject({ rejectedVersion: version, consecutiveFailures: 1 });
    expect(credential.dueAt).toBeGreaterThan(world.clock.now);
  });
});
