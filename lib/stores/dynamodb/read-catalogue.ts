/**
 * The part of the catalogue that only reads. The function that answers hosts is made from this alone: it may not write, and
 * what it does not need is not in its bundle.
 */
import type { Catalogue } from '../catalogue.ts';
import { agentKey, agentOf, principalAgentsOf } from './agent-item.ts';
import { fitsKey } from './attributes.ts';
import { policyKey, policyOf } from './policy-item.ts';
import { registryListOn } from './registry-list.ts';
import { registriesOnHost, registryItemById, storedRegistry } from './registry-reads.ts';
import { resolveViewOn } from './resolve-view.ts';
import { firstUrgentOn, soonestExpiriesOn } from './soonest.ts';
import { PREFIX } from './table-schema.ts';
import { getItem, readPartition, type ReadTable } from './table.ts';

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
  | 'badRows'
>;

export function readCatalogue(table: ReadTable): ReadCatalogue {
  return {
    readForResolve: resolveViewOn(table),
    getRegistry: async (id) => {
      const item = await registryItemById(table, id);
      return item === undefined ? undefined : storedRegistry(table, item);
    },
    listRegistries: registryListOn(table),
    registriesOnHost: async (host) => (await registriesOnHost(table, host)).registries,
    getPolicy: async (scope) => {
      const item = await getItem(table, policyKey(scope));
      return item === undefined ? undefined : policyOf(table, scope, item);
    },
    getAgent: async (id) => {
      if (!fitsKey(id)) return undefined;
      const item = await getItem(table, agentKey(id));
      return item === undefined ? undefined : agentOf(table, item);
    },
    listPrincipals: async () => principalAgentsOf(table, await readPartition(table, PREFIX.principals)),
    soonestExpiries: soonestExpiriesOn(table),
    firstUrgent: firstUrgentOn(table),
    badRows: async () => await table.bad.still(),
  };
}
