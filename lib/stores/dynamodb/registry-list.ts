/** Lists of registries, newest first: those at an address from its host's partition, all others along the index. */
import { EVERY_ENVIRONMENT } from '../../domain/environment-name.ts';
import type { Registry } from '../../domain/registry.ts';
import { isPerhapsAt, type UnreadableRegistry } from '../../domain/unreadable-registry.ts';
import type { Catalogue, RegistryFilter, RegistryPage } from '../catalogue.ts';
import { encodeCursor, withOneMore } from '../cursor.ts';
import { text, type Item } from './attributes.ts';
import { listPage, positionAfter, type ListFilter } from './list-pages.ts';
import { REGISTRIES_LIST, registryListKey } from './registry-item.ts';
import { readableRegistry, registriesOnHost, unreadableOf } from './registry-reads.ts';
import type { ReadTable } from './table.ts';

const LIST_KEY = /^[0-9]{16}$/;

export function registryListOn(table: ReadTable): Catalogue['listRegistries'] {
  return async ({ filter, limit, cursor }) => {
    const position = positionAfter(REGISTRIES_LIST, cursor, LIST_KEY);
    if (position === 'bad_cursor') return position;
    const { after } = position;
    if (filter.address !== undefined) return await pageAtAddress(table, filter.address, { filter, limit, after });
    const unreadable: UnreadableRegistry[] = [];
    const decode = (item: Item): Registry | undefined => {
      const registry = readableRegistry(table, item);
      if (registry === undefined) unreadable.push(unreadableOf(item));
      return registry !== undefined && fits(registry, filter) ? registry : undefined;
    };
    const order = { list: REGISTRIES_LIST, newestFirst: true } as const;
    const page = await listPage(table, { ...order, limit, after, filter: indexFilter(filter), decode });
    return withUnreadable(page, unreadable);
  };
}

async function pageAtAddress(
  table: ReadTable,
  address: string,
  query: { readonly filter: RegistryFilter; readonly limit: number; readonly after: string | undefined },
): Promise<RegistryPage> {
  const { filter, limit, after } = query;
  const host = address.split('/', 1).join('');
  const { registries, unreadable } = await registriesOnHost(table, host);
  const fitting = registries.filter(
    (registry) => fits(registry, filter) && (after === undefined || registryListKey(registry.order) < after),
  );
  const items = fitting.slice(0, withOneMore(limit) - 1);
  const last = items.length < fitting.length ? items.at(-1) : undefined;
  const end = last === undefined ? {} : { cursor: encodeCursor(REGISTRIES_LIST, [registryListKey(last.order)]) };
  // Where they would be in the list nobody knows: on its first page.
  const there = after === undefined ? unreadable.filter((each) => isPerhapsAt(each, address)) : [];
  return withUnreadable({ items, ...end }, there);
}

function withUnreadable(page: RegistryPage, unreadable: readonly UnreadableRegistry[]): RegistryPage {
  return unreadable.length === 0 ? page : { ...page, unreadable };
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
