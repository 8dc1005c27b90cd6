/**
 * Google's registries: access tokens made from a service account's key, with Google's library. They live for an hour at
 * most, so no host ever holds the key. Static `_json_key` logins are static.ts.
 */
import * as z from 'zod/mini';
import { splitAddress } from '../domain/address.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import { isGoogleHost } from '../domain/google-host.ts';
import { parseDocument } from '../domain/parse-document.ts';
import type { SourceSettings } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { Secret } from '../domain/secret.ts';
import { parseServiceAccountKey, type ServiceAccountKey } from './google/service-account-key.ts';
import { requestAccessToken, type AccessToken } from './google/token-endpoint.ts';
import { tokenFailure, unusable } from './google/token-failure.ts';
import { failedMint } from './mint-failure.ts';
import type { AcceptedSource, MintFailure, MintRequest, MintedCredential, SourceKind } from './source-kind.ts';
import { readStoredSecret } from './stored-secret.ts';
import { withinSignal } from './within-signal.ts';

export interface GoogleSourceConfig {
  readonly now?: () => number;
  /** Token endpoints, beside Google's own, that a key may name: exact URLs, trusted by whoever runs this Pullpass. */
  readonly trustedTokenUris?: readonly string[];
  readonly attemptTimeoutMilliseconds?: number;
}

const KIND = 'google';
const USERNAME = 'oauth2accesstoken';

/** Enough to pull, and all that a host gets: the token can do whatever its scopes let the service account do. */
const READ_ONLY = 'https://www.googleapis.com/auth/cloud-platform.read-only';
const SCOPES = [
  READ_ONLY,
  'https://www.googleapis.com/auth/devstorage.read_only',
  'https://www.googleapis.com/auth/cloud-platform',
] as const;

const KEY_FILE_LIMIT = 65_536;
const scopeList = z.array(z.enum(SCOPES)).check(z.minLength(1, 'must name at least one scope, or be left out'));

const inputSchema = z.strictObject({
  kind: z.literal(KIND),
  key: z
    .union(
      [z.string().check(z.maxLength(KEY_FILE_LIMIT)), z.looseObject({})],
      'must be a service account key: an object, or its JSON text',
    )
    .check(
      z.meta({ writeOnly: true, description: "The service account's key file, as an object or as its JSON text." }),
    ),
  scopes: z
    .nullish(scopeList)
    .check(z.meta({ description: `OAuth scopes of the tokens that hosts get. Left out or null: ${READ_ONLY}.` })),
});
const editSchema = z.partial(inputSchema);

const storedSettings = z.strictObject({
  kind: z.literal(KIND),
  clientEmail: z.string(),
  privateKeyId: z.string(),
  projectId: z.optional(z.string()),
  keyFingerprint: z.string(),
  tokenUri: z.string(),
  scopes: z.array(z.string()),
});
/** In the vault: of the key file, what signing takes. */
const storedSecret = z.strictObject({ clientEmail: z.string(), privateKey: z.string(), tokenUri: z.string() });

/** The one host of Google's where tokens are given out for keys, its older name, and what stands below googleapis.com. */
const GOOGLE_TOKEN_URI = /^https:\/\/(?:(?:[a-z0-9-]+\.)+googleapis\.com|accounts\.google\.com)\/[A-Za-z0-9/._-]*$/;

export function googleSource(config: GoogleSourceConfig = {}): SourceKind {
  const { now = Date.now, trustedTokenUris = [], attemptTimeoutMilliseconds = 10_000 } = config;
  const isTrusted = (tokenUri: string): boolean =>
    GOOGLE_TOKEN_URI.test(tokenUri) || trustedTokenUris.includes(tokenUri);
  return {
    kind: KIND,
    renewable: true,
    inputSchema,
    accept: (request) => acceptGoogle(request, isTrusted),
    sharingKey({ settings }) {
      const parsed = z.safeParse(storedSettings, settings);
      if (!parsed.success) return undefined;
      // The fingerprint, because a file can claim any id: somebody else's broken key must not fail for a good one.
      const { clientEmail, keyFingerprint, tokenUri, scopes } = parsed.data;
      return JSON.stringify([clientEmail, keyFingerprint, tokenUri, scopes.toSorted()]);
    },
    mint: (request) => mintAccessToken(request, { now, isTrusted, attemptTimeoutMilliseconds }),
  };
}

function acceptGoogle(
  { input, address, previous }: Parameters<SourceKind['accept']>[0],
  isTrusted: (tokenUri: string) => boolean,
): Result<AcceptedSource, InvalidInput> {
  const earlier = z.safeParse(storedSettings, previous?.settings);
  const parsed = parseDocument(earlier.success ? editSchema : inputSchema, input, 'source');
  if (!parsed.ok) return parsed;
  if (!isGoogleHost(splitAddress(address).host)) {
    return failure(
      invalidInput('source.kind', 'is for Google hosts only: gcr.io and *-docker.pkg.dev; this address is none'),
    );
  }
  const { key, scopes } = parsed.value;
  const earlierScopes = earlier.success && scopes === undefined ? earlier.data.scopes : undefined;
  const wanted = earlierScopes ?? scopes ?? [READ_ONLY];
  if (key === undefined) {
    if (earlier.success && previous?.secret !== undefined) {
      return success({ settings: { ...earlier.data, scopes: wanted }, secret: previous.secret });
    }
    return failure(invalidInput('source.key', "is required: the service account's key file"));
  }
  const read = parseServiceAccountKey(key, 'source.key');
  if (!read.ok) return read;
  if (!isTrusted(read.value.tokenUri)) {
    // Otherwise a key file could have Pullpass sign for, and send to, a host of its author's choice.
    const rule = 'must be a token endpoint of Google: https://oauth2.googleapis.com/token';
    return failure(invalidInput('source.key.token_uri', rule));
  }
  return success(acceptedKey(read.value, wanted));
}

function acceptedKey(key: ServiceAccountKey, scopes: readonly string[]): AcceptedSource {
  const { clientEmail, privateKeyId, projectId, fingerprint, tokenUri, privateKey } = key;
  const secret: z.infer<typeof storedSecret> = { clientEmail, privateKey, tokenUri };
  const settings: SourceSettings = {
    kind: KIND,
    clientEmail,
    privateKeyId,
    ...(projectId === undefined ? {} : { projectId }),
    keyFingerprint: fingerprint,
    tokenUri,
    scopes,
  };
  return { settings, secret: new Secret(JSON.stringify(secret)) };
}

interface MintConfig {
  readonly now: () => number;
  readonly isTrusted: (tokenUri: string) => boolean;
  readonly attemptTimeoutMilliseconds: number;
}

async function mintAccessToken(
  { settings, secret, signal }: MintRequest,
  { now, isTrusted, attemptTimeoutMilliseconds }: MintConfig,
): Promise<Result<MintedCredential, MintFailure>> {
  const stored = z.safeParse(storedSettings, settings);
  const key = readStoredSecret(storedSecret, secret);
  if (!stored.success || key === undefined || !isTrusted(key.tokenUri)) {
    return failedMint('bad_secret', 'the stored key cannot be used; give the key file again');
  }
  const { clientEmail, tokenUri } = key;
  const { scopes } = stored.data;
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
