/**
 * The refresher as the account runs it: the product's own `refreshDue`, started every minute, in functions that are stopped
 * when their time is up, whatever they are doing.
 */
import type { LoginCheck } from '../../lib/distribution/login-check.ts';
import type { RefreshDeps } from '../../lib/service/refresh-registry.ts';
import { refreshDue } from '../../lib/service/refresh.ts';
import { LATENCY, SCHEDULE_SPREAD_MS, type Range } from './assumptions.ts';
import { adaptivePace, type ClientPace } from './client-pace.ts';
import type { Scenario } from './scenario.ts';
import type { Clock, SimulatedAccount } from './simulated-account.ts';
import type { SimulatedCatalogue } from './simulated-catalogue.ts';
import { simulatedEcr, simulatedGoogle } from './simulated-sources.ts';
import { simulatedVault, type Labels } from './simulated-vault.ts';

export interface World {
  readonly scenario: Scenario;
  readonly clock: Clock;
  readonly random: () => number;
  readonly newId: () => string;
  readonly account: SimulatedAccount;
  readonly catalogue: SimulatedCatalogue;
  readonly labels: Labels;
}

export interface RefresherFigures {
  readonly runs: number;
  /** Runs that used up their time and left something in the queue. */
  readonly fullRuns: number;
  readonly stoppedRuns: number;
  readonly functionSeconds: number;
  readonly refreshed: number;
  readonly failed: number;
  readonly lost: number;
}

const MINUTE = 60_000;

/** Never ends. The figures go on counting. */
export function scheduleRefresher(world: World): RefresherFigures {
  const { scenario, clock, random } = world;
  const figures = { runs: 0, fullRuns: 0, stoppedRuns: 0, functionSeconds: 0, refreshed: 0, failed: 0, lost: 0 };
  const kinds = [
    ...(scenario.ecrRegistries > 0 ? ['ecr'] : []),
    ...(scenario.googleRegistries > 0 ? ['google'] : []),
  ] as const;

  async function everyMinute(kind: string): Promise<never> {
    // Each function stays warm, and its clients with it.
    const paces = Array.from({ length: scenario.refresher.functions }, () => adaptivePace(clock.now));
    for (;;) {
      for (const pace of paces) void runOnce(kind, pace);
      await clock.sleep(MINUTE);
    }
  }

  async function runOnce(kind: string, pace: ClientPace): Promise<void> {
    await clock.sleep(random() * SCHEDULE_SPREAD_MS);
    const startedAt = clock.now();
    const { budgetSeconds, concurrency, timeoutSeconds } = scenario.refresher;
    const budgetMilliseconds = budgetSeconds * 1000;
    const lifetime = boundedLife(clock, timeoutSeconds * 1000);
    figures.runs += 1;
    const ended = refreshDue(
      { budgetMilliseconds, concurrency },
      refreshDeps(world, { kind, pace, clock: lifetime.clock }),
    );
    const run = await Promise.race([ended, lifetime.end]);
    figures.functionSeconds += (clock.now() - startedAt) / 1000;
    if (run === 'stopped') {
      figures.stoppedRuns += 1;
      return;
    }
    if (clock.now() >= startedAt + budgetMilliseconds) figures.fullRuns += 1;
    figures.refreshed += run.refreshed;
    figures.failed += run.failed;
    figures.lost += run.lost;
  }

  for (const kind of kinds) void everyMinute(kind);
  return figures;
}

/** What sleeps beyond the end of its function never wakes up. */
function boundedLife(clock: Clock, milliseconds: number): { readonly clock: Clock; readonly end: Promise<'stopped'> } {
  const endsAt = clock.now() + milliseconds;
  const end = Promise.withResolvers<'stopped'>();
  const never = new Promise<never>(() => undefined);
  let stopping = false;
  return {
    clock: {
      now: clock.now,
      sleep(duration) {
        if (clock.now() + duration <= endsAt) return clock.sleep(duration);
        if (!stopping) {
          stopping = true;
          void clock.sleep(endsAt - clock.now()).then(() => {
            end.resolve('stopped');
          });
        }
        return never;
      },
    },
    end: end.promise,
  };
}

function refreshDeps(
  world: World,
  run: { readonly kind: string; readonly pace: ClientPace; readonly clock: Clock },
): RefreshDeps {
  const { scenario, account, catalogue, random, labels } = world;
  const { kind, pace, clock } = run;
  const source = kind === 'ecr' ? simulatedEcr(scenario, account, clock) : simulatedGoogle(account, clock);
  const pause = async (...calls: readonly Range[]): Promise<void> => {
    for (const takes of calls) await account.call({ takes, attempts: 1, inOutage: false }, clock);
  };
  const loginCheck: LoginCheck = async () => {
    await pause(LATENCY.login);
    return { status: 'verified', advice: '' };
  };
  return {
    ecrUpstreamHosts: [],
    catalogue: {
      async getRegistry(id) {
        await pause(LATENCY.catalogueRead, LATENCY.catalogueRead);
        return await catalogue.getRegistry(id);
      },
      claimRegistry: catalogue.claimRegistry,
      // The queue is read, then all that are taken are claimed at once.
      async claimDue(query) {
        await pause(LATENCY.catalogueRead);
        const claimed = await catalogue.claimDue(query);
        if (claimed.length > 0) await pause(LATENCY.catalogueWrite);
        return claimed;
      },
      async finishRefresh(outcome) {
        await pause(LATENCY.catalogueRead, LATENCY.catalogueRead, LATENCY.catalogueWrite);
        return await catalogue.finishRefresh(outcome);
      },
    },
    vault: simulatedVault({ labels, account, pace }, clock),
    kinds: [source],
    random,
    newId: world.newId,
    report: () => undefined,
    now: clock.now,
    // Nothing waits as long as that: clients give up before.
    deadline: () => new AbortController().signal,
    mintTimeoutMilliseconds: 15_000,
    loginTimeoutMilliseconds: 12_000,
    loginCheck,
  };
}
