/**
 * The host part of references and addresses: distribution/reference's grammar for it, and our one canonical spelling.
 * Not its job: whether such a host exists, or which address it resolves to (`127.1` and `0x7f.1` are hosts here).
 */

/** The one name that every spelling of Docker Hub is folded to. */
export const DOCKER_HUB = 'docker.io';

const DOCKER_HUB_NAMES: ReadonlySet<string> = new Set([
  DOCKER_HUB,
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);

export const DOCKER_HUB_ALIASES: readonly string[] = [...DOCKER_HUB_NAMES].filter((name) => name !== DOCKER_HUB);

/** What people take for Docker Hub's registry: its web pages, and names that nobody has, or somebody else. */
const NOT_DOCKER_HUB: ReadonlySet<string> = new Set([
  ...['hub.docker.com', 'docker.com', 'www.docker.com', 'registry.docker.com', 'index.docker.com', 'hub.docker.io'],
  ...[
    'registry.docker.io',
    'www.docker.io',
    'dockerhub.io',
    'dockerhub.com',
    'hub.dockerhub.com',
    'registry-1.docker.com',
  ],
]);

/** For addresses that somebody types in; what is stored already is read as it is. */
export function mistakenHost(host: string): string | undefined {
  return NOT_DOCKER_HUB.has(host)
    ? `is not a registry: for Docker Hub, use ${DOCKER_HUB} or ${DOCKER_HUB}/…`
    : undefined;
}

const DEFAULT_PORT = '443';
const LOCALHOST = 'localhost';
const LABEL = /^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$/;
const IPV6 = /^\[[a-fA-F0-9:]+\]$/;
const HOST_AND_PORT = /^(\[[^\][]*\]|[^:[\]]*)(?::([0-9]+))?$/;

export interface RegistryHost {
  /** Lower case, without port; an alias of Docker Hub keeps its name here. */
  readonly name: string;
  /** Digits without leading zeros; the default where none was given. */
  readonly port: string;
  /** As it was written. Undefined: there was none. */
  readonly writtenPort: string | undefined;
}

/**
 * `text` against the grammar of a domain with optional port, or undefined. Only ASCII passes it, so lower-casing cannot
 * turn a look-alike (the Kelvin sign) into a letter.
 */
export function parseRegistryHost(text: string): RegistryHost | undefined {
  const [, name, writtenPort] = HOST_AND_PORT.exec(text) ?? [];
  if (name === undefined) return undefined;
  if (!IPV6.test(name) && !isDomainName(name)) return undefined;
  // Dialers read `:05000` as `:5000`: a second spelling of a port must not be a way around a deny entry.
  const port = writtenPort?.replace(/^0+(?=[0-9])/, '') ?? DEFAULT_PORT;
  return { name: IPV6.test(name) ? canonicalIpv6(name) : name.toLowerCase(), port, writtenPort };
}

/**
 * One address has many spellings, and a deny entry means all of them. A URL's parser writes the one of RFC 5952. What is no
 * address stays what it is: a dead name.
 */
function canonicalIpv6(bracketed: string): string {
  const url = `http://${bracketed}`;
  return URL.canParse(url) ? new URL(url).hostname : bracketed.toLowerCase();
}

export function isDomainName(text: string): boolean {
  return text.split('.').every((label) => LABEL.test(label));
}

/**
 * `host[:port]` in the one spelling that is compared, stored and answered. The default port is dropped, except where the
 * bare name would read as a path on Docker Hub: `EVILHOST/x` and `evilhost:443/x` are `evilhost:443/x`, never `evilhost/x`.
 */
export function canonicalHost({ name, port }: Pick<RegistryHost, 'name' | 'port'>): string {
  if (port !== DEFAULT_PORT) return `${name}:${port}`;
  const folded = foldDockerHub(name);
  return namesHost(folded) ? folded : `${folded}:${DEFAULT_PORT}`;
}

/** Without the default port even where a reference could not do without it. */
export function shownHost({ name, port }: Pick<RegistryHost, 'name' | 'port'>): string {
  return port === DEFAULT_PORT ? foldDockerHub(name) : `${name}:${port}`;
}

/**
 * As a URL spells it, since it is compared with the realm of a challenge: no aliases, the default port left out. Undefined
 * where it is no host.
 */
export function parseRealmHost(text: string): string | undefined {
  const host = parseRegistryHost(text);
  if (host === undefined) return undefined;
  return host.port === DEFAULT_PORT ? host.name : `${host.name}:${host.port}`;
}

export function foldDockerHub(name: string): string {
  return DOCKER_HUB_NAMES.has(name) ? DOCKER_HUB : name;
}

/** Does the first part of an image name stand for a registry? If not it is a part of the repository's name. */
export function namesHost(firstPart: string): boolean {
  return firstPart === LOCALHOST || /[.:A-Z]/.test(firstPart);
}
