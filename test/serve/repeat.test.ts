import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { repeat, type RepeatOptions } from '../../lib/serve/repeat.ts';
import { startReverifyLoop } from '../../lib/serve/reverify-loop.ts';
import type { ServiceEvent } from '../../lib/service/events.ts';
import { StoreUnavailable } from '../../lib/stores/catalogue.ts';
import { canonicalAddress, HOUR, START } from '../support/registry-fixture.ts';
import { answering, simulateLogins } from '../support/simulated-logins.ts';

const FIRST = 3_000;
const PAUSE = 10_000;

beforeEach(() => {
  // Only what a loop waits by: the store and the test itself go on.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

function repeating(options: Partial<RepeatOptions> = {}) {
  const events: ServiceEvent[] = [];
  let runs = 0;
  let end: () => void = () => undefined;
  const repetition = repeat({
    firstAfterMilliseconds: FIRST,
    pauseMilliseconds: PAUSE,
    run: async () => {
      runs += 1;
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    },
    failed: 'test.run_failed',
    report: (event) => {
      events.push(event);
    },
    ...options,
  });
  const ended = async (): Promise<void> => {
    end();
    await turn();
  };
  return { repetition, events, runs: () => runs, ended };
}

describe('what is done again and again', () => {
  it('begins when it is told to, and again a while after its end: never two at once', async () => {
    const { runs, ended, repetition } = repeating();
    vi.advanceTimersByTime(FIRST - 1);
    expect(runs()).toBe(0);
    vi.advanceTimersByTime(1);
    expect(runs()).toBe(1);
    vi.advanceTimersByTime(100 * PAUSE);
    expect(runs()).toBe(1);
    await ended();
    vi.advanceTimersByTime(PAUSE - 1);
    expect(runs()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(runs()).toBe(2);
    await ended();
    await repetition.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('begins at once where nothing is to be waited for', async () => {
    const { runs, ended, repetition } = repeating({ firstAfterMilliseconds: 0 });
    expect(runs()).toBe(1);
    await ended();
    await repetition.stop();
  });

  it('is not begun after it was stopped, before the first time as well as between two', async () => {
    const before = repeating();
    await before.repetition.stop();
    const between = repeating({ firstAfterMilliseconds: 0 });
    await between.ended();
    await between.repetition.stop();
    vi.advanceTimersByTime(100 * PAUSE);
    expect([before.runs(), between.runs(), vi.getTimerCount()]).toEqual([0, 1, 0]);
  });

  it('has ended when it is stopped, and was told to hurry', async () => {
    let told: AbortSignal | undefined;
    let ended = false;
    const { repetition } = repeating({
      firstAfterMilliseconds: 0,
      run: async (stop) => {
        told = stop;
        await new Promise((resolve) => {
          stop.addEventListener('abort', resolve);
        });
        await turn();
        ended = true;
      },
    });
    expect(told?.aborted).toBe(false);
    await repetition.stop();
    expect([told?.aborted, ended, vi.getTimerCount()]).toEqual([true, true, 0]);
  });

  it.each([
    ['an outage by its code', new StoreUnavailable('Down'), { reason: 'Down' }],
    ['a bug by where it is', new TypeError('canary'), { name: 'TypeError' }],
  ])('tells of %s, and goes on', async (_name, error, fields) => {
    let runs = 0;
    const { events, repetition } = repeating({
      firstAfterMilliseconds: 0,
      run: async () => {
        runs += 1;
        await Promise.reject(error);
      },
    });
    await turn();
    vi.advanceTimersByTime(PAUSE);
    await turn();
    expect(runs).toBe(2);
    expect(events).toMatchObject([
      { level: 'error', code: 'test.run_failed', fields },
      { level: 'error', code: 'test.run_failed', fields },
    ]);
    expect(JSON.stringify(events)).not.toContain('canary');
    await repetition.stop();
  });
});

describe('the background check of a local Pullpass', () => {
  it('runs some minutes after the start, then every hour, and says what it did', async () => {
    const world = await simulateLogins();
    const address = canonicalAddress('registry.example.com');
    await world.add({ id: 'one', address, verification: { status: 'verified', at: START } });
    world.logins.set(address, answering({ status: 'unauthorized' }));
    world.clock.now = START + 24 * HOUR;
    const loop = startReverifyLoop(world.deps);
    const runs = () => world.events.filter(({ code }) => code === 'reverify.run');
    try {
      vi.advanceTimersByTime(60_000);
      await turn();
      expect(runs()).toEqual([]);
      vi.advanceTimersByTime(9 * 60_000);
      await vi.waitFor(() => {
        expect(runs()).toHaveLength(1);
      });
      expect(runs()[0]).toMatchObject({ level: 'info', fields: { verified: 1, drifted: 1, failed: 0 } });
      await turn();
      world.clock.now += 25 * HOUR;
      vi.advanceTimersByTime(HOUR);
      await vi.waitFor(() => {
        expect(runs()).toHaveLength(2);
      });
      expect(world.asked).toHaveLength(2);
    } finally {
      await loop.stop();
      await world.close();
    }
    expect(vi.getTimerCount()).toBe(0);
  });
});
