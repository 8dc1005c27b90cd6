import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkStoredTimes, clockCheck, type ClockDeps } from '../../lib/serve/clock-watch.ts';
import { refreshDue } from '../../lib/service/refresh.ts';
import { addEcrRegistry, openWorld, type World } from '../support/simulated-registry-world.ts';

const HOUR = 3_600_000;
const SECOND = 1_000;
const LIMITS = { budgetMilliseconds: 60_000, concurrency: 4 };

let world: World;
let id: string;
/** Milliseconds that really went by. */
let elapsed: number;
let steps: number;
let clock: ClockDeps;
let check: () => Promise<void>;

beforeEach(async () => {
  world = await openWorld({ seed: 5, lifetimeMilliseconds: 12 * HOUR });
  id = await addEcrRegistry(world, '111111111111');
  elapsed = 0;
  steps = 0;
  clock = {
    store: world.store,
    report: (event) => {
      world.events.push(event);
    },
    now: () => world.clock.now,
    elapsed: () => elapsed,
    onStep: () => {
      steps += 1;
    },
  };
  check = clockCheck(clock);
  await refresh();
});

afterEach(async () => {
  await world.close();
});

async function refresh(): Promise<void> {
  await refreshDue(LIMITS, world.refreshDeps);
}

function pass(milliseconds: number): void {
  elapsed += milliseconds;
  world.clock.now += milliseconds;
}

function stepped(): readonly unknown[] {
  return world.events.flatMap(({ code, fields }) => (code === 'clock.stepped' ? [fields?.['seconds']] : []));
}

async function version(): Promise<string | undefined> {
  return (await world.store.catalogue.getRegistry(id))?.credential.current?.version;
}

describe('a clock that was set', () => {
  it.each([
    ['a day ahead and back', [24 * HOUR, -24 * HOUR]],
    ['two hours back', [-2 * HOUR]],
    ['two hours ahead', [2 * HOUR]],
  ])('costs a refresh: %s', async (_name, jumps) => {
    for (const jump of jumps) {
      pass(10 * SECOND);
      // While the clock is wrong the source fails, and the next try is put off by the wrong clock.
      world.weather = 'denied';
      world.clock.now += jump;
      await check();
      await refresh();
    }
    world.weather = 'well';
    const before = await version();
    pass(5 * 60 * SECOND);
    await check();
    await refresh();
    expect(await version()).not.toBe(before);
    expect(stepped()).toEqual(jumps.map((jump) => jump / SECOND));
    expect(steps).toBe(jumps.length);
    const { credential } = (await world.store.catalogue.getRegistry(id)) ?? {};
    expect(credential).toMatchObject({ consecutiveFailures: 0, current: { issuedAt: world.clock.now } });
    expect(credential?.dueAt).toBeLessThan(credential?.current?.expiresAt ?? 0);
  });

  it('is told once; time that goes by, and slewing, are no step', async () => {
    for (let minute = 0; minute < 600; minute += 1) {
      pass(60 * SECOND);
      world.clock.now += SECOND;
      await check();
    }
    expect(stepped()).toEqual([]);
  });

  it('is noticed at the start, where it was set back while nothing ran', async () => {
    world.clock.now -= 2 * HOUR;
    await checkStoredTimes(clock);
    expect(world.events.map(({ code }) => code)).toContain('clock.behind_stored_times');
    const before = await version();
    await refresh();
    expect(await version()).not.toBe(before);
  });

  it('changes nothing at the start where it was not set', async () => {
    const before = await world.store.catalogue.getRegistry(id);
    pass(HOUR);
    await checkStoredTimes(clock);
    expect(await world.store.catalogue.getRegistry(id)).toEqual(before);
  });
});
