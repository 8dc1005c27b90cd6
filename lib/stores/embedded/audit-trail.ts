/**
 * The audit trail: changes, written in the transaction of what they tell of, and decisions, written in groups.
 *
 * All decisions of one turn of the event loop are one write of the commit queue; each caller waits for the commit that
 * holds his. Decisions older than the newest `keep` entries go in the same transactions. Changes stay: whoever has a host's
 * token can make any number of decisions, and must not be able to push out with them what administrators did.
 */
import type { AuditEntry, AuditQuery, ChangeEntry, DecisionEntry } from '../../domain/audit.ts';
import { entryDocument } from '../audit-document.ts';
import type { Page, PageResult } from '../catalogue.ts';
import { encodeCursor, pageOf, positionBefore, withOneMore } from '../cursor.ts';
import { endedAt } from '../since.ts';
import type { BadRows } from '../bad-rows.ts';
import { readDocument, writeDocument } from '../stored-document.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { Database, Row } from './database.ts';
import { documentTexts, numberOf } from './rows.ts';

export interface AuditTrail {
  /** Within the caller's transaction. */
  readonly insertChange: (change: ChangeEntry) => void;
  readonly recordDecision: (entry: DecisionEntry) => Promise<void>;
  readonly listAudit: (query: AuditQuery) => Promise<PageResult<AuditEntry>>;
}

interface Batch {
  readonly entries: DecisionEntry[];
  readonly written: Promise<void>;
}

/** After a start, or when `keep` was lowered, the rest goes bit by bit: no single write may take long. */
const PRUNED_AT_ONCE = 1_000;

export function auditTrail(
  database: Database,
  { keep, commits, bad }: { readonly keep: number; readonly commits: CommitQueue; readonly bad: BadRows },
): AuditTrail {
  const insert = insertion(database);
  const newest = database.prepare('SELECT max(seq) AS seq FROM audit');
  const prune = database.prepare(`DELETE FROM audit WHERE seq > ? AND seq <= ? AND type = 'decision'`);
  /** No decision is left up to here: so that each time looks at the next few rows only, and not at all that stayed. */
  let prunedTo = 0;
  /** What the next commit writes. */
  let batch: Batch | undefined;

  /** Returns up to where no decision is left. */
  const write = (entries: readonly DecisionEntry[]): number => {
    for (const entry of entries) insert(entry, { environment: entry.environment });
    const upTo = Math.min(numberOf(newest.get() ?? {}, 'seq') - keep, prunedTo + PRUNED_AT_ONCE + entries.length);
    if (upTo > prunedTo) prune.run(prunedTo, upTo);
    return Math.max(prunedTo, upTo);
  };

  const commit = async (entries: readonly DecisionEntry[]): Promise<void> => {
    try {
      prunedTo = await commits.commit(database, () => {
        batch = undefined;
        return write(entries);
      });
    } catch (error) {
      // A commit that could not even begin has not run what is above.
      if (batch?.entries === entries) batch = undefined;
      throw error;
    }
  };

  return {
    insertChange: (change) => {
      insert(change, { subject: change.subject });
    },
    recordDecision: async (entry) => {
      if (batch === undefined) {
        const entries = [entry];
        batch = { entries, written: commit(entries) };
      } else {
        batch.entries.push(entry);
      }
      await batch.written;
    },
    listAudit: auditLists(database, bad),
  };
}

function insertion(database: Database) {
  const insert = database.prepare(
    'INSERT INTO audit (type, environment, subject, entry, entry_later) VALUES (?, ?, ?, ?, ?)',
  );
  return (
    entry: DecisionEntry | ChangeEntry,
    { environment, subject }: { readonly environment?: string; readonly subject?: string },
  ): void => {
    const { document, later } = writeDocument(entryDocument, entry);
    insert.run(entry.type, environment ?? null, subject ?? null, document, later ?? null);
  };
}

function auditLists(database: Database, bad: BadRows): AuditTrail['listAudit'] {
  const bySeq = database.prepare('SELECT seq, entry, entry_later FROM audit WHERE seq = ?');
  const decode = (row: Row): AuditEntry | undefined => {
    const seq = numberOf(row, 'seq');
    return bad.readable(
      { table: 'audit', id: String(seq) },
      () => entryOf(row),
      () => {
        const now = bySeq.get(seq);
        return now === undefined ? undefined : entryOf(now);
      },
    );
  };
  const all = database.prepare('SELECT seq, entry, entry_later FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?');
  const changes = database.prepare(
    `SELECT seq, entry, entry_later FROM audit WHERE seq < ? AND type = 'change' ORDER BY seq DESC LIMIT ?`,
  );
  const decisions = database.prepare(
    `SELECT seq, entry, entry_later FROM audit WHERE seq < ? AND type = 'decision' ORDER BY seq DESC LIMIT ?`,
  );
  const ofEnvironment = database.prepare(
    'SELECT seq, entry, entry_later FROM audit WHERE seq < ? AND environment = ? ORDER BY seq DESC LIMIT ?',
  );
  const ofSubject = database.prepare(SUBJECT_SQL);
  return async ({ limit, cursor, environment, type, subject, sort, since }) => {
    const before = positionBefore('audit', cursor);
    if (before === 'bad_cursor') return before;
    const count = withOneMore(limit);
    const page = (rows: readonly Row[]): Page<AuditEntry> =>
      endedAt(since, pageOf(rows, { limit, decode, cursorAfter }));
    if (subject !== undefined) {
      // No decision has a subject, and no change is made in an environment.
      if (environment !== undefined || type === 'decision') return { items: [] };
      return page(ofSubject.all(before, subject, sort === undefined ? '*' : `${sort}.*`, count));
    }
    if (environment !== undefined) {
      return type === 'change' ? { items: [] } : page(ofEnvironment.all(before, environment, count));
    }
    const list = type === undefined ? all : type === 'change' ? changes : decisions;
    return page(list.all(before, count));
  };
}

/** The newest below a number, of one subject; of its actions those that fit a pattern, or what cannot be read for all of them. */
export const SUBJECT_SQL = `SELECT seq, entry, entry_later FROM audit
  WHERE seq < ? AND subject = ? AND iif(json_valid(entry), entry ->> '$.action', '') GLOB ? ORDER BY seq DESC LIMIT ?`;

function cursorAfter(row: Row): string {
  return encodeCursor('audit', [numberOf(row, 'seq')]);
}

function entryOf(row: Row): AuditEntry {
  return { ...readDocument(entryDocument, documentTexts(row, 'entry')), id: String(numberOf(row, 'seq')) };
}
