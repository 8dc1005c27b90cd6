/**
 * What a Google source is told and what of it is kept. Its job: documents in, settings and secret out, or the field and the
 * rule. Not its job: asking Google.
 */
import * as z from 'zod/mini';
import { splitAddress, type CanonicalAddress } from '../../domain/address.ts';
import { invalidInput, type InvalidInput } from '../../domain/failures.ts';
import { isGoogleHost } from '../../domain/google-host.ts';
import { parseDocument } from '../../domain/parse-document.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import { isWithinSecretLimit, SECRET_LIMIT_BYTES, SECRET_LIMIT_RULE } from '../../domain/secret-limit.ts';
import { Secret } from '../../domain/secret.ts';
import type { AcceptedSource, SourceKind } from '../source-kind.ts';
import { readStoredSecret } from '../stored-secret.ts';
import { parseServiceAccountKey, type ServiceAccountKey } from './service-account-key.ts';

export const KIND = 'google';

/** Enough to pull, and all that a host gets: the token can do whatever its scopes let the service account do. */
const READ_ONLY = 'https://www.googleapis.com/auth/cloud-platform.read-only';
/** The others only read. */
const EVERYTHING = 'https://www.googleapis.com/auth/cloud-platform';
const SCOPES = [READ_ONLY, 'https://www.googleapis.com/auth/devstorage.read_only', EVERYTHING] as const;

const scopeList = z.array(z.enum(SCOPES)).check(z.minLength(1, 'must name at least one scope, or be left out'));

export const inputSchema = z.strictObject({
  kind: z.literal(KIND),
  key: z
    .union(
      [z.string().check(z.maxLength(SECRET_LIMIT_BYTES)), z.looseObject({})],
      'must be a service account key: an object, or its JSON text',
    )
    .check(
      z.meta({ writeOnly: true, description: "The service account's key file, as an object or as its JSON text." }),
    ),
  upstream: z
    .nullish(z.string().check(z.maxLength(600)))
    .check(z.meta({ description: "The host of Google's behind a registry whose own address is another name." })),
  scopes: z
    .nullish(scopeList)
    .check(z.meta({ description: `OAuth scopes of the tokens that hosts get. Left out or null: ${READ_ONLY}.` })),
});
const editSchema = z.partial(inputSchema);

export const storedSettings = z.object({
  kind: z.literal(KIND),
  upstream: z.optional(z.string()),
  clientEmail: z.string(),
  privateKeyId: z.string(),
  projectId: z.optional(z.string()),
  keyFingerprint: z.string(),
  tokenUri: z.string(),
  scopes: z.array(z.string()),
});
/** In the vault: of the key file, what signing takes. */
const storedSecret = z.object({ clientEmail: z.string(), privateKey: z.string(), tokenUri: z.string() });

export type GoogleSettings = z.infer<typeof storedSettings>;
export type StoredKey = z.infer<typeof storedSecret>;

/** Undefined for settings that another version of Pullpass, or nobody, wrote. */
export function readSettings(settings: unknown): GoogleSettings | undefined {
  const parsed = z.safeParse(storedSettings, settings);
  return parsed.success ? parsed.data : undefined;
}

export function readStoredKey(secret: Secret | undefined): StoredKey | undefined {
  return readStoredSecret(storedSecret, secret);
}

/** Which token endpoints a key may name. */
export type IsTrusted = (tokenUri: string) => boolean;

/** The one host of Google's where tokens are given out for keys, its older name, and what stands below googleapis.com. */
export const GOOGLE_TOKEN_URI =
  /^https:\/\/(?:(?:[a-z0-9-]+\.)+googleapis\.com|accounts\.google\.com)\/[A-Za-z0-9/._-]*$/;

export function acceptGoogle(
  { input, address, previous }: Parameters<SourceKind['accept']>[0],
  isTrusted: IsTrusted,
): Result<AcceptedSource, InvalidInput> {
  const earlier = readSettings(previous?.settings);
  const parsed = parseDocument(earlier === undefined ? inputSchema : editSchema, input, 'source');
  if (!parsed.ok) return parsed;
  const { key, scopes } = parsed.value;
  const upstream = (parsed.value.upstream === undefined ? earlier?.upstream : parsed.value.upstream) ?? undefined;
  const misplaced = upstreamFault(upstream, address);
  if (misplaced !== undefined) return failure(misplaced);
  const wanted = (scopes === undefined ? earlier?.scopes : scopes) ?? [READ_ONLY];
  if (key === undefined) return keptKey({ earlier, secret: previous?.secret, upstream, scopes: wanted });
  const read = parseServiceAccountKey(key, 'source.key');
  if (!read.ok) return read;
  if (!isWithinSecretLimit(read.value.privateKey)) {
    return failure(invalidInput('source.key.private_key', `must be ${SECRET_LIMIT_RULE}`));
  }
  if (!isTrusted(read.value.tokenUri)) {
    // Otherwise a key file could have Pullpass sign for, and send to, a host of its author's choice.
    const rule = 'must be a token endpoint of Google: https://oauth2.googleapis.com/token';
    return failure(invalidInput('source.key.token_uri', rule));
  }
  return success(acceptedKey(read.value, { upstream, scopes: wanted }));
}

function upstreamFault(upstream: string | undefined, address: CanonicalAddress): InvalidInput | undefined {
  const shape = 'gcr.io, its like, or *-docker.pkg.dev';
  if (isGoogleHost(splitAddress(address).host)) {
    if (upstream === undefined) return undefined;
    return invalidInput(
      'source.upstream',
      "is only for a registry whose own address is no host of Google's; leave it out",
    );
  }
  if (upstream === undefined) {
    return invalidInput('source.upstream', `is required, since the address itself is no host of Google's: ${shape}`);
  }
  if (isGoogleHost(upstream)) return undefined;
  return invalidInput(
    'source.upstream',
    `must be a host of Google's, in lower case and without port or path: ${shape}`,
  );
}

interface Wishes {
  readonly upstream: string | undefined;
  readonly scopes: string[];
}

/** Whoever does not know the key must not have it used for another place, or for tokens that may do more. */
function keptKey({
  earlier,
  secret,
  upstream,
  scopes,
}: Wishes & { readonly earlier: GoogleSettings | undefined; readonly secret: Secret | undefined }): Result<
  AcceptedSource,
  InvalidInput
> {
  if (earlier === undefined) return failure(invalidInput('source.key', "is required: the service account's key file"));
  const widened = scopes.includes(EVERYTHING) && !earlier.scopes.includes(EVERYTHING);
  if (secret === undefined || widened || earlier.upstream !== upstream) {
    return failure(
      invalidInput(
        'source.key',
        'must be given again when upstream is changed, or when tokens are to do more than read',
      ),
    );
  }
  return success({ settings: { ...earlier, scopes }, secret });
}

function acceptedKey(key: ServiceAccountKey, { upstream, scopes }: Wishes): AcceptedSource {
  const { clientEmail, privateKeyId, projectId, fingerprint, tokenUri, privateKey } = key;
  const secret: StoredKey = { clientEmail, privateKey, tokenUri };
  const settings: GoogleSettings = {
    kind: KIND,
    ...(upstream === undefined ? {} : { upstream }),
    clientEmail,
    privateKeyId,
    ...(projectId === undefined ? {} : { projectId }),
    keyFingerprint: fingerprint,
    tokenUri,
    scopes,
  };
  return { settings, secret: new Secret(JSON.stringify(secret)) };
}
