/**
 * What two policy documents say about one place, or about anything below it. Entries are canonical text, so matching is
 * asking whether a document holds one of the few texts that would cover the place: never a prefix, substring or pattern of
 * what somebody typed. Not its job: modes and default registries (policy-decision.ts).
 */
import { hasEnded, type PolicyDocument } from './policy.ts';
import { DOCKER_HUB, foldDockerHub, parseRegistryHost } from './registry-host.ts';
import { liesWithin } from './repository-name.ts';

export interface PolicyDocuments {
  /** Undefined: nobody has set one. Not for "could not be read": that is the caller's to refuse. */
  readonly organisation: PolicyDocument | undefined;
  readonly environment: PolicyDocument | undefined;
}

export interface Policies extends PolicyDocuments {
  /** The moment that is asked about, in milliseconds since the epoch: exceptions end. */
  readonly at: number;
}

export interface Verdict {
  readonly refused: boolean;
  readonly rule: string;
}

/** A repository, or with the empty path everything on a host. The host is canonical, or `*.host`. */
export interface Place {
  readonly host: string;
  readonly path: string;
}

const NO_RESTRICTION = 'no restriction';

export function verdictOn(place: Place, policies: Policies): Verdict {
  return verdictBy(compile(policies), place, policies.at);
}

/**
 * Entries cover whole subtrees, so what all of them leave open has its root at the place itself or at one of the paths
 * below it that some entry opens: if none of these is open, nothing is.
 */
export function verdictOnAnyBelow(place: Place, policies: Policies): Verdict {
  const documents = compile(policies);
  const own = verdictBy(documents, place, policies.at);
  if (!own.refused) return own;
  for (const path of openingPathsBelow(place, documents)) {
    const verdict = verdictBy(documents, { host: place.host, path }, policies.at);
    if (!verdict.refused) return verdict;
  }
  return own;
}

/** The soonest end of an exception in either document: until then no answer changes by itself. Infinity where none ends. */
export function verdictsHoldUntil({ organisation, environment, at }: Policies): number {
  let soonest = Number.POSITIVE_INFINITY;
  for (const document of [organisation, environment]) {
    for (const exception of document?.exceptions ?? []) {
      if (!hasEnded(exception, at) && exception.until < soonest) soonest = exception.until;
    }
  }
  return soonest;
}

interface IndexedDocument {
  readonly whitelist: ReadonlySet<string> | undefined;
  readonly deny: ReadonlySet<string>;
  readonly alwaysAllow: ReadonlySet<string>;
  /** By entry, when it ends. */
  readonly exceptions: ReadonlyMap<string, number>;
  /** By host, the paths on it that some entry opens: a document may be asked about hundreds of registries on one host. */
  readonly openPaths: ReadonlyMap<string, ReadonlySet<string>>;
}

interface CompiledDocument extends IndexedDocument {
  readonly whose: 'organisation' | 'environment';
  /** What the organisation always allows, in every document. */
  readonly organisationAllows: ReadonlySet<string>;
}

const NOTHING: ReadonlySet<string> = new Set();

function compile({ organisation, environment }: Policies): readonly CompiledDocument[] {
  const documents = [
    { whose: 'organisation', document: organisation },
    { whose: 'environment', document: environment },
  ] as const;
  const organisationAllows = organisation === undefined ? NOTHING : indexed(organisation).alwaysAllow;
  return documents.flatMap(({ whose, document }) => {
    return document === undefined ? [] : [{ whose, organisationAllows, ...indexed(document) }];
  });
}

/** A document never changes, and one that is kept for some seconds is asked about many images. */
const indexes = new WeakMap<PolicyDocument, IndexedDocument>();

function indexed(document: PolicyDocument): IndexedDocument {
  const known = indexes.get(document);
  if (known !== undefined) return known;
  const index = {
    whitelist: document.whitelist === null ? undefined : new Set(document.whitelist),
    deny: new Set(document.deny),
    alwaysAllow: new Set(document.alwaysAllow),
    exceptions: new Map(document.exceptions.map(({ entry, until }) => [entry, until])),
    openPaths: openPathsOf(document),
  };
  indexes.set(document, index);
  return index;
}

