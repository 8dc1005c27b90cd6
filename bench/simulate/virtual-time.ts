/**
 * Time that passes when nothing is left to do at the present moment: weeks in seconds, and the same every time. Code under
 * simulation waits with `sleep`; everybody who wakes up in the same millisecond runs before time goes on.
 */
import { setImmediate } from 'node:timers/promises';
import { heap } from './heap.ts';

export interface VirtualTime {
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Runs until that moment, what happens in it included. */
  readonly runUntil: (end: number) => Promise<void>;
}

interface Sleeper {
  readonly at: number;
  /** Who began to sleep first wakes first. */
  readonly turn: number;
  readonly wake: () => void;
}

export function virtualTime(start: number): VirtualTime {
  let present = start;
  let turn = 0;
  const sleepers = heap<Sleeper>((one, other) => one.at < other.at || (one.at === other.at && one.turn < other.turn));

  function wakeAllOf(moment: number): void {
    for (let next = sleepers.peek(); next?.at === moment; next = sleepers.peek()) {
      sleepers.pop();
      next.wake();
    }
  }

  return {
    now: () => present,
    sleep: (milliseconds) =>
      new Promise((resolve) => {
        turn += 1;
        sleepers.push({ at: present + Math.max(0, Math.round(milliseconds)), turn, wake: resolve });
      }),
    async runUntil(end) {
      // Whoever is ready goes to sleep first.
      await setImmediate();
      for (let next = sleepers.peek(); next !== undefined && next.at <= end; next = sleepers.peek()) {
        present = next.at;
        wakeAllOf(present);
        await setImmediate();
      }
      present = end;
    },
  };
}
