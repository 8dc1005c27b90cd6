import { afterEach, beforeEach, expect, it } from 'vitest';
import { refreshDue } from '../../lib/service/refresh.ts';
import { addEcrRegistry, openWorld, type World } from '../support/simulated-registry-world.ts';

const HOUR = 3_600_000;
const LIMITS = { budgetMilliseconds: 60_000, concurrency: 4 };

let world: World;
let id: string;

beforeEach(async () => {
  world = await openWorld({ seed: 7, lifetimeMilliseconds: 12 * HOUR });
  id = await addEcrRegistry(world, '111111111111');
  await refreshDue(LIMITS, world.refreshDeps);
});

afterEach(async () => {
  await world.close();
});

async function refreshLater(registry: World['registry']): Promise<void> {
  world.registry = registry;
  // Urgent, so that a credential is stored although it could not be tried, and past any back-off: every call is one refresh.
  world.clock.now += 10 * HOUR;
  await refreshDue(LIMITS, world.refreshDeps);
}

async function driftTold(): Promise<readonly unknown[]> {
  const page = await world.store.catalogue.listAudit({ limit: 100, type: 'change' });
  if (page === 'bad_cursor') throw new Error('no cursor was given');
  const entries = page.items.flatMap((entry) => (entry.type === 'change' && entry.subject === id ? [entry] : []));
  const told = entries.flatMap(({ action, actor, detail }) => (actor === 'pullpass' ? [[action, detail]] : []));
  const events = world.events.filter(({ code }) => code.startsWith('registry.drift')).map(({ code }) => code);
  expect(events.toReversed()).toEqual(told.map(([action]) => action));
  return told;
}

it.each([
  ['unreachable', 'unreachable'],
  ['refuses_new', 'unauthorized'],
] as const)('drift that a refresh finds is told once, and its end once: the registry %s', async (registry, status) => {
  expect(await driftTold()).toEqual([]);
  await refreshLater(registry);
  const began = ['registry.drift', `verified -> ${status}`];
  expect(await driftTold()).toEqual([began]);
  expect((await world.store.catalogue.getRegistry(id))?.verification).toMatchObject({ drift: { from: 'verified' } });
  await refreshLater(registry);
  expect(await driftTold()).toEqual([began]);
  await refreshLater('accepts');
  expect(await driftTold()).toEqual([['registry.drift_ended', `${status} -> verified`], began]);
  expect((await world.store.catalogue.getRegistry(id))?.verification).toEqual({
    status: 'verified',
    at: world.clock.now,
  });
});
