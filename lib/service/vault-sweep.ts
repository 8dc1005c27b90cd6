/**
 * What becomes of secrets that no registry has. Pure, and the same for every vault.
 *
 * A crash between two writes leaves one. A catalogue that was restored from an older backup, or lost its end, "leaves" many that
 * somebody needs back. So one is set aside first, with the time, and removed after a week at the earliest; the catalogue may know
 * it again until then. Many at once are no crash's: nothing happens to any of them until somebody has looked.
 */
import type { Vault } from '../stores/vault.ts';
import type { Report } from './events.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const WEEK_MS = 7 * DAY_MS;
const MOST_ORPHANS = 20;

export interface SweepMatter {
  /** Ids that have secrets. */
  readonly known: readonly string[];
  readonly orphans: readonly string[];
  /** Those that were set aside before, and since when. */
  readonly aside: ReadonlyMap<string, number>;
  /** When the catalogue was begun: what is new may be a mistake, and its first day is there to find that out. */
  readonly catalogueSince: number;
  readonly now: number;
}

export interface SweepPlan {
  readonly setAside: readonly string[];
  readonly takeBack: readonly string[];
  readonly remove: readonly string[];
  /** More orphans than a crash leaves: nothing is set aside or removed. */
  readonly tooMany: boolean;
}

export function planSweep({ known, orphans, aside, catalogueSince, now }: SweepMatter): SweepPlan {
  const takeBack = known.filter((id) => aside.has(id));
  const tooMany = orphans.length > MOST_ORPHANS;
  if (tooMany || now - catalogueSince < DAY_MS) return { setAside: [], takeBack, remove: [], tooMany };
  // A time to come was noted by a clock that was wrong: it counts from now on.
  const ageOf = (id: string): number => now - (aside.get(id) ?? Infinity);
  return {
    setAside: orphans.filter((id) => ageOf(id) < 0),
    takeBack,
    remove: orphans.filter((id) => ageOf(id) >= WEEK_MS),
    tooMany,
  };
}

/** Says each thing that it does. */
export async function carryOutSweep(
  plan: SweepPlan,
  deps: {
    readonly vault: Pick<Vault, 'setAside' | 'takeBack' | 'remove'>;
    readonly now: () => number;
    readonly report: Report;
  },
): Promise<void> {
  const { vault, now, report } = deps;
  for (const registryId of plan.takeBack) await vault.takeBack(registryId);
  for (const registryId of plan.setAside) {
    await vault.setAside(registryId, now());
    report({ level: 'warn', code: 'vault.orphan_set_aside', fields: { registryId } });
  }
  for (const registryId of plan.remove) {
    await vault.remove(registryId);
    report({ level: 'warn', code: 'vault.orphan_removed', fields: { registryId } });
  }
}
