/**
 * All that a resolve needs, in one call. PartiQL is the only call that reads whole partitions of several keys at once: the
 * others would be two kinds of calls, or four. The statement names partition keys, so that it never scans the table.
 */
import { ExecuteStatementCommand } from '@aws-sdk/client-dynamodb';

import type { Agent } from '../../domain/agent.ts';
import type { StoredPolicy } from '../../domain/policy.ts';
import type { CallerQuery, Catalogue, PolicyScope, ResolveView } from '../catalogue.ts';
import { agentOf, agentPartition, principalAgentsOf } from './agent-item.ts';
import { answered } from '../sdk-answer.ts';
import { text, textOf, type Item } from './attributes.ts';
import { policyOf, policyPartition } from './policy-item.ts';
import { hostPartition, isRegistryItem } from './registry-item.ts';
import { registriesOf } from './registry-reads.ts';
import { PARTITION_KEY, PREFIX } from './table-schema.ts';
import type { ReadTable, Table } from './table.ts';

export function resolveViewOn(table: ReadTable): Catalogue['readForResolve'] {
  return async ({ caller, environment, host }) => {
    const of = {
      callers: caller.kind === 'principals' ? PREFIX.principals : agentPartition(caller.id),
      organisation: policyPartition(null),
      environment: policyPartition(environment),
      host: hostPartition(host),
    };
    const items = await readPartitions(table, [of.callers, of.organisation, of.environment, of.host]);
    const within = (partition: string): readonly Item[] =>
      items.filter((item) => textOf(item, PARTITION_KEY) === partition);
    const agents = agentsOf(table, caller, within(of.callers));
    if (agents.length === 0) return NOTHING_FOR_STRANGERS;
    const policy = (scope: PolicyScope, [item]: readonly Item[]): StoredPolicy | undefined =>
      item === undefined ? undefined : policyOf(table, scope, item);
    const { registries, unreadable } = registriesOf(table, within(of.host).filter(isRegistryItem));
    return {
      agents,
      organisationPolicy: policy(null, within(of.organisation)),
      environmentPolicy: policy(environment, within(of.environment)),
      registries,
      ...(unreadable.length === 0 ? {} : { unreadable }),
    };
  };
}

const NOTHING_FOR_STRANGERS: ResolveView = {
  agents: [],
  organisationPolicy: undefined,
  environmentPolicy: undefined,
  registries: [],
};

function agentsOf(table: ReadTable, caller: CallerQuery, items: readonly Item[]): readonly Agent[] {
  return caller.kind === 'principals' ? principalAgentsOf(table, items) : items.map((item) => agentOf(table, item));
}

async function readPartitions({ client, tableName }: Table, partitions: readonly string[]): Promise<readonly Item[]> {
  const items: Item[] = [];
  const markers = partitions.map(() => '?').join(', ');
  let next: string | undefined;
  do {
    const command = new ExecuteStatementCommand({
      Statement: `SELECT * FROM "${tableName}" WHERE ${PARTITION_KEY} IN (${markers})`,
      Parameters: partitions.map(text),
      ConsistentRead: true,
      ...(next === undefined ? {} : { NextToken: next }),
    });
    const answer = await answered(client.send(command));
    items.push(...(answer.Items ?? []));
    next = answer.NextToken;
  } while (next !== undefined);
  return items;
}
