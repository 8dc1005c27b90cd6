/**
 * Where a registry is: `host[:port][/path-prefix]`, as administrators type it, and in the one canonical
 * spelling that is compared and stored. Not its job: whether anything answers there.
 */
import { hostOf, type ImageReference } from './image-reference.ts';
import { canonicalHost, DOCKER_HUB, namesHost, parseRegistryHost, type RegistryHost } from './registry-host.ts';
import { liesWithin, repositoryFault } from './repository-name.ts';
import { failure, success, type Result } from './result.ts';

declare const brand: unique symbol;
/** Lower case, no scheme, `:443` dropped where the host reads as one without it, Docker Hub's names folded. */
export type CanonicalAddress = string & { readonly [brand]: 'CanonicalAddress' };

export interface Address {
  readonly canonical: CanonicalAddress;
  /** Canonical `host[:port]`. */
  readonly host: string;
  /** `''` or `team/x`: the registry is for repositories at and below this path only. */
  readonly path: string;
}

export interface BadAddress {
  /** One sentence: what is wrong and what would be right. */
  readonly rule: string;
}

const MAX_LENGTH = 600;
const PRINTABLE_ASCII = /^[!-~]+$/;
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/** One trailing slash is taken for what it is, a habit from browsers; everything else that is no address is refused. */
export function parseAddress(text: string): Result<Address, BadAddress> {
  const parts = splitWritten(text);
  if (!parts.ok) return parts;
  const host = parseAddressHost(parts.value.host);
  if (!host.ok) return host;
  const { path } = parts.value;
  const fault = pathFault(path);
  if (fault !== undefined) return failure({ rule: fault });
  return success(addressAt(canonicalHost(host.value), path));
}

/** Only for what `parseAddress` once returned: the brand is the proof. */
export function splitAddress(canonical: CanonicalAddress): Address {
  const slash = canonical.indexOf('/');
  if (slash < 0) return { canonical, host: canonical, path: '' };
  return { canonical, host: canonical.slice(0, slash), path: canonical.slice(slash + 1) };
}

/** The address of the whole host. */
export function hostAddress(canonical: CanonicalAddress): CanonicalAddress {
  return addressAt(splitAddress(canonical).host, '').canonical;
}

/** Same host, and at or below the path: `quay.io/team` covers `quay.io/team` and `quay.io/team/app`, not `quay.io/teamx`. */
export function addressCovers(
  address: Pick<Address, 'host' | 'path'>,
  reference: Pick<ImageReference, 'canonical' | 'repository'>,
): boolean {
  return address.host === hostOf(reference) && liesWithin(reference.repository, address.path);
}

/** The key under which docker looks up a host in its config. */
export function dockerConfigKey(host: string): string {
  return host === DOCKER_HUB ? DOCKER_HUB_KEY : host;
}

/** Docker Hub as an address: where images go that name no registry, when no default registry is set. */
export const DOCKER_HUB_ADDRESS: CanonicalAddress = addressAt(DOCKER_HUB, '').canonical;

/**
 * `host[:port]` and path of a typed address or policy entry, by the rules that hold for both: readable, no scheme, no user,
 * one trailing slash at most.
 */
export function splitWritten(text: string): Result<{ readonly host: string; readonly path: string }, BadAddress> {
  const unreadable = unreadableFault(text);
  if (unreadable !== undefined) return failure({ rule: unreadable });
  if (text.includes('://')) {
    return failure({ rule: 'must be host[:port][/path] without scheme: leave "http://" or "https://" away' });
  }
  if (text.includes('@'))
    return failure({ rule: 'must not hold a user name or a digest: leave everything at "@" away' });
  const written = text.endsWith('/') ? text.slice(0, -1) : text;
  const slash = written.indexOf('/');
  if (slash < 0) return success({ host: written, path: '' });
  const path = written.slice(slash + 1);
  if (path === '') return failure({ rule: 'must not hold an empty path: leave the "/" at the end away' });
  return success({ host: written.slice(0, slash), path });
}

/** Stricter than an image's host: somebody types this once, so a port that cannot be or a name that no image can say is told. */
export function parseAddressHost(text: string): Result<RegistryHost, BadAddress> {
  if (text === '') return failure({ rule: 'must start with a host: an empty one stands for nothing' });
  const host = parseRegistryHost(text);
  if (host === undefined) {
    return failure({
      rule: 'must start with host or host:port: letters, digits, "-" and ".", or an IPv6 address in brackets',
    });
  }
  if (host.writtenPort !== undefined && !isPort(host.writtenPort)) {
    return failure({ rule: 'must have a port from 1 to 65535, without leading zeros' });
  }
  if (host.writtenPort === undefined && !namesHost(host.name)) {
    const rule = `must be told apart from a path on Docker Hub: write ${host.name}:443 (or its port) for a host, ${DOCKER_HUB}/… for the path`;
    return failure({ rule });
  }
  return success(host);
}

export function pathFault(path: string): string | undefined {
  if (path === '') return undefined;
  if (path.includes(':')) return 'must not hold a tag, and a port only right after the host';
  if (path === 'v1' || path === 'v2') return 'must not hold the path of the API: leave /v1/ or /v2/ away';
  const fault = repositoryFault(path);
  return fault === undefined ? undefined : `must have a path as repositories have: ${fault}`;
}

function isPort(digits: string): boolean {
  return /^[1-9][0-9]{0,4}$/.test(digits) && Number(digits) <= 65535;
}

/** Callers hand on what came over the wire, so the type is checked, too. */
function unreadableFault(text: unknown): string | undefined {
  if (typeof text !== 'string') return 'must be a text';
  if (text === '') return 'must not be empty: write host[:port][/path]';
  if (text.length > MAX_LENGTH) return `must have at most ${MAX_LENGTH} characters`;
  if (!PRINTABLE_ASCII.test(text)) return 'must not hold spaces, control characters or non-ASCII letters';
  return undefined;
}

function addressAt(host: string, path: string): Address {
  const canonical = path === '' ? host : `${host}/${path}`;
  if (!isCanonical(canonical)) throw new Error('an address without a host');
  return { canonical, host, path };
}

/** The brand's constructor: called with what has just been put together from canonical parts. */
function isCanonical(text: string): text is CanonicalAddress {
  return text !== '' && !text.startsWith('/');
}
