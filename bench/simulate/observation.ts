/**
 * What is watched while a simulation runs: how long credentials still had when they were replaced, and how many registries
 * wait for a refresh. A registry waits from the time that was set for it when its credential was made, however often the
 * refresher tried and put it off since.
 */
import type { Registry } from '../../lib/domain/registry.ts';
import { MINIMUM_REMAINING_MS } from '../../lib/service/release.ts';

const MINUTE = 60_000;
/** A registry that waits longer counts as late: the same time after which the product calls it stale. */
const LATE_MINUTES = 5;

export interface Observed {
  /** Registries that hosts could not pull from at some time, because the credential had run out. */
  readonly expired: number;
  /** The least that any credential had left when it was replaced, or has at the end. */
  readonly minimumSecondsLeft: number;
  readonly longestQueue: number;
  readonly longestWaitMinutes: number;
  /** From the end of the outage until nobody is late; undefined: not within the run, or there was none. */
  readonly recoveryMinutes: number | undefined;
}

export interface Observation {
  readonly added: (registry: Registry) => void;
  readonly replaced: (previous: Registry, next: Registry) => void;
  /** Once every minute. */
  readonly tick: () => void;
  readonly end: (registries: Iterable<Registry>) => Observed;
}

export function observe(options: {
  readonly now: () => number;
  readonly outageEndsAt: number | undefined;
}): Observation {
  const { now, outageEndsAt } = options;
  const expired = new Set<string>();
  const dueInMinute = new Map<number, number>();
  const waiting = { now: 0, late: 0, most: 0, minute: Math.floor(now() / MINUTE) };
  let minimumLeft = Infinity;
  let longestWait = 0;
  let recoveredAt: number | undefined;

  const minuteDue = ({ credential }: Registry): number => Math.floor((credential.dueAt ?? Infinity) / MINUTE);
  const firstDue = new Map<string, number>();

  function count(minute: number, change: 1 | -1): void {
    dueInMinute.set(minute, (dueInMinute.get(minute) ?? 0) + change);
    if (minute <= waiting.minute) waiting.now += change;
    if (minute <= waiting.minute - LATE_MINUTES) waiting.late += change;
  }

  function ran(registry: Registry): void {
    const expiresAt = registry.credential.current?.expiresAt ?? Infinity;
    const left = expiresAt - now();
    minimumLeft = Math.min(minimumLeft, left);
    if (left <= MINIMUM_REMAINING_MS) expired.add(registry.id);
  }

  function expect(registry: Registry): void {
    firstDue.set(registry.id, minuteDue(registry));
    count(minuteDue(registry), 1);
  }

  return {
    added: expect,
    replaced(previous, next) {
      ran(previous);
      const due = firstDue.get(previous.id);
      if (due !== undefined) {
        count(due, -1);
        longestWait = Math.max(longestWait, now() / MINUTE - due);
      }
      expect(next);
    },
    tick() {
      waiting.minute += 1;
      waiting.now += dueInMinute.get(waiting.minute) ?? 0;
      waiting.late += dueInMinute.get(waiting.minute - LATE_MINUTES) ?? 0;
      waiting.most = Math.max(waiting.most, waiting.now);
      if (outageEndsAt !== undefined && now() >= outageEndsAt && waiting.late === 0) recoveredAt ??= now();
    },
    end(registries) {
      for (const registry of registries) ran(registry);
      return {
        expired: expired.size,
        minimumSecondsLeft: Math.floor(minimumLeft / 1000),
        longestQueue: waiting.most,
        longestWaitMinutes: longestWait,
        recoveryMinutes:
          recoveredAt === undefined || outageEndsAt === undefined ? undefined : (recoveredAt - outageEndsAt) / MINUTE,
      };
    },
  };
}
