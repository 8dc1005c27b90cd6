/**
 * The places that two policy documents speak of, for whoever turns them into the configuration of something that knows
 * places and not our rules (a container runtime): what holds changes only at these.
 */
import type { Place, Policies } from './policy-verdict.ts';
import { hasEnded, type PolicyDocument } from './policy.ts';
import { canonicalHost, DOCKER_HUB, foldDockerHub, parseRegistryHost } from './registry-host.ts';

/** `host[:port][/path]` or `*.host`; a deny entry's written default port is the host without it. */
export function placeOf(entry: string): Place {
  const slash = entry.indexOf('/');
  const written = slash < 0 ? entry : entry.slice(0, slash);
  const host = parseRegistryHost(written);
  return { host: host === undefined ? written : canonicalHost(host), path: slash < 0 ? '' : entry.slice(slash + 1) };
}

/**
 * Every distinct entry of both documents that is live, as a place. A deny entry without port means every port, and
 * `docker.io/nginx` also the official image: it is listed for each host that the documents name, so that `decideEntry` of
 * the longest one that covers an image is what holds for that image.
 */
export function entriesOf(policies: Policies): readonly string[] {
  const documents = documentsOf(policies);
  const places = new Set(writtenPlaces(policies));
  const hosts = hostsByName(places);
  for (const { deny } of documents) {
    for (const entry of deny) {
      for (const host of hosts.get(nameOf(entry)) ?? []) {
        for (const path of deniedPaths(entry, host)) places.add(path === '' ? host : `${host}/${path}`);
      }
    }
  }
  return [...places];
}

/** Every distinct live entry as it was written, as a place: what a deny entry means besides is not listed. */
export function writtenPlaces(policies: Policies): readonly string[] {
  const entries = documentsOf(policies).flatMap((document) => liveEntries(document, policies.at));
  return [...new Set(entries.map(entryAt))];
}

function documentsOf({ organisation, environment }: Policies): readonly PolicyDocument[] {
  return [organisation, environment].filter((document) => document !== undefined);
}

/** Without ports, Docker Hub by one name: only these can be meant by an entry of the same name. */
function hostsByName(places: Iterable<string>): ReadonlyMap<string, ReadonlySet<string>> {
  const hosts = new Map<string, Set<string>>();
  for (const place of places) {
    const name = nameOf(place);
    hosts.set(name, (hosts.get(name) ?? new Set()).add(placeOf(place).host));
  }
  return hosts;
}

function nameOf(entry: string): string {
  const { host } = placeOf(entry);
  return foldDockerHub(parseRegistryHost(host)?.name ?? host);
}

function liveEntries(document: PolicyDocument, at: number): readonly string[] {
  const { whitelist, deny, alwaysAllow, exceptions } = document;
  const live = exceptions.filter((exception) => !hasEnded(exception, at)).map(({ entry }) => entry);
  return [...(whitelist ?? []), ...deny, ...alwaysAllow, ...live];
}

function entryAt(entry: string): string {
  const { host, path } = placeOf(entry);
  return path === '' ? host : `${host}/${path}`;
}

/** The paths on that host that the deny entry means, too. */
function deniedPaths(entry: string, host: string): readonly string[] {
  const [written = '', ...parts] = entry.split('/');
  const denied = parseRegistryHost(written);
  const other = parseRegistryHost(host);
  if (denied === undefined || other === undefined) return [];
  if (foldDockerHub(denied.name) !== foldDockerHub(other.name)) return [];
  if (denied.writtenPort !== undefined && denied.port !== other.port) return [];
  const path = parts.join('/');
  const official = foldDockerHub(denied.name) === DOCKER_HUB && parts.length === 1 ? [`library/${path}`] : [];
  return [path, ...official];
}
