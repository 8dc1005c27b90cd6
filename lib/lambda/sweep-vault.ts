/**
 * Once a day: removes what an add that died between vault and catalogue left in the vault. It needs no lock, since a
 * registry's id holds the time when its secrets were begun to be written: one of more than a day ago that the catalogue
 * does not know belongs to no add under way. It is set aside first and removed after a
 * week (service/vault-sweep.ts); what is removed can be brought back for some days.
 *
 * Not its job: versions that nobody points at of registries that there are. Whoever writes the next one settles them.
 */
import type { Context } from 'aws-lambda';
import { decodeTime } from 'ulid';
import * as z from 'zod/mini';
import type { Report } from '../service/events.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { carryOutSweep, planSweep } from '../service/vault-sweep.ts';
import { UnreadableRow } from '../stores/stored-json.ts';
import type { Vault } from '../stores/vault.ts';

export interface SweepVaultDeps {
  readonly catalogue: Pick<Catalogue, 'getRegistry'>;
  readonly vault: Pick<Vault, 'registryIds' | 'orphans' | 'setAside' | 'takeBack' | 'remove'>;
  /** Undefined: the table is new, or was restored without it. */
  readonly installation: () => Promise<{ readonly since: number } | undefined>;
  readonly now: () => number;
  /** 0 to 1: where a walk begins. */
  readonly random: () => number;
  readonly report: Report;
}

export interface Sweep {
  /** Old enough, and the catalogue was asked about them. */
  readonly looked: number;
  readonly setAside: number;
  readonly removed: number;
  /** Old enough, and there was no time for them. */
  readonly left: number;
}

/** An add takes seconds. */
const DAY_MS = 24 * 60 * 60 * 1_000;
/** Removing one, by a store that is slow. */
const RESERVE_MS = 20_000;
const CONCURRENCY = 8;

const LOWER_CASE_ULID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

const sweepEvent = z.strictObject({ pullpass: z.literal('sweep') });

export function sweepVault(
  deps: SweepVaultDeps,
): (event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>) => Promise<Sweep> {
  const { vault, installation, now, random, report } = deps;
  return async (event, context) => {
    if (!z.safeParse(sweepEvent, event).success) throw new Error('not what the schedule sends');
    const begun = await installation();
    if (begun === undefined) throw new Error('the table has no installation: is it new, or not restored completely?');
    const ids = await vault.registryIds();
    reportForeign(ids, report);
    const before = now() - DAY_MS;
    const old = ids.filter((id) => isRegistryId(id) && decodeTime(id) < before);
    const inTime = (): boolean => context.getRemainingTimeInMillis() >= RESERVE_MS;
    const { known, orphans } = await findOrphans(whileInTime(rotated(old, random()), inTime), deps);
    const looked = known.length + orphans.length;
    const aside = await vault.orphans();
    const plan = planSweep({ known, orphans, aside, catalogueSince: begun.since, now: now() });
    if (plan.tooMany) report({ level: 'error', code: 'vault.too_many_orphans', fields: { orphans: orphans.length } });
    await carryOutSweep(plan, deps);
    if (plan.tooMany) throw new Error('the catalogue lacks registries that the vault has secrets of');
    const { setAside, remove } = plan;
    const swept = { looked, setAside: setAside.length, removed: remove.length, left: old.length - looked };
    report({ level: swept.left === 0 ? 'info' : 'warn', code: 'vault.swept', fields: swept });
    return swept;
  };
}

/** As adding a registry makes it. The library's own check lets a time pass that it then cannot decode. */
function isRegistryId(id: string): boolean {
  return LOWER_CASE_ULID.test(id);
}

/** Somebody has put them below the prefix of the installation, and it is his to say what they are for. */
function reportForeign(ids: readonly string[], report: Report): void {
  const foreign = ids.filter((id) => !isRegistryId(id));
  if (foreign.length === 0) return;
  report({ level: 'warn', code: 'vault.foreign_ids', fields: { ids: foreign.length, first: foreign[0] } });
}

/** From anywhere on and around: where the time is never enough for all, every one gets its turn on some day. */
function rotated(ids: readonly string[], random: number): readonly string[] {
  const start = Math.floor(random * ids.length);
  return [...ids.slice(start), ...ids.slice(0, start)];
}

function* whileInTime(ids: readonly string[], inTime: () => boolean): Generator<string> {
  for (const id of ids) {
    if (!inTime()) return;
    yield id;
  }
}

/** @param ids all workers take from it; a loop that is left by an error ends it for the others, too. */
async function findOrphans(
  ids: Generator<string>,
  { catalogue }: Pick<SweepVaultDeps, 'catalogue'>,
): Promise<{ readonly known: readonly string[]; readonly orphans: readonly string[] }> {
  const known: string[] = [];
  const orphans: string[] = [];

  async function work(): Promise<void> {
    for (const id of ids) {
      ((await isKnown(id, catalogue)) ? known : orphans).push(id);
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return { known, orphans };
}

/** One that cannot be read is there, too. */
async function isKnown(id: string, catalogue: SweepVaultDeps['catalogue']): Promise<boolean> {
  try {
    return (await catalogue.getRegistry(id)) !== undefined;
  } catch (error) {
    if (error instanceof UnreadableRow) return true;
    throw error;
  }
}
