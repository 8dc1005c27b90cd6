/** What was done and seen in one run: the last faults, figures, and the first thing that should not have been. */

/** Something that Pullpass promises did not hold. It ends the run. */
export class Violation extends Error {}

export interface Diary {
  /** Resolves with the first violation, if there ever is one. */
  readonly firstViolation: Promise<Violation>;
  readonly note: (what: string) => void;
  /** What an administrator wrote; too much to be shown among the faults. */
  readonly noteWrite: (what: string) => void;
  readonly violation: (what: string) => void;
  readonly isOver: () => boolean;
  readonly count: (what: string, by?: number) => void;
  readonly most: (what: string, value: number) => void;
  /** The last 20 of both, oldest first. */
  readonly lastWrites: () => readonly string[];
  readonly lastNotes: () => readonly string[];
  readonly figures: () => Readonly<Record<string, number>>;
}

const KEPT = 20;

export function openDiary(name: string, options: { readonly verbose: boolean }): Diary {
  const startedAt = performance.now();
  const notes: string[] = [];
  const writes: string[] = [];
  const figures = new Map<string, number>();
  const first = Promise.withResolvers<Violation>();
  let over = false;
  const seconds = (): string => `${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s`;
  return {
    firstViolation: first.promise,
    note: (what) => {
      notes.push(`${seconds()}  ${what}`);
      notes.splice(0, notes.length - KEPT);
      if (options.verbose) console.log(`${name} ${seconds()}  ${what}`);
    },
    noteWrite: (what) => {
      writes.push(`${seconds()}  ${what}`);
      writes.splice(0, writes.length - KEPT);
    },
    violation: (what) => {
      over = true;
      first.resolve(new Violation(`${seconds()}  ${what}`));
    },
    isOver: () => over,
    count: (what, by = 1) => {
      figures.set(what, (figures.get(what) ?? 0) + by);
    },
    most: (what, value) => {
      figures.set(what, Math.max(figures.get(what) ?? 0, value));
    },
    lastNotes: () => notes,
    lastWrites: () => writes,
    figures: () => Object.fromEntries([...figures].toSorted()),
  };
}
