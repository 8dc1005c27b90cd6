import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refreshDue } from '../../lib/service/refresh.ts';
import { addEcrRegistry, openWorld, type World } from '../support/simulated-registry-world.ts';

let world: World;

beforeEach(async () => {
  world = await openWorld({ seed: 3, lifetimeMilliseconds: 12 * 3_600_000 });
  for (const account of ['111111111111', '222222222222', '333333333333']) await addEcrRegistry(world, account);
});

afterEach(async () => {
  await world.close();
});

describe('a run that is told to stop', () => {
  it('finishes the registry under way and begins no other', async () => {
    const stop = new AbortController();
    const [kind] = world.refreshDeps.kinds;
    if (kind === undefined) throw new Error('no kind');
    const stopping = {
      ...kind,
      mint: async (request: Parameters<typeof kind.mint>[0]) => {
        stop.abort();
        return await kind.mint(request);
      },
    };
    const limits = { budgetMilliseconds: 60_000, concurrency: 1, stop: stop.signal };
    const run = await refreshDue(limits, { ...world.refreshDeps, kinds: [stopping] });
    expect(run).toEqual({ refreshed: 1, failed: 0, lost: 0 });
    expect(world.mints).toBe(1);
  });

  it('claims nothing when it is told before it began', async () => {
    const limits = { budgetMilliseconds: 60_000, concurrency: 4 };
    const stopped = await refreshDue({ ...limits, stop: AbortSignal.abort() }, world.refreshDeps);
    expect(stopped).toEqual({ refreshed: 0, failed: 0, lost: 0 });
    expect(await refreshDue(limits, world.refreshDeps)).toMatchObject({ refreshed: 3 });
  });
});
