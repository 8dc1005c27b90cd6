/** Runs the background check every hour, first some minutes after the start, so that starting is not slower for it. */
import { reverifyDue, type ReverifyDeps } from '../service/reverify.ts';
import { repeat, type Repetition } from './repeat.ts';

export interface ReverifyRhythm {
  readonly firstAfterMilliseconds: number;
  readonly pauseMilliseconds: number;
}

const RHYTHM: ReverifyRhythm = { firstAfterMilliseconds: 3 * 60_000, pauseMilliseconds: 60 * 60_000 };
/** Nobody waits for it, and hosts share the process with it. */
const LIMITS = { budgetMilliseconds: 30 * 60_000, concurrency: 4, againAfterMilliseconds: 60_000 };

export function startReverifyLoop(deps: ReverifyDeps, rhythm: ReverifyRhythm = RHYTHM): Repetition {
  return repeat({
    ...rhythm,
    run: async (stop) => {
      const run = await reverifyDue(LIMITS, deps, stop);
      deps.report({ level: 'info', code: 'reverify.run', fields: { ...run } });
    },
    failed: 'reverify.run_failed',
    report: deps.report,
  });
}
