/** What administrators do with registries: add, change, remove. */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';

import type { Registry } from '../../domain/registry.ts';
import type { Catalogue, ConditionalWrite, Removal } from '../catalogue.ts';
import { editedRegistry } from '../registry-document.ts';
import { UnreadableRow } from '../stored-json.ts';
import { text, textOf } from './attributes.ts';
import type { ChangeTrail } from './audit-trail.ts';
import { countEnvironments } from './environments.ts';
import type { Installation } from './installation.ts';
import type { ChangeRegistry, Decision } from './registry-change.ts';
import { pointerItem, pointerKey, registryItem } from './registry-item.ts';
import { registryItemById, unreadableOf } from './registry-reads.ts';
import { PARTITION_KEY, SORT_KEY } from './table-schema.ts';
import { putNew, transact, type WriteTable } from './writes.ts';

type Registries = Pick<Catalogue, 'addRegistry' | 'updateRegistry' | 'removeRegistry'>;
type Written = ConditionalWrite<Registry>;

export function registriesOn(
  table: WriteTable,
  parts: {
    readonly installation: Installation;
    readonly trail: ChangeTrail;
    readonly changeRegistry: ChangeRegistry;
  },
): Registries {
  const { installation, trail, changeRegistry } = parts;
  return {
    addRegistry: async (added, change) => {
      const registry = { ...added, order: await installation.nextOrder(added.source.kind), revision: 1 };
      const written = await transact(table, [
        putNew(table, registryItem(registry, 1)),
        putNew(table, pointerItem(registry)),
        ...countEnvironments(table, { before: [], after: registry.environments }),
        trail.entry(change),
      ]);
      if (written === 'refused') throw new Error(`registry ${registry.id} exists already`);
      return registry;
    },
    updateRegistry: async (update) =>
      await changeRegistry(update.registry.id, (stored): Decision<Written> => {
        if (stored === undefined) return { answer: { kind: 'missing' } };
        if (stored.revision !== update.expectedRevision) return conflictWith(stored);
        const item = editedRegistry(stored, update);
        return { answer: { kind: 'stored', item }, write: { next: item, changes: [update.change] } };
      }),
    removeRegistry: async ({ id, expectedRevision, change }) => {
      try {
        return await changeRegistry(id, (stored): Decision<Removal> => {
          if (stored === undefined) return { answer: { kind: 'missing' } };
          if (expectedRevision !== undefined && expectedRevision !== stored.revision) return conflictWith(stored);
          return { answer: { kind: 'removed' }, write: { next: 'removed', changes: [change] } };
        });
      } catch (error) {
        if (!(error instanceof UnreadableRow)) throw error;
        return await removeUnreadable(table, { id, expectedRevision, entry: trail.entry(change) });
      }
    },
  };
}

/** Whatever it is by then: nobody can have decided on what it says. */
async function removeUnreadable(
  table: WriteTable,
  removal: {
    readonly id: string;
    readonly expectedRevision: number | undefined;
    readonly entry: TransactWriteItem;
  },
): Promise<Removal> {
  const { id, expectedRevision, entry } = removal;
  const item = await registryItemById(table, id);
  if (item === undefined) return { kind: 'missing' };
  const revision = Number(item['revision']?.N ?? 0);
  if (expectedRevision !== undefined && expectedRevision !== revision)
    return { kind: 'conflict', currentRevision: revision };
  const { environments = [] } = unreadableOf(item);
  const Key = { [PARTITION_KEY]: text(textOf(item, PARTITION_KEY)), [SORT_KEY]: text(textOf(item, SORT_KEY)) };
  await transact(table, [
    { Delete: { TableName: table.tableName, Key } },
    { Delete: { TableName: table.tableName, Key: pointerKey(id) } },
    ...countEnvironments(table, { before: environments, after: [] }),
    entry,
  ]);
  return { kind: 'removed' };
}

function conflictWith({ revision }: Registry): {
  readonly answer: { readonly kind: 'conflict'; readonly currentRevision: number };
} {
  return { answer: { kind: 'conflict', currentRevision: revision } };
}
