/**
 * A registry as a row, and back. Columns are the truth for what they hold (order, revision, due time, claim), the two
 * documents for the rest; the columns that only serve to search (address, host, kind, state, expiry) are never read.
 */
import type { CredentialRecord } from '../../domain/credential.ts';
import type { Registry } from '../../domain/registry.ts';
import { credentialDocument, registryDocument } from '../registry-document.ts';
import { parseJson } from '../stored-json.ts';
import type { Row } from './database.ts';
import { numberOf, optionalNumberOf, optionalTextOf, textOf } from './rows.ts';

export function registryOf(row: Row): Registry {
  return {
    ...parseJson(registryDocument, textOf(row, 'document')),
    order: numberOf(row, 'ord'),
    revision: numberOf(row, 'revision'),
    credential: credentialOf(row),
  };
}

function credentialOf(row: Row): CredentialRecord {
  const dueAt = optionalNumberOf(row, 'due_at');
  const id = optionalTextOf(row, 'claim_id');
  return {
    ...parseJson(credentialDocument, textOf(row, 'credential')),
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(id === undefined ? {} : { claim: { id, until: numberOf(row, 'claim_until') } }),
  };
}
