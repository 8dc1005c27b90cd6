/**
 * Remembers that the disk took no write. Reading goes on while a disk is full, so whoever only reads, as health does, would say
 * that all is well while no pull can be recorded and so none is answered.
 */
import { StoreUnavailable } from '../catalogue.ts';

/** So long a failed write counts, whatever a smaller one would do: what hosts need may not fit although a byte does. */
const REMEMBERED_MS = 5_000;
const OF_THE_DISK: ReadonlySet<string> = new Set(['disk_full', 'io_error', 'read_only']);

export interface WriteWatch {
  /** Runs `work`; what it throws is remembered, if it is the disk's. */
  readonly watched: <Value>(work: () => Value) => Value;
  /** Throws as long as a write failed a moment ago, or a new one still does. */
  readonly assertWritable: () => void;
}

/** `write`: something small, durably. Called only after a failure. */
export function writeWatch(write: () => void, elapsed: () => number = () => performance.now()): WriteWatch {
  let failed: { readonly code: string; readonly at: number } | undefined;
  return {
    watched: (work) => {
      try {
        return work();
      } catch (error) {
        if (error instanceof StoreUnavailable && OF_THE_DISK.has(error.code))
          failed = { code: error.code, at: elapsed() };
        throw error;
      }
    },
    assertWritable: () => {
      if (failed === undefined) return;
      if (elapsed() - failed.at < REMEMBERED_MS) throw new StoreUnavailable(failed.code);
      write();
      failed = undefined;
    },
  };
}
