/** Reads back what a kind has put into the vault. Undefined for anything else: a vault that was restored wrongly, say. */
import * as z from 'zod/mini';
import type { Secret } from '../domain/secret.ts';

export function readStoredSecret<Schema extends z.ZodMiniType>(
  schema: Schema,
  secret: Secret | undefined,
): z.infer<Schema> | undefined {
  if (secret === undefined) return undefined;
  try {
    const parsed = z.safeParse(schema, JSON.parse(secret.reveal()));
    return parsed.success ? parsed.data : undefined;
  } catch {
    // A syntax error quotes the text that it stumbled over.
    return undefined;
  }
}
