/**
 * Which registry of a file is which of those that are there, so that importing again finds what the last import made. By the
 * id of the export; else by address and source kind, by the closest of: equal in everything, the same login for the same
 * environments, the same login for these and more, the same environments, the same login for some of them. Each is taken
 * once, older ones by older ones.
 */
import { EVERY_ENVIRONMENT } from '../../domain/environment-name.ts';
import type { WantedRegistry } from '../../formats/import/wanted.ts';
import type { PresentRegistry } from './present.ts';
import { isSameLogin, isSameSource } from './source-changes.ts';

export interface Matches {
  readonly of: (wanted: WantedRegistry) => PresentRegistry | undefined;
  /** Undefined: the file does not know of it. */
  readonly wantedOf: (present: PresentRegistry) => WantedRegistry | undefined;
  /** The file's id belongs here to a registry that is another one. */
  readonly mistaken: ReadonlySet<WantedRegistry>;
}

type Rule = (wanted: WantedRegistry, present: PresentRegistry) => boolean;

const RULES: readonly Rule[] = [
  (wanted, present) =>
    hasSameEnvironments(wanted, present) && isSameSource(wanted, present) && hasSameSettings(wanted, present),
  (wanted, present) => hasSameEnvironments(wanted, present) && isSameLogin(wanted, present),
  (wanted, present) => covers(present.environments, wanted.environments) && isSameLogin(wanted, present),
  hasSameEnvironments,
  (wanted, present) => doOverlap(wanted.environments, present.environments) && isSameLogin(wanted, present),
];

export function matchRegistries(wanted: readonly WantedRegistry[], present: readonly PresentRegistry[]): Matches {
  const pairs = new Map<WantedRegistry, PresentRegistry>();
  const taken = new Map<PresentRegistry, WantedRegistry>();
  const mistaken = new Set<WantedRegistry>();
  const pair = (one: WantedRegistry, other: PresentRegistry): void => {
    pairs.set(one, other);
    taken.set(other, one);
  };
  const byId = new Map(present.map((registry) => [registry.id, registry]));
  for (const registry of wanted) {
    const same = registry.id === undefined ? undefined : byId.get(registry.id);
    if (same === undefined) continue;
    if (isSamePlace(registry, same) && !taken.has(same)) pair(registry, same);
    else mistaken.add(registry);
  }
  const byAddress = Map.groupBy(present, ({ address }) => address);
  for (const rule of RULES) {
    for (const registry of wanted) {
      if (pairs.has(registry) || mistaken.has(registry)) continue;
      const there = byAddress.get(registry.address) ?? [];
      const found = there.find((other) => !taken.has(other) && isSamePlace(registry, other) && rule(registry, other));
      if (found !== undefined) pair(registry, found);
    }
  }
  return { of: (registry) => pairs.get(registry), wantedOf: (registry) => taken.get(registry), mistaken };
}

function isSamePlace(wanted: WantedRegistry, present: PresentRegistry): boolean {
  return wanted.address === present.address && wanted.source.kind === present.source.kind;
}

function hasSameSettings(wanted: WantedRegistry, present: PresentRegistry): boolean {
  return wanted.state === present.state && JSON.stringify(wanted.settings) === JSON.stringify(present.settings);
}

function hasSameEnvironments(wanted: WantedRegistry, present: PresentRegistry): boolean {
  return isSameSet(wanted.environments, present.environments);
}

export function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one) => others.includes(one));
}

/** May all these environments use a registry that is for those? */
export function covers(those: readonly string[], these: readonly string[]): boolean {
  return those.includes(EVERY_ENVIRONMENT) || these.every((name) => those.includes(name));
}

/** Is there an environment that may use both? */
export function doOverlap(some: readonly string[], others: readonly string[]): boolean {
  const isEvery = some.includes(EVERY_ENVIRONMENT) || others.includes(EVERY_ENVIRONMENT);
  return isEvery || some.some((name) => others.includes(name));
}

/**
 * Is there an environment in which only their age decides which of the two answers? Where one is for it by name and the
 * other as one of all, the former answers, whichever is older.
 */
export function doesAgeDecide(some: readonly string[], others: readonly string[]): boolean {
  return some.some((name) => others.includes(name));
}
