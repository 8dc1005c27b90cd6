/**
 * What stands in a secret: JSON, at most 65,536 bytes of it. Whatever lib/domain/secret-limit.ts lets in fits. The same
 * version always becomes the same text, because Secrets Manager takes a version a second time only if nothing differs.
 */
import * as z from 'zod/mini';
import type { Credential } from '../../domain/credential.ts';
import { Secret } from '../../domain/secret.ts';
import { parseJson } from '../stored-json.ts';

/** `username` and `password` are what ECS reads for `repositoryCredentials`. Times in milliseconds. */
const issuedValue = z.object({
  username: z.string(),
  password: z.string(),
  issuedAt: z.number(),
  expiresAt: z.exactOptional(z.number()),
  version: z.string(),
});

const sourceValue = z.object({ secret: z.unknown(), version: z.string() });

export function writeIssued({ username, password, issuedAt, expiresAt, version }: Credential): string {
  const value: z.infer<typeof issuedValue> = {
    ...{ username, password: password.reveal(), issuedAt },
    ...(expiresAt === undefined ? {} : { expiresAt }),
    version,
  };
  return JSON.stringify(value);
}

/** Undefined where another version stands there than the one asked for. */
export function readIssued(text: string, version: string): Credential | undefined {
  const value = parseJson(issuedValue, text);
  return value.version === version ? { ...value, password: new Secret(value.password) } : undefined;
}

/**
 * A source's secret is a JSON object as a rule, and is put in as one: as a text its quotation marks and backslashes would
 * be escaped a second time, and the longest password no longer fit. Text that JSON would write otherwise stays a text.
 */
export function writeSource(secret: Secret, version: string): string {
  const text = secret.reveal();
  return JSON.stringify({ secret: sameObject(text) ?? text, version });
}

export function readSource(text: string, version: string): Secret | undefined {
  const { secret, version: found } = parseJson(sourceValue, text);
  if (found !== version) return undefined;
  return new Secret(typeof secret === 'string' ? secret : JSON.stringify(secret));
}

function sameObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}
