/** What administrators do with registries: conditional, ordered, and read back as it was stored. */
import { describe, expect, it } from 'vitest';

import type { Registry } from '../../../lib/domain/registry.ts';
import {
  canonicalAddress,
  FRESH,
  fullRegistryFixture,
  registryFixture,
  START,
} from '../../support/registry-fixture.ts';
import { add, useCatalogue, type OpenCatalogue } from './catalogue-under-test.ts';
import { change } from './entries.ts';

export function describeRegistries(open: OpenCatalogue): void {
  const under = useCatalogue(open);

  describe('adding and reading registries', () => {
    it.each([
      ['with no optional field', registryFixture()],
      ['with every optional field', fullRegistryFixture()],
      ['with a credential still pending', registryFixture({ credential: { consecutiveFailures: 0 } })],
    ])('reads back a registry %s as it was added', async (_name, registry) => {
      const added = await under.catalogue.addRegistry(registry, change());
      expect(added).toStrictEqual({ ...registry, order: added.order, revision: 1 });
      expect(await under.catalogue.getRegistry(registry.id)).toStrictEqual(added);
      expect(await under.catalogue.registriesOnHost(registry.address.split('/')[0] ?? '')).toStrictEqual([added]);
    });

    it.each([
      ['that was never added', 'registry-1'],
      ['that is longer than any', 'é'.repeat(3_000)],
    ])('knows nothing of an id %s', async (_name, id) => {
      expect(await under.catalogue.getRegistry(id)).toBeUndefined();
      expect(await under.catalogue.getAgent(id)).toBeUndefined();
    });

    it('refuses an id that exists, and leaves that registry and the audit trail as they were', async () => {
      const added = await add(under.catalogue);
      await expect(add(under.catalogue, { description: 'another' })).rejects.toThrow();
      expect(await under.catalogue.getRegistry(added.id)).toStrictEqual(added);
      expect(await under.catalogue.listAudit({ limit: 10 })).toMatchObject({ items: [{ action: 'registry.add' }] });
    });

    it('counts up the order with every registry, also after the newest was removed', async () => {
      const first = await add(under.catalogue, { id: 'a' });
      const second = await add(under.catalogue, { id: 'b' });
      await under.catalogue.removeRegistry({ id: 'b', expectedRevision: undefined, change: change() });
      const third = await add(under.catalogue, { id: 'b' });
      expect(second.order).toBeGreaterThan(first.order);
      expect(third.order).toBeGreaterThan(second.order);
    });

    it('gives registries that are added at once different orders', async () => {
      const ids = Array.from({ length: 10 }, (_, index) => `registry-${index}`);
      const added = await Promise.all(ids.map((id) => add(under.catalogue, { id })));
      expect(new Set(added.map(({ order }) => order)).size).toBe(ids.length);
    });

    it('finds the registries of exactly one host, whatever their path, newest first', async () => {
      const addresses = [
        'r.example.com',
        'r.example.com/team',
        'r.example.com:5000',
        'x.r.example.com',
        'r.example.co',
      ];
      for (const [index, text] of addresses.entries()) {
        await add(under.catalogue, { id: `registry-${index}`, address: canonicalAddress(text) });
      }
      const found = await under.catalogue.registriesOnHost('r.example.com');
      expect(found.map(({ address }) => address)).toStrictEqual(['r.example.com/team', 'r.example.com']);
      expect(await under.catalogue.registriesOnHost('r.example.com:5000')).toHaveLength(1);
      expect(await under.catalogue.registriesOnHost('other.example.com')).toStrictEqual([]);
    });
  });

  describe('changing registries', () => {
    it('stores a change at the expected revision, and counts the revision up', async () => {
      const added = await add(under.catalogue);
      const edited = { ...added, environments: ['ci'], state: 'inactive', updatedAt: START + 5 } as const;
      const written = await under.catalogue.updateRegistry({
        registry: edited,
        expectedRevision: 1,
        replaceCredential: false,
        change: change({ action: 'registry.edit' }),
      });
      expect(written).toStrictEqual({ kind: 'stored', item: { ...edited, revision: 2 } });
      expect(await under.catalogue.getRegistry(added.id)).toStrictEqual({ ...edited, revision: 2 });
    });

    it.each([true, false])(
      'keeps what was reported of its expiry date, of that date only (%s)',
      async (replaceCredential) => {
        const expiryReported = { on: '2026-01-31', stage: 14 } as const;
        const { expiryReported: _unread, ...read } = await add(under.catalogue, {
          ...{ expiresOn: '2026-01-31', expiryReported },
        });
        const update = async (registry: Registry) => {
          const { revision: expectedRevision } = registry;
          return await under.catalogue.updateRegistry({
            registry,
            expectedRevision,
            replaceCredential,
            change: change(),
          });
        };
        await update(read);
        expect(await under.catalogue.getRegistry(read.id)).toStrictEqual({ ...read, expiryReported, revision: 2 });
        await update({ ...read, revision: 2, expiresOn: '2026-02-28' });
        const other = { ...read, expiresOn: '2026-02-28', revision: 3 };
        expect(await under.catalogue.getRegistry(read.id)).toStrictEqual(other);
      },
    );

    it('takes optional fields away when they are gone from the change', async () => {
      const added = await under.catalogue.addRegistry(fullRegistryFixture(), change());
      const bare = { ...registryFixture({ address: added.address }), order: added.order, revision: 1 };
      const update = { registry: bare, expectedRevision: 1, replaceCredential: true, change: change() };
      await under.catalogue.updateRegistry(update);
      expect(await under.catalogue.getRegistry(added.id)).toStrictEqual({ ...bare, revision: 2 });
    });

    it('never changes the address, the order or the time of creation', async () => {
      const added = await add(under.catalogue);
      const moved = { ...added, address: canonicalAddress('evil.example.com'), order: 999, createdAt: 1 };
      const update = { registry: moved, expectedRevision: 1, replaceCredential: false, change: change() };
      await under.catalogue.updateRegistry(update);
      expect(await under.catalogue.getRegistry(added.id)).toStrictEqual({ ...added, revision: 2 });
      expect(await under.catalogue.registriesOnHost('evil.example.com')).toStrictEqual([]);
    });

    it('leaves the credential and its claim alone unless told to replace it', async () => {
      const added = await add(under.catalogue);
      await under.catalogue.claimRegistry(added.id, { claimId: 'c', now: START, until: START + 9 });
      const registry = { ...added, credential: { consecutiveFailures: 7 } };
      const update = { registry, expectedRevision: 1, replaceCredential: false, change: change() };
      const written = await under.catalogue.updateRegistry(update);
      const kept = { ...FRESH, claim: { id: 'c', until: START + 9 } };
      expect(written).toMatchObject({ kind: 'stored', item: { credential: kept } });
      expect((await under.catalogue.getRegistry(added.id))?.credential).toStrictEqual(kept);
    });

    it('leaves what a login told meanwhile alone, unless told to replace it', async () => {
      const before = await add(under.catalogue, { verification: { status: 'verified', at: START } });
      const told = { status: 'unauthorized', at: START + 1, drift: { from: 'verified', at: START + 1 } } as const;
      await under.catalogue.claimRegistry(before.id, { claimId: 'c', now: START, until: START + 9 });
      const login = { registryId: before.id, claimId: 'c', sourceVersion: undefined, verification: told };
      expect(await under.catalogue.finishRefresh(login)).toBe('stored');
      const update = { registry: before, expectedRevision: 1, replaceCredential: false, change: change() };
      const kept = { ...before, verification: told };
      const written = await under.catalogue.updateRegistry(update);
      expect(written).toStrictEqual({ kind: 'stored', item: { ...kept, revision: 2 } });
      expect(await under.catalogue.getRegistry(before.id)).toStrictEqual({ ...kept, revision: 2 });

      const { verification: _gone, ...unverified } = before;
      await under.catalogue.updateRegistry({
        ...update,
        registry: unverified,
        expectedRevision: 2,
        replaceCredential: true,
      });
      expect(await under.catalogue.getRegistry(before.id)).toStrictEqual({ ...unverified, revision: 3 });
    });

    it('puts a new credential in place when told to, and ends any claim', async () => {
      const added = await add(under.catalogue);
      await under.catalogue.claimRegistry(added.id, { claimId: 'c', now: START, until: START + 9 });
      const credential = { consecutiveFailures: 0, dueAt: START + 1, claim: { id: 'd', until: START + 99 } };
      const registry = { ...added, credential };
      const update = { registry, expectedRevision: 1, replaceCredential: true, change: change() };
      const written = await under.catalogue.updateRegistry(update);
      const stored = { consecutiveFailures: 0, dueAt: START + 1 };
      expect(written).toMatchObject({ kind: 'stored', item: { credential: stored } });
      expect((await under.catalogue.getRegistry(added.id))?.credential).toStrictEqual(stored);
    });
  });

  describe('two writers', () => {
    it('stores exactly one of two changes made at once from the same revision', async () => {
      const added = await add(under.catalogue);
      const write = (description: string) =>
        under.catalogue.updateRegistry({
          registry: { ...added, description },
          expectedRevision: 1,
          replaceCredential: false,
          change: change({ action: 'registry.edit', detail: description }),
        });
      const results = await Promise.all(['a', 'b', 'c'].map(write));
      const stored = results.flatMap((result) => (result.kind === 'stored' ? [result.item] : []));
      expect(stored).toHaveLength(1);
      expect(results.filter(({ kind }) => kind === 'conflict')).toStrictEqual(
        Array.from({ length: 2 }, () => ({ kind: 'conflict', currentRevision: 2 })),
      );
      expect(await under.catalogue.getRegistry(added.id)).toStrictEqual(stored[0]);
      const audit = await under.catalogue.listAudit({ limit: 10 });
      const [won] = stored;
      expect(audit).toMatchObject({ items: [{ action: 'registry.edit', detail: won?.description }, {}] });
    });

    it('refuses a change or removal at an old revision, and says which one is stored', async () => {
      const added = await add(under.catalogue);
      const update = { registry: added, replaceCredential: false, change: change() };
      await under.catalogue.updateRegistry({ ...update, expectedRevision: 1 });
      const conflict = { kind: 'conflict', currentRevision: 2 };
      expect(await under.catalogue.updateRegistry({ ...update, expectedRevision: 1 })).toStrictEqual(conflict);
      const removal = { id: added.id, expectedRevision: 1, change: change() };
      expect(await under.catalogue.removeRegistry(removal)).toStrictEqual(conflict);
      expect(await under.catalogue.getRegistry(added.id)).toMatchObject({ revision: 2 });
    });

    it('lets exactly one of a change and a removal win, made at once from the same revision', async () => {
      const registry = await add(under.catalogue);
      const results = await Promise.all([
        under.catalogue.updateRegistry({ registry, expectedRevision: 1, replaceCredential: false, change: change() }),
        under.catalogue.removeRegistry({ id: registry.id, expectedRevision: 1, change: change() }),
      ]);
      expect(results.filter(({ kind }) => kind === 'stored' || kind === 'removed')).toHaveLength(1);
    });
  });

  describe('removing registries', () => {
    it.each([
      ['at its revision', 1],
      ['at any revision', undefined],
    ])('removes a registry %s', async (_name, expectedRevision) => {
      const added = await add(under.catalogue);
      const removal = { id: added.id, expectedRevision, change: change({ action: 'registry.delete' }) };
      expect(await under.catalogue.removeRegistry(removal)).toStrictEqual({ kind: 'removed' });
      expect(await under.catalogue.getRegistry(added.id)).toBeUndefined();
      expect(await under.catalogue.registriesOnHost(added.address)).toStrictEqual([]);
      expect(await under.catalogue.listRegistries({ filter: { environment: 'prod' }, limit: 9 })).toStrictEqual({
        items: [],
      });
    });

    it('says that it is missing, and records no change, where there is none', async () => {
      const registry = { ...registryFixture(), order: 1, revision: 1 };
      const update = { registry, expectedRevision: 1, replaceCredential: false, change: change() };
      expect(await under.catalogue.updateRegistry(update)).toStrictEqual({ kind: 'missing' });
      const removal = { id: registry.id, expectedRevision: undefined, change: change() };
      expect(await under.catalogue.removeRegistry(removal)).toStrictEqual({ kind: 'missing' });
      expect(await under.catalogue.listAudit({ limit: 10 })).toStrictEqual({ items: [] });
    });
  });
}
