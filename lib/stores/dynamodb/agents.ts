/** Agents: added, listed, removed, never changed. */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';

import type { Agent } from '../../domain/agent.ts';
import type { Catalogue } from '../catalogue.ts';
import { agentItem, agentKey, AGENTS_LIST, principalItem, principalKey, readableAgentOf } from './agent-item.ts';
import type { Item } from './attributes.ts';
import type { ChangeTrail } from './audit-trail.ts';
import { countEnvironments } from './environments.ts';
import { listPage, positionAfter } from './list-pages.ts';
import { PARTITION_KEY } from './table-schema.ts';
import { getItem } from './table.ts';
import { putNew, transact, type WriteTable } from './writes.ts';

const LIST_KEY = /^[0-9]{16}#./;

export function agentsOn(
  table: WriteTable,
  trail: ChangeTrail,
): Pick<Catalogue, 'addAgent' | 'listAgents' | 'removeAgent'> {
  return {
    addAgent: async (agent, change) => {
      const written = await transact(table, [
        putNew(table, agentItem(agent)),
        ...(agent.principal === undefined ? [] : [putNew(table, principalItem(agent))]),
        ...countEnvironments(table, { before: [], after: agent.environments }),
        trail.entry(change),
      ]);
      if (written === 'refused') throw new Error(`agent ${agent.id} exists already`);
    },
    listAgents: async ({ limit, cursor }) => {
      const position = positionAfter(AGENTS_LIST, cursor, LIST_KEY);
      if (position === 'bad_cursor') return position;
      const decode = (item: Item): Agent | undefined => readableAgentOf(table, item);
      const order = { list: AGENTS_LIST, newestFirst: false, filter: undefined } as const;
      return await listPage(table, { ...order, limit, after: position.after, decode });
    },
    removeAgent: async (id, change) => {
      const item = await getItem(table, agentKey(id));
      if (item === undefined) return 'missing';
      const written = await transact(table, [...removals(table, id, item), trail.entry(change)]);
      return written === 'refused' ? 'missing' : 'removed';
    },
  };
}

/** Of one that cannot be read nobody knows which environments it named: they go on being listed. */
function removals(table: WriteTable, id: string, item: Item): readonly TransactWriteItem[] {
  const { tableName } = table;
  const agent = readableAgentOf(table, item);
  return [
    {
      Delete: {
        TableName: tableName,
        Key: agentKey(id),
        ConditionExpression: 'attribute_exists(#pk)',
        ExpressionAttributeNames: { '#pk': PARTITION_KEY },
      },
    },
    ...(agent !== undefined && agent.principal === undefined
      ? []
      : [{ Delete: { TableName: tableName, Key: principalKey(id) } }]),
    ...countEnvironments(table, { before: agent?.environments ?? [], after: [] }),
  ];
}
