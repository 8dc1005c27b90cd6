/**
 * The requests of one login check: to the registry, and to a token service that was found trustworthy. Its job: where a
 * request goes, whom TLS trusts there, and turning what means the same everywhere into an outcome. Not its job: deciding
 * what an answer means for the credential (log-in.ts).
 */
import { failure, success, type Result } from '../domain/result.ts';
import type { Guard } from './guarded-connection.ts';
import {
  askGuarded,
  type Endpoint,
  type GuardedRequest,
  type GuardedResponse,
  type RequestFailure,
} from './guarded-request.ts';
import type { LoginCheckOutcome, LoginCheckRequest } from './login-check.ts';
import { BAD_ADDRESS, BAD_CA, HTTP_ONLY, outcomeOfFailure, outcomeOfStatus, type Peer } from './login-outcomes.ts';
import { SYSTEM_TRUST, trustOf, type TlsTrust } from './tls-handshake.ts';
import type { TokenRealm } from './token-realm.ts';

/** Redirects that lead elsewhere, rate limits and server errors are failures already; every other status is the asker's to judge. */
export type Answer = Result<GuardedResponse, LoginCheckOutcome>;
export type Headers = Readonly<Record<string, string>>;

export interface Conversation {
  readonly request: LoginCheckRequest;
  readonly endpoint: Endpoint;
  /** Ends it, whatever it waits for. */
  readonly signal: AbortSignal;
  /** The address's host, and the one that serves its API. */
  readonly hosts: readonly string[];
  /** GET; HEAD where the answer's body says nothing. */
  askRegistry(path: string, headers: Headers, method?: 'HEAD'): Promise<Answer>;
  askTokenService(realm: TokenRealm, url: URL, headers: Headers): Promise<Answer>;
}

export const HUB = 'docker.io';
const HUB_API_HOST = 'registry-1.docker.io';

const HOST_AND_PORT = /^(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<name>[^[\]:/]+))(?::(?<port>\d{1,5}))?(?:\/|$)/;

export function startConversation(
  request: LoginCheckRequest,
  guard: Guard,
  signal: AbortSignal,
): Result<Conversation, LoginCheckOutcome> {
  const trusted = trustOf(request.tls);
  if (!trusted.ok) return failure(BAD_CA);
  const host = hostOf(request.address);
  const endpoint = host === undefined ? undefined : endpointOf(host, request.tls.plainHttp !== true);
  if (host === undefined || endpoint === undefined) return failure(BAD_ADDRESS);
  const trust = trusted.value;
  return success({
    request,
    endpoint,
    signal,
    hosts: [host.name, endpoint.host],
    async askRegistry(path, headers, method) {
      const asked = { endpoint, trust, path, headers, ...(method === undefined ? {} : { method }) };
      const got = await askWhereItLeads(asked, guard, signal);
      if (!got.ok && got.failure.kind === 'no_handshake' && (await speaksPlainHttp(endpoint, guard, signal))) {
        return failure(HTTP_ONLY);
      }
      const isOwnHost = got.ok && ownTarget(got.value, asked) !== undefined;
      return asAnswer('registry', got, isOwnHost);
    },
    async askTokenService(realm, url, headers) {
      const path = `${url.pathname}${url.search}`;
      const target = { endpoint: realm.endpoint, trust: trustFor(realm, trust), path, headers };
      return asAnswer('token service', await askGuarded(target, guard, signal));
    },
  });
}

function hostOf(address: string): { readonly name: string; readonly port: string | undefined } | undefined {
  const groups = HOST_AND_PORT.exec(address)?.groups;
  const name = groups?.['ipv6'] ?? groups?.['name'];
  return name === undefined ? undefined : { name: name.toLowerCase(), port: groups?.['port'] };
}

function endpointOf(
  host: { readonly name: string; readonly port: string | undefined },
  secure: boolean,
): Endpoint | undefined {
  const port = host.port === undefined ? (secure ? 443 : 80) : Number(host.port);
  if (port < 1 || port > 65_535) return undefined;
  return { secure, host: host.name === HUB ? HUB_API_HOST : host.name, port };
}

/**
 * A CA given for a registry also vouches for the token hosts that the operator named for it, but for nobody else's;
 * skipping verification never reaches beyond the registry's own host.
 */
function trustFor(realm: TokenRealm, trust: TlsTrust): TlsTrust {
  if (realm.relation === 'same_host') return trust;
  return realm.relation === 'named' && trust.verify ? trust : SYSTEM_TRUST;
}

/** Asked without a credential. 400 is how TLS servers answer plain HTTP, so it says nothing. */
async function speaksPlainHttp(endpoint: Endpoint, guard: Guard, signal: AbortSignal): Promise<boolean> {
  const plain = { endpoint: { ...endpoint, secure: false }, trust: SYSTEM_TRUST, path: '/v2/', headers: {} };
  const got = await askGuarded(plain, guard, signal);
  return got.ok && got.value.status !== 400;
}

/** More are a circle. */
const MAXIMUM_REDIRECTS = 2;

/**
 * Follows `/v2/` to `/v2` and the like, as clients do: the same scheme, host, port and path but for the slash at its end. That is
 * resolved, checked and trusted anew, and nobody hears the credential who has not got it. Any other redirect is the answer:
 * another path might refuse the password, and the check would not know that it did.
 */
async function askWhereItLeads(
  asked: GuardedRequest,
  guard: Guard,
  signal: AbortSignal,
): Promise<Result<GuardedResponse, RequestFailure>> {
  let { path } = asked;
  let got = await askGuarded(asked, guard, signal);
  for (let followed = 0; followed < MAXIMUM_REDIRECTS && got.ok; followed += 1) {
    const target = ownTarget(got.value, { ...asked, path });
    if (target === undefined || withoutSlash(target.pathname) !== withoutSlash(pathOf(path))) break;
    path = `${target.pathname}${target.search}`;
    got = await askGuarded({ ...asked, path }, guard, signal);
  }
  return got;
}

function withoutSlash(path: string): string {
  return path.replace(/\/$/, '');
}

function pathOf(pathAndQuery: string): string {
  return pathAndQuery.replace(/\?.*$/, '');
}

const REDIRECTS = [301, 302, 303, 307, 308];

/** Where a redirect leads, if that is within the host and port that sent it. */
function ownTarget(
  { status, headers }: GuardedResponse,
  { endpoint, path }: Pick<GuardedRequest, 'endpoint' | 'path'>,
): URL | undefined {
  const [location, ...others] = headers['location'] ?? [];
  if (!REDIRECTS.includes(status) || location === undefined || others.length > 0) return undefined;
  const name = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  const from = `${endpoint.secure ? 'https' : 'http'}://${name}:${endpoint.port}${path}`;
  const to = URL.parse(location, from);
  return to !== null && to.origin === URL.parse(from)?.origin && to.username === '' ? to : undefined;
}

function asAnswer(peer: Peer, got: Result<GuardedResponse, RequestFailure>, isOwnHost = false): Answer {
  if (!got.ok) return failure(outcomeOfFailure(peer, got.failure));
  const outcome = outcomeOfStatus(peer, got.value, isOwnHost);
  return outcome === undefined ? got : failure(outcome);
}
