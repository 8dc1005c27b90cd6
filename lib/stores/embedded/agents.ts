/** Agents in the embedded catalogue. */
import type { Agent, PrincipalAgent } from '../../domain/agent.ts';
import { agentDocument, principalAgentDocument } from '../agent-document.ts';
import type { CallerQuery, Catalogue } from '../catalogue.ts';
import { decodeCursor, encodeCursor, pageOf, withOneMore } from '../cursor.ts';
import type { BadRows } from '../bad-rows.ts';
import { readDocument, writeDocument, type DocumentKind } from '../stored-document.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { Database, Row } from './database.ts';
import { documentTexts, numberOf, textOf } from './rows.ts';

export interface Agents extends Pick<
  Catalogue,
  'addAgent' | 'getAgent' | 'listAgents' | 'removeAgent' | 'listPrincipals'
> {
  readFor(caller: CallerQuery): readonly Agent[];
}

/** A range of its index, already in order. */
export const PRINCIPALS_SQL =
  'SELECT id, document, document_later FROM agents WHERE principal IS NOT NULL ORDER BY created_at, id';

export function agentsIn(
  database: Database,
  { audit, bad }: { readonly audit: AuditTrail; readonly bad: BadRows },
): Agents {
  const select = database.prepare('SELECT seq, document, document_later FROM agents WHERE id = ?');
  const insert = database.prepare(
    'INSERT INTO agents (id, created_at, document, document_later, principal) VALUES (?, ?, ?, ?, ?) RETURNING seq',
  );
  const selectPrincipals = database.prepare(PRINCIPALS_SQL);
  const insertEnvironment = database.prepare(
    'INSERT OR IGNORE INTO agent_environments (seq, environment) VALUES (?, ?)',
  );
  const remove = database.prepare('DELETE FROM agents WHERE id = ?');
  const parsed = (id: string): Agent | undefined => {
    const row = select.get(id);
    return row === undefined ? undefined : agentOf(agentDocument, row);
  };
  const read = (id: string): Agent | undefined =>
    bad.throwing(
      { table: 'agents', id },
      () => parsed(id),
      () => parsed(id),
    );
  const readable = <Value>(kind: DocumentKind<Value>, row: Row): Value | undefined => {
    const id = textOf(row, 'id');
    return bad.readable(
      { table: 'agents', id },
      () => agentOf(kind, row),
      () => parsed(id),
    );
  };
  // A caller whose agent cannot be read is bound to nobody.
  const readPrincipals = (): readonly PrincipalAgent[] =>
    selectPrincipals.all().flatMap((row) => readable(principalAgentDocument, row) ?? []);
  return {
    readFor: (caller) => {
      if (caller.kind === 'principals') return readPrincipals();
      const agent = read(caller.id);
      return agent === undefined ? [] : [agent];
    },
    listPrincipals: async () => readPrincipals(),
    getAgent: async (id) => read(id),
    addAgent: async (agent, change) => {
      database.transaction(() => {
        if (select.get(agent.id) !== undefined) throw new Error(`agent ${agent.id} exists already`);
        const { document, later } = writeDocument(agentDocument, agent);
        const row = insert.get(agent.id, agent.createdAt, document, later ?? null, agent.principal ?? null) ?? {};
        for (const environment of agent.environments) insertEnvironment.run(numberOf(row, 'seq'), environment);
        audit.insertChange(change);
      });
    },
    removeAgent: async (id, change) =>
      database.transaction(() => {
        if (remove.run(id) === 0) return 'missing';
        audit.insertChange(change);
        return 'removed';
      }),
    listAgents: agentList(database, (row) => readable(agentDocument, row)),
  };
}

function agentList(database: Database, decode: (row: Row) => Agent | undefined): Catalogue['listAgents'] {
  const list = database.prepare(
    `SELECT id, created_at, document, document_later FROM agents
     WHERE (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?`,
  );
  return async ({ limit, cursor }) => {
    const after = cursor === undefined ? [-Number.MAX_VALUE, ''] : decodeCursor('agents', cursor);
    if (after === 'bad_cursor') return after;
    const [createdAt, id, ...rest] = after;
    if (typeof createdAt !== 'number' || typeof id !== 'string' || rest.length > 0) return 'bad_cursor';
    const rows = list.all(createdAt, id, withOneMore(limit));
    return pageOf(rows, { limit, decode, cursorAfter });
  };
}

function cursorAfter(row: Row): string {
  return encodeCursor('agents', [numberOf(row, 'created_at'), textOf(row, 'id')]);
}

function agentOf<Value>(kind: DocumentKind<Value>, row: Row): Value {
  return readDocument(kind, documentTexts(row, 'document'));
}
