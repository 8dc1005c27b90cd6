/**
 * The Authorization header that a registry's challenge asks for: the credential itself (Basic), or a token which the
 * token service gives for it (Bearer). The only place where a login check opens the secret.
 */
import { randomBytes } from 'node:crypto';
import { parseRegistryHost } from '../domain/registry-host.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Challenge } from './challenge.ts';
import type { LoginCheckOutcome, LoginCheckRequest } from './login-check.ts';
import {
  COLON_IN_USERNAME,
  FORBIDDEN,
  NO_TOKEN,
  realmNotTrusted,
  SCOPE_DENIED,
  tokenServiceAnswered,
  UNAUTHORIZED,
  unreadableToken,
} from './login-outcomes.ts';
import type { GuardedResponse } from './guarded-request.ts';
import { errorCodes, oauthError } from './registry-answer.ts';
import type { Conversation, Headers } from './registry-conversation.ts';
import { tokenOf } from './token-answer.ts';
import { trustRealm } from './token-realm.ts';

/** Beside the credential, who else might be let in: whoever brings nothing, and whoever makes a login up. */
export type Identity = 'credential' | 'nobody' | 'stranger';

export interface Wanted {
  readonly as: Identity;
  /** Such as `repository:team/app:pull`; absent: a login and nothing more. */
  readonly scope?: string;
}

export async function authorize(
  conversation: Conversation,
  challenge: Challenge,
  wanted: Wanted,
): Promise<Result<Headers, LoginCheckOutcome>> {
  const { request } = conversation;
  if (request.username.includes(':')) return failure(COLON_IN_USERNAME);
  const basic = basicHeaders(request, wanted.as);
  if (challenge.scheme === 'basic') return success(basic);

  const realm = challenge.parameters.get('realm') ?? '';
  const trusted = trustRealm(realm, {
    hosts: conversation.hosts,
    secure: conversation.endpoint.secure,
    trustedRealms: request.trustedRealms,
  });
  if (!trusted.ok) return failure(realmNotTrusted(trusted.failure, hostOf(realm)));
  const url = tokenUrl(trusted.value.url, challenge, { ...wanted, account: accountOf(request, wanted.as) });
  const answer = await conversation.askTokenService(trusted.value, url, { accept: 'application/json', ...basic });
  if (!answer.ok) return answer;
  if (answer.value.status !== 200) return failure(refusalOf(answer.value, wanted));
  const token = tokenOf(answer.value);
  if (token.ok) return success({ authorization: `Bearer ${token.value}` });
  return failure(token.failure === 'no_token' ? NO_TOKEN : unreadableToken(token.failure));
}

/** Once the login has worked, a 400 or 404 for a scope is about the scope: some services answer that for what they don't know. */
function refusalOf(answer: GuardedResponse, { scope }: Wanted): LoginCheckOutcome {
  const { status } = answer;
  if (scope !== undefined && [400, 401, 403, 404].includes(status)) return SCOPE_DENIED;
  if (status === 401 || isAboutThePassword(answer)) return UNAUTHORIZED;
  return status === 403 ? FORBIDDEN : tokenServiceAnswered(status);
}

/** OAuth 2.0 answers 400 to a wrong password (RFC 6749, section 5.2), and some services do with the protocol's own code. */
function isAboutThePassword(answer: GuardedResponse): boolean {
  if (answer.status !== 400) return false;
  return oauthError(answer) === 'invalid_grant' || errorCodes(answer).includes('UNAUTHORIZED');
}

/** The name tells whoever reads the registry's log who made this login up; no account has it, so none is locked by it. */
const STRANGER = 'pullpass-control';

function basicHeaders({ username, password }: LoginCheckRequest, as: Identity): Headers {
  switch (as) {
    case 'credential':
      return basicHeader(username, password.reveal());
    case 'stranger':
      return basicHeader(STRANGER, randomBytes(16).toString('hex'));
    case 'nobody':
      return {};
  }
}

/** UTF-8, as clients send it. */
function basicHeader(username: string, password: string): Headers {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}` };
}

/** Some registries take a token as user name and password both: then the name is a secret and stays out of the URL. */
function accountOf({ username, password }: LoginCheckRequest, as: Identity): string | undefined {
  return as !== 'credential' || username === password.reveal() ? undefined : username;
}

/** Only what could be named as a trusted realm: a challenge is anybody's text. */
function hostOf(realm: string): string | undefined {
  const host = URL.parse(realm)?.host ?? '';
  return host.length <= 253 && parseRegistryHost(host) !== undefined ? host : undefined;
}

function tokenUrl(
  realm: URL,
  challenge: Challenge,
  query: { readonly scope?: string; readonly account: string | undefined },
): URL {
  const url = new URL(realm);
  const parameters = { service: challenge.parameters.get('service'), scope: query.scope, account: query.account };
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url;
}
