/**
 * The registries of a file against those that are there: which to add, which to change. A registry is never added where it
 * would answer instead of one that the file does not know, or that the file has as the later one, unless that is wanted.
 */
import { sourceFields } from '../../formats/import/source-fields.ts';
import type { Finding, Wanted, WantedRegistry } from '../../formats/import/wanted.ts';
import { doesAgeDecide, doOverlap, matchRegistries, type Matches } from './match-registries.ts';
import type { AddRegistry, ChangeRegistry, PlanOptions, Unchanged } from './plan-steps.ts';
import type { PresentRegistry } from './present.ts';
import { registryDifference, TRUST_NOTE, withoutPastDate } from './registry-changes.ts';
import { holdsSecret } from './source-changes.ts';

export interface RegistryPlan {
  readonly steps: readonly (AddRegistry | ChangeRegistry)[];
  readonly unchanged: readonly Unchanged[];
  readonly leftOut: readonly Finding[];
}

interface Ground {
  readonly wanted: readonly WantedRegistry[];
  /** Those that are there, by address. */
  readonly present: ReadonlyMap<string, readonly PresentRegistry[]>;
  readonly matches: Matches;
  readonly options: PlanOptions;
}

export function planRegistries(
  { registries: wanted }: Pick<Wanted, 'registries'>,
  present: readonly PresentRegistry[],
  options: PlanOptions,
): RegistryPlan {
  const byAddress = Map.groupBy(present, ({ address }) => address);
  const ground: Ground = { wanted, present: byAddress, matches: matchRegistries(wanted, present), options };
  const plans = wanted.map((registry) => planOne(registry, ground));
  return {
    steps: plans.flatMap(({ step }) => step ?? []),
    unchanged: plans.flatMap(({ unchanged }) => unchanged ?? []),
    leftOut: plans.flatMap(({ findings }) => findings),
  };
}

interface PlannedOne {
  readonly step?: AddRegistry | ChangeRegistry | undefined;
  readonly unchanged?: Unchanged;
  readonly findings: readonly Finding[];
}

function planOne(registry: WantedRegistry, ground: Ground): PlannedOne {
  const { matches, options } = ground;
  const { place, address } = registry;
  if (matches.mistaken.has(registry)) {
    const what = `has an id that belongs here to another registry than ${address}, or twice to this one`;
    return { findings: [{ place, what, advice: 'take the id out of the file to have it added as a new one' }] };
  }
  const present = matches.of(registry);
  if (present === undefined) return planAddition(registry, ground);
  const widen = options.allowOverride || !wouldCompete(registry, present, ground);
  const { step, findings } = registryDifference({ wanted: registry, present, options }, widen);
  if (step !== undefined || findings.length > 0) return { step, findings };
  return { unchanged: { subject: 'registry', name: `${address} (${present.id})` }, findings };
}

function planAddition(registry: WantedRegistry, ground: Ground): PlannedOne {
  const obstacle = ground.options.allowOverride ? undefined : obstacleTo(registry, ground);
  if (obstacle !== undefined) return { findings: [obstacle] };
  const added = withoutPastDate(registry, null, ground.options.now);
  const { address, notes, source } = added;
  const given = source.secret === undefined ? 'missing' : 'given';
  const step: AddRegistry = {
    ...{ action: 'add', subject: 'registry', name: address, wanted: added },
    secret: holdsSecret(registry) ? given : 'none',
    notes: [...notes, ...(typeof source.settings['roleArn'] === 'string' ? [TRUST_NOTE] : [])],
  };
  return { step, findings: [] };
}

/** Which registry that is there would stop answering. */
function obstacleTo(registry: WantedRegistry, { wanted, present, matches }: Ground): Finding | undefined {
  const { place, address, environments } = registry;
  for (const other of present.get(address) ?? []) {
    if (!doOverlap(environments, other.environments)) continue;
    const known = matches.wantedOf(other);
    const who = `${address} (${other.id}, ${other.source.kind}${loginOf(other)}) for ${other.environments.join(', ')}`;
    if (known === undefined) {
      return {
        place,
        what: `would answer instead of ${who}, which is there and not in the file`,
        advice: 'delete that one first, or have both, where the later one answers: --allow-override',
      };
    }
    if (doesAgeDecide(environments, other.environments) && wanted.indexOf(known) > wanted.indexOf(registry)) {
      return {
        place,
        what: `is the earlier one in the file, and added now would answer instead of ${who}`,
        advice: 'delete that one and import again, which adds both in their order',
      };
    }
  }
  return undefined;
}

function loginOf({ source }: PresentRegistry): string {
  const values = (sourceFields(source.kind)?.login ?? []).map((name) => source[name]);
  const name = values.find((value) => typeof value === 'string');
  return name === undefined ? '' : `, ${name}`;
}

/** In the environments that it would newly be for, is there a third registry that the file does not know? */
function wouldCompete(registry: WantedRegistry, present: PresentRegistry, ground: Ground): boolean {
  const added = registry.environments.filter((name) => !present.environments.includes(name));
  return (ground.present.get(present.address) ?? []).some(
    (other) =>
      other !== present && ground.matches.wantedOf(other) === undefined && doOverlap(added, other.environments),
  );
}
