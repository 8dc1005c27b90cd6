/**
 * May a registry's credential be sent to the token service that its challenge names? Whoever can answer for a registry
 * can name any realm, so the answer comes from what we know and from what the operator said, never from the challenge.
 */
import { isIP } from 'node:net';
import { failure, success, type Result } from '../domain/result.ts';
import type { Endpoint } from './guarded-request.ts';

/** `same_host`: the registry's own. `known`: a public registry's. `named`: the operator trusts it for this registry. */
export type RealmRelation = 'same_host' | 'known' | 'named';

export interface TokenRealm {
  readonly endpoint: Endpoint;
  readonly url: URL;
  readonly relation: RealmRelation;
}

/** Public registries whose token service is on another host, by the registry's address. */
const KNOWN_REALM_HOSTS: Readonly<Record<string, string>> = {
  'docker.io': 'auth.docker.io',
  'registry-1.docker.io': 'auth.docker.io',
  'registry.gitlab.com': 'gitlab.com',
};

/**
 * `registry.hosts`: the address's host and, where it differs, the one that serves the API. `trustedRealms`: `host` (port
 * 443) or `host:port`. Another port of the registry's own host counts as the same host: who runs the host has the
 * credential anyway. Plain HTTP only to the very host that is itself declared plain HTTP.
 */
export function trustRealm(
  realm: string,
  registry: { readonly hosts: readonly string[]; readonly secure: boolean; readonly trustedRealms: readonly string[] },
): Result<TokenRealm, 'not_a_url' | 'with_username' | 'not_trusted' | 'not_https'> {
  const url = URL.parse(realm);
  if (url === null || url.hostname === '') return failure('not_a_url');
  if (url.username !== '' || url.password !== '') return failure('with_username');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return failure('not_https');

  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[(?<address>.+)\]$/, '$<address>');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const relation = relationOf({ host, port, written: url.host }, registry);
  if (relation === undefined) return failure('not_trusted');
  if (!secure && (registry.secure || relation !== 'same_host')) return failure('not_https');
  url.hash = '';
  return success({ endpoint: { secure, host, port }, url, relation });
}

function relationOf(
  realm: { readonly host: string; readonly port: number; readonly written: string },
  registry: { readonly hosts: readonly string[]; readonly trustedRealms: readonly string[] },
): RealmRelation | undefined {
  if (registry.hosts.some((host) => isSameHost(host, realm.host))) return 'same_host';
  if (registry.trustedRealms.includes(realm.written)) return 'named';
  const isKnown = registry.hosts.some((host) => KNOWN_REALM_HOSTS[host] === realm.host);
  return isKnown && realm.port === 443 ? 'known' : undefined;
}

/** One IPv6 address has many spellings, and the URL's is the canonical one. */
function isSameHost(ours: string, theirs: string): boolean {
  if (isIP(ours) !== 6) return ours === theirs;
  return URL.parse(`http://[${ours}]/`)?.hostname === `[${theirs}]`;
}
