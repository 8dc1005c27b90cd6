/** A row's columns by their type. What is not there as it was written counts as an outage, as in stored-json.ts. */
import { UnreadableRow } from '../stored-json.ts';
import type { StoredTexts } from '../stored-document.ts';
import type { Row } from './database.ts';

export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new UnreadableRow();
  return value;
}

export function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new UnreadableRow();
  return value;
}

/** Null reads as undefined. */
export function optionalNumberOf(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : numberOf(row, column);
}

export function optionalTextOf(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : textOf(row, column);
}

/** A document in `<column>` and `<column>_later`. */
export function documentTexts(row: Row, column: string): StoredTexts {
  return { document: textOf(row, column), later: optionalTextOf(row, `${column}_later`) };
}