/** Exceptions that have ended, too: one look at a path that opens nothing costs less than telling them apart. */
function openPathsOf({ whitelist, alwaysAllow, exceptions }: PolicyDocument): IndexedDocument['openPaths'] {
  const pathsOnHost = new Map<string, Set<string>>();
  for (const entry of [...(whitelist ?? []), ...alwaysAllow, ...exceptions.map(({ entry: excepted }) => excepted)]) {
    const slash = entry.indexOf('/');
    if (slash < 0) continue;
    const host = entry.slice(0, slash);
    const paths = pathsOnHost.get(host) ?? new Set();
    pathsOnHost.set(host, paths.add(entry.slice(slash + 1)));
  }
  return pathsOnHost;
}

/** Openings are looked at only where something would be refused: what is named as the rule is what made the difference. */
function verdictBy(documents: readonly CompiledDocument[], place: Place, at: number): Verdict {
  const denying = denyEntriesCovering(place);
  const allowing = entriesCovering([place.host], place.path, [place.host]);
  let opening: string | undefined;
  for (const document of documents) {
    const entry = denying.find((text) => document.deny.has(text));
    if (entry === undefined) continue;
    opening = openingOf(document, allowing, at);
    if (opening === undefined) return { refused: true, rule: `${document.whose} deny: ${entry}` };
  }
  let rule = NO_RESTRICTION;
  for (const document of documents) {
    const { whose, whitelist } = document;
    if (whitelist === undefined) continue;
    const entry = allowing.find((text) => whitelist.has(text));
    if (entry === undefined) {
      opening = openingOf(document, allowing, at);
      if (opening === undefined) return { refused: true, rule: `not in the ${whose} whitelist` };
    } else {
      rule = `${whose} whitelist: ${entry}`;
    }
  }
  return { refused: false, rule: opening ?? rule };
}

/** The reason of an exception is not in the rule: rules reach hosts and their logs. */
function openingOf(document: CompiledDocument, allowing: readonly string[], at: number): string | undefined {
  const { whose, organisationAllows, alwaysAllow, exceptions } = document;
  const general = allowing.find((text) => organisationAllows.has(text));
  if (general !== undefined) return `organisation always allows: ${general}`;
  const pinned = allowing.find((text) => alwaysAllow.has(text));
  if (pinned !== undefined) return `${whose} always allows: ${pinned}`;
  for (const text of allowing) {
    const until = exceptions.get(text);
    if (until === undefined || hasEnded({ until }, at)) continue;
    return `${whose} exception until ${new Date(until).toISOString()}: ${text}`;
  }
  return undefined;
}

function openingPathsBelow(place: Place, documents: readonly CompiledDocument[]): ReadonlySet<string> {
  const paths = new Set<string>();
  for (const { openPaths } of documents) {
    for (const path of openPaths.get(place.host) ?? NOTHING) if (liesWithin(path, place.path)) paths.add(path);
  }
  return paths;
}

/**
 * A deny entry without port holds for every port, and one for `docker.io/nginx` also for the official image, which people
 * write like that: where a deny entry can be read in two ways, it refuses in both.
 */
function denyEntriesCovering({ host, path }: Place): readonly string[] {
  const { name, port } = parseRegistryHost(host) ?? { name: host, port: '' };
  const everyPort = foldDockerHub(name);
  const hosts = [...new Set([host, everyPort, `${name}:${port}`, `${everyPort}:${port}`])];
  const entries = entriesCovering(hosts, path, [everyPort]);
  const official = everyPort === DOCKER_HUB && /^library\/([^/]+)$/.exec(path)?.[1];
  return official ? [...entriesCovering(hosts, official, []), ...entries] : entries;
}

/** Every canonical entry that would cover the place, the most specific first. */
function entriesCovering(hosts: readonly string[], path: string, wildcardHosts: readonly string[]): readonly string[] {
  const entries: string[] = [];
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    for (const host of hosts) entries.push(`${host}/${path.slice(0, end)}`);
  }
  entries.push(...hosts);
  for (const host of wildcardHosts) {
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) entries.push(`*${host.slice(dot)}`);
  }
  return entries;
}
