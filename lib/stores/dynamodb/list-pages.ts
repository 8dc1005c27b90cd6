/**
 * Pages of a list: keys from the index, then the items themselves as they are now. The index follows the table by a moment:
 * what was added just now may come a moment later; what was removed or no longer fits is left out.
 */
import type { QueryCommandInput } from '@aws-sdk/client-dynamodb';

import type { Page } from '../catalogue.ts';
import { decodeCursor, encodeCursor, withOneMore, type ListName } from '../cursor.ts';
import { text, textOf, type Item } from './attributes.ts';
import { INDEXES, PARTITION_KEY, SORT_KEY } from './table-schema.ts';
import { getItems, queryPage, type Table } from './table.ts';

export interface ListFilter {
  readonly FilterExpression: string;
  readonly ExpressionAttributeNames: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues: Item;
}

export interface ListQuery<Listed> {
  readonly list: ListName;
  /** Of the index, where it is not named like the list. */
  readonly partition?: string;
  readonly newestFirst: boolean;
  readonly limit: number;
  /** The list key to go on after. */
  readonly after: string | undefined;
  readonly filter: ListFilter | undefined;
  /** Undefined: it is not what was asked for (any more). */
  readonly decode: (item: Item) => Listed | undefined;
}

export async function listPage<Listed>(table: Table, query: ListQuery<Listed>): Promise<Page<Listed>> {
  const { keys, resumeAfter } = await listedKeys(table, query);
  const shown = keys.slice(0, withOneMore(query.limit) - 1);
  const items = await getItems(table, shown.map(tableKey));
  const listed = items.flatMap((item) => query.decode(item) ?? []);
  const last = shown.length < keys.length ? shown.at(-1) : undefined;
  const end = last === undefined ? resumeAfter : textOf(last, INDEXES.list.sortKey.name);
  return end === undefined ? { items: listed } : { items: listed, cursor: encodeCursor(query.list, [end]) };
}

function tableKey(key: Item): Item {
  return {
    [PARTITION_KEY]: text(textOf(key, PARTITION_KEY)),
    [SORT_KEY]: text(textOf(key, SORT_KEY)),
  };
}

/** A filter that fits little would otherwise read the whole index for one page: the page is then short, with a cursor. */
const READS_FOR_A_PAGE = 10;
const LOOKED_AT_IN_A_READ = 2_000;

/** One more key than the page shows, where there is one. */
async function listedKeys<Listed>(
  table: Table,
  query: ListQuery<Listed>,
): Promise<{ readonly keys: readonly Item[]; readonly resumeAfter: string | undefined }> {
  const wanted = withOneMore(query.limit);
  const keys: Item[] = [];
  let next: Item | undefined;
  for (let reads = 0; reads < READS_FOR_A_PAGE; reads += 1) {
    const page = await queryPage(table, {
      ...indexQuery(query),
      Limit: query.filter === undefined ? wanted - keys.length : LOOKED_AT_IN_A_READ,
      ...(next === undefined ? {} : { ExclusiveStartKey: next }),
    });
    keys.push(...page.items);
    next = page.next;
    if (keys.length >= wanted) return { keys: keys.slice(0, wanted), resumeAfter: undefined };
    if (next === undefined) return { keys, resumeAfter: undefined };
  }
  return { keys, resumeAfter: next === undefined ? undefined : textOf(next, INDEXES.list.sortKey.name) };
}

function indexQuery<Listed>({
  list,
  partition = list,
  newestFirst,
  after,
  filter,
}: ListQuery<Listed>): Omit<QueryCommandInput, 'TableName'> {
  const { name, partitionKey, sortKey } = INDEXES.list;
  const beyond = after === undefined ? '' : ` AND #key ${newestFirst ? '<' : '>'} :key`;
  return {
    IndexName: name,
    KeyConditionExpression: `#list = :list${beyond}`,
    ScanIndexForward: !newestFirst,
    ...(filter === undefined ? {} : { FilterExpression: filter.FilterExpression }),
    ExpressionAttributeNames: {
      '#list': partitionKey,
      ...(after === undefined ? {} : { '#key': sortKey.name }),
      ...filter?.ExpressionAttributeNames,
    },
    ExpressionAttributeValues: {
      ':list': text(partition),
      ...(after === undefined ? {} : { ':key': text(after) }),
      ...filter?.ExpressionAttributeValues,
    },
  };
}

/** `shape` is that of the list's keys. */
export function positionAfter(
  list: ListName,
  cursor: string | undefined,
  shape: RegExp,
): { readonly after: string | undefined } | 'bad_cursor' {
  if (cursor === undefined) return { after: undefined };
  const position = decodeCursor(list, cursor);
  if (position === 'bad_cursor') return position;
  const [after, ...rest] = position;
  return typeof after === 'string' && shape.test(after) && rest.length === 0 ? { after } : 'bad_cursor';
}
