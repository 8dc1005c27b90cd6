/** Agents in the embedded catalogue. */
import type { Agent, PrincipalAgent } from '../../domain/agent.ts';
import { agentDocument, principalAgentDocument } from '../agent-document.ts';
import type { CallerQuery, Catalogue } from '../catalogue.ts';
import { decodeCursor, encodeCursor, pageOf, withOneMore } from '../cursor.ts';
import { parseJson } from '../stored-json.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { Database, Row } from './database.ts';
import { numberOf, textOf } from './rows.ts';

export interface Agents extends Pick<
  Catalogue,
  'addAgent' | 'getAgent' | 'listAgents' | 'removeAgent' | 'listPrincipals'
> {
  readFor(caller: CallerQuery): readonly Agent[];
}

/** A range of its index, already in order. */
export const PRINCIPALS_SQL = 'SELECT document FROM agents WHERE principal IS NOT NULL ORDER BY created_at, id';

export function agentsIn(database: Database, audit: AuditTrail): Agents {
  const select = database.prepare('SELECT seq, document FROM agents WHERE id = ?');
  const insert = database.prepare(
    'INSERT INTO agents (id, created_at, document, principal) VALUES (?, ?, ?, ?) RETURNING seq',
  );
  const selectPrincipals = database.prepare(PRINCIPALS_SQL);
  const insertEnvironment = database.prepare(
    'INSERT OR IGNORE INTO agent_environments (seq, environment) VALUES (?, ?)',
  );
  const remove = database.prepare('DELETE FROM agents WHERE id = ?');
  const read = (id: string): Agent | undefined => {
    const row = select.get(id);
    return row === undefined ? undefined : agentOf(row);
  };
  const readPrincipals = (): readonly PrincipalAgent[] =>
    selectPrincipals.all().map((row) => parseJson(principalAgentDocument, textOf(row, 'document')));
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
        const row = insert.get(agent.id, agent.createdAt, JSON.stringify(agent), agent.principal ?? null) ?? {};
        for (const environment of agent.environments) insertEnvironment.run(numberOf(row, 'seq'), environment);
        audit.insertChange(change);
      });
    },
    removeAgent: async (id, change) =>
      database.transaction(() => {
        const agent = read(id);
        if (agent === undefined) return undefined;
        remove.run(id);
        audit.insertChange(change);
        return agent;
      }),
    listAgents: agentList(database),
  };
}

function agentList(database: Database): Catalogue['listAgents'] {
  const list = database.prepare(
    `SELECT id, created_at, document FROM agents WHERE (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?`,
  );
  return async ({ limit, cursor }) => {
    const after = cursor === undefined ? [-Number.MAX_VALUE, ''] : decodeCursor('agents', cursor);
    if (after === 'bad_cursor') return after;
    const [createdAt, id, ...rest] = after;
    if (typeof createdAt !== 'number' || typeof id !== 'string' || rest.length > 0) return 'bad_cursor';
    const rows = list.all(createdAt, id, withOneMore(limit));
    return pageOf(rows, { limit, decode: agentOf, cursorAfter });
  };
}

function cursorAfter(row: Row): string {
  return encodeCursor('agents', [numberOf(row, 'created_at'), textOf(row, 'id')]);
}

function agentOf(row: Row): Agent {
  return parseJson(agentDocument, textOf(row, 'document'));
}
