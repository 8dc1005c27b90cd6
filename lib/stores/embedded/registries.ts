/** What administrators do with registries, in the embedded catalogue: add, read, list, change, remove. */
import type { Registry } from '../../domain/registry.ts';
import type { Catalogue, ConditionalWrite, Removal } from '../catalogue.ts';
import { editedRegistry } from '../registry-document.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { Database } from './database.ts';
import { registryList } from './registry-list.ts';
import type { RegistryTable } from './registry-table.ts';

type Registries = Pick<
  Catalogue,
  'addRegistry' | 'getRegistry' | 'listRegistries' | 'registriesOnHost' | 'updateRegistry' | 'removeRegistry'
>;

export function registriesIn(
  database: Database,
  parts: { readonly table: RegistryTable; readonly audit: AuditTrail },
): Registries {
  const { table, audit } = parts;
  return {
    addRegistry: async (registry, change) =>
      database.transaction(() => {
        const added = table.insert(registry);
        audit.insertChange(change);
        return added;
      }),
    getRegistry: async (id) => table.read(id),
    registriesOnHost: async (host) => table.onHost(host).registries,
    listRegistries: registryList(database, table),
    updateRegistry: async (update) => database.transaction(() => updateRegistry(update, parts)),
    removeRegistry: async ({ id, expectedRevision, change }) =>
      database.transaction((): Removal => {
        const stored = table.place(id);
        if (stored === undefined) return { kind: 'missing' };
        if (expectedRevision !== undefined && expectedRevision !== stored.revision) {
          return { kind: 'conflict', currentRevision: stored.revision };
        }
        table.remove(stored.order);
        audit.insertChange(change);
        return { kind: 'removed' };
      }),
  };
}

function updateRegistry(
  update: Parameters<Catalogue['updateRegistry']>[0],
  { table, audit }: { readonly table: RegistryTable; readonly audit: AuditTrail },
): ConditionalWrite<Registry> {
  const { registry, expectedRevision, replaceCredential, change } = update;
  const stored = table.read(registry.id);
  if (stored === undefined) return { kind: 'missing' };
  if (stored.revision !== expectedRevision) return { kind: 'conflict', currentRevision: stored.revision };
  const item = editedRegistry(stored, update);
  table.writeSettings(item, { environments: !sameNames(item.environments, stored.environments) });
  if (replaceCredential) table.writeCredential(item.order, item.credential);
  audit.insertChange(change);
  return { kind: 'stored', item };
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name, index) => name === right[index]);
}
