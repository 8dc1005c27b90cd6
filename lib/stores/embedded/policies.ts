/** Policies in the embedded catalogue: one row a scope, with its own revision. */
import { policySubject } from '../../domain/audit.ts';
import type { StoredPolicy } from '../../domain/policy.ts';
import type { Catalogue, PolicyScope } from '../catalogue.ts';
import { policyDocument } from '../policy-document.ts';
import type { BadRows } from '../bad-rows.ts';
import { readDocument, writeDocument } from '../stored-document.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { Database, Row } from './database.ts';
import { documentTexts, numberOf } from './rows.ts';

export interface Policies extends Pick<Catalogue, 'getPolicy' | 'putPolicy'> {
  read(scope: PolicyScope): StoredPolicy | undefined;
}

export function policiesIn(
  database: Database,
  { audit, bad }: { readonly audit: AuditTrail; readonly bad: BadRows },
): Policies {
  const select = database.prepare(
    'SELECT document, document_later, revision, updated_at FROM policies WHERE scope = ?',
  );
  const upsert = database.prepare(
    `INSERT INTO policies (scope, document, document_later, revision, updated_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (scope) DO UPDATE
     SET document = excluded.document, document_later = excluded.document_later, revision = excluded.revision, updated_at = excluded.updated_at`,
  );
  const parsed = (scope: PolicyScope): StoredPolicy | undefined => {
    const row = select.get(keyOf(scope));
    return row === undefined ? undefined : policyOf(row);
  };
  const read = (scope: PolicyScope): StoredPolicy | undefined =>
    bad.throwing(
      { table: 'policies', id: policySubject(scope) },
      () => parsed(scope),
      () => parsed(scope),
    );
  return {
    read,
    getPolicy: async (scope) => read(scope),
    putPolicy: async ({ scope, document, expectedRevision, updatedAt, change }) =>
      database.transaction(() => {
        const before = select.get(keyOf(scope));
        const currentRevision = before === undefined ? 0 : numberOf(before, 'revision');
        if (expectedRevision !== undefined && expectedRevision !== currentRevision) {
          return { kind: 'conflict', currentRevision };
        }
        const revision = currentRevision + 1;
        const replaced = before === undefined ? undefined : documentTexts(before, 'document');
        const texts = writeDocument(policyDocument, document, replaced);
        upsert.run(keyOf(scope), texts.document, texts.later ?? null, revision, updatedAt);
        audit.insertChange(change);
        return { kind: 'stored', item: { document, revision, updatedAt } };
      }),
  };
}

/** No environment has an empty name. */
function keyOf(scope: PolicyScope): string {
  return scope ?? '';
}

function policyOf(row: Row): StoredPolicy {
  return {
    document: readDocument(policyDocument, documentTexts(row, 'document')),
    revision: numberOf(row, 'revision'),
    updatedAt: numberOf(row, 'updated_at'),
  };
}
