import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refreshDue } from '../../lib/service/refresh.ts';
import { resolve } from '../../lib/service/resolve.ts';
import {
  addEcrRegistry,
  openWorld,
  seededRandom,
  type Weather,
  type World,
} from '../support/simulated-registry-world.ts';

const HOUR = 3_600_000;
const LIMITS = { budgetMilliseconds: 60_000, concurrency: 4 };
const IMAGE = '111111111111.dkr.ecr.eu-west-1.amazonaws.com/app:1';

let world: World;

beforeEach(async () => {
  world = await openWorld({ seed: 7, lifetimeMilliseconds: 12 * HOUR });
});

afterEach(async () => {
  await world.close();
});

async function pull(): Promise<string | undefined> {
  const answer = await resolve({ caller: world.caller, environment: 'prod', image: IMAGE }, world.resolveDeps);
  if (!answer.ok) {
    expect(answer.failure.kind).toBe('credential_unavailable');
    return undefined;
  }
  return answer.value.credential.password.reveal();
}

/** Runs the refresher and a pull every `stepMilliseconds`, and holds both promises at each step. */
async function live(
  duration: number,
  options: { readonly stepMilliseconds: number; readonly mustPull: boolean; readonly change?: () => void },
): Promise<{ pulls: number; refusals: number }> {
  const until = world.clock.now + duration;
  const seen = { pulls: 0, refusals: 0 };
  while (world.clock.now < until) {
    options.change?.();
    await refreshDue(LIMITS, world.refreshDeps);
    const password = await pull();
    if (password === undefined) seen.refusals += 1;
    else {
      seen.pulls += 1;
      expect(world.works(password), 'a credential that was given out does not work').toBe(true);
    }
    if (options.mustPull) expect(password, `no credential at ${new Date(world.clock.now).toISOString()}`).toBeDefined();
    world.clock.now += options.stepMilliseconds;
  }
  return seen;
}

describe('refreshing over weeks', () => {
  it('keeps pulls working for four weeks and mints twice per lifetime', async () => {
    await addEcrRegistry(world, '111111111111');
    await live(28 * 24 * HOUR, { stepMilliseconds: 120_000, mustPull: true });
    expect(world.mints).toBeGreaterThanOrEqual(28 * 4 - 12);
    expect(world.mints).toBeLessThanOrEqual(28 * 4 + 12);
  });

  it.each<Weather>([
    'throttled',
    'denied',
    'unavailable',
    'hangs',
    'answers_empty',
    'answers_expired',
    'answers_short',
  ])('survives outages of almost half a lifetime while the source is: %s', async (weather) => {
    await addEcrRegistry(world, '111111111111');
    const bornAt = world.clock.now;
    await live(7 * 24 * HOUR, {
      stepMilliseconds: 60_000,
      mustPull: true,
      // Well for 8 hours, ill for 4, for ever: less than the half lifetime that is held in reserve, minus jitter.
      change: () => {
        world.weather = Math.floor((world.clock.now - bornAt) / HOUR) % 12 < 8 ? 'well' : weather;
      },
    });
  });

  it('survives a source that changes its mind at random, with short-lived tokens', async () => {
    world.lifetimeMilliseconds = HOUR;
    await addEcrRegistry(world, '111111111111');
    const random = seededRandom(99);
    const illnesses: readonly Weather[] = ['throttled', 'unavailable', 'hangs', 'answers_empty', 'answers_expired'];
    let changesAt = world.clock.now;
    let ill = true;
    await live(3 * 24 * HOUR, {
      stepMilliseconds: 15_000,
      mustPull: true,
      change: () => {
        if (world.clock.now < changesAt) return;
        ill = !ill;
        world.weather = ill ? (illnesses[Math.floor(random() * illnesses.length)] ?? 'throttled') : 'well';
        changesAt = world.clock.now + (ill ? 20 : 10) * 60_000 * (0.5 + random() / 2);
      },
    });
  });

  it('says 503, never a dead credential, when an outage outlasts the token, and recovers within minutes', async () => {
    await addEcrRegistry(world, '111111111111');
    await live(HOUR, { stepMilliseconds: 60_000, mustPull: true });
    world.weather = 'unavailable';
    const outage = await live(24 * HOUR, { stepMilliseconds: 60_000, mustPull: false });
    expect(outage.pulls).toBeGreaterThan(0);
    expect(outage.refusals).toBeGreaterThan(0);
    world.weather = 'well';
    world.clock.now += 5 * 60_000;
    await live(HOUR, { stepMilliseconds: 60_000, mustPull: true });
  });

  it('keeps the old credential when the registry refuses the new one, and takes it when it can not be asked', async () => {
    const id = await addEcrRegistry(world, '111111111111');
    await live(60_000, { stepMilliseconds: 60_000, mustPull: true });
    const first = await pull();
    world.registry = 'refuses_new';
    await live(8 * HOUR, { stepMilliseconds: 60_000, mustPull: true });
    expect(await pull()).toBe(first);
    expect((await world.store.catalogue.getRegistry(id))?.credential.lastError?.code).toBe('login_refused');
    world.registry = 'unreachable';
    await live(HOUR, { stepMilliseconds: 60_000, mustPull: true });
    expect(await pull()).not.toBe(first);
  });

  it('keeps the old credential while the new one may not pull the probe repository, and lets it not run out over that', async () => {
    await addEcrRegistry(world, '111111111111');
    await live(60_000, { stepMilliseconds: 60_000, mustPull: true });
    const first = await pull();
    world.registry = 'denies_probe';
    await live(10 * HOUR, { stepMilliseconds: 60_000, mustPull: true });
    expect(await pull()).toBe(first);
    await live(48 * HOUR, { stepMilliseconds: 60_000, mustPull: true });
    expect(await pull()).not.toBe(first);
  });

  it('does not hammer a source that fails: the tries get rarer up to one in a few minutes', async () => {
    await addEcrRegistry(world, '111111111111');
    world.weather = 'denied';
    await live(24 * HOUR, { stepMilliseconds: 2_000 * 15, mustPull: false });
    // Full jitter up to 5 minutes means one try in about 2.5 minutes: 576 a day.
    expect(world.mints).toBeLessThan(900);
    expect(world.mints).toBeGreaterThan(288);
  });

  it('mints once for all registries that one credential opens, for weeks', async () => {
    for (let account = 0; account < 20; account += 1) {
      await addEcrRegistry(world, account === 0 ? '111111111111' : String(200_000_000_000 + account));
    }
    await live(14 * 24 * HOUR, { stepMilliseconds: 300_000, mustPull: true });
    // Half a lifetime apart: 4 a day, one mint each time for all 20.
    expect(world.mints).toBeLessThanOrEqual(14 * 4 + 8);
  });

  it('reports no secret in any event', async () => {
    await addEcrRegistry(world, '111111111111');
    await live(24 * HOUR, { stepMilliseconds: 600_000, mustPull: true });
    world.weather = 'throttled';
    await live(8 * HOUR, { stepMilliseconds: 600_000, mustPull: false });
    expect(world.events.length).toBeGreaterThan(4);
    expect(JSON.stringify(world.events)).not.toContain('canary');
  });
});
