/** What administrators do with registries: add, change, remove. */
import type { Registry } from '../../domain/registry.ts';
import type { Catalogue, ConditionalWrite } from '../catalogue.ts';
import { editedRegistry } from '../registry-document.ts';
import type { ChangeTrail } from './audit-trail.ts';
import { countEnvironments } from './environments.ts';
import type { Installation } from './installation.ts';
import type { ChangeRegistry, Decision } from './registry-change.ts';
import { pointerItem, registryItem } from './registry-item.ts';
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
    removeRegistry: async ({ id, expectedRevision, change }) =>
      await changeRegistry(id, (stored): Decision<Written> => {
        if (stored === undefined) return { answer: { kind: 'missing' } };
        if (expectedRevision !== undefined && expectedRevision !== stored.revision) return conflictWith(stored);
        return { answer: { kind: 'stored', item: stored }, write: { next: 'removed', changes: [change] } };
      }),
  };
}

function conflictWith({ revision }: Registry): Decision<Written> {
  return { answer: { kind: 'conflict', currentRevision: revision } };
}
