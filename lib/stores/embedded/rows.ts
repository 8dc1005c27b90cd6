/** A row's columns by their type. What is not there as it was written counts as an outage, as in stored-json.ts. */
import { StoreUnavailable } from '../catalogue.ts';
import type { Row } from './database.ts';

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
