/**
 * Who may take how long, so that what waits for an answer outlives what it waits for. Milliseconds. The functions' own limits
 * are the stack's: 29 seconds for administration, 180 for the refreshers.
 */
import type { RefreshLimits } from '../service/refresh.ts';
import type { ReverifyLimits } from '../service/reverify.ts';

/**
 * Behind the HTTP API, which gives up after 30 seconds: a mint in another function, a login, and what is left for the
 * stores and a cold start.
 */
export const ADMIN_BUDGET = {
  mintTimeoutMilliseconds: 12_000,
  loginTimeoutMilliseconds: 10_000,
  /** Of the source itself. The function that mints may have to start first, and says what failed before it is given up. */
  remoteMintMilliseconds: 10_000,
} as const;

const CONCURRENCY = 16;

const CLAIMING_MS = 60_000;
/** What is claimed last is worked on at once or waits for one other: two mints, two logins and their writes. */
const FINISHING_MS = 40_000;
/** Between the clocks of the function and of the one that ends it. */
const CLOCKS_MS = 5_000;

/** What a run may do in a function that has that much left. */
export function runLimits(remainingMilliseconds: number): RefreshLimits {
  return {
    budgetMilliseconds: Math.max(0, Math.min(CLAIMING_MS, remainingMilliseconds - FINISHING_MS)),
    concurrency: CONCURRENCY,
    // A claim outlives the function that made it: however slow the stores are, no other run takes what this one works on.
    claimMilliseconds: remainingMilliseconds + CLOCKS_MS,
  };
}

/** Fewer than refreshes: nobody waits for it, and the registries are other people's. */
const REVERIFY_CONCURRENCY = 8;
/** Long enough for a name server or a registry to come back, short enough for a function. */
const AGAIN_AFTER_MS = 30_000;

/** What a background check may do in a function that has that much left. */
export function reverifyLimits(remainingMilliseconds: number): ReverifyLimits {
  return {
    budgetMilliseconds: Math.max(0, remainingMilliseconds - FINISHING_MS),
    concurrency: REVERIFY_CONCURRENCY,
    againAfterMilliseconds: AGAIN_AFTER_MS,
  };
}
