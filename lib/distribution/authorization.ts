/**
 * The Authorization header that a registry's challenge asks for: the credential itself (Basic), or a token which the
 * token service gives for it (Bearer). The only place where a login check opens the secret.
 */
import { failure, success, type Result } from '../domain/result.ts';
import type { Secret } from '../domain/secret.ts';
import type { Challenge } from './challenge.ts';
import type { LoginCheckOutcome } from './login-check.ts';
import { COLON_IN_USERNAME, NO_TOKEN, NOT_A_REGISTRY, realmNotTrusted, UNAUTHORIZED } from './login-outcomes.ts';
import { tokenOf } from './registry-answer.ts';
import type { Conversation, Headers } from './registry-conversation.ts';
import { trustRealm } from './token-realm.ts';

export interface Wanted {
  /** Such as `repository:team/app:pull`; absent: a login and nothing more. */
  readonly scope?: string;
  /** What anybody would get who has no credential. */
  readonly anonymous?: true;
}

export async function authorize(
  conversation: Conversation,
  challenge: Challenge,
  wanted: Wanted,
): Promise<Result<Headers, LoginCheckOutcome>> {
  const { username, password } = conversation.request;
  if (username.includes(':')) return failure(COLON_IN_USERNAME);
  const basic: Headers = wanted.anonymous === true ? {} : { authorization: basicCredential(username, password) };
  if (challenge.scheme === 'basic') return success(basic);

  const trusted = trustRealm(challenge.parameters.get('realm') ?? '', {
    hosts: conversation.hosts,
    secure: conversation.endpoint.secure,
    trustedRealms: conversation.request.trustedRealms,
  });
  if (!trusted.ok) return failure(realmNotTrusted(trusted.failure));
  const url = tokenUrl(trusted.value.url, challenge, { ...wanted, account: accountOf(conversation, wanted) });
  const answer = await conversation.askTokenService(trusted.value, url, { accept: 'application/json', ...basic });
  if (!answer.ok) return answer;
  const { status } = answer.value;
  if (status === 401 || status === 403) return failure(UNAUTHORIZED);
  if (status !== 200) return failure(NOT_A_REGISTRY);
  const token = tokenOf(answer.value);
  return token === undefined ? failure(NO_TOKEN) : success({ authorization: `Bearer ${token}` });
}

/** UTF-8, as clients send it. */
function basicCredential(username: string, password: Secret): string {
  return `Basic ${Buffer.from(`${username}:${password.reveal()}`, 'utf8').toString('base64')}`;
}

/** Some registries take a token as user name and password both: then the name is a secret and stays out of the URL. */
function accountOf({ request }: Conversation, wanted: Wanted): string | undefined {
  const isSecret = request.username === request.password.reveal();
  return wanted.anonymous === true || isSecret ? undefined : request.username;
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
