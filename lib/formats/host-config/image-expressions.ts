/**
 * Which images of a pod policy refuses, in CEL as Kubernetes has it. The text of an image is read as
 * domain/image-reference.ts reads it; what CEL cannot decide (other spellings of a port or of an IPv6 address) is refused.
 *
 * The rules of each host are a list of texts, `+team/` or `-`, the most specific first: the first whose path the repository
 * begins with decides. They are data in variables, so that the work for an image grows with the rules of its own host and
 * not with all of them; and are spread over several variables, since one expression may have 100,000 characters.
 */
import { DEFAULT_PORT, type Access, type AccessScope } from '../../domain/access-scopes.ts';
import { splitAddress, type CanonicalAddress } from '../../domain/address.ts';
import { DOCKER_HUB, DOCKER_HUB_ALIASES } from '../../domain/registry-host.ts';
import { MAX_REPOSITORY_LENGTH } from '../../domain/repository-name.ts';

export interface Variable {
  readonly name: string;
  readonly expression: string;
}

export interface ImageExpressions {
  readonly variables: readonly Variable[];
  /** The images that are refused: a list of texts. */
  readonly refused: string;
}

/** With room for what is put around them: cel-go reads at most 100,000 code points. */
const MAX_EXPRESSION_LENGTH = 60_000;
const MAX_IMAGE_LENGTH = 1024;

const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const HOST = String.raw`^(?:${LABEL}(?:\.${LABEL})*|\[[a-fA-F0-9:]+\])(?::(?:0|[1-9][0-9]{0,4}))?$`;
const PART = String.raw`[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*`;
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const DIGEST = 'sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}';
const REMAINDER = `^${PART}(?:/${PART})*(?::${TAG})?(?:@(?:${DIGEST}))?$`;
const IMAGE_ID = '^[a-f0-9]{64}$';
const QUALIFIED = `i.contains("/") && i.substring(0, i.indexOf("/")).matches(${raw('^localhost$|[.:A-Z]')})`;
const HAS_PORT = `p.host.matches(${raw(':[0-9]+$')})`;

/**
 * `images` is a variable that holds their texts. A default registry is put before images without one, and so is Docker Hub:
 * that is what runtimes do, whatever policy says, so both have to be allowed.
 */
export function imageExpressions(access: Access, defaultRegistry: CanonicalAddress | undefined): ImageExpressions {
  const rules = ruleVariables(access);
  const lookUp = (key: string): string =>
    rules.map(({ name }) => `(${key} in variables.${name} ? variables.${name}[${key}] : [])`).join(' + ') || '[]';
  const variables: readonly Variable[] = [
    ...rules,
    { name: 'domains', expression: list(wildcardRules(access, DEFAULT_PORT)) },
    { name: 'domainsOtherPorts', expression: list(wildcardRules(access, undefined)) },
    { name: 'placed', expression: placed(defaultRegistry) },
    { name: 'unreadable', expression: UNREADABLE },
    { name: 'split', expression: SPLIT },
    { name: 'canonical', expression: CANONICAL },
  ];
  return { variables, refused: refusedBy(lookUp) };
}

/** Where each image is looked for. */
function placed(defaultRegistry: CanonicalAddress | undefined): string {
  const at = (host: string, remainder: string): string => `{"image": i, "host": ${host}, "remainder": ${remainder}}`;
  const named = at('i.substring(0, i.indexOf("/"))', 'i.substring(i.indexOf("/") + 1)');
  const onHub = at(quote(DOCKER_HUB), 'i');
  const all = `variables.images.map(i, ${QUALIFIED} ? ${named} : ${onHub})`;
  if (defaultRegistry === undefined || defaultRegistry === DOCKER_HUB) return all;
  const { host, path } = splitAddress(defaultRegistry);
  const onDefault = at(quote(host), path === '' ? 'i' : `${quote(`${path}/`)} + i`);
  return `${all} + variables.images.filter(i, !(${QUALIFIED})).map(i, ${onDefault})`;
}

/** All values of a map are texts, since Kubernetes takes only maps of one type. */
const SPLIT = `variables.placed.filter(p, !(p.image in variables.unreadable)).map(p, {
  "image": p.image,
  "name": (${HAS_PORT} ? p.host.substring(0, p.host.lastIndexOf(":")) : p.host).lowerAscii(),
  "port": ${HAS_PORT} ? p.host.substring(p.host.lastIndexOf(":") + 1) : ${quote(DEFAULT_PORT)},
  "repository": p.remainder.split("@")[0].split(":")[0]
})`;

