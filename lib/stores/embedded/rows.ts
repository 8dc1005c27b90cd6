/**
 * Values read back are checked like anything else that comes from outside: a row that is not what was written there
 * counts as an outage, never as a policy that allows or a registry with half its fields.
 */
import * as z from 'zod/mini';

import { StoreUnavailable } from '../catalogue.ts';
import type { Row } from './database.ts';

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

export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new StoreUnavailable('corrupt_row');
  return value;
}

export function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new StoreUnavailable('corrupt_row');
  return value;
}

/** Null reads as undefined. */
export function optionalNumberOf(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : numberOf(row, column);
}

export function optionalTextOf(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : textOf(row, column);
}
