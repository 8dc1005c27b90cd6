/** Runs the refresher every few seconds, one run at a time, until it is stopped. */
import { refreshDue, type RefreshRun } from '../service/refresh.ts';
import type { RefreshDeps } from '../service/refresh-registry.ts';
import type { RefreshOutcome } from '../stores/catalogue.ts';
import { repeat, type Repetition } from './repeat.ts';

const INTERVAL_MS = 2_000;
const LIMITS = { budgetMilliseconds: 60_000, concurrency: 16 };

export function startRefreshLoop(deps: RefreshDeps, onRun: (run: RefreshRun) => void): Repetition {
  const unended = new Set<RefreshOutcome>();
  return repeat({
    firstAfterMilliseconds: 0,
    pauseMilliseconds: INTERVAL_MS,
    run: async (stop) => {
      onRun(await refreshDue({ ...LIMITS, stop, unended }, deps));
    },
    failed: 'refresh.run_failed',
    report: deps.report,
  });
}
