/**
 * Policy as it comes in: entries and documents are parsed into canonical text here, so that policy-decision.ts compares
 * whole strings only. Not its job: what a policy says about an image.
 */
import * as z from 'zod/mini';
import { parseAddress, parseAddressHost, pathFault, splitWritten } from './address.ts';
import { invalidInput, type InvalidInput } from './failures.ts';
import { parseDocument } from './parse-document.ts';
import { defaultRegistryObstacle, type PolicyDocuments } from './policy-decision.ts';
import { parseExceptions } from './policy-exception.ts';
import { POLICY_MODES, type PolicyDocument } from './policy.ts';
import { canonicalHost, DOCKER_HUB, DOCKER_HUB_ALIASES, foldDockerHub, isDomainName } from './registry-host.ts';
import { failure, success, type Result } from './result.ts';

export type PolicyList = 'whitelist' | 'deny' | 'alwaysAllow';

export interface PolicyEntry {
  /** `host`, `host:port`, `host[:port]/path` or `*.host`. In a deny list a written `:443` is kept: it means that port only. */
  readonly canonical: string;
  readonly wildcard: boolean;
}

export interface BadEntry {
  readonly rule: string;
}

/**
 * In all lists of a document together: more than anybody maintains by hand; keeps a decision's cost, and a stored document,
 * within bounds.
 */
const MAX_ENTRIES = 1000;
const WILDCARD = '*.';

const documentSchema = z.strictObject({
  whitelist: z.optional(z.unknown()),
  deny: z.optional(z.unknown()),
  alwaysAllow: z.optional(z.unknown()),
  exceptions: z.optional(z.unknown()),
  defaultRegistry: z.optional(z.nullable(z.string())),
  mode: z.optional(z.nullable(z.enum(POLICY_MODES))),
});

export function parsePolicyEntry(text: string, list: PolicyList = 'whitelist'): Result<PolicyEntry, BadEntry> {
  const parts = splitWritten(text);
  if (!parts.ok) return parts;
  const { host: written, path } = parts.value;
  if (written.includes('*') || path.includes('*')) return parseWildcard(text);

  const host = parseAddressHost(written);
  if (!host.ok) return host;
  const fault = pathFault(path);
  if (fault !== undefined) return failure({ rule: fault });
  const { name, writtenPort } = host.value;
  const canonical = list === 'deny' && writtenPort === '443' ? `${foldDockerHub(name)}:443` : canonicalHost(host.value);
  return success({ canonical: path === '' ? canonical : `${canonical}/${path}`, wildcard: false });
}

function parseWildcard(text: string): Result<PolicyEntry, BadEntry> {
  if (text === '*') return failure({ rule: 'must not be "*" alone: a whitelist of null is no restriction' });
  const suffix = text.slice(WILDCARD.length).toLowerCase();
  if (!text.startsWith(WILDCARD) || !isDomainName(suffix)) {
    const rule =
      'must be *.host where it has a "*": one at the start for one or more labels, then ".", no port and no path';
    return failure({ rule });
  }
  // All names of Docker Hub are one registry, so a wildcard must not mean some of its names and not the others.
  const covered = DOCKER_HUB_ALIASES.find((alias) => alias.endsWith(`.${suffix}`));
  if (covered !== undefined && !DOCKER_HUB.endsWith(`.${suffix}`)) {
    return failure({ rule: `must not cover only some names of Docker Hub (${covered}): list ${DOCKER_HUB} itself` });
  }
  return success({ canonical: `${WILDCARD}${suffix}`, wildcard: true });
}

/** A list, a comma-separated text, or null for no restriction. An empty list would refuse everything: an error. */
export function parseWhitelist(value: unknown): Result<readonly string[] | null, InvalidInput> {
  if (value === null || value === undefined) return success(null);
  const entries = parseEntries(value, 'whitelist');
  if (entries.ok && entries.value.length === 0) {
    return failure(invalidInput('whitelist', 'must not be empty: use null for no restriction, or name a registry'));
  }
  return entries;
}

/** As a whitelist, but none, null and an empty list are all the same: nothing is denied. */
export function parseDenyList(value: unknown): Result<readonly string[], InvalidInput> {
  return value === null || value === undefined ? success([]) : parseEntries(value, 'deny');
}

/** As a deny list: nothing is pinned. */
export function parseAlwaysAllow(value: unknown): Result<readonly string[], InvalidInput> {
  return value === null || value === undefined ? success([]) : parseEntries(value, 'alwaysAllow');
}

