/**
 * The day on which a typed password expires at its vendor, as an administrator noted it: `YYYY-MM-DD`, in UTC. The password
 * counts as good through the end of that day. Not its job: whether the password works, which only a login says.
 */

/** Days before the date from which on somebody is warned, the earliest first; the last one is after it. */
export const EXPIRY_STAGES = [30, 14, 3, 'expired'] as const;
export type ExpiryStage = (typeof EXPIRY_STAGES)[number];

/** What was reported last, and of which date: another date is reported anew. */
export interface ExpiryReported {
  readonly on: string;
  readonly stage: ExpiryStage;
}

export interface Expiring {
  readonly expiresOn?: string;
  readonly expiryReported?: ExpiryReported;
}

const DAY_MS = 86_400_000;

/** The first moment that is not of that day any more, in milliseconds since the epoch. */
export function endOfDay(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) + DAY_MS;
}

/** Whole days: 1 on the day before, 0 on the day itself, negative after it. */
export function daysUntil(date: string, now: number): number {
  return Math.ceil((endOfDay(date) - now) / DAY_MS) - 1;
}

/** Undefined where it has no date. */
export function daysLeftOf({ expiresOn }: Expiring, now: number): number | undefined {
  return expiresOn === undefined ? undefined : daysUntil(expiresOn, now);
}

/** The last stage that has come and was not reported; stages before it that were missed are left out. */
export function stageToReport({ expiresOn, expiryReported }: Expiring, now: number): ExpiryStage | undefined {
  if (expiresOn === undefined) return undefined;
  const daysLeft = daysUntil(expiresOn, now);
  const stage = EXPIRY_STAGES.findLast((from) => (from === 'expired' ? daysLeft < 0 : daysLeft <= from));
  if (stage === undefined || expiryReported?.on !== expiresOn) return stage;
  return EXPIRY_STAGES.indexOf(stage) > EXPIRY_STAGES.indexOf(expiryReported.stage) ? stage : undefined;
}
