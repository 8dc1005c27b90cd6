/**
 * The part of the catalogue that only reads. The function that answers hosts is made from this alone: it may not write, and
 * what it does not need is not in its bundle.
 */
import type { Catalogue } from '../catalogue.ts';
import { agentKey, agentOf, principalAgentsOf } from './agent-item.ts';
import { fitsKey } from './attributes.ts';
import { policyKey, policyOf } from './policy-item.ts';
import { registryOf } from './registry-item.ts';
import { registryListOn } from './registry-list.ts';
import { registriesOnHost, registryItemById } from './registry-reads.ts';
import { resolveViewOn } from './resolve-view.ts';
import { firstUrgentOn, soonestExpiriesOn } from './soonest.ts';
import { PREFIX } from './table-schema.ts';
import { getItem, readPartition, type Table } from './table.ts';

export type ReadCatalogue = Pick<
  Catalogue,
  | 'readForResolve'
  | 'getRegistry'
  | 'listRegistries'
  | 'registriesOnHost'
  | 'getPolicy'
  | 'getAgent'
  | 'listPrincipals'
  | 'soonestExpiries'
  | 'firstUrgent'
>;

export function readCatalogue(table: Table): ReadCatalogue {
  return {
    readForResolve: resolveViewOn(table),
    getRegistry: async (id) => {
      const item = await registryItemById(table, id);
      return item === undefined ? undefined : registryOf(item);
    },
    listRegistries: registryListOn(table),
    registriesOnHost: async (host) => await registriesOnHost(table, host),
    getPolicy: async (scope) => {
      const item = await getItem(table, policyKey(scope));
      return item === undefined ? undefined : policyOf(item);
    },
    getAgent: async (id) => {
      if (!fitsKey(id)) return undefined;
      const item = await getItem(table, agentKey(id));
      return item === undefined ? undefined : agentOf(item);
    },
    listPrincipals: async () => principalAgentsOf(await readPartition(table, PREFIX.principals)),
    soonestExpiries: soonestExpiriesOn(table),
    firstUrgent: firstUrgentOn(table),
  };
}
