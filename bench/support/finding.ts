/** What a gate found: one line of the table. A ratio against a floor of the same run, and what it may be. */
import type { Comparison } from './comparison.ts';

export interface Limits {
  /** `at most`: smaller is better (times, memory); `at least`: larger is better (requests a second). */
  readonly direction: 'at most' | 'at least';
  readonly target: number;
  readonly failsAt: number;
}

export interface Finding {
  readonly gate: string;
  readonly comparison: Comparison;
  readonly limits: Limits;
  /** Absolute figures: they say something about this machine, so nothing is judged by them. */
  readonly figures: string;
}

/** A gate that this machine cannot measure says so, and is shown; it is never left out in silence. */
export interface Skipped {
  readonly gate: string;
  readonly skipped: string;
}

export type Verdict = 'ok' | 'MISSES TARGET' | 'FAILS';

export function verdictOn(ratio: number, { direction, target, failsAt }: Limits): Verdict {
  const reaches = (limit: number): boolean => (direction === 'at most' ? ratio <= limit : ratio >= limit);
  if (reaches(target)) return 'ok';
  return reaches(failsAt) ? 'MISSES TARGET' : 'FAILS';
}