const UNREADABLE = `variables.placed.filter(p, !(size(p.image) <= ${MAX_IMAGE_LENGTH} && !p.image.matches(${raw(IMAGE_ID)}) &&
  p.host.matches(${raw(HOST)}) && p.remainder.matches(${raw(REMAINDER)}))).map(p, p.image)`;

/** Docker Hub by one name, with `library/` where an image there has one part. */
const CANONICAL = `variables.split.map(p, p.port == ${quote(DEFAULT_PORT)} && p.name in ${list([DOCKER_HUB, ...DOCKER_HUB_ALIASES])} ?
  {"image": p.image, "name": ${quote(DOCKER_HUB)}, "port": p.port,
   "path": (p.repository.contains("/") ? "" : "library/") + p.repository + "/"} :
  {"image": p.image, "name": p.name, "port": p.port, "path": p.repository + "/"})`;

/**
 * The first of all rules that apply: those of the host and port, of the host on any other port, of the domain. An IPv6
 * address that no rule names may be another spelling of one that a rule names.
 */
function refusedBy(lookUp: (key: string) => string): string {
  const own = `(${lookUp('(p.name + " " + p.port)')} + ${lookUp('(p.name + " *")')}).filter(r, p.path.startsWith(r.substring(1)))`;
  const domains = `(p.port == ${quote(DEFAULT_PORT)} ? variables.domains : variables.domainsOtherPorts)`;
  const inherited = `(p.name.startsWith("[") ? ["-"] : ${domains}.filter(r, p.name.endsWith(r.substring(1))))`;
  return `variables.unreadable + variables.canonical.filter(p, size(p.path) > ${MAX_REPOSITORY_LENGTH + 1} ||
  !(${own} + ${inherited})[0].startsWith("+")).map(p, p.image)`;
}

function ruleVariables(access: Access): readonly Variable[] {
  const maps: string[][] = [];
  let length = MAX_EXPRESSION_LENGTH;
  for (const [key, rules] of rulesByHost(access)) {
    for (const part of parts(rules)) {
      const entry = `${quote(key)}: ${list(part)}`;
      // A second part of one host is in another map: in one, a key stands once.
      if (part !== rules || length + entry.length > MAX_EXPRESSION_LENGTH) {
        maps.push([]);
        length = 0;
      }
      maps.at(-1)?.push(entry);
      length += entry.length + 2;
    }
  }
  return maps.map((entries, index) => ({ name: `rules${index + 1}`, expression: `{${entries.join(', ')}}` }));
}

/** In parts that each fit into an expression; the rules themselves where they do as a whole. */
function parts(rules: readonly string[]): readonly (readonly string[])[] {
  if (list(rules).length <= MAX_EXPRESSION_LENGTH) return [rules];
  const halves = [rules.slice(0, rules.length / 2), rules.slice(rules.length / 2)];
  return halves.flatMap(parts);
}

function rulesByHost({ scopes }: Access): ReadonlyMap<string, readonly string[]> {
  const byHost = new Map<string, AccessScope[]>();
  for (const scope of scopes) {
    if (scope.wildcard) continue;
    const key = `${scope.name} ${scope.port ?? '*'}`;
    const known = byHost.get(key);
    if (known === undefined) byHost.set(key, [scope]);
    else known.push(scope);
  }
  return new Map([...byHost].map(([key, all]) => [key, longestFirst(all.map(pathRule))]));
}

function pathRule({ path, allowed }: AccessScope): string {
  return `${sign(allowed)}${path === '' ? '' : `${path}/`}`;
}

/** By the end of a host's name; the last one is every other host's. */
function wildcardRules({ scopes, allowedElsewhere }: Access, port: string | undefined): readonly string[] {
  const own = scopes.filter((scope) => scope.wildcard && scope.port === port);
  return longestFirst([...own.map(({ name, allowed }) => `${sign(allowed)}.${name}`), sign(allowedElsewhere)]);
}

function sign(allowed: boolean): string {
  return allowed ? '+' : '-';
}

function longestFirst(rules: readonly string[]): readonly string[] {
  return [...rules].sort((left, right) => right.length - left.length || (left < right ? -1 : 1));
}

function list(texts: readonly string[]): string {
  return `[${texts.map(quote).join(', ')}]`;
}

/** What JSON writes for such text CEL reads as the same. Throws for any other: nothing else comes from a policy. */
function quote(text: string): string {
  if (!/^[A-Za-z0-9._:/*+[\] -]*$/.test(text)) throw new Error('a text that is no part of an address');
  return JSON.stringify(text);
}

function raw(pattern: string): string {
  if (pattern.includes("'")) throw new Error('a pattern that ends its own quotes');
  return `r'${pattern}'`;
}
