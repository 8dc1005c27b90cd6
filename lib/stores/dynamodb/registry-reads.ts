/** Registries by id and by host. */
import type { Registry } from '../../domain/registry.ts';
import { fitsKey, textOf, type Item } from './attributes.ts';
import { hostPartition, isRegistryItem, pointerKey, registriesOf, registryKey } from './registry-item.ts';
import { getItem, readPartition, type Table } from './table.ts';

/** Its item lies with those of its host, so that finding it takes two reads. */
export async function registryItemById(table: Table, id: string): Promise<Item | undefined> {
  if (!fitsKey(id)) return undefined;
  const pointer = await getItem(table, pointerKey(id));
  return pointer === undefined ? undefined : await getItem(table, registryKey(textOf(pointer, 'host'), id));
}

/** Newest first. */
export async function registriesOnHost(table: Table, host: string): Promise<readonly Registry[]> {
  return registriesOf((await readPartition(table, hostPartition(host))).filter(isRegistryItem));
}
