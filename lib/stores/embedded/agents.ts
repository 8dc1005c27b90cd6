/** Agents in the embedded catalogue. */
import * as z from 'zod/mini';

import { ROLES, type Agent } from '../../domain/agent.ts';
import type { Catalogue } from '../catalogue.ts';
import type { AuditTrail } from './audit-trail.ts';
import { decodeCursor, encodeCursor, pageOf, withOneMore } from './cursor.ts';
import type { Database, Row } from './database.ts';
import { numberOf, parseJson, textOf } from './rows.ts';

export interface Agents extends Pick<Catalogue, 'addAgent' | 'getAgent' | 'listAgents' | 'removeAgent'> {
  read(id: string): Agent | undefined;
}

export function agentsIn(database: Database, audit: AuditTrail): Agents {
  const select = database.prepare('SELECT seq, document FROM agents WHERE id = ?');
  const insert = database.prepare('INSERT INTO agents (id, created_at, document) VALUES (?, ?, ?) RETURNING seq');
  const insertEnvironment = database.prepare(
    'INSERT OR IGNORE INTO agent_environments (seq, environment) VALUES (?, ?)',
  );
  const remove = database.prepare('DELETE FROM agents WHERE id = ?');
  const read = (id: string): Agent | undefined => {
    const row = select.get(id);
    return row === undefined ? undefined : agentOf(row);
  };
  return {
    read,
    getAgent: async (id) => read(id),
    addAgent: async (agent, change) => {
      database.transaction(() => {
        if (select.get(agent.id) !== undefined) throw new Error(`agent ${agent.id} exists already`);
        const row = insert.get(agent.id, agent.createdAt, JSON.stringify(agent)) ?? {};
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

const agentDocument: z.ZodMiniType<Agent> = z.strictObject({
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  environments: z.array(z.string()),
  export: z.boolean(),
  createdAt: z.number(),
  expiresAt: z.exactOptional(z.number()),
  tokenHash: z.string(),
} satisfies Record<keyof Agent, z.ZodMiniType>);
