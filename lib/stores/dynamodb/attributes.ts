/**
 * Attributes of items, to and from DynamoDB's own notation: only the three types that the table uses. An attribute that is
 * not there as it was written counts as an outage, as in stored-json.ts.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

import type { StoredTexts } from '../stored-document.ts';
import { UnreadableRow } from '../stored-json.ts';
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
  if (value === undefined) throw new UnreadableRow();
  return value;
}

export function numberOf(item: Item, name: string): number {
  const value = Number(item[name]?.N ?? Number.NaN);
  if (!Number.isFinite(value)) throw new UnreadableRow();
  return value;
}

/** No such attribute reads as undefined. */
export function optionalTextOf(item: Item, name: string): string | undefined {
  return item[name] === undefined ? undefined : textOf(item, name);
}

export function optionalNumberOf(item: Item, name: string): number | undefined {
  return item[name] === undefined ? undefined : numberOf(item, name);
}

/** A document in `<name>` and `<name>Later`. */
export function documentTexts(item: Item, name: string): StoredTexts {
  return { document: textOf(item, name), later: optionalTextOf(item, `${name}Later`) };
}

export function documentAttributes(name: string, { document, later }: StoredTexts): Item {
  return { [name]: text(document), ...(later === undefined ? {} : { [`${name}Later`]: text(later) }) };
}

/** What is there of what is about to be replaced, however it looks. */
export function textsBefore(item: Item | undefined, name: string): StoredTexts | undefined {
  const document = item?.[name]?.S;
  return document === undefined ? undefined : { document, later: item?.[`${name}Later`]?.S };
}
