/** The audit trail: what goes into a change's transaction, and lists of it, merged from its partitions. */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';

import type { AuditEntry, AuditQuery, ChangeEntry } from '../../domain/audit.ts';
import type { Page, PageResult } from '../catalogue.ts';
import { encodeCursor, withOneMore } from '../cursor.ts';
import { endedAt } from '../since.ts';
import { fitsKey, text, textOf, type Item } from './attributes.ts';
import {
  AUDIT_ID,
  auditEntryOf,
  changeItem,
  CHANGES_PARTITION,
  DECISION_PARTITIONS,
  historyOf,
  lowestAuditId,
  SUBJECT_SORT,
} from './audit-item.ts';
import { listPage, positionAfter } from './list-pages.ts';
import { PARTITION_KEY, SORT_KEY } from './table-schema.ts';
import { queryPage, type ReadTable, type Table } from './table.ts';
import { putNew } from './writes.ts';

export interface ChangeTrail {
  /** For the transaction of what it tells of. */
  readonly entry: (change: ChangeEntry) => TransactWriteItem;
}

/** Never in the place of another entry. */
export function changeTrailOn(table: Table, nextId: () => string): ChangeTrail {
  return { entry: (change) => putNew(table, changeItem(nextId(), change)) };
}

export async function listAudit(table: ReadTable, query: AuditQuery): Promise<PageResult<AuditEntry>> {
  const { limit, cursor, environment, type, subject, since } = query;
  const position = positionAfter('audit', cursor, AUDIT_ID);
  if (position === 'bad_cursor') return position;
  if (subject !== undefined) {
    // No decision has a subject, and no change is made in an environment.
    if (environment !== undefined || type === 'decision' || !fitsKey(subject)) return { items: [] };
    return endedAt(since, await subjectPage(table, { ...query, subject, after: position.after }));
  }
  // Only decisions are made in an environment.
  const changes = type === 'decision' || environment !== undefined ? [] : [CHANGES_PARTITION];
  const decisions = type === 'change' ? [] : DECISION_PARTITIONS;
  const wanted = withOneMore(limit);
  const from = since === undefined ? undefined : lowestAuditId(since);
  const before = position.after;
  // A range that ends before it starts is an error there.
  if (from !== undefined && before !== undefined && before <= from) return { items: [] };
  const stretches = await Promise.all(
    [...changes, ...decisions].map((partition) => readStretch(table, { partition, from, before, environment, wanted })),
  );
  const page = mergedPage(stretches, { size: wanted - 1, decode: (item) => auditEntryOf(table, item) });
  // One may be older than its id. Behind it there may be more whose ids are in the range, so that its page goes on.
  return since === undefined ? page : { ...page, items: page.items.filter(({ at }) => at >= since) };
}

async function subjectPage(
  table: ReadTable,
  query: AuditQuery & { readonly subject: string; readonly after: string | undefined },
): Promise<Page<AuditEntry>> {
  const { limit, subject, sort, after } = query;
  const filter =
    sort === undefined
      ? undefined
      : {
          FilterExpression: '#sort = :sort',
          ExpressionAttributeNames: { '#sort': SUBJECT_SORT },
          ExpressionAttributeValues: { ':sort': text(sort) },
        };
  const list = { list: 'audit', partition: historyOf(subject), newestFirst: true } as const;
  return await listPage(table, { ...list, limit, after, filter, decode: (item) => auditEntryOf(table, item) });
}

/** The newest of one partition, without gaps down to `readTo`; undefined when that is all there is. */
interface Stretch {
  readonly items: readonly Item[];
  readonly readTo: string | undefined;
}

function mergedPage(
  stretches: readonly Stretch[],
  { size, decode }: { readonly size: number; readonly decode: (item: Item) => AuditEntry | undefined },
): Page<AuditEntry> {
  const ends = stretches.flatMap(({ readTo }) => readTo ?? []);
  // Below the newest of these, some partition has not been looked at.
  const complete = ends.reduce((newest, end) => (end > newest ? end : newest), '');
  const found = stretches
    .flatMap(({ items }) => items)
    .filter((item) => textOf(item, SORT_KEY) >= complete)
    .toSorted((left, right) => (textOf(left, SORT_KEY) < textOf(right, SORT_KEY) ? 1 : -1));
  const shown = found.slice(0, size);
  const items = shown.flatMap((item) => decode(item) ?? []);
  const last = shown.length < found.length ? shown.at(-1) : undefined;
  const end = last === undefined ? (complete === '' ? undefined : complete) : textOf(last, SORT_KEY);
  return end === undefined ? { items } : { items, cursor: encodeCursor('audit', [end]) };
}

/** A filter that fits little would otherwise read the whole partition: the page is then short, with a cursor. */
const READS_FOR_A_PAGE = 5;
const LOOKED_AT_IN_A_READ = 1_000;

interface StretchQuery {
  readonly partition: string;
  /** Ids. */
  readonly from: string | undefined;
  readonly before: string | undefined;
  readonly environment: string | undefined;
  readonly wanted: number;
}

async function readStretch(table: Table, query: StretchQuery): Promise<Stretch> {
  const items: Item[] = [];
  let next: Item | undefined;
  for (let reads = 0; reads < READS_FOR_A_PAGE; reads += 1) {
    const page = await queryPage(table, {
      ...stretchQuery(query),
      Limit: query.environment === undefined ? query.wanted - items.length : LOOKED_AT_IN_A_READ,
      ...(next === undefined ? {} : { ExclusiveStartKey: next }),
    });
    items.push(...page.items.filter((item) => textOf(item, SORT_KEY) !== query.before));
    next = page.next;
    const last = items.at(-1);
    if (items.length >= query.wanted && last !== undefined) return { items, readTo: textOf(last, SORT_KEY) };
    if (next === undefined) return { items, readTo: undefined };
  }
  return { items, readTo: next === undefined ? undefined : textOf(next, SORT_KEY) };
}

function stretchQuery({ partition, from, before, environment }: StretchQuery) {
  return {
    KeyConditionExpression: `#pk = :pk${idRange({ from, before })}`,
    ...(environment === undefined ? {} : { FilterExpression: '#environment = :environment' }),
    ExpressionAttributeNames: {
      '#pk': PARTITION_KEY,
      ...(from === undefined && before === undefined ? {} : { '#sk': SORT_KEY }),
      ...(environment === undefined ? {} : { '#environment': 'environment' }),
    },
    ExpressionAttributeValues: {
      ':pk': text(partition),
      ...(from === undefined ? {} : { ':from': text(from) }),
      ...(before === undefined ? {} : { ':before': text(before) }),
      ...(environment === undefined ? {} : { ':environment': text(environment) }),
    },
    ScanIndexForward: false,
    ConsistentRead: true,
  };
}

/** A key takes one condition, and `BETWEEN` takes both ends in: the one that is `before` itself is left out afterwards. */
function idRange({ from, before }: Pick<StretchQuery, 'from' | 'before'>): string {
  if (from === undefined) return before === undefined ? '' : ' AND #sk < :before';
  return before === undefined ? ' AND #sk >= :from' : ' AND #sk BETWEEN :from AND :before';
}
