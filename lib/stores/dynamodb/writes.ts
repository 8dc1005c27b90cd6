/**
 * Writes on condition. A condition that did not hold is an answer; what collided with somebody else's transaction is tried
 * again after a while that is drawn by lot, since nothing was wrong with it; everything else is an outage.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  TransactionConflictException,
  TransactionInProgressException,
  TransactWriteItemsCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';

import { StoreUnavailable } from '../catalogue.ts';
import { codeOf } from '../sdk-answer.ts';
import type { Item } from './attributes.ts';
import { PARTITION_KEY } from './table-schema.ts';
import type { ReadTable, Table } from './table.ts';

export interface WriteTable extends ReadTable {
  /** 0 to 1: spreads what collided. */
  readonly random: () => number;
}

/** 2 s in all on average, 4 s at most: well below what a caller waits for. */
const TRIES = 10;
const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 800;

/**
 * Calls `once` until it answers something else than `collided`. Used for one write, and for "read, compute, write" as a
 * whole.
 */
export async function untilDone<Answer>(
  once: () => Promise<Answer | 'collided'>,
  { random }: Pick<WriteTable, 'random'>,
): Promise<Answer> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (tries > 0) await setTimeout(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries) * random());
    const answer = await once();
    if (answer !== 'collided') return answer;
  }
  throw new StoreUnavailable('contention');
}

/** All or nothing; `refused` when one of the conditions did not hold. */
export async function transact(table: WriteTable, items: readonly TransactWriteItem[]): Promise<'written' | 'refused'> {
  const { client } = table;
  // One that is carried out and whose answer is lost is known by its token, to the SDK's tries and to ours.
  let ClientRequestToken = randomUUID();
  return await untilDone(async () => {
    try {
      await client.send(new TransactWriteItemsCommand({ TransactItems: [...items], ClientRequestToken }));
      return 'written';
    } catch (error) {
      if (collides(error)) return 'collided';
      const cancelled = cancellation(error);
      // Called off for good: the next is another one.
      if (cancelled === 'collided') ClientRequestToken = randomUUID();
      return cancelled ?? outage(error);
    }
  }, table);
}

const WORTH_ANOTHER_TRY: ReadonlySet<string | undefined> = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
]);

/** A condition that did not hold is told even beside a collision: the caller reads again either way. */
function cancellation(error: unknown): 'refused' | 'collided' | undefined {
  if (!(error instanceof TransactionCanceledException)) return undefined;
  const codes = (error.CancellationReasons ?? []).map(({ Code }) => Code);
  if (codes.includes('ConditionalCheckFailed')) return 'refused';
  return codes.some((code) => WORTH_ANOTHER_TRY.has(code)) ? 'collided' : undefined;
}

/** A single write on condition; `refused` with the item that is there, if any. */
export async function writeOnCondition<Answer>(
  table: WriteTable,
  send: () => Promise<Answer>,
): Promise<Answer | { readonly refused: Item | undefined }> {
  return await untilDone(async () => {
    try {
      return await send();
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return { refused: error.Item };
      if (collides(error)) return 'collided';
      return outage(error);
    }
  }, table);
}

function collides(error: unknown): boolean {
  return error instanceof TransactionConflictException || error instanceof TransactionInProgressException;
}

function outage(error: unknown): never {
  throw new StoreUnavailable(codeOf(error));
}

/** Refused where there is such an item already. */
export function putNew({ tableName }: Table, item: Item): TransactWriteItem {
  return {
    Put: {
      TableName: tableName,
      Item: item,
      ConditionExpression: 'attribute_not_exists(#pk)',
      ExpressionAttributeNames: { '#pk': PARTITION_KEY },
    },
  };
}
