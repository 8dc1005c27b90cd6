/**
 * The one way a stored registry is changed: read it, compute what it becomes, write that on condition that nobody wrote it
 * meanwhile; again from the start if somebody did. With it, in one transaction: what it is listed by and the audit entry.
 */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';

import type { ChangeEntry } from '../../domain/audit.ts';
import { splitAddress } from '../../domain/address.ts';
import type { Registry } from '../../domain/registry.ts';
import { number, type Item } from './attributes.ts';
import type { ChangeTrail } from './audit-trail.ts';
import { countEnvironments } from './environments.ts';
import type { Installation } from './installation.ts';
import { pointerKey, registryItem, registryKey, STAMP, stampOf } from './registry-item.ts';
import { registryItemById, storedRegistry } from './registry-reads.ts';
import { transact, untilDone, type WriteTable } from './writes.ts';

export interface Decision<Answer> {
  readonly answer: Answer;
  /** Absent: nothing is written. Its address and id are those of the stored one. */
  readonly write?: { readonly next: Registry | 'removed'; readonly changes?: readonly ChangeEntry[] | undefined };
}

/** `decide` may be called several times, with what is stored at that time. */
export type ChangeRegistry = <Answer>(
  id: string,
  decide: (stored: Registry | undefined) => Decision<Answer>,
) => Promise<Answer>;

interface Stored {
  readonly registry: Registry;
  readonly stamp: number;
  readonly item: Item;
}

export function registryChangesOn(
  table: WriteTable,
  parts: { readonly installation: Installation; readonly trail: ChangeTrail },
): ChangeRegistry {
  const { installation, trail } = parts;
  return async (id, decide) => {
    const { answer } = await untilDone(async () => {
      const item = await registryItemById(table, id);
      const stored =
        item === undefined ? undefined : { registry: storedRegistry(table, item), stamp: stampOf(item), item };
      const decision = decide(stored?.registry);
      if (decision.write === undefined || stored === undefined) return decision;
      const { next, changes = [] } = decision.write;
      if (next !== 'removed' && next.source.kind !== stored.registry.source.kind) {
        await installation.rememberKind(next.source.kind);
      }
      const written = await transact(table, [
        ...(next === 'removed' ? removal(table, stored) : [replacement(table, stored, next)]),
        ...countEnvironments(table, {
          before: stored.registry.environments,
          after: next === 'removed' ? [] : next.environments,
        }),
        ...changes.map((change) => trail.entry(change)),
      ]);
      return written === 'refused' ? 'collided' : decision;
    }, table);
    return answer;
  };
}

function replacement(table: WriteTable, stored: Stored, next: Registry): TransactWriteItem {
  const Item = registryItem(next, stored.stamp + 1, stored.item);
  return { Put: { TableName: table.tableName, Item, ...unchangedSince(stored) } };
}

function removal({ tableName }: WriteTable, stored: Stored): readonly TransactWriteItem[] {
  const { id, address } = stored.registry;
  const key = registryKey(splitAddress(address).host, id);
  return [
    { Delete: { TableName: tableName, Key: key, ...unchangedSince(stored) } },
    { Delete: { TableName: tableName, Key: pointerKey(id) } },
  ];
}

function unchangedSince({ stamp }: Stored) {
  return {
    ConditionExpression: '#stamp = :stamp',
    ExpressionAttributeNames: { '#stamp': STAMP },
    ExpressionAttributeValues: { ':stamp': number(stamp) },
  };
}
