/**
 * Documents read back are checked like anything else that comes from outside: one that is not what was written there
 * counts as an outage, never as a policy that allows or a registry with half its fields.
 */
import * as z from 'zod/mini';

import { StoreUnavailable } from './catalogue.ts';

export function parseJson<Value>(schema: z.ZodMiniType<Value>, text: string): Value {
  const checked = z.safeParse(schema, jsonValue(text));
  if (!checked.success) throw new StoreUnavailable('corrupt_row');
  return checked.data;
}

function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new StoreUnavailable('corrupt_row');
  }
}
