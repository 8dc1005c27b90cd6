/** How a contract suite gets the catalogue that it tests: a new, empty one for every test. */
import { afterEach, beforeEach } from 'vitest';

import type { Catalogue, Page, PageResult } from '../../../lib/stores/catalogue.ts';
import type { Registry } from '../../../lib/domain/registry.ts';
import { registryFixture, type NewRegistry } from '../../support/registry-fixture.ts';
import { change } from './entries.ts';

export interface OpenedCatalogue {
  readonly catalogue: Catalogue;
  readonly close: () => Promise<void>;
  /** The same data again, as after a restart; where the implementation has such a thing. */
  readonly reopen?: () => Promise<OpenedCatalogue>;
  /** Makes a stored document one that cannot be read. A policy's id is its environment. */
  readonly damage: (row: {
    readonly table: 'registries' | 'agents' | 'policies';
    readonly id: string;
  }) => Promise<void>;
}

export type OpenCatalogue = () => Promise<OpenedCatalogue>;

/** Asked for inside a test; what `opened` answers is closed after it. */
export function useCatalogue(open: OpenCatalogue): {
  readonly opened: () => OpenedCatalogue;
  readonly catalogue: Catalogue;
} {
  let current: OpenedCatalogue | undefined;
  const opened = (): OpenedCatalogue => {
    if (current === undefined) throw new Error('no catalogue is open outside a test');
    return current;
  };
  beforeEach(async () => {
    current = await open();
  });
  afterEach(async () => {
    await current?.close();
    current = undefined;
  });
  return {
    opened,
    get catalogue() {
      return opened().catalogue;
    },
  };
}

export async function add(catalogue: Catalogue, fields: Partial<NewRegistry> = {}): Promise<Registry> {
  const registry = registryFixture(fields);
  return await catalogue.addRegistry(registry, change({ subject: registry.id }));
}

/** One after the other, so that their order is that of the list. */
export async function addAll(
  catalogue: Catalogue,
  ids: readonly string[],
  fields: Partial<NewRegistry> = {},
): Promise<void> {
  for (const id of ids) await add(catalogue, { ...fields, id });
}

export function pageOf<Item>(result: PageResult<Item>): Page<Item> {
  if (result === 'bad_cursor') throw new Error('the cursor was refused');
  return result;
}

export function idsOf(result: PageResult<{ readonly id: string }>): readonly string[] {
  return pageOf(result).items.map(({ id }) => id);
}

export const CURSORS_OF_NOBODY = [
  ['empty', ''],
  ['not base64url', '***'],
  ['not what it decodes to', 'bm9uc2Vuc2U'],
  ['JSON of another shape', Buffer.from('{"a":1}').toString('base64url')],
  ['a list of nothing', Buffer.from('[]').toString('base64url')],
] as const;
