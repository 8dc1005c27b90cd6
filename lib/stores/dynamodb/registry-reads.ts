/** Registries by id and by host, and what becomes of one that cannot be read. */
import { parseAddress, splitAddress } from '../../domain/address.ts';
import type { Registry } from '../../domain/registry.ts';
import type { UnreadableRegistry } from '../../domain/unreadable-registry.ts';
import { isJsonObject } from '../stored-json.ts';
import { fitsKey, textOf, type Item } from './attributes.ts';
import { hostPartition, isRegistryItem, pointerKey, registryIdOf, registryKey, registryOf } from './registry-item.ts';
import { PARTITION_KEY } from './table-schema.ts';
import { getItem, readPartition, type ReadTable, type Table } from './table.ts';

/** Its item lies with those of its host, so that finding it takes two reads. */
export async function registryItemById(table: Table, id: string): Promise<Item | undefined> {
  if (!fitsKey(id)) return undefined;
  const pointer = await getItem(table, pointerKey(id));
  return pointer === undefined ? undefined : await getItem(table, registryKey(textOf(pointer, 'host'), id));
}

/** Throws `UnreadableRow`. */
export function storedRegistry(table: ReadTable, item: Item): Registry {
  const id = registryIdOf(item);
  return table.bad.throwing(
    { table: 'registries', id },
    () => registryOf(item),
    () => readAgain(table, id),
  );
}

/** Undefined where it cannot be read. */
export function readableRegistry(table: ReadTable, item: Item): Registry | undefined {
  const id = registryIdOf(item);
  return table.bad.readable(
    { table: 'registries', id },
    () => registryOf(item),
    () => readAgain(table, id),
  );
}

async function readAgain(table: Table, id: string): Promise<void> {
  const item = await registryItemById(table, id);
  if (item !== undefined) registryOf(item);
}

export interface RegistriesRead {
  /** Newest first. */
  readonly registries: readonly Registry[];
  readonly unreadable: readonly UnreadableRegistry[];
}

export function registriesOf(table: ReadTable, items: readonly Item[]): RegistriesRead {
  const registries: Registry[] = [];
  const unreadable: UnreadableRegistry[] = [];
  for (const item of items) {
    const registry = readableRegistry(table, item);
    if (registry === undefined) unreadable.push(unreadableOf(item));
    else registries.push(registry);
  }
  return { registries: registries.toSorted((left, right) => right.order - left.order), unreadable };
}

export async function registriesOnHost(table: ReadTable, host: string): Promise<RegistriesRead> {
  return registriesOf(table, (await readPartition(table, hostPartition(host))).filter(isRegistryItem));
}

/** What is left of one: its key, its environments, and its address where that still is one on its host. */
export function unreadableOf(item: Item): UnreadableRegistry {
  const environments = item['environments']?.SS;
  const address = parseAddress(addressIn(item['document']?.S));
  const isItsOwn = address.ok && hostPartition(splitAddress(address.value.canonical).host) === item[PARTITION_KEY]?.S;
  return {
    id: registryIdOf(item),
    ...(isItsOwn ? { address: address.value.canonical } : {}),
    ...(environments === undefined ? {} : { environments }),
  };
}

function addressIn(document: string | undefined): string {
  try {
    const value: unknown = JSON.parse(document ?? '');
    return isJsonObject(value) && typeof value['address'] === 'string' ? value['address'] : '';
  } catch {
    return '';
  }
}
