/** Policies: one item a scope, with its own revision. */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';

import type { StoredPolicy } from '../../domain/policy.ts';
import type { Catalogue, ConditionalWrite } from '../catalogue.ts';
import { number, type Item } from './attributes.ts';
import type { ChangeTrail } from './audit-trail.ts';
import { countEnvironments } from './environments.ts';
import { policyItem, policyKey } from './policy-item.ts';
import { getItem } from './table.ts';
import { putNew, transact, untilDone, type WriteTable } from './writes.ts';

export function policiesOn(table: WriteTable, trail: ChangeTrail): Pick<Catalogue, 'putPolicy'> {
  return {
    putPolicy: async ({ scope, document, expectedRevision, updatedAt, change }) =>
      await untilDone(async (): Promise<ConditionalWrite<StoredPolicy> | 'collided'> => {
        const stored = await getItem(table, policyKey(scope));
        const currentRevision = revisionOf(stored);
        if (expectedRevision !== undefined && expectedRevision !== currentRevision) {
          return { kind: 'conflict', currentRevision };
        }
        const policy = { document, revision: currentRevision + 1, updatedAt };
        const written = await transact(table, [
          put(table, policyItem(scope, policy, stored), stored),
          ...(stored === undefined && scope !== null ? countEnvironments(table, { before: [], after: [scope] }) : []),
          trail.entry(change),
        ]);
        return written === 'refused' ? 'collided' : { kind: 'stored', item: policy };
      }, table),
  };
}

/** 0 where there is none, or none that can be read. */
function revisionOf(stored: Item | undefined): number {
  const revision = Number(stored?.['revision']?.N ?? 0);
  return Number.isFinite(revision) ? revision : 0;
}

/** On condition that the policy before it is the one that is stored. */
function put(table: WriteTable, item: Item, before: Item | undefined): TransactWriteItem {
  if (before === undefined) return putNew(table, item);
  return {
    Put: {
      TableName: table.tableName,
      Item: item,
      ConditionExpression: '#revision = :before',
      ExpressionAttributeNames: { '#revision': 'revision' },
      // Compared as it is stored, whatever that is.
      ExpressionAttributeValues: { ':before': before['revision'] ?? number(0) },
    },
  };
}
