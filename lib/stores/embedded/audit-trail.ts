/**
 * The audit trail: changes, written in the transaction of what they tell of, and decisions, written in groups.
 *
 * A durable write costs one flush of the disk however much is in it, so all decisions of one turn of the event loop
 * share one; each caller still waits for the flush that holds his. Decisions older than the newest `keep` entries go in
 * the same transactions. Changes stay: whoever has a host's token can make any number of decisions, and must not be able
 * to push out with them what administrators did.
 */
import type { AuditEntry, AuditQuery, ChangeEntry, DecisionEntry } from '../../domain/audit.ts';
import { entryDocument } from '../audit-document.ts';
import { StoreUnavailable, type Page, type PageResult } from '../catalogue.ts';
import { encodeCursor, pageOf, positionBefore, withOneMore } from '../cursor.ts';
import { endedAt } from '../since.ts';
import { parseJson } from '../stored-json.ts';
import type { Database, Row } from './database.ts';
import { numberOf, textOf } from './rows.ts';

export interface AuditTrail {
  /** Within the caller's transaction. */
  readonly insertChange: (change: ChangeEntry) => void;
  readonly recordDecision: (entry: DecisionEntry) => Promise<void>;
  readonly listAudit: (query: AuditQuery) => Promise<PageResult<AuditEntry>>;
  /** Writes what still waits; decisions that come later are refused. */
  readonly close: () => void;
}

interface Waiting {
  readonly entry: DecisionEntry;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** After a start, or when `keep` was lowered, the rest goes bit by bit: no single write may take long. */
const PRUNED_AT_ONCE = 1_000;

export function auditTrail(database: Database, { keep }: { readonly keep: number }): AuditTrail {
  const insert = database.prepare('INSERT INTO audit (type, environment, subject, entry) VALUES (?, ?, ?, ?)');
  const newest = database.prepare('SELECT max(seq) AS seq FROM audit');
  const prune = database.prepare(`DELETE FROM audit WHERE seq > ? AND seq <= ? AND type = 'decision'`);
  /** No decision is left up to here: so that each time looks at the next few rows only, and not at all that stayed. */
  let prunedTo = 0;
  let waiting: Waiting[] = [];
  let closed = false;

  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      prunedTo = database.transaction(() => {
        for (const { entry } of batch) insert.run(entry.type, entry.environment, null, JSON.stringify(entry));
        const upTo = Math.min(numberOf(newest.get() ?? {}, 'seq') - keep, prunedTo + PRUNED_AT_ONCE + batch.length);
        if (upTo > prunedTo) prune.run(prunedTo, upTo);
        return Math.max(prunedTo, upTo);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const { resolve } of batch) resolve();
  };

  return {
    insertChange: (change) => {
      insert.run(change.type, null, change.subject, JSON.stringify(change));
    },
    recordDecision: async (entry) => {
      if (closed) throw new StoreUnavailable('closed');
      if (waiting.length === 0) setImmediate(flush);
      await new Promise<void>((resolve, reject) => {
        waiting.push({ entry, resolve, reject });
      });
    },
    listAudit: auditLists(database),
    close: () => {
      closed = true;
      flush();
    },
  };
}

function auditLists(database: Database): AuditTrail['listAudit'] {
  const all = database.prepare('SELECT seq, entry FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?');
  const changes = database.prepare(
    `SELECT seq, entry FROM audit WHERE seq < ? AND type = 'change' ORDER BY seq DESC LIMIT ?`,
  );
  const decisions = database.prepare(
    `SELECT seq, entry FROM audit WHERE seq < ? AND type = 'decision' ORDER BY seq DESC LIMIT ?`,
  );
  const ofEnvironment = database.prepare(
    'SELECT seq, entry FROM audit WHERE seq < ? AND environment = ? ORDER BY seq DESC LIMIT ?',
  );
  const ofSubject = database.prepare(SUBJECT_SQL);
  return async ({ limit, cursor, environment, type, subject, sort, since }) => {
    const before = positionBefore('audit', cursor);
    if (before === 'bad_cursor') return before;
    const count = withOneMore(limit);
    const page = (rows: readonly Row[]): Page<AuditEntry> =>
      endedAt(since, pageOf(rows, { limit, decode: entryOf, cursorAfter }));
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

/** The newest below a number, of one subject; of its actions those that fit a pattern. */
export const SUBJECT_SQL = `SELECT seq, entry FROM audit
  WHERE seq < ? AND subject = ? AND entry ->> '$.action' GLOB ? ORDER BY seq DESC LIMIT ?`;

function cursorAfter(row: Row): string {
  return encodeCursor('audit', [numberOf(row, 'seq')]);
}

function entryOf(row: Row): AuditEntry {
  return { ...parseJson(entryDocument, textOf(row, 'entry')), id: String(numberOf(row, 'seq')) };
}
