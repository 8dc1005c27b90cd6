/**
 * Reads a Google service account's key file. Its job: refuse, with the field and the rule, whatever could not sign a
 * request that Google answers. Not its job: asking Google.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import * as z from 'zod/mini';
import { invalidInput, type InvalidInput } from '../../domain/failures.ts';
import { parseKeyFile } from '../../domain/key-file-text.ts';
import { parseDocument } from '../../domain/parse-document.ts';
import { failure, success, type Result } from '../../domain/result.ts';

export interface ServiceAccountKey {
  readonly clientEmail: string;
  /** PEM. A secret. */
  readonly privateKey: string;
  readonly privateKeyId: string;
  readonly projectId?: string;
  readonly tokenUri: string;
  /** SHA-256 of the public half: two key files with this in common really hold one key, whatever they say of themselves. */
  readonly fingerprint: string;
}

export const NOT_A_KEY_FILE = 'must be the whole JSON key file of a Google service account';

const GOOGLE_CLOUD = 'googleapis.com';

/** https://google.aip.dev/auth/4112 has the fields. Files carry more of them, which say nothing to us. */
const keyFile = z.looseObject({
  type: z.literal('service_account', 'must be "service_account": user and federation files are not taken here'),
  client_email: z
    .string()
    .check(
      z.regex(
        /^[A-Za-z0-9-]{1,64}@[A-Za-z0-9.-]{1,190}\.gserviceaccount\.com$/,
        'must be the address of a Google service account',
      ),
    ),
  private_key_id: z.string().check(z.regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be the id of the private key')),
  private_key: z.string(),
  project_id: z.optional(z.string().check(z.regex(/^[A-Za-z0-9.:-]{1,128}$/, 'must be the id of a project'))),
  // https://google.aip.dev/auth/4120: such a key is for the hosts of another cloud, whatever its token_uri says.
  universe_domain: z.optional(
    z
      .string()
      .check(
        z.refine(
          (domain) => domain === GOOGLE_CLOUD,
          `must be "${GOOGLE_CLOUD}": keys of another universe (Trusted Cloud) are not supported`,
        ),
      ),
  ),
  token_uri: z._default(z.string(), 'https://oauth2.googleapis.com/token'),
});

/** @param field where the key stands in the caller's document, for the failure. */
export function parseServiceAccountKey(key: unknown, field: string): Result<ServiceAccountKey, InvalidInput> {
  const document = typeof key === 'string' ? parseKeyFile(key) : key;
  if (typeof document !== 'object' || document === null) return failure(invalidInput(field, NOT_A_KEY_FILE));
  const parsed = parseDocument(keyFile, document, field);
  if (!parsed.ok) return parsed;
  const file = parsed.value;
  const privateKey = rsaPrivateKey(file.private_key);
  if (privateKey === undefined) {
    const rule =
      'must be an RSA private key of at least 2048 bits in PEM, its line breaks kept and without a passphrase';
    return failure(invalidInput(`${field}.private_key`, rule));
  }
  return success({
    clientEmail: file.client_email,
    privateKey: file.private_key,
    privateKeyId: file.private_key_id,
    ...(file.project_id === undefined ? {} : { projectId: file.project_id }),
    tokenUri: file.token_uri,
    fingerprint: fingerprintOf(privateKey),
  });
}

/** RS256 wants 2048 bits or more: https://www.rfc-editor.org/rfc/rfc7518#section-3.3 */
const MINIMUM_BITS = 2048;

function rsaPrivateKey(pem: string): KeyObject | undefined {
  if (!pem.trimStart().startsWith('-----BEGIN ')) return undefined;
  try {
    const key = createPrivateKey({ key: pem, format: 'pem' });
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    return key.asymmetricKeyType === 'rsa' && bits >= MINIMUM_BITS ? key : undefined;
  } catch {
    return undefined;
  }
}

function fingerprintOf(privateKey: KeyObject): string {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(publicKey).digest('hex');
}
