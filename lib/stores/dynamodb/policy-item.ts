/** A policy as an item, and back. */
import type { StoredPolicy } from '../../domain/policy.ts';
import type { PolicyScope } from '../catalogue.ts';
import { policyDocument } from '../policy-document.ts';
import { parseJson } from '../stored-json.ts';
import { keyOf, number, numberOf, text, textOf, type Item } from './attributes.ts';
import { PREFIX } from './table-schema.ts';

export function policyPartition(scope: PolicyScope): string {
  return scope === null ? PREFIX.policy : `${PREFIX.policy}#${scope}`;
}

export function policyKey(scope: PolicyScope): Item {
  return keyOf(policyPartition(scope), 'policy');
}

export function policyItem(scope: PolicyScope, policy: StoredPolicy): Item {
  return {
    ...policyKey(scope),
    document: text(JSON.stringify(policy.document)),
    revision: number(policy.revision),
    updatedAt: number(policy.updatedAt),
  };
}

export function policyOf(item: Item): StoredPolicy {
  return {
    document: parseJson(policyDocument, textOf(item, 'document')),
    revision: numberOf(item, 'revision'),
    updatedAt: numberOf(item, 'updatedAt'),
  };
}
