/** Lists of registries, newest first: those at an address from its host's partition, all others along the index. */
import { EVERY_ENVIRONMENT } from '../../domain/environment-name.ts';
import type { Registry } from '../../domain/registry.ts';
import type { Catalogue, Page, RegistryFilter } from '../catalogue.ts';
import { encodeCursor, withOneMore } from '../cursor.ts';
import { text, type Item } from './attributes.ts';
import { listPage, positionAfter, type ListFilter } from './list-pages.ts';
import { REGISTRIES_LIST, registryListKey, registryOf } from './registry-item.ts';
import { registriesOnHost } from './registry-reads.ts';
import type { Table } from './table.ts';

const LIST_KEY = /^[0-9]{16}$/;

export function registryListOn(table: Table): Catalogue['listRegistries'] {
  return async ({ filter, limit, cursor }) => {
    const position = positionAfter(REGISTRIES_LIST, cursor, LIST_KEY);
    if (position === 'bad_cursor') return position;
    const { after } = position;
    if (filter.address !== undefined) return await pageAtAddress(table, filter.address, { filter, limit, after });
    const decode = (item: Item): Registry | undefined => {
      const registry = registryOf(item);
      return fits(registry, filter) ? registry : undefined;
    };
    const order = { list: REGISTRIES_LIST, newestFirst: true } as const;
    return await listPage(table, { ...order, limit, after, filter: indexFilter(filter), decode });
  };
}

async function pageAtAddress(
  table: Table,
  address: string,
  query: { readonly filter: RegistryFilter; readonly limit: number; readonly after: string | undefined },
): Promise<Page<Registry>> {
  const { filter, limit, after } = query;
  const host = address.split('/', 1).join('');
  const fitting = (await registriesOnHost(table, host)).filter(
    (registry) => fits(registry, filter) && (after === undefined || registryListKey(registry.order) < after),
  );
  const items = fitting.slice(0, withOneMore(limit) - 1);
  const last = items.length < fitting.length ? items.at(-1) : undefined;
  return last === undefined
    ? { items }
    : { items, cursor: encodeCursor(REGISTRIES_LIST, [registryListKey(last.order)]) };
}

function fits({ address, environments, source, state }: Registry, filter: RegistryFilter): boolean {
  if (filter.address !== undefined && filter.address !== address) return false;
  if (filter.kind !== undefined && filter.kind !== source.kind) return false;
  if (filter.state !== undefined && filter.state !== state) return false;
  const { environment } = filter;
  return environment === undefined || environments.includes(environment) || environments.includes(EVERY_ENVIRONMENT);
}

/** What the index knows of `fits`. */
function indexFilter({ environment, kind, state }: RegistryFilter): ListFilter | undefined {
  const conditions: string[] = [];
  const names: Record<string, string> = {};
  const values: Item = {};
  if (environment !== undefined) {
    conditions.push('(contains(#environments, :environment) OR contains(#environments, :every))');
    names['#environments'] = 'environments';
    values[':environment'] = text(environment);
    values[':every'] = text(EVERY_ENVIRONMENT);
  }
  for (const [name, value] of Object.entries({ kind, state })) {
    if (value === undefined) continue;
    conditions.push(`#${name} = :${name}`);
    names[`#${name}`] = name;
    values[`:${name}`] = text(value);
  }
  if (conditions.length === 0) return undefined;
  return {
    FilterExpression: conditions.join(' AND '),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}