function parseEntries(value: unknown, list: PolicyList): Result<readonly string[], InvalidInput> {
  const texts = typeof value === 'string' ? splitCommas(value) : value;
  if (!Array.isArray(texts)) return failure(invalidInput(list, 'must be a list, a comma-separated text, or null'));
  if (texts.length > MAX_ENTRIES) return failure(invalidInput(list, `must have at most ${MAX_ENTRIES} entries`));
  const entries = new Set<string>();
  for (const [index, text] of Array.from<unknown>(texts).entries()) {
    const field = `${list}[${index}]`;
    if (typeof text !== 'string') return failure(invalidInput(field, 'must be a text'));
    const entry = parsePolicyEntry(text, list);
    if (!entry.ok) return failure(invalidInput(field, entry.failure.rule));
    entries.add(entry.value.canonical);
  }
  return success([...entries]);
}

/** Blanks around a comma are habit; a blank text is an empty list. */
function splitCommas(text: string): readonly string[] {
  return text.trim() === '' ? [] : text.split(',').map((each) => each.trim());
}

/**
 * A whole document; what it leaves out is unset. Refused where it contradicts itself. Whether an exception in it has ended
 * is `endedExceptionFault`'s to say.
 */
export function parsePolicyDocument(input: unknown): Result<PolicyDocument, InvalidInput> {
  const parsed = parseDocument(documentSchema, input);
  if (!parsed.ok) return parsed;
  const lists = parseLists(parsed.value);
  if (!lists.ok) return lists;
  const defaultRegistry = parseDefaultRegistry(parsed.value.defaultRegistry ?? null);
  if (!defaultRegistry.ok) return defaultRegistry;

  const document: PolicyDocument = {
    ...lists.value,
    defaultRegistry: defaultRegistry.value,
    mode: parsed.value.mode ?? null,
  };
  const obstacle = defaultRegistryObstacle({ organisation: undefined, environment: document });
  if (obstacle === undefined) return success(document);
  return failure(
    invalidInput(
      'defaultRegistry',
      'must be a registry that the whitelist allows and the deny list does not refuse, without an exception: those end',
    ),
  );
}

type Lists = Pick<PolicyDocument, 'whitelist' | 'deny' | 'alwaysAllow' | 'exceptions'>;

function parseLists(input: Readonly<Partial<Record<keyof Lists, unknown>>>): Result<Lists, InvalidInput> {
  const whitelist = parseWhitelist(input.whitelist);
  if (!whitelist.ok) return whitelist;
  const deny = parseDenyList(input.deny);
  if (!deny.ok) return deny;
  const alwaysAllow = parseAlwaysAllow(input.alwaysAllow);
  if (!alwaysAllow.ok) return alwaysAllow;
  const exceptions = parseExceptions(input.exceptions);
  if (!exceptions.ok) return exceptions;
  const lists = {
    whitelist: whitelist.value,
    deny: deny.value,
    alwaysAllow: alwaysAllow.value,
    exceptions: exceptions.value,
  };
  const tooMany = firstTooMany(lists);
  return tooMany === undefined ? success(lists) : failure(tooMany);
}

/** The first list with which all before it are too many. */
function firstTooMany({ whitelist, deny, alwaysAllow, exceptions }: Lists): InvalidInput | undefined {
  let entries = 0;
  for (const [field, list] of Object.entries({ whitelist: whitelist ?? [], deny, alwaysAllow, exceptions })) {
    entries += list.length;
    if (entries > MAX_ENTRIES) {
      return invalidInput(field, `must not bring all lists together to more than ${MAX_ENTRIES} entries`);
    }
  }
  return undefined;
}

function parseDefaultRegistry(text: string | null): Result<string | null, InvalidInput> {
  if (text === null) return success(null);
  const address = parseAddress(text);
  return address.ok ? success(address.value.canonical) : failure(invalidInput('defaultRegistry', address.failure.rule));
}

/** May images without a registry's name be pulled at all, by both documents? True where neither sets a default registry. */
export function defaultRegistryAllowed(documents: PolicyDocuments): boolean {
  return defaultRegistryObstacle(documents) === undefined;
}

/** What keeps these two from holding together, as a field of the environment's document. */
export function disagreement({ organisation, environment }: PolicyDocuments): InvalidInput | undefined {
  if (environment === undefined || environment.defaultRegistry === null) return undefined;
  if (defaultRegistryAllowed({ organisation, environment })) return undefined;
  return invalidInput('defaultRegistry', "is not allowed by the organisation's policy: allow it there first");
}
