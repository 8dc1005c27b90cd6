/** Policies in the embedded catalogue: one row a scope, with its own revision. */
import type { StoredPolicy } from '../../domain/policy.ts';
import type { Catalogue, PolicyScope } from '../catalogue.ts';
import { policyDocument } from '../policy-document.ts';
import { parseJson } from '../stored-json.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { Database, Row } from './database.ts';
import { numberOf, textOf } from './rows.ts';

export interface Policies extends Pick<Catalogue, 'getPolicy' | 'putPolicy'> {
  read(scope: PolicyScope): StoredPolicy | undefined;
}

export function policiesIn(database: Database, audit: AuditTrail): Policies {
  const select = database.prepare('SELECT document, revision, updated_at FROM policies WHERE scope = ?');
  const upsert = database.prepare(
    `INSERT INTO policies (scope, document, revision, updated_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (scope) DO UPDATE
     SET document = excluded.document, revision = excluded.revision, updated_at = excluded.updated_at`,
  );
  const read = (scope: PolicyScope): StoredPolicy | undefined => {
    const row = select.get(keyOf(scope));
    return row === undefined ? undefined : policyOf(row);
  };
  return {
    read,
    getPolicy: async (scope) => read(scope),
    putPolicy: async ({ scope, document, expectedRevision, updatedAt, change }) =>
      database.transaction(() => {
        const currentRevision = read(scope)?.revision ?? 0;
        if (expectedRevision !== undefined && expectedRevision !== currentRevision) {
          return { kind: 'conflict', currentRevision };
        }
        const revision = currentRevision + 1;
        upsert.run(keyOf(scope), JSON.stringify(document), revision, updatedAt);
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
    document: parseJson(policyDocument, textOf(row, 'document')),
    revision: numberOf(row, 'revision'),
    updatedAt: numberOf(row, 'updated_at'),
  };
}
