/**
 * When a credential is refreshed next: pure arithmetic on times, tested over weeks in milliseconds. Times are
 * milliseconds since the epoch; `random` answers 0 to 1.
 */
import type { CredentialRecord, MintFailureCode } from '../domain/credential.ts';

/** Due at half the lifetime, give or take a tenth of it, so that what was made together does not come due together. */
const HALF = 0.5;
const JITTER = 0.1;

const BACKOFF_BASE_MS = 2_000;
const BACKOFF_CAP_MS = 5 * 60_000;
/** While a credential lives, never wait longer than this share of what it has left. */
const SHARE_OF_REMAINING = 0.25;
const BACKOFF_FLOOR_MS = 1_000;

interface Lifetime {
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export function dueAfterSuccess(minted: Lifetime, random: () => number): number {
  const lifetime = minted.expiresAt - minted.issuedAt;
  return Math.round(minted.issuedAt + lifetime * (HALF + JITTER * (2 * random() - 1)));
}

/**
 * Exponential back-off with full jitter, capped by a fixed time and by a quarter of the life that is left; a source
 * that names its own wait is believed as long as that costs no life.
 * Undefined: not again by itself. A password that a registry refused is not tried over and over (it locks accounts out).
 */
export function dueAfterFailure(
  attempt: {
    readonly record: CredentialRecord;
    readonly code: MintFailureCode;
    readonly retryAfterSeconds: number | undefined;
    readonly now: number;
    /** The source makes its credentials anew, so a refused one is worth trying again. */
    readonly renewable: boolean;
  },
  random: () => number,
): number | undefined {
  if (!attempt.renewable && attempt.code === 'login_refused') return undefined;
  const { record, now } = attempt;
  const failures = Math.min(record.consecutiveFailures, 20);
  const ceiling = Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** failures);
  const wait = Math.max(BACKOFF_FLOOR_MS, ceiling * random(), (attempt.retryAfterSeconds ?? 0) * 1000);
  return Math.round(now + Math.min(wait, longestWait(record, now)));
}

function longestWait(record: CredentialRecord, now: number): number {
  const expiresAt = record.current?.expiresAt;
  if (expiresAt === undefined || expiresAt <= now) return BACKOFF_CAP_MS;
  return Math.max(BACKOFF_FLOOR_MS, Math.min(BACKOFF_CAP_MS, (expiresAt - now) * SHARE_OF_REMAINING));
}

/** Half of the life is the reserve for outages: when half of that is gone, too, somebody has to act. */
const URGENT_SHARE = 0.75;
/** A registry that never had a credential may wait for somebody to set up the other side, but not for ever. */
const PENDING_GRACE_MS = 5 * 60_000;

export function urgentAfterSuccess({ issuedAt, expiresAt }: Lifetime): number {
  return Math.round(issuedAt + (expiresAt - issuedAt) * URGENT_SHARE);
}

/** Somebody has been alarmed by then, and attempts come often enough to meet what is left. */
const LAST_SHARE = 0.1;

/** From then on a credential that can do less than the present one is better than what comes next: none. */
export function lastResortFrom({ issuedAt, expiresAt }: Lifetime): number {
  return Math.round(expiresAt - (expiresAt - issuedAt) * LAST_SHARE);
}

/** Undefined: not urgent by itself. Only the next success takes it back. */
export function urgentAfterFailure(
  record: CredentialRecord,
  failed: { readonly failure: { readonly code: MintFailureCode }; readonly renewable: boolean; readonly now: number },
): number | undefined {
  if (record.urgentAt !== undefined) return record.urgentAt;
  if (record.current === undefined) return failed.now + PENDING_GRACE_MS;
  const { code } = failed.failure;
  return !failed.renewable && (code === 'login_refused' || code === 'bad_secret') ? failed.now : undefined;
}
