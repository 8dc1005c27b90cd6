/** An agent as an item, and back. One with a principal has a copy where all of those are read together. */
import type { Agent, PrincipalAgent } from '../../domain/agent.ts';
import { agentDocument, principalAgentDocument } from '../agent-document.ts';
import { parseJson } from '../stored-json.ts';
import { keyOf, text, textOf, type Item } from './attributes.ts';
import { INDEXES, PREFIX } from './table-schema.ts';

export const AGENTS_LIST = 'agents';

export function agentKey(id: string): Item {
  return keyOf(agentPartition(id), 'agent');
}

export function agentPartition(id: string): string {
  return PREFIX.agent + id;
}

export function principalKey(id: string): Item {
  return keyOf(PREFIX.principals, PREFIX.agent + id);
}

export function agentItem(agent: Agent): Item {
  return {
    ...agentKey(agent.id),
    document: text(JSON.stringify(agent)),
    [INDEXES.list.partitionKey]: text(AGENTS_LIST),
    [INDEXES.list.sortKey.name]: text(agentListKey(agent)),
  };
}

export function principalItem(agent: PrincipalAgent): Item {
  return { ...principalKey(agent.id), document: text(JSON.stringify(agent)) };
}

const AGE_DIGITS = 16;

/** Oldest first, as text. */
function agentListKey({ createdAt, id }: Agent): string {
  return `${String(Math.trunc(createdAt)).padStart(AGE_DIGITS, '0')}#${id}`;
}

export function agentOf(item: Item): Agent {
  return parseJson(agentDocument, textOf(item, 'document'));
}

/** Oldest first. */
export function principalAgentsOf(items: readonly Item[]): readonly PrincipalAgent[] {
  return items
    .map((item) => parseJson(principalAgentDocument, textOf(item, 'document')))
    .toSorted((left, right) => left.createdAt - right.createdAt || (left.id < right.id ? -1 : 1));
}
