/** The table as its readers use it: one item by its key, several by theirs, pages of a partition or an index. */
import { setTimeout } from 'node:timers/promises';
import {
  BatchGetItemCommand,
  GetItemCommand,
  QueryCommand,
  type DynamoDBClient,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';

import type { BadRows } from '../bad-rows.ts';
import { StoreUnavailable } from '../catalogue.ts';
import { answered } from '../sdk-answer.ts';
import { textOf, type Item } from './attributes.ts';
import { PARTITION_KEY, SORT_KEY } from './table-schema.ts';

export interface Table {
  readonly client: DynamoDBClient;
  readonly tableName: string;
}

/** For what is made of items: one that cannot be read is noted there. */
export interface ReadTable extends Table {
  readonly bad: BadRows;
}

/** As it is now, not as it was a moment ago. */
export async function getItem({ client, tableName }: Table, key: Item): Promise<Item | undefined> {
  const command = new GetItemCommand({ TableName: tableName, Key: key, ConsistentRead: true });
  return (await answered(client.send(command))).Item;
}

export interface QueryPage {
  readonly items: readonly Item[];
  /** Where the next page starts; undefined after the last. */
  readonly next: Item | undefined;
}

export async function queryPage(
  { client, tableName }: Table,
  query: Omit<QueryCommandInput, 'TableName'>,
): Promise<QueryPage> {
  const answer = await answered(client.send(new QueryCommand({ TableName: tableName, ...query })));
  return { items: answer.Items ?? [], next: answer.LastEvaluatedKey };
}

/** The whole of one partition, as it is now. */
export async function readPartition(table: Table, partition: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  let next: Item | undefined;
  do {
    const page = await queryPage(table, {
      KeyConditionExpression: '#pk = :pk',
      ExpressionAttributeNames: { '#pk': PARTITION_KEY },
      ExpressionAttributeValues: { ':pk': { S: partition } },
      ConsistentRead: true,
      ...(next === undefined ? {} : { ExclusiveStartKey: next }),
    });
    items.push(...page.items);
    next = page.next;
  } while (next !== undefined);
  return items;
}

/** DynamoDB's limit for one call. */
const KEYS_AT_ONCE = 100;

/** As they are now and in the order of the keys, which must differ; what is gone is left out. */
export async function getItems(table: Table, keys: readonly Item[]): Promise<readonly Item[]> {
  const chunks: Item[][] = [];
  for (let start = 0; start < keys.length; start += KEYS_AT_ONCE) chunks.push(keys.slice(start, start + KEYS_AT_ONCE));
  const found = new Map<string, Item>();
  for (const item of (await Promise.all(chunks.map((chunk) => getChunk(table, chunk)))).flat()) {
    found.set(nameOf(item), item);
  }
  return keys.map((key) => found.get(nameOf(key))).filter((item) => item !== undefined);
}

function nameOf(item: Item): string {
  return `${textOf(item, PARTITION_KEY)}\n${textOf(item, SORT_KEY)}`;
}

const CHUNK_TRIES = 6;
const FIRST_WAIT_MS = 25;

/** An answer may leave out what would make it too long or come too fast: that is asked for again. */
async function getChunk({ client, tableName }: Table, keys: readonly Item[]): Promise<readonly Item[]> {
  const items: Item[] = [];
  let wanted: readonly Item[] = keys;
  for (let tries = 0; tries < CHUNK_TRIES; tries += 1) {
    if (tries > 1) await setTimeout(FIRST_WAIT_MS * 2 ** tries);
    const request = { [tableName]: { Keys: [...wanted], ConsistentRead: true } };
    const answer = await answered(client.send(new BatchGetItemCommand({ RequestItems: request })));
    const got = answer.Responses?.[tableName] ?? [];
    items.push(...got);
    wanted = answer.UnprocessedKeys?.[tableName]?.Keys ?? [];
    if (wanted.length === 0) return items;
    if (got.length > 0) tries = 0;
  }
  throw new StoreUnavailable('unprocessed_keys');
}
