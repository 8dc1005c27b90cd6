/** Policies: one item a scope, with its own revision. */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';

import type { StoredPolicy } from '../../domain/policy.ts';
import type { Catalogue, ConditionalWrite, PolicyScope } from '../catalogue.ts';
import { number } from './attributes.ts';
import type { ChangeTrail } from './audit-trail.ts';
import { countEnvironments } from './environments.ts';
import { policyItem, policyKey, policyOf } from './policy-item.ts';
import { getItem } from './table.ts';
import { putNew, transact, untilDone, type WriteTable } from './writes.ts';

export function policiesOn(table: WriteTable, trail: ChangeTrail): Pick<Catalogue, 'putPolicy'> {
  return {
    putPolicy: async ({ scope, document, expectedRevision, updatedAt, change }) =>
      await untilDone(async (): Promise<ConditionalWrite<StoredPolicy> | 'collided'> => {
        const stored = await getItem(table, policyKey(scope));
        const currentRevision = stored === undefined ? 0 : policyOf(stored).revision;
        if (expectedRevision !== undefined && expectedRevision !== currentRevision) {
          return { kind: 'conflict', currentRevision };
        }
        const policy = { document, revision: currentRevision + 1, updatedAt };
        const written = await transact(table, [
          put(table, scope, policy),
          ...(stored === undefined && scope !== null ? countEnvironments(table, { before: [], after: [scope] }) : []),
          trail.entry(change),
        ]);
        return written === 'refused' ? 'collided' : { kind: 'stored', item: policy };
      }, table),
  };
}

/** On condition that the policy before it is the one that is stored. */
function put(table: WriteTable, scope: PolicyScope, policy: StoredPolicy): TransactWriteItem {
  const item = policyItem(scope, policy);
  if (policy.revision === 1) return putNew(table, item);
  return {
    Put: {
      TableName: table.tableName,
      Item: item,
      ConditionExpression: '#revision = :before',
      ExpressionAttributeNames: { '#revision': 'revision' },
      ExpressionAttributeValues: { ':before': number(policy.revision - 1) },
    },
  };
}
