/**
 * What policy says: about one image, about a registry's address, about a host. Both the organisation's and the
 * environment's document must allow, a deny entry beats every allow entry, and the answer names the rule.
 *
 * Entries are canonical text, so matching is asking whether a document holds one of the few texts that would cover the
 * image: never a prefix, substring or pattern of what somebody typed.
 */
import { DOCKER_HUB_ADDRESS, parseAddress, splitAddress, type CanonicalAddress } from './address.ts';
import { hostOf, parseImageReference, type ImageReference } from './image-reference.ts';
import type { PolicyDocument, PolicyMode } from './policy.ts';
import { DOCKER_HUB, foldDockerHub, parseRegistryHost } from './registry-host.ts';
import { liesWithin } from './repository-name.ts';

export interface Policies {
  /** Undefined: nobody has set one. Not for "could not be read": that is the caller's to refuse. */
  readonly organisation: PolicyDocument | undefined;
  readonly environment: PolicyDocument | undefined;
}

export interface Decision {
  readonly allowed: boolean;
  /** Which rule decided: `environment whitelist: quay.io/team`, `not in the organisation whitelist`, `no restriction`. */
  readonly rule: string;
  readonly mode: PolicyMode;
  /** What enforce says: in audit mode `allowed` is true all the same. */
  readonly wouldRefuse: boolean;
}

interface Verdict {
  readonly refused: boolean;
  readonly rule: string;
}

/** A repository, or with the empty path everything on a host. */
interface Place {
  readonly host: string;
  readonly path: string;
}

interface CompiledDocument {
  readonly whose: 'organisation' | 'environment';
  readonly whitelist: ReadonlySet<string> | undefined;
  readonly deny: ReadonlySet<string>;
}

const NO_RESTRICTION = 'no restriction';

/** `text` is placed on the effective default registry; one that is no image reference is refused in every mode. */
export function decide(
  question: Policies & ({ readonly reference: ImageReference } | { readonly text: string }),
): Decision {
  const mode = effectiveMode(question);
  if ('reference' in question) return decision(verdictOnReference(question.reference, question), mode);
  const parsed = parseImageReference(
    question.text,
    effectiveDefaultRegistry(question.organisation, question.environment),
  );
  if (parsed.ok) return decision(verdictOnReference(parsed.value, question), mode);
  return { allowed: false, rule: `not an image reference: ${parsed.failure.rule}`, mode, wouldRefuse: true };
}

/** For everything below a registry's address: allowed when any image there is. */
export function decideAddress(question: Policies & { readonly address: CanonicalAddress }): Decision {
  return decision(verdictOnAnyBelow(splitAddress(question.address), question), effectiveMode(question));
}

/** For clients that name only a host: allowed when any image on it is. `host` is a canonical host. */
export function decideHost(question: Policies & { readonly host: string }): Decision {
  return decision(verdictOnAnyBelow({ host: question.host, path: '' }, question), effectiveMode(question));
}

/** The mode belongs to the environment; the organisation's holds where that one sets none. */
export function effectiveMode({ organisation, environment }: Policies): PolicyMode {
  return environment?.mode ?? organisation?.mode ?? 'enforce';
}

export function effectiveDefaultRegistry(
  organisation: PolicyDocument | undefined,
  environment: PolicyDocument | undefined,
): CanonicalAddress {
  const text = environment?.defaultRegistry ?? organisation?.defaultRegistry ?? null;
  if (text === null) return DOCKER_HUB_ADDRESS;
  const address = parseAddress(text);
  // Falling back to Docker Hub would ask the wrong registry for a private image's name.
  if (!address.ok) throw new Error('a stored policy has a default registry that is no address');
  return address.value.canonical;
}

/** The rule, in either document and whatever the mode, that keeps every image off the default registry that is set. */
export function defaultRegistryObstacle(policies: Policies): string | undefined {
  const { organisation, environment } = policies;
  if ((environment?.defaultRegistry ?? organisation?.defaultRegistry ?? null) === null) return undefined;
  const address = splitAddress(effectiveDefaultRegistry(organisation, environment));
  const verdict = verdictOnAnyBelow(address, policies);
  return verdict.refused ? verdict.rule : undefined;
}

function decision({ refused, rule }: Verdict, mode: PolicyMode): Decision {
  return { allowed: !refused || mode === 'audit', rule, mode, wouldRefuse: refused };
}

function verdictOnReference(reference: ImageReference, policies: Policies): Verdict {
  return verdictOn({ host: hostOf(reference), path: reference.repository }, compile(policies));
}

/**
 * Entries cover whole subtrees, so what all of them leave open has its root at the address itself or at one of the
 * whitelisted paths below it: if none of these is open, nothing is.
 */
function verdictOnAnyBelow(place: Place, policies: Policies): Verdict {
  const documents = compile(policies);
  const own = verdictOn(place, documents);
  if (!own.refused) return own;
  for (const path of whitelistedBelow(place, documents)) {
    const verdict = verdictOn({ host: place.host, path }, documents);
    if (!verdict.refused) return verdict;
  }
  return own;
}

function whitelistedBelow(place: Place, documents: readonly CompiledDocument[]): ReadonlySet<string> {
  const start = `${place.host}/`;
  const paths = new Set<string>();
  for (const { whitelist } of documents) {
    for (const entry of whitelist ?? []) {
      const path = entry.startsWith(start) ? entry.slice(start.length) : undefined;
      if (path !== undefined && liesWithin(path, place.path)) paths.add(path);
    }
  }
  return paths;
}

function compile({ organisation, environment }: Policies): readonly CompiledDocument[] {
  const documents = [
    { whose: 'organisation', document: organisation },
    { whose: 'environment', document: environment },
  ] as const;
  return documents.flatMap(({ whose, document }) => {
    return document === undefined ? [] : [{ whose, ...indexed(document) }];
  });
}

/** A document never changes, and one that is kept for some seconds is asked about many images. */
const indexes = new WeakMap<PolicyDocument, Omit<CompiledDocument, 'whose'>>();

function indexed(document: PolicyDocument): Omit<CompiledDocument, 'whose'> {
  const known = indexes.get(document);
  if (known !== undefined) return known;
  const whitelist = document.whitelist === null ? undefined : new Set(document.whitelist);
  const index = { whitelist, deny: new Set(document.deny) };
  indexes.set(document, index);
  return index;
}

function verdictOn(place: Place, documents: readonly CompiledDocument[]): Verdict {
  const denying = denyEntriesCovering(place);
  for (const { whose, deny } of documents) {
    const entry = denying.find((text) => deny.has(text));
    if (entry !== undefined) return { refused: true, rule: `${whose} deny: ${entry}` };
  }
  const allowing = entriesCovering([place.host], place.path, [place.host]);
  let rule = NO_RESTRICTION;
  for (const { whose, whitelist } of documents) {
    if (whitelist === undefined) continue;
    const entry = allowing.find((text) => whitelist.has(text));
    if (entry === undefined) return { refused: true, rule: `not in the ${whose} whitelist` };
    rule = `${whose} whitelist: ${entry}`;
  }
  return { refused: false, rule };
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
