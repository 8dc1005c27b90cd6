/**
 * Audit entries as items. Their ids are ULIDs, so that a partition's order is that of time. Decisions come as fast as hosts
 * pull, so they are spread over several partitions and go after a while; changes stay.
 */
import { createHash } from 'node:crypto';
import { encodeTime, monotonicFactory } from 'ulid';

import { subjectSortOf, type AuditEntry, type ChangeEntry, type DecisionEntry } from '../../domain/audit.ts';
import { entryDocument } from '../audit-document.ts';
import { readDocument, writeDocument } from '../stored-document.ts';
import { documentAttributes, documentTexts, keyOf, number, text, textOf, type Item } from './attributes.ts';
import { INDEXES, PARTITION_KEY, PREFIX, SORT_KEY, TTL_ATTRIBUTE } from './table-schema.ts';
import { getItem, type ReadTable } from './table.ts';

export const CHANGES_PARTITION = `${PREFIX.audit}change`;
const SHARDS = 4;
export const DECISION_PARTITIONS: readonly string[] = Array.from({ length: SHARDS }, (_, shard) => shardName(shard));

function shardName(shard: number): string {
  return `${PREFIX.audit}decision#${shard}`;
}

export const AUDIT_ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_DIGITS = 10;
const RANDOM_DIGITS = 16;

const LATEST = 2 ** 48 - 1;

/** Not above the id of any entry that was made then or later: an id is made with its entry, or after it. */
export function lowestAuditId(since: number): string {
  return encodeTime(Math.min(Math.max(Math.floor(since), 0), LATEST), TIME_DIGITS) + '0'.repeat(RANDOM_DIGITS);
}

/** In the order they are made, within this process; between processes in that of their clocks. */
export function auditIds(now: () => number): () => string {
  const next = monotonicFactory();
  return () => next(now());
}

/** The same for the same event, however often it is delivered; otherwise as good as random. */
export function auditIdOf(at: number, eventId: string): string {
  const hash = createHash('sha256').update(eventId).digest();
  const digits = Array.from(hash.subarray(0, RANDOM_DIGITS), (byte) => DIGITS.charAt(byte % DIGITS.length));
  return encodeTime(Math.trunc(at), TIME_DIGITS) + digits.join('');
}

/** Listed with all changes, and by the index with those of its subject. */
export function changeItem(id: string, entry: ChangeEntry): Item {
  return {
    ...keyOf(CHANGES_PARTITION, id),
    ...documentAttributes('entry', writeDocument(entryDocument, entry)),
    [INDEXES.list.partitionKey]: text(historyOf(entry.subject)),
    [INDEXES.list.sortKey.name]: text(id),
    [SUBJECT_SORT]: text(subjectSortOf(entry)),
  };
}

/** The index's partition for a subject. No list's name has the sign. */
export function historyOf(subject: string): string {
  return `history#${subject}`;
}

/** One of the attributes that the index has beside its keys. */
export const SUBJECT_SORT = 'kind' satisfies (typeof INDEXES.list.attributes)[number];

const DAY_SECONDS = 86_400;

/** `from`: milliseconds since the epoch. */
export function decisionItem(
  id: string,
  entry: DecisionEntry,
  kept: { readonly from: number; readonly days: number },
): Item {
  const shard = DIGITS.indexOf(id.slice(-1)) % SHARDS;
  return {
    ...keyOf(shardName(shard), id),
    ...documentAttributes('entry', writeDocument(entryDocument, entry)),
    environment: text(entry.environment),
    [TTL_ATTRIBUTE]: number(Math.ceil(kept.from / 1000) + kept.days * DAY_SECONDS),
  };
}

/** Undefined where it cannot be read. */
export function auditEntryOf(table: ReadTable, item: Item): AuditEntry | undefined {
  const id = textOf(item, SORT_KEY);
  return table.bad.readable(
    { table: 'audit', id },
    () => entryOf(item),
    async () => {
      const now = await getItem(table, keyOf(textOf(item, PARTITION_KEY), id));
      return now === undefined ? undefined : entryOf(now);
    },
  );
}

function entryOf(item: Item): AuditEntry {
  return { ...readDocument(entryDocument, documentTexts(item, 'entry')), id: textOf(item, SORT_KEY) };
}
