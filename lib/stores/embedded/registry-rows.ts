/**
 * A registry as a row, and back. Columns are the truth for what they hold (order, revision, due time, claim), the two
 * documents for the rest; the columns that only serve to search (address, host, kind, state, expiry) are never read, but for
 * where a registry is that cannot be read otherwise.
 */
import { parseAddress } from '../../domain/address.ts';
import type { CredentialRecord } from '../../domain/credential.ts';
import type { Registry } from '../../domain/registry.ts';
import type { UnreadableRegistry } from '../../domain/unreadable-registry.ts';
import { credentialDocument, registryDocument } from '../registry-document.ts';
import { readDocument } from '../stored-document.ts';
import type { Row } from './database.ts';
import { documentTexts, numberOf, optionalNumberOf, optionalTextOf, textOf } from './rows.ts';

export const REGISTRY_COLUMNS =
  'ord, id, address, revision, document, document_later, credential, credential_later, due_at, claim_id, claim_until';

export function registryOf(row: Row): Registry {
  return {
    ...readDocument(registryDocument, documentTexts(row, 'document')),
    order: numberOf(row, 'ord'),
    revision: numberOf(row, 'revision'),
    credential: credentialOf(row),
  };
}

/** Its environments are rows of their own. */
export function unreadableOf(row: Row, environments: readonly string[]): UnreadableRegistry {
  const address = parseAddress(textOf(row, 'address'));
  return {
    id: textOf(row, 'id'),
    ...(address.ok ? { address: address.value.canonical } : {}),
    ...(environments.length === 0 ? {} : { environments }),
  };
}

function credentialOf(row: Row): CredentialRecord {
  const dueAt = optionalNumberOf(row, 'due_at');
  const id = optionalTextOf(row, 'claim_id');
  return {
    ...readDocument(credentialDocument, documentTexts(row, 'credential')),
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(id === undefined ? {} : { claim: { id, until: numberOf(row, 'claim_until') } }),
  };
}
