/** What runs out, or needs somebody, first: the first entry of an index each. */
import type { Catalogue } from '../catalogue.ts';
import { numberOf, text, type Item } from './attributes.ts';
import { installationKey, KINDS } from './installation-item.ts';
import { registryIdOf } from './registry-item.ts';
import { INDEXES, type TableIndex } from './table-schema.ts';
import { getItem, queryPage, type Table } from './table.ts';

export function soonestExpiriesOn(table: Table): Catalogue['soonestExpiries'] {
  return async () => {
    const installation = await getItem(table, installationKey());
    const kinds = installation?.[KINDS]?.SS ?? [];
    const found = await Promise.all(
      kinds.map(async (kind) => {
        const first = await firstOf(table, INDEXES.expiring, kind);
        if (first === undefined) return [];
        return [{ kind, registryId: registryIdOf(first), expiresAt: numberOf(first, INDEXES.expiring.sortKey.name) }];
      }),
    );
    return found.flat();
  };
}

export function firstUrgentOn(table: Table): Catalogue['firstUrgent'] {
  return async () => {
    const first = await firstOf(table, INDEXES.urgent, INDEXES.urgent.name);
    if (first === undefined) return undefined;
    return { registryId: registryIdOf(first), urgentAt: numberOf(first, INDEXES.urgent.sortKey.name) };
  };
}

async function firstOf(table: Table, index: TableIndex, partition: string): Promise<Item | undefined> {
  const { items } = await queryPage(table, {
    IndexName: index.name,
    KeyConditionExpression: '#partition = :partition',
    ExpressionAttributeNames: { '#partition': index.partitionKey },
    ExpressionAttributeValues: { ':partition': text(partition) },
    Limit: 1,
  });
  return items[0];
}
