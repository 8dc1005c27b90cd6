/** A policy as an item, and back. */
import { policySubject } from '../../domain/audit.ts';
import type { StoredPolicy } from '../../domain/policy.ts';
import type { PolicyScope } from '../catalogue.ts';
import { policyDocument } from '../policy-document.ts';
import { readDocument, writeDocument } from '../stored-document.ts';
import { documentAttributes, documentTexts, keyOf, number, numberOf, textsBefore, type Item } from './attributes.ts';
import { PREFIX } from './table-schema.ts';
import { getItem, type ReadTable } from './table.ts';

export function policyPartition(scope: PolicyScope): string {
  return scope === null ? PREFIX.policy : `${PREFIX.policy}#${scope}`;
}

export function policyKey(scope: PolicyScope): Item {
  return keyOf(policyPartition(scope), 'policy');
}

/** `before`: the item that it replaces. */
export function policyItem(scope: PolicyScope, policy: StoredPolicy, before?: Item): Item {
  const texts = writeDocument(policyDocument, policy.document, textsBefore(before, 'document'));
  return {
    ...policyKey(scope),
    ...documentAttributes('document', texts),
    revision: number(policy.revision),
    updatedAt: number(policy.updatedAt),
  };
}

/** Throws `UnreadableRow`. */
export function policyOf(table: ReadTable, scope: PolicyScope, item: Item): StoredPolicy {
  return table.bad.throwing(
    { table: 'policies', id: policySubject(scope) },
    () => storedPolicy(item),
    async () => {
      const now = await getItem(table, policyKey(scope));
      return now === undefined ? undefined : storedPolicy(now);
    },
  );
}

function storedPolicy(item: Item): StoredPolicy {
  return {
    document: readDocument(policyDocument, documentTexts(item, 'document')),
    revision: numberOf(item, 'revision'),
    updatedAt: numberOf(item, 'updatedAt'),
  };
}
