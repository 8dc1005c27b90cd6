/**
 * A rate that an account may use: a token bucket that holds one second's worth, as AWS describes its own. A call finds a
 * token or is throttled at once; nobody queues.
 */
export interface Quota {
  readonly name: string;
  readonly perSecond: number;
  take(): boolean;
  readonly usage: QuotaUsage;
}

export interface QuotaUsage {
  readonly taken: number;
  readonly throttled: number;
  /** Of the minute in which most calls went through. */
  readonly busiestMinutePerSecond: number;
}

const MINUTE = 60_000;

export function quota(name: string, perSecond: number, now: () => number): Quota {
  const holds = Math.max(1, perSecond);
  let tokens = holds;
  let filledAt = now();
  let taken = 0;
  let throttled = 0;
  const minute = { index: 0, taken: 0, busiest: 0 };

  function countInMinute(): void {
    const index = Math.floor(now() / MINUTE);
    if (index !== minute.index) Object.assign(minute, { index, taken: 0 });
    minute.taken += 1;
    minute.busiest = Math.max(minute.busiest, minute.taken);
  }

  return {
    name,
    perSecond,
    take() {
      const at = now();
      tokens = Math.min(holds, tokens + ((at - filledAt) / 1000) * perSecond);
      filledAt = at;
      if (tokens < 1) {
        throttled += 1;
        return false;
      }
      tokens -= 1;
      taken += 1;
      countInMinute();
      return true;
    },
    get usage() {
      return { taken, throttled, busiestMinutePerSecond: minute.busiest / 60 };
    },
  };
}
