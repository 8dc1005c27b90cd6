/**
 * Encryption of what the vault keeps: AES-256-GCM, a random 96-bit nonce for every write.
 *
 * The row's identity goes in as associated data, so that a value moved to another row, another registry's for instance,
 * does not open there. Random nonces are safe for 2^32 writes under one key (NIST SP 800-38D, 8.3): a thousand
 * registries refreshed every minute take eight years to get there.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export const KEY_BYTES = 32;

/** What a value belongs to: every part counts, in its place. */
export type SealedFor = readonly string[];

/** Nonce, tag and ciphertext in one. */
export function seal(key: Uint8Array, text: string, belongsTo: SealedFor): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(belongsTo));
  const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
}

/** Undefined when it was sealed with another key or for something else, or was changed since. */
export function unseal(key: Uint8Array, sealed: Uint8Array, belongsTo: SealedFor): string | undefined {
  if (sealed.byteLength < NONCE_BYTES + TAG_BYTES) return undefined;
  const nonce = sealed.subarray(0, NONCE_BYTES);
  const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(belongsTo));
  decipher.setAuthTag(tag);
  try {
    const start = decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([start, decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

/** JSON, so that no two lists of parts give the same bytes. */
function associatedData(belongsTo: SealedFor): Buffer {
  return Buffer.from(JSON.stringify(['pullpass', 1, ...belongsTo]), 'utf8');
}
