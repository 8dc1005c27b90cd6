/**
 * The one parser of image references: the grammar of distribution/reference's ParseNormalizedNamed, answered with our
 * canonical host. Everything is decided, stored and answered on what it returns; nobody else splits an image's name.
 *
 * Where it is stricter than ParseNormalizedNamed: a first part that looks like a host and is none (`foo_bar.io/x`) is
 * refused, which there becomes a reference without any host; and the whole text has a length limit.
 */
import { splitAddress, type CanonicalAddress } from './address.ts';
import { canonicalHost, DOCKER_HUB, namesHost, parseRegistryHost, shownHost } from './registry-host.ts';
import { repositoryFault } from './repository-name.ts';
import { failure, success, type Result } from './result.ts';

export interface ImageReference {
  /**
   * The registry's name for people: lower case, `:443` dropped, Docker Hub's names folded. What is compared is `hostOf`:
   * a single label without port (`EVILHOST/x`) is a name here and would be a path on Docker Hub in a reference.
   */
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  /** Where it stands, it decides which image that is, whatever the tag says. */
  readonly digest?: string;
  /** `host[:port]/repository[:tag][@digest]`; parsing it again gives the same. */
  readonly canonical: string;
}

export interface BadReference {
  readonly kind: 'bad_reference';
  /** One sentence: what is wrong and what would be right. */
  readonly rule: string;
}

/** More than any host, repository, tag and digest can have together; checked first, so that all the rest is cheap. */
const MAX_LENGTH = 1024;
const IMAGE_ID = /^[a-f0-9]{64}$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/;
const PRINTABLE_ASCII = /^[!-~]+$/;

/** Does the image name its registry itself? Only where it does not, a default registry applies. */
export function isQualified(text: string): boolean {
  if (typeof text !== 'string') return false;
  const slash = text.indexOf('/');
  return slash >= 0 && namesHost(text.slice(0, slash));
}

/** `defaultRegistry` is put before images that name no registry; Docker Hub where none is given. No tag is added. */
export function parseImageReference(
  text: string,
  defaultRegistry?: CanonicalAddress,
): Result<ImageReference, BadReference> {
  const unreadable = unreadableFault(text);
  if (unreadable !== undefined) return refused(unreadable);

  const { host, remainder } = place(text, defaultRegistry);
  if (host === undefined) {
    return refused('the registry must be host or host:port, without scheme, user name or other characters');
  }
  const { name, tag, digest } = splitSuffixes(remainder);
  const comparable = canonicalHost(host);
  const repository = comparable === DOCKER_HUB && !name.includes('/') ? `library/${name}` : name;
  const fault = partsFault({ repository, tag, digest });
  if (fault !== undefined) return refused(fault);
  return success({
    registry: shownHost(host),
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    canonical: `${comparable}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`,
  });
}

/** The host as addresses have it: what look-ups and comparisons go by. */
export function hostOf({ canonical }: Pick<ImageReference, 'canonical'>): string {
  return canonical.slice(0, canonical.indexOf('/'));
}

function refused(rule: string): { readonly ok: false; readonly failure: BadReference } {
  return failure({ kind: 'bad_reference', rule });
}

/** Callers hand on what came over the wire, so the type is checked, too. */
function unreadableFault(text: unknown): string | undefined {
  if (typeof text !== 'string') return 'an image reference must be a text';
  if (text === '') return 'an image reference must not be empty: write registry/repository:tag';
  if (text.length > MAX_LENGTH) return `an image reference must have at most ${MAX_LENGTH} characters`;
  if (!PRINTABLE_ASCII.test(text))
    return 'an image reference must not hold spaces, control characters or non-ASCII letters';
  if (text.includes('://')) return 'an image reference has no scheme: leave "https://" or the like away';
  if (IMAGE_ID.test(text)) return 'an image reference must not be a bare image id of 64 hexadecimal digits';
  return undefined;
}

function place(text: string, defaultRegistry: CanonicalAddress | undefined) {
  if (isQualified(text)) {
    const slash = text.indexOf('/');
    return { host: parseRegistryHost(text.slice(0, slash)), remainder: text.slice(slash + 1) };
  }
  if (defaultRegistry === undefined) return { host: parseRegistryHost(DOCKER_HUB), remainder: text };
  const { host, path } = splitAddress(defaultRegistry);
  return { host: parseRegistryHost(host), remainder: path === '' ? text : `${path}/${text}` };
}

function splitSuffixes(remainder: string) {
  const at = remainder.indexOf('@');
  const digest = at < 0 ? undefined : remainder.slice(at + 1);
  const named = at < 0 ? remainder : remainder.slice(0, at);
  const colon = named.indexOf(':');
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  return { name: colon < 0 ? named : named.slice(0, colon), tag, digest };
}

function partsFault(parts: {
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}): string | undefined {
  const { repository, tag, digest } = parts;
  const fault = repositoryFault(repository);
  if (fault !== undefined) return fault;
  if (tag !== undefined && !TAG.test(tag)) {
    return 'the tag must be 1 to 128 characters of letters, digits, "_", "." and "-", and start with a letter, digit or "_"';
  }
  if (digest !== undefined && !DIGEST.test(digest)) {
    return 'the digest must be sha256:, sha384: or sha512: and its 64, 96 or 128 lower-case hexadecimal digits';
  }
  return undefined;
}
