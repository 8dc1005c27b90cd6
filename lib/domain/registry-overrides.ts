/**
 * How the registries at one address stand to one another: which of them answers instead of which, and in which environments.
 * It is `selectRegistry` for every environment at once, and must never say otherwise: a property test holds them together.
 *
 * Environments are names, and `*` for every one that no registry at the address names, those yet to come included. There the
 * most recently added registry for every environment answers.
 */
import type { CanonicalAddress } from './address.ts';
import { EVERY_ENVIRONMENT } from './environment-name.ts';
import type { Registry } from './registry.ts';

/** What decides. State does not: a deactivated registry still answers, with a refusal. */
export type Contender = Pick<Registry, 'id' | 'address' | 'environments' | 'order'>;

/** The other registry, and where it is concerned: names in order, `*` at the end. Never empty. */
export interface Override {
  readonly id: string;
  readonly environments: readonly string[];
}

export interface Standing {
  /** Where this one answers, and the other could. The most recently added first. */
  readonly overrides: readonly Override[];
  /** Where this one could answer, and the other does. The most recently added first. */
  readonly overriddenBy: readonly Override[];
  /** It answers in none of its environments. */
  readonly overridden: boolean;
}

const ALONE: Standing = { overrides: [], overriddenBy: [], overridden: false };

/**
 * `onHost`: all that there are on a host. They are compared once, however many of them are asked about. One that is not
 * among them, as it was removed meanwhile, stands alone.
 */
export function standingsOn(onHost: readonly Contender[]): (id: string) => Standing {
  const addresses = new Map<CanonicalAddress, Contender[]>();
  for (const registry of onHost) {
    const there = addresses.get(registry.address) ?? [];
    there.push(registry);
    addresses.set(registry.address, there);
  }
  const standings = new Map([...addresses.values()].flatMap((rivals) => [...standingsAmong(rivals)]));
  return (id) => standings.get(id) ?? ALONE;
}

/** `rivals` are all at one address. */
function standingsAmong(rivals: readonly Contender[]): ReadonlyMap<string, Standing> {
  if (rivals.length === 1) return new Map();
  const newestFirst = rivals.toSorted((left, right) => right.order - left.order);
  const winners = answeringAt(newestFirst);
  const names = [...winners.keys()].filter((name) => name !== EVERY_ENVIRONMENT).sort();
  const overrides = pairs(newestFirst);
  const overriddenBy = pairs(newestFirst);
  const answering = new Set(winners.values());
  for (const { id, environments } of newestFirst) {
    for (const environment of reachOf(environments, names)) {
      const winner = winners.get(environment);
      if (winner === undefined || winner === id) continue;
      overrides.note(winner, id, environment);
      overriddenBy.note(id, winner, environment);
    }
  }
  const standingOf = (id: string): Standing => ({
    overrides: overrides.of(id),
    overriddenBy: overriddenBy.of(id),
    overridden: !answering.has(id),
  });
  return new Map(rivals.map(({ id }) => [id, standingOf(id)]));
}

/**
 * Who answers at one address, by environment: `*` where none of the names fits. Whoever names an environment comes before `*`,
 * so that those who name it compete among themselves.
 */
export function answeringAt(
  newestFirst: readonly Pick<Contender, 'id' | 'environments'>[],
): ReadonlyMap<string, string> {
  const answering = new Map<string, string>();
  for (const { id, environments } of newestFirst) {
    for (const environment of environments) if (!answering.has(environment)) answering.set(environment, id);
  }
  return answering;
}

/** Names in order, then `*`. Who is for every environment is so for those that others name, too. */
function reachOf(environments: readonly string[], names: readonly string[]): readonly string[] {
  return environments.includes(EVERY_ENVIRONMENT) ? [...names, EVERY_ENVIRONMENT] : [...new Set(environments)].sort();
}

/** Of one registry and another: environments, in the order in which they are noted. */
function pairs(newestFirst: readonly Contender[]) {
  const noted = new Map(newestFirst.map(({ id }) => [id, new Map<string, string[]>()]));
  const places = new Map(newestFirst.map(({ id }, place) => [id, place]));
  const placeOf = (id: string): number => places.get(id) ?? 0;
  return {
    note: (id: string, other: string, environment: string): void => {
      const environments = noted.get(id)?.get(other) ?? [];
      environments.push(environment);
      noted.get(id)?.set(other, environments);
    },
    of: (id: string): readonly Override[] =>
      [...(noted.get(id) ?? [])]
        .map(([other, environments]) => ({ id: other, environments }))
        .sort((left, right) => placeOf(left.id) - placeOf(right.id)),
  };
}
