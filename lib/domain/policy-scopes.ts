/**
 * Policy and deactivated registries as scopes. Every verdict is `decideEntry`'s; what is done here is to name each place at
 * which it can change, so that whoever knows only "the most specific scope wins" answers as policy does: each path on each
 * port of a host, since a deny entry without port means them all, and Docker Hub's other names.
 */
import { splitAddress, type Address, type CanonicalAddress } from './address.ts';
import { DEFAULT_PORT, type Access, type AccessScope } from './access-scopes.ts';
import { decideEntry, type Policies } from './policy-decision.ts';
import { placeOf, writtenPlaces } from './policy-places.ts';
import { canonicalHost, DOCKER_HUB, DOCKER_HUB_ALIASES, foldDockerHub, parseRegistryHost } from './registry-host.ts';
import { failure, success, type Result } from './result.ts';

/** The registry that answers at an address. */
export interface AnsweringRegistry {
  readonly address: CanonicalAddress;
  readonly state: 'active' | 'inactive';
}

export interface TooManyScopes {
  readonly kind: 'too_many_scopes';
  readonly limit: number;
}

/** Far more than policies have; keeps the work within what one request may cost. */
const MAX_SCOPES = 50_000;
const WILDCARD = '*.';

interface Named {
  readonly name: string;
  readonly ports: Set<string>;
  readonly paths: Set<string>;
}

/** Without policies: what keeps deactivated registries from being pulled from, and nothing else. */
export function scopesOf(policies: Policies, registries: readonly AnsweringRegistry[]): Result<Access, TooManyScopes> {
  const deactivation = deactivationOf(registries);
  const entries = writtenPlaces(policies);
  const hosts = entries.filter((entry) => !entry.startsWith(WILDCARD)).map(placeOf);
  const wildcards = entries.filter((entry) => entry.startsWith(WILDCARD));
  // Only one of its names is below such a domain.
  const hub = wildcards.some((entry) => DOCKER_HUB.endsWith(entry.slice(1))) ? [{ host: DOCKER_HUB, path: '' }] : [];
  const known = registries.map(({ address }) => splitAddress(address).host);
  const names = namesIn([...hosts, ...deactivation.places, ...hub], known);
  const count = names.reduce((sum, { ports, paths }) => sum + (ports.size + 1) * paths.size, 2 * wildcards.length);
  if (count > MAX_SCOPES) return failure({ kind: 'too_many_scopes', limit: MAX_SCOPES });

  const judge = (host: string, path: string): boolean =>
    !deactivation.holdsAt(host, path) &&
    !decideEntry({ ...policies, entry: path === '' ? host : `${host}/${path}` }).wouldRefuse;
  const closed = [policies.organisation, policies.environment].some(
    (document) => (document?.whitelist ?? null) !== null,
  );
  const scopes = [
    ...names.flatMap((named) => scopesOn(named, judge)),
    ...wildcards.flatMap((entry) => scopesBelow(entry, names, judge)),
  ];
  return success({ scopes, allowedElsewhere: !closed });
}

type Judge = (host: string, path: string) => boolean;

/** The registry with the longest address answers; where that one is deactivated, nobody does. */
function deactivationOf(registries: readonly AnsweringRegistry[]): {
  readonly places: readonly Address[];
  readonly holdsAt: (host: string, path: string) => boolean;
} {
  const all = registries.map(({ address, state }) => ({ ...splitAddress(address), state }));
  const hosts = new Set(all.filter(({ state }) => state === 'inactive').map(({ host }) => host));
  const places = all.filter(({ host }) => hosts.has(host));
  const states = new Map(places.map(({ canonical, state }) => [String(canonical), state]));
  return {
    places,
    holdsAt: (host, path) => {
      for (let place = path === '' ? host : `${host}/${path}`; ; place = place.slice(0, place.lastIndexOf('/'))) {
        const state = states.get(place);
        if (state !== undefined) return state === 'inactive';
        if (!place.includes('/')) return false;
      }
    },
  };
}

/**
 * Whatever is said of one of Docker Hub's names has to be known of all.
 *
 * @param known hosts that somebody pulls from: on their ports, too, holds what is said of every port.
 */
function namesIn(
  places: readonly { readonly host: string; readonly path: string }[],
  known: readonly string[],
): readonly Named[] {
  const paths = new Map<string, Set<string>>();
  const named = new Map<string, Named>();
  const note = (name: string, port: string | undefined, path: string): void => {
    const shared = paths.get(foldDockerHub(name)) ?? new Set(['']);
    paths.set(foldDockerHub(name), shared.add(path));
    // A deny entry may mean the official image by it.
    if (foldDockerHub(name) === DOCKER_HUB && /^[^/]+$/.test(path)) shared.add(`library/${path}`);
    const known = named.get(name) ?? { name, ports: new Set(), paths: shared };
    if (port !== undefined) known.ports.add(port);
    named.set(name, known);
  };
  for (const { host, path } of places) {
    const parsed = parseRegistryHost(host);
    if (parsed === undefined) throw new Error('a canonical place without a host');
    note(parsed.name, parsed.port, path);
  }
  if (paths.has(DOCKER_HUB)) {
    note(DOCKER_HUB, DEFAULT_PORT, '');
    for (const alias of DOCKER_HUB_ALIASES) note(alias, undefined, '');
  }
  for (const host of known) {
    const { name, port } = parseRegistryHost(host) ?? {};
    if (name !== undefined && port !== undefined) named.get(name)?.ports.add(port);
  }
  // A wildcard's host on its default port would otherwise be judged as on any other port.
  for (const { name, ports } of named.values()) if (foldDockerHub(name) === name) ports.add(DEFAULT_PORT);
  return [...named.values()];
}

function scopesOn({ name, ports, paths }: Named, judge: Judge): readonly AccessScope[] {
  const sorted = [...paths].sort();
  return [...[...ports].sort(), undefined].flatMap((port) => {
    const host = canonicalHost({ name, port: port ?? unusedPort(ports) });
    const verdicts = new Map<string, boolean>();
    const scopes: AccessScope[] = [];
    for (const path of sorted) {
      const allowed = judge(host, path);
      // Sorted, so that what is above it has been looked at.
      const above = path === '' ? undefined : verdictAbove(path, verdicts);
      verdicts.set(path, allowed);
      if (above !== allowed) scopes.push({ name, wildcard: false, port, path, allowed });
    }
    return scopes;
  });
}

function verdictAbove(path: string, verdicts: ReadonlyMap<string, boolean>): boolean | undefined {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const verdict = verdicts.get(path.slice(0, end));
    if (verdict !== undefined) return verdict;
  }
  return verdicts.get('');
}

function scopesBelow(entry: string, names: readonly Named[], judge: Judge): readonly AccessScope[] {
  const name = entry.slice(WILDCARD.length);
  const known = new Set(names.map((each) => each.name));
  let unnamed = `any.${name}`;
  while (known.has(unnamed)) unnamed = `any-${unnamed}`;
  const scope = { name, wildcard: true, path: '' };
  return [
    { ...scope, port: DEFAULT_PORT, allowed: judge(entry, '') },
    { ...scope, port: undefined, allowed: judge(canonicalHost({ name: unnamed, port: unusedPort(new Set()) }), '') },
  ];
}

/** Stands for every port that nothing is said about. */
function unusedPort(ports: ReadonlySet<string>): string {
  let port = 1;
  while (ports.has(String(port))) port += 1;
  return String(port);
}
