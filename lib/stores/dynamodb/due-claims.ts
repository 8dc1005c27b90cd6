/**
 * Taking what is due: the index names candidates, and a conditional write on each decides who gets it. The index follows
 * the table by a moment, so it may still name what somebody has just taken: those are passed over, and the walk goes on
 * until there is enough or nothing more is due. A short answer therefore says that the queue is drained.
 */
import { randomUUID } from 'node:crypto';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';

import type { Registry } from '../../domain/registry.ts';
import type { Catalogue, ClaimRequest } from '../catalogue.ts';
import { number, numberOf, optionalTextOf, text, textOf, type Item } from './attributes.ts';
import { CLAIM_ID, CLAIM_UNTIL, STAMP } from './registry-item.ts';
import { readableRegistry } from './registry-reads.ts';
import { INDEXES, PARTITION_KEY, SORT_KEY } from './table-schema.ts';
import { queryPage } from './table.ts';
import { writeOnCondition, type WriteTable } from './writes.ts';

/** Which call claimed it: told apart even where two calls claim for the same run at the same moment. */
const CLAIMED_BY = 'claimedBy';
const CLAIMS_AT_ONCE = 16;
const { due } = INDEXES;

export function claimDueOn(table: WriteTable): Catalogue['claimDue'] {
  return async ({ claim, kinds, limit }) => {
    const wanted = Math.max(0, Math.trunc(limit));
    const walks = [...new Set(kinds)].map((kind) => walkOf(table, kind, claim.now));
    const claimed: Registry[] = [];
    while (claimed.length < wanted) {
      const candidates = await firstOf(walks, Math.min(wanted - claimed.length, CLAIMS_AT_ONCE));
      if (candidates.length === 0) break;
      const taken = await Promise.all(candidates.map((candidate) => take(table, candidate, claim)));
      claimed.push(...taken.flatMap((registry) => registry ?? []));
    }
    return claimed.toSorted((left, right) => (left.credential.dueAt ?? 0) - (right.credential.dueAt ?? 0));
  };
}

/** What is due of one kind, the longest overdue first. */
interface Walk {
  /** Undefined when there is no more. */
  readonly peek: () => Promise<Item | undefined>;
  readonly take: () => void;
}

function walkOf(table: WriteTable, kind: string, now: number): Walk {
  let read: readonly Item[] = [];
  let position = 0;
  let next: Item | undefined;
  let started = false;
  return {
    peek: async () => {
      while (position === read.length && (!started || next !== undefined)) {
        const page = await queryPage(table, dueQuery(kind, now, next));
        started = true;
        position = 0;
        read = page.items;
        next = page.next;
      }
      return read[position];
    },
    take: () => {
      position += 1;
    },
  };
}

const CANDIDATES_AT_ONCE = 100;

function dueQuery(kind: string, now: number, after: Item | undefined) {
  return {
    IndexName: due.name,
    KeyConditionExpression: '#kind = :kind AND #at <= :now',
    ExpressionAttributeNames: { '#kind': due.partitionKey, '#at': due.sortKey.name },
    ExpressionAttributeValues: { ':kind': text(kind), ':now': number(now) },
    Limit: CANDIDATES_AT_ONCE,
    ...(after === undefined ? {} : { ExclusiveStartKey: after }),
  };
}

/** The longest overdue of all kinds. */
async function firstOf(walks: readonly Walk[], count: number): Promise<readonly Item[]> {
  const first: Item[] = [];
  while (first.length < count) {
    let oldest: { readonly walk: Walk; readonly item: Item; readonly at: number } | undefined;
    for (const walk of walks) {
      const item = await walk.peek();
      if (item === undefined) continue;
      const at = numberOf(item, due.sortKey.name);
      if (oldest === undefined || at < oldest.at) oldest = { walk, item, at };
    }
    if (oldest === undefined) break;
    oldest.walk.take();
    first.push(oldest.item);
  }
  return first;
}

/** Undefined: somebody else has it, or it is no longer due. */
async function take(table: WriteTable, candidate: Item, claim: ClaimRequest): Promise<Registry | undefined> {
  const by = randomUUID();
  const command = new UpdateItemCommand({
    TableName: table.tableName,
    Key: { [PARTITION_KEY]: text(textOf(candidate, PARTITION_KEY)), [SORT_KEY]: text(textOf(candidate, SORT_KEY)) },
    UpdateExpression: 'SET #id = :id, #until = :until, #at = :until, #by = :by, #stamp = #stamp + :one',
    // The index's own attributes say it all: active, due, and under no claim that lives.
    ConditionExpression: '#kind = :kind AND #at <= :now',
    ExpressionAttributeNames: {
      ...{ '#id': CLAIM_ID, '#until': CLAIM_UNTIL, '#by': CLAIMED_BY, '#stamp': STAMP },
      ...{ '#kind': due.partitionKey, '#at': due.sortKey.name },
    },
    ExpressionAttributeValues: {
      ...{ ':id': text(claim.claimId), ':until': number(claim.until), ':by': text(by), ':one': number(1) },
      ...{ ':kind': text(textOf(candidate, due.partitionKey)), ':now': number(claim.now) },
    },
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const answer = await writeOnCondition(table, () => table.client.send(command));
  // A try whose answer was lost had claimed it for this very call.
  const item = 'refused' in answer ? answer.refused : answer.Attributes;
  if (item === undefined || optionalTextOf(item, CLAIMED_BY) !== by) return undefined;
  // One that cannot be read must not keep all others from being refreshed; its time to be urgent stays in the index and comes.
  return readableRegistry(table, item);
}
