/**
 * All that a resolve needs, in one call. PartiQL is the only call that reads whole partitions of several keys at once: the
 * others would be two kinds of calls, or four. The statement names partition keys, so that it never scans the table.
 */
import { ExecuteStatementCommand } from '@aws-sdk/client-dynamodb';

import type { Agent } from '../../domain/agent.ts';
import type { StoredPolicy } from '../../domain/policy.ts';
import type { CallerQuery, Catalogue, ResolveView } from '../catalogue.ts';
import { agentOf, agentPartition, principalAgentsOf } from './agent-item.ts';
import { answered } from '../sdk-answer.ts';
import { text, textOf, type Item } from './attributes.ts';
import { policyOf, policyPartition } from './policy-item.ts';
import { hostPartition, isRegistryItem, registriesOf } from './registry-item.ts';
import { PARTITION_KEY, PREFIX } from './table-schema.ts';
import type { Table } from './table.ts';

export function resolveViewOn(table: Table): Catalogue['readForResolve'] {
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
    const agents = agentsOf(caller, within(of.callers));
    if (agents.length === 0) return NOTHING_FOR_STRANGERS;
    return {
      agents,
      organisationPolicy: onlyPolicyOf(within(of.organisation)),
      environmentPolicy: onlyPolicyOf(within(of.environment)),
      registries: registriesOf(within(of.host).filter(isRegistryItem)),
    };
  };
}

const NOTHING_FOR_STRANGERS: ResolveView = {
  agents: [],
  organisationPolicy: undefined,
  environmentPolicy: undefined,
  registries: [],
};

function agentsOf(caller: CallerQuery, items: readonly Item[]): readonly Agent[] {
  return caller.kind === 'principals' ? principalAgentsOf(items) : items.map(agentOf);
}

function onlyPolicyOf([item]: readonly Item[]): StoredPolicy | undefined {
  return item === undefined ? undefined : policyOf(item);
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
