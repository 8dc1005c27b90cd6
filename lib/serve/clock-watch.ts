/**
 * Notices that the machine's clock was set, by comparing it with time that nobody can set, and makes due whatever depends on
 * it. A virtual machine that is resumed or restored, and a board without a battery, do this every time.
 */
import type { Report } from '../service/events.ts';
import type { EmbeddedStore } from '../stores/embedded/open-embedded-store.ts';
import { repeat, type Repetition } from './repeat.ts';

/** What slewing and suspended processes explain is no step. */
const STEP_MS = 60_000;
const EVERY_MS = 1_000;

export interface ClockDeps {
  readonly store: Pick<EmbeddedStore, 'distrustTimes' | 'holdsTimesAfter'>;
  readonly report: Report;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds since any moment, never set. */
  readonly elapsed: () => number;
  /** Called when stored times were changed. */
  readonly onStep: () => void;
}

/** At the start: the clock may have been set while nothing ran. */
export async function checkStoredTimes(deps: ClockDeps): Promise<void> {
  const now = deps.now();
  if (!(await deps.store.holdsTimesAfter(now + STEP_MS))) return;
  deps.report({ level: 'warn', code: 'clock.behind_stored_times', fields: {} });
  await deps.store.distrustTimes(now);
}

export function startClockWatch(deps: ClockDeps): Repetition {
  const check = clockCheck(deps);
  return repeat({
    firstAfterMilliseconds: EVERY_MS,
    pauseMilliseconds: EVERY_MS,
    run: check,
    failed: 'clock.check_failed',
    report: deps.report,
  });
}

/** Each call compares with the one before that succeeded: a step whose write failed is found again. */
export function clockCheck(deps: ClockDeps): () => Promise<void> {
  const offset = (): number => deps.now() - deps.elapsed();
  let known = offset();
  return async () => {
    const present = offset();
    const step = present - known;
    if (Math.abs(step) >= STEP_MS) {
      deps.report({ level: 'warn', code: 'clock.stepped', fields: { seconds: Math.round(step / 1000) } });
      await deps.store.distrustTimes(deps.now());
      deps.onStep();
    }
    // Slewing must not add up to a step.
    known = present;
  };
}
