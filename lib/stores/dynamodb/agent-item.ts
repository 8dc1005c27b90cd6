/** An agent as an item, and back. One with a principal has a copy where all of those are read together. */
import type { Agent, PrincipalAgent } from '../../domain/agent.ts';
import { agentDocument, principalAgentDocument } from '../agent-document.ts';
import { readDocument, writeDocument, type DocumentKind } from '../stored-document.ts';
import { documentAttributes, documentTexts, keyOf, text, textOf, type Item } from './attributes.ts';
import { INDEXES, PARTITION_KEY, PREFIX, SORT_KEY } from './table-schema.ts';
import { getItem, type ReadTable } from './table.ts';

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
    ...documentAttributes('document', writeDocument(agentDocument, agent)),
    [INDEXES.list.partitionKey]: text(AGENTS_LIST),
    [INDEXES.list.sortKey.name]: text(agentListKey(agent)),
  };
}

export function principalItem(agent: PrincipalAgent): Item {
  const texts = writeDocument(principalAgentDocument, agent);
  return { ...principalKey(agent.id), ...documentAttributes('document', texts) };
}

const AGE_DIGITS = 16;

/** Oldest first, as text. */
function agentListKey({ createdAt, id }: Agent): string {
  return `${String(Math.trunc(createdAt)).padStart(AGE_DIGITS, '0')}#${id}`;
}

/** Throws `UnreadableRow`. */
export function agentOf(table: ReadTable, item: Item): Agent {
  return table.bad.throwing(
    rowOf(item),
    () => read(agentDocument, item),
    () => again(table, item),
  );
}

/** Undefined where it cannot be read. */
export function readableAgentOf(table: ReadTable, item: Item): Agent | undefined {
  return table.bad.readable(
    rowOf(item),
    () => read(agentDocument, item),
    () => again(table, item),
  );
}

/** Oldest first. A caller whose agent cannot be read is bound to nobody. */
export function principalAgentsOf(table: ReadTable, items: readonly Item[]): readonly PrincipalAgent[] {
  const { bad } = table;
  return items
    .flatMap((item) => {
      const agent = bad.readable(
        rowOf(item),
        () => read(principalAgentDocument, item),
        () => again(table, item),
      );
      return agent ?? [];
    })
    .toSorted((left, right) => left.createdAt - right.createdAt || (left.id < right.id ? -1 : 1));
}

function read<Value>(kind: DocumentKind<Value>, item: Item): Value {
  return readDocument(kind, documentTexts(item, 'document'));
}

/** The id is in the key of the agent's own item, and of its copy. */
function rowOf(item: Item): { readonly table: 'agents'; readonly id: string } {
  const partition = textOf(item, PARTITION_KEY);
  const key = partition === PREFIX.principals ? textOf(item, SORT_KEY) : partition;
  return { table: 'agents', id: key.slice(PREFIX.agent.length) };
}

async function again(table: ReadTable, item: Item): Promise<void> {
  const key = { [PARTITION_KEY]: text(textOf(item, PARTITION_KEY)), [SORT_KEY]: text(textOf(item, SORT_KEY)) };
  const now = await getItem(table, key);
  if (now !== undefined) read(agentDocument, now);
}
