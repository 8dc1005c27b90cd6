/**
 * Attributes of items, to and from DynamoDB's own notation: only the three types that the table uses. An attribute that is
 * not there as it was written counts as an outage, as in stored-json.ts.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

import { StoreUnavailable } from '../catalogue.ts';
import { PARTITION_KEY, SORT_KEY } from './table-schema.ts';

export type Item = Record<string, AttributeValue>;

export function text(value: string): AttributeValue {
  return { S: value };
}

export function number(value: number): AttributeValue {
  return { N: String(value) };
}

/** DynamoDB has no empty sets. */
export function textSet(values: readonly string[]): AttributeValue {
  return { SS: [...new Set(values)] };
}

export function keyOf(partition: string, sort: string): Item {
  return { [PARTITION_KEY]: text(partition), [SORT_KEY]: text(sort) };
}

/** DynamoDB takes 2,048 bytes as a key, and refuses the whole request for more: nothing is stored under such an id. */
export function fitsKey(id: string): boolean {
  return Buffer.byteLength(id) <= LONGEST_ID_BYTES;
}

const LONGEST_ID_BYTES = 1_024;

export function textOf(item: Item, name: string): string {
  const value = item[name]?.S;
  if (value === undefined) throw new StoreUnavailable('corrupt_row');
  return value;
}

export function numberOf(item: Item, name: string): number {
  const value = Number(item[name]?.N ?? Number.NaN);
  if (!Number.isFinite(value)) throw new StoreUnavailable('corrupt_row');
  return value;
}

/** No such attribute reads as undefined. */
export function optionalTextOf(item: Item, name: string): string | undefined {
  return item[name] === undefined ? undefined : textOf(item, name);
}

export function optionalNumberOf(item: Item, name: string): number | undefined {
  return item[name] === undefined ? undefined : numberOf(item, name);
}
