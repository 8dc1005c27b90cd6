/**
 * Decisions, put into the table for listing: one at a time as they are made, or many at once as they come out of a log that
 * delivers each at least once. This is all that the function needs that copies them.
 */
import { setTimeout } from 'node:timers/promises';
import { BatchWriteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';

import type { DecisionEntry } from '../../domain/audit.ts';
import { StoreUnavailable } from '../catalogue.ts';
import { answered } from '../sdk-answer.ts';
import { textOf, type Item } from './attributes.ts';
import { auditIdOf, decisionItem } from './audit-item.ts';
import { SORT_KEY } from './table-schema.ts';
import type { Table } from './table.ts';

export interface DecisionTable extends Table {
  /** Days that decisions are listed for. */
  readonly decisionDays: number;
}

export async function putDecision(
  { client, tableName, decisionDays }: DecisionTable,
  entry: DecisionEntry,
  recorded: { readonly id: string; readonly at: number },
): Promise<void> {
  const item = decisionItem(recorded.id, entry, { from: recorded.at, days: decisionDays });
  await answered(client.send(new PutItemCommand({ TableName: tableName, Item: item })));
}

/** DynamoDB's limit for one call. */
const ITEMS_AT_ONCE = 25;

/** `eventId`: the same whenever the same decision is delivered again, which then is listed once. */
export async function recordDecisionsOnce(
  table: DecisionTable,
  delivered: readonly { readonly entry: DecisionEntry; readonly eventId: string }[],
): Promise<void> {
  const items = new Map<string, Item>();
  for (const { entry, eventId } of delivered) {
    const item = decisionItem(auditIdOf(entry.at, eventId), entry, { from: entry.at, days: table.decisionDays });
    items.set(textOf(item, SORT_KEY), item);
  }
  const all = [...items.values()];
  for (let start = 0; start < all.length; start += ITEMS_AT_ONCE) {
    await putAll(table, all.slice(start, start + ITEMS_AT_ONCE));
  }
}

const TRIES = 6;
const FIRST_WAIT_MS = 25;

/** What was not taken is put again; once all of it is refused time and again, whoever delivers must come back. */
async function putAll({ client, tableName }: DecisionTable, items: readonly Item[]): Promise<void> {
  let left = items.map((Item) => ({ PutRequest: { Item } }));
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (tries > 0) await setTimeout(FIRST_WAIT_MS * 2 ** tries);
    const answer = await answered(client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: left } })));
    left = (answer.UnprocessedItems?.[tableName] ?? []).flatMap(({ PutRequest }) =>
      PutRequest?.Item === undefined ? [] : [{ PutRequest: { Item: PutRequest.Item } }],
    );
    if (left.length === 0) return;
  }
  throw new StoreUnavailable('unprocessed_items');
}
