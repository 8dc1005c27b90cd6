/**
 * Google's registries: access tokens made from a service account's key, with Google's library. They live for an hour at
 * most, and no host ever holds the key. Static `_json_key` logins are static.ts.
 */
import { success, type Result } from '../domain/result.ts';
import { Secret } from '../domain/secret.ts';
import { googleAcceptance, trustsTokenUri } from './google/google-acceptance.ts';
import { readSettings, readStoredKey, type IsTrusted } from './google/google-settings.ts';
import { requestAccessToken, type AccessToken } from './google/token-endpoint.ts';
import { tokenFailure, unusable } from './google/token-failure.ts';
import { failedMint } from './mint-failure.ts';
import type { MintFailure, MintRequest, MintedCredential, SourceKind } from './source-kind.ts';
import { withinSignal } from './within-signal.ts';

export interface GoogleSourceConfig {
  readonly now?: () => number;
  /** Token endpoints, beside Google's own, that a key may name: exact URLs, trusted by whoever runs this Pullpass. */
  readonly trustedTokenUris?: readonly string[];
  readonly attemptTimeoutMilliseconds?: number;
}

const USERNAME = 'oauth2accesstoken';

export function googleSource(config: GoogleSourceConfig = {}): SourceKind {
  const { now = Date.now, trustedTokenUris = [], attemptTimeoutMilliseconds = 6_000 } = config;
  const isTrusted = trustsTokenUri(trustedTokenUris);
  return {
    ...googleAcceptance(isTrusted),
    mint: (request) => mintAccessToken(request, { now, isTrusted, attemptTimeoutMilliseconds }),
  };
}

interface MintConfig {
  readonly now: () => number;
  readonly isTrusted: IsTrusted;
  readonly attemptTimeoutMilliseconds: number;
}

async function mintAccessToken(
  { settings, secret, signal }: MintRequest,
  { now, isTrusted, attemptTimeoutMilliseconds }: MintConfig,
): Promise<Result<MintedCredential, MintFailure>> {
  const stored = readSettings(settings);
  const key = readStoredKey(secret);
  if (stored === undefined || key === undefined || !isTrusted(key.tokenUri)) {
    return failedMint('bad_secret', 'the stored key cannot be used; give the key file again');
  }
  const { clientEmail, tokenUri } = key;
  const { scopes } = stored;
  const privateKey = new Secret(key.privateKey);
  const request = { clientEmail, privateKey, tokenUri, scopes, signal, attemptTimeoutMilliseconds };
  const askedAt = now();
  let answer: AccessToken;
  try {
    answer = await withinSignal(signal, () => requestAccessToken(request));
  } catch (error) {
    return tokenFailure(error);
  }
  // The library counts the lifetime from when the answer came; it began, at the earliest, when it was asked for.
  const answeredAt = now();
  const expiresAt = answer.expiresAt - (answeredAt - askedAt);
  if (!TOKEN.test(answer.token.reveal()) || !(expiresAt > answeredAt)) return unusable();
  return success({ username: USERNAME, password: answer.token, expiresAt });
}

/** https://www.rfc-editor.org/rfc/rfc6750#section-2.1, and no more than a header holds. */
const TOKEN = /^[A-Za-z0-9._~+/=-]{1,16384}$/;
