/**
 * Documents read back are checked like anything else that comes from outside: one that is not what was written there
 * counts as an outage, never as a policy that allows or a registry with half its fields.
 */
import * as z from 'zod/mini';

import { StoreUnavailable } from './catalogue.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** One row or item cannot be read; what is beside it can. */
export class UnreadableRow extends StoreUnavailable {
  /** `newer_row`: a later version of this program wrote it. */
  constructor(code: 'corrupt_row' | 'newer_row' = 'corrupt_row') {
    super(code);
  }
}

export function parseJson<Value>(schema: z.ZodMiniType<Value>, text: string): Value {
  const checked = z.safeParse(schema, jsonValue(text));
  if (!checked.success) throw new UnreadableRow();
  return checked.data;
}

export function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableRow();
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
