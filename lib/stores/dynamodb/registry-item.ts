/**
 * A registry as an item, and back. `document`, `credential` and the attributes beside them are the truth; the indexes'
 * attributes are only searched by and never read.
 *
 * `stamp` counts every write of the item, refreshes included: whoever changes one has read it, and writes on condition that
 * nobody did meanwhile.
 */
import { splitAddress } from '../../domain/address.ts';
import type { CredentialRecord } from '../../domain/credential.ts';
import type { Registry } from '../../domain/registry.ts';
import { credentialDocument, credentialDocumentOf, documentOf, registryDocument } from '../registry-document.ts';
import { readDocument, writeDocument } from '../stored-document.ts';
import {
  documentAttributes,
  documentTexts,
  keyOf,
  number,
  numberOf,
  optionalNumberOf,
  optionalTextOf,
  text,
  textOf,
  textsBefore,
  textSet,
  type Item,
} from './attributes.ts';
import { INDEXES, PREFIX } from './table-schema.ts';

export const REGISTRIES_LIST = 'registries';
export const STAMP = 'stamp';
export const CLAIM_ID = 'claimId';
export const CLAIM_UNTIL = 'claimUntil';
const REFRESH_AT = 'refreshAt';

export function hostPartition(host: string): string {
  return PREFIX.host + host;
}

export function registryKey(host: string, id: string): Item {
  return keyOf(hostPartition(host), PREFIX.registry + id);
}

/** On which host a registry is. */
export function pointerKey(id: string): Item {
  return keyOf(PREFIX.registry + id, 'registry');
}

export function pointerItem(registry: Pick<Registry, 'id' | 'address'>): Item {
  return { ...pointerKey(registry.id), host: text(splitAddress(registry.address).host) };
}

/** `before`: the item that it replaces. */
export function registryItem(registry: Registry, stamp: number, before?: Item): Item {
  const { id, address, order, revision, state, source, environments, credential } = registry;
  const { dueAt, claim } = credential;
  const settings = writeDocument(registryDocument, documentOf(registry), textsBefore(before, 'document'));
  const record = writeDocument(credentialDocument, credentialDocumentOf(credential), textsBefore(before, 'credential'));
  return {
    ...registryKey(splitAddress(address).host, id),
    ...documentAttributes('document', settings),
    ...documentAttributes('credential', record),
    order: number(order),
    revision: number(revision),
    [STAMP]: number(stamp),
    ...(dueAt === undefined ? {} : { [REFRESH_AT]: number(dueAt) }),
    ...(claim === undefined ? {} : { [CLAIM_ID]: text(claim.id), [CLAIM_UNTIL]: number(claim.until) }),
    [INDEXES.list.partitionKey]: text(REGISTRIES_LIST),
    [INDEXES.list.sortKey.name]: text(registryListKey(order)),
    environments: textSet(environments),
    kind: text(source.kind),
    state: text(state),
    ...(state === 'active' ? queueAttributes(source.kind, credential) : {}),
  };
}

const ORDER_DIGITS = 16;

/** As text, whose order is that of the numbers. */
export function registryListKey(order: number): string {
  return String(order).padStart(ORDER_DIGITS, '0');
}

function queueAttributes(kind: string, { dueAt, claim, current, urgentAt }: CredentialRecord): Item {
  const { due, expiring, urgent } = INDEXES;
  const item: Item = {};
  if (dueAt !== undefined) {
    item[due.partitionKey] = text(kind);
    // From when on it can be claimed: one comparison instead of two.
    item[due.sortKey.name] = number(claim === undefined ? dueAt : Math.max(dueAt, claim.until));
  }
  if (current?.expiresAt !== undefined) {
    item[expiring.partitionKey] = text(kind);
    item[expiring.sortKey.name] = number(current.expiresAt);
  }
  if (urgentAt !== undefined) {
    item[urgent.partitionKey] = text(urgent.name);
    item[urgent.sortKey.name] = number(urgentAt);
  }
  return item;
}

export function isRegistryItem(item: Item): boolean {
  return textOf(item, 'pk').startsWith(PREFIX.host) && textOf(item, 'sk').startsWith(PREFIX.registry);
}

export function registryOf(item: Item): Registry {
  return {
    ...readDocument(registryDocument, documentTexts(item, 'document')),
    order: numberOf(item, 'order'),
    revision: numberOf(item, 'revision'),
    credential: credentialOf(item),
  };
}

export function stampOf(item: Item): number {
  return numberOf(item, STAMP);
}

function credentialOf(item: Item): CredentialRecord {
  const dueAt = optionalNumberOf(item, REFRESH_AT);
  const id = optionalTextOf(item, CLAIM_ID);
  return {
    ...readDocument(credentialDocument, documentTexts(item, 'credential')),
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(id === undefined ? {} : { claim: { id, until: numberOf(item, CLAIM_UNTIL) } }),
  };
}

/** The id within an item's key. */
export function registryIdOf(key: Item): string {
  return textOf(key, 'sk').slice(PREFIX.registry.length);
}
