/** The simulation of the refresher at scale: that it can fail, that it keeps to its quotas, that it comes out the same. */
import { describe, expect, it } from 'vitest';
import { DEFAULTS, type Scenario } from '../../bench/simulate/scenario.ts';
import { simulate, type Simulated } from '../../bench/simulate/simulate.ts';

const HOUR = 3600;

const SMALL: Scenario = { ...DEFAULTS, ecrRegistries: 200, principals: 200 };

function usageOf(run: Simulated, name: string) {
  const found = run.quotas.find((quota) => quota.name === name);
  if (found === undefined) throw new Error(`no quota ${name}`);
  return found;
}

describe('the refresher at scale', () => {
  it('keeps every credential alive through a regional outage of two hours', async () => {
    const run = await simulate(SMALL);
    expect(run.expired).toBe(0);
    expect(run.minimumSecondsLeft).toBeGreaterThan(2 * HOUR);
    expect(run.importHours).toBeCloseTo(1, 1);
    expect(run.recoveryMinutes).toBeLessThan(20);
    // The outage is seen: who came due at its beginning waits for its end.
    expect(run.longestWaitMinutes).toBeGreaterThan(110);
    expect(run.longestQueue).toBeGreaterThan(100);
  });

  it.each<[string, Partial<Scenario['quotas']>, string]>([
    ['tokens', { ecrTokens: 0.0012 }, 'ECR tokens'],
    ['secret writes', { secretWrites: 0.0024 }, 'secret writes'],
  ])('sees credentials run out where the account gives too few %s', async (_name, scarce, quota) => {
    // 60 registries come due in every six hours; the quota is enough for 26.
    const quotas = { ...SMALL.quotas, ...scarce };
    const small = { ...SMALL, ecrRegistries: 60, principals: 60, outage: undefined };
    const run = await simulate({ ...small, hours: 30, quotas });
    expect(run.expired).toBeGreaterThan(10);
    expect(run.minimumSecondsLeft).toBeLessThan(0);
    expect(usageOf(run, quota).throttled).toBeGreaterThan(500);
  });

  it.each<[string, Partial<Scenario>]>([
    ['an outage as long as the credentials live', { outage: { startsAtHour: 2, hours: 12, kind: 'errors' } }],
    ['roles, whose credentials live an hour, in an outage of two', { roles: true }],
    ['functions that are stopped before a refresh can end', { refresher: { ...SMALL.refresher, timeoutSeconds: 0.2 } }],
  ])('sees credentials run out with %s', async (_name, different) => {
    const run = await simulate({ ...SMALL, ecrRegistries: 100, principals: 100, ...different });
    expect(run.expired).toBeGreaterThan(90);
  });

  it('never takes more than a quota gives', async () => {
    const quotas = { ...SMALL.quotas, ecrTokens: 0.5, secretWrites: 0.8 };
    const run = await simulate({ ...SMALL, ecrRegistries: 100, principals: 100, hours: 12, quotas });
    const seconds = 12 * HOUR;
    for (const name of ['ECR tokens', 'secret writes']) {
      const { taken, throttled, perSecond } = usageOf(run, name);
      expect(throttled).toBeGreaterThan(0);
      expect(taken).toBeGreaterThan(0);
      expect(taken).toBeLessThanOrEqual(perSecond * (seconds + 1));
    }
  });

  it('asks for one token where many registries are of one identity', async () => {
    const own = await simulate({ ...SMALL, outage: undefined });
    const shared = await simulate({ ...SMALL, outage: undefined, principals: 1 });
    const minted = (run: Simulated): number => usageOf(run, 'ECR tokens').taken - SMALL.ecrRegistries;
    expect(own.refresher.refreshed).toBe(minted(own));
    expect(shared.refresher.refreshed).toBeGreaterThan(2 * SMALL.ecrRegistries);
    expect(minted(shared)).toBeLessThan(minted(own) / 2);
  });

  it('writes each refreshed secret twice: the value and the label', async () => {
    const run = await simulate({ ...SMALL, outage: undefined });
    expect(usageOf(run, 'secret writes').taken).toBe(2 * run.refresher.refreshed);
  });

  it('has a client slow down that meets a quota, so that few of its calls fail', async () => {
    // 200 that are due together, eight writes a second: 50 seconds of work.
    const quotas = { ...SMALL.quotas, secretWrites: 8 };
    const outage = { startsAtHour: 4, hours: 6, kind: 'errors' } as const;
    const run = await simulate({ ...SMALL, principals: 1, hours: 12, importHours: 0.1, quotas, outage });
    const { taken, throttled, busiestMinutePerSecond } = usageOf(run, 'secret writes');
    expect(throttled).toBeGreaterThan(0);
    expect(throttled).toBeLessThan(taken / 2);
    expect(busiestMinutePerSecond).toBeGreaterThan(4);
    expect(run.expired).toBe(0);
  });

  it('comes out the same for the same seed, and differently for another', async () => {
    const small = { ...SMALL, ecrRegistries: 60, principals: 60, googleRegistries: 10, hours: 9 };
    const first = await simulate(small);
    expect(await simulate(small)).toStrictEqual(first);
    expect((await simulate({ ...small, seed: 2 })).minimumSecondsLeft).not.toBe(first.minimumSecondsLeft);
  });
});
