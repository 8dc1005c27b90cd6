/** Lists of registries: newest first, filtered, page by page while the world goes on. */
import { describe, expect, it } from 'vitest';

import type { RegistryFilter } from '../../../lib/stores/catalogue.ts';
import { canonicalAddress } from '../../support/registry-fixture.ts';
import {
  add,
  addAll,
  CURSORS_OF_NOBODY,
  idsOf,
  pageOf,
  useCatalogue,
  type OpenCatalogue,
} from './catalogue-under-test.ts';
import { agent, change } from './entries.ts';

export function describeRegistryLists(open: OpenCatalogue): void {
  const under = useCatalogue(open);

  /** All pages of one list, with what happens between two pages. */
  async function walk(filter: RegistryFilter, limit: number, between: () => Promise<void>): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      if (!first) await between();
      const query = { filter, limit, ...(cursor === undefined ? {} : { cursor }) };
      const page = pageOf(await under.catalogue.listRegistries(query));
      expect(page.items.length).toBeLessThanOrEqual(limit);
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.cursor;
    }
    return ids;
  }

  describe('paging through registries', () => {
    it('answers an empty list, with no cursor, where there is nothing', async () => {
      expect(await under.catalogue.listRegistries({ filter: {}, limit: 5 })).toStrictEqual({ items: [] });
    });

    it('lists the most recently added first', async () => {
      await addAll(under.catalogue, ['c', 'a', 'b']);
      expect(idsOf(await under.catalogue.listRegistries({ filter: {}, limit: 5 }))).toStrictEqual(['b', 'a', 'c']);
    });

    it.each([1, 2, 3, 6, 7, 500])('shows each of six once, in pages of %i', async (limit) => {
      await addAll(under.catalogue, ['1', '2', '3', '4', '5', '6']);
      expect(await walk({}, limit, async () => {})).toStrictEqual(['6', '5', '4', '3', '2', '1']);
    });

    it('gives no cursor with the last page, also when that is full', async () => {
      await addAll(under.catalogue, ['1', '2']);
      expect(pageOf(await under.catalogue.listRegistries({ filter: {}, limit: 2 })).cursor).toBeUndefined();
    });

    it('neither repeats nor skips any that was there at the start while others are added', async () => {
      await addAll(under.catalogue, ['1', '2', '3', '4', '5']);
      let added = 0;
      const ids = await walk({}, 2, async () => {
        added += 1;
        await add(under.catalogue, { id: `new-${added}` });
      });
      expect(ids).toStrictEqual(['5', '4', '3', '2', '1']);
    });

    it('goes on from a cursor whose registry was removed meanwhile', async () => {
      await addAll(under.catalogue, ['1', '2', '3', '4']);
      const first = pageOf(await under.catalogue.listRegistries({ filter: {}, limit: 2 }));
      await under.catalogue.removeRegistry({ id: '3', expectedRevision: undefined, change: change() });
      const next = await under.catalogue.listRegistries({ filter: {}, limit: 2, cursor: first.cursor ?? '' });
      expect(idsOf(next)).toStrictEqual(['2', '1']);
    });

    it.each(CURSORS_OF_NOBODY)('refuses a cursor that is %s', async (_name, cursor) => {
      expect(await under.catalogue.listRegistries({ filter: {}, limit: 5, cursor })).toBe('bad_cursor');
    });

    it('refuses a cursor of another list', async () => {
      await under.catalogue.addAgent(agent({ id: 'a' }), change());
      await under.catalogue.addAgent(agent({ id: 'b' }), change());
      const { cursor } = pageOf(await under.catalogue.listAgents({ limit: 1 }));
      expect(cursor).toBeDefined();
      expect(await under.catalogue.listRegistries({ filter: {}, limit: 5, cursor: cursor ?? '' })).toBe('bad_cursor');
    });
  });

  describe('filtering registries', () => {
    async function addSome(): Promise<void> {
      const quay = canonicalAddress('quay.io/team');
      await add(under.catalogue, { id: 'ecr-prod' });
      await add(under.catalogue, { id: 'quay-ci', address: quay, environments: ['ci'], source: { kind: 'static' } });
      await add(under.catalogue, { id: 'quay-all', address: quay, environments: ['*'], source: { kind: 'static' } });
      await add(under.catalogue, { id: 'both', environments: ['prod', '*', 'ci'] });
      await add(under.catalogue, { id: 'off', environments: ['ci'], state: 'inactive' });
    }

    it.each<[string, RegistryFilter, readonly string[]]>([
      ['nothing', {}, ['off', 'both', 'quay-all', 'quay-ci', 'ecr-prod']],
      ['an environment, by name or by *', { environment: 'prod' }, ['both', 'quay-all', 'ecr-prod']],
      ['an environment that only * covers', { environment: 'new' }, ['both', 'quay-all']],
      ['* itself', { environment: '*' }, ['both', 'quay-all']],
      ['an address', { address: 'quay.io/team' }, ['quay-all', 'quay-ci']],
      ['only the whole address', { address: 'quay.io' }, []],
      ['a kind', { kind: 'static' }, ['quay-all', 'quay-ci']],
      ['a kind that none has', { kind: 'google' }, []],
      ['the inactive', { state: 'inactive' }, ['off']],
      ['the active', { state: 'active' }, ['both', 'quay-all', 'quay-ci', 'ecr-prod']],
      ['address and environment', { address: 'quay.io/team', environment: 'ci' }, ['quay-all', 'quay-ci']],
      ['kind, state and environment', { kind: 'ecr', state: 'active', environment: 'ci' }, ['both']],
      ['all four', { address: 'quay.io/team', kind: 'static', state: 'active', environment: 'prod' }, ['quay-all']],
    ])('filters by %s, also page by page', async (_name, filter, wanted) => {
      await addSome();
      expect(idsOf(await under.catalogue.listRegistries({ filter, limit: 50 }))).toStrictEqual(wanted);
      expect(await walk(filter, 1, async () => {})).toStrictEqual(wanted);
    });

    it('follows a change of environments, kind and state', async () => {
      const added = await add(under.catalogue);
      const registry = { ...added, environments: ['ci'], state: 'inactive', source: { kind: 'static' } } as const;
      await under.catalogue.updateRegistry({
        registry,
        expectedRevision: 1,
        replaceCredential: false,
        change: change(),
      });
      const shown = async (filter: RegistryFilter) => idsOf(await under.catalogue.listRegistries({ filter, limit: 5 }));
      expect(await shown({ environment: 'ci', kind: 'static', state: 'inactive' })).toStrictEqual([added.id]);
      expect(await shown({ environment: 'prod' })).toStrictEqual([]);
      expect(await shown({ kind: 'ecr' })).toStrictEqual([]);
      expect(await shown({ state: 'active' })).toStrictEqual([]);
    });
  });
}
