/** The version before and this one, one after the other on the same files, forth and back. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';

import { Secret } from '../../../lib/domain/secret.ts';
import { sweepVault } from '../../../lib/serve/sweep-vault.ts';
import { openEmbeddedStore, type EmbeddedStore } from '../../../lib/stores/embedded/open-embedded-store.ts';
import { FRESH, START } from '../../support/registry-fixture.ts';
import { temporaryDirectory } from '../embedded/data-directory.ts';
import { earlierVersion } from './earlier-version.ts';
import { workingDay } from './working-day.ts';

const earlier = await earlierVersion();

describe.runIf(earlier !== undefined)('the embedded store of the version before', () => {
  const openEarlier = earlier?.openEmbeddedStore ?? openEmbeddedStore;

  async function dayOf(
    open: typeof openEmbeddedStore,
    directory: string,
    work: (store: EmbeddedStore) => Promise<void>,
  ) {
    const opened = await open({ directory });
    if (!opened.ok) throw new Error(opened.failure.advice);
    await work(opened.value);
    await opened.value.close();
  }

  it('and this one work on the same data in turn: upgraded, rolled back, upgraded again', async () => {
    const directory = await temporaryDirectory();
    const before: string[] = [];
    const later = { expiresOn: '2030-01-31' };
    for (const [name, open, known] of [
      ['first', openEarlier, {}],
      ['second', openEmbeddedStore, later],
      ['third', openEarlier, {}],
      ['fourth', openEmbeddedStore, {}],
    ] as const) {
      await dayOf(open, directory, async (store) => {
        for (const id of before) expect(await passwordOf(store, id)).toBe(`password of ${id}`);
        await workingDay(store.catalogue, name, before, known);
        await keepSecrets(store, name);
      });
      before.push(name);
    }
    await dayOf(openEmbeddedStore, directory, async ({ catalogue }) => {
      expect(await catalogue.getRegistry('first')).toMatchObject(later);
      expect((await catalogue.getRegistry('third'))?.expiresOn).toBeUndefined();
    });
  });

  it('reads what a later version wrote beside its documents, edits it, and leaves that where it is', async () => {
    const directory = await temporaryDirectory();
    await dayOf(openEmbeddedStore, directory, (store) => workingDay(store.catalogue, 'first', []));
    const later = '{"format":3,"fields":{"signedBy":5,"verification":{"certificate":"old"}}}';
    onFile(
      directory,
      `UPDATE registries SET document_later = '${later}', credential_later = '{"format":3,"fields":{"a":1}}'`,
    );
    onFile(directory, `UPDATE policies SET document_later = '{"format":3,"fields":{"signed":true}}'`);
    onFile(directory, `UPDATE agents SET document_later = '{"format":3,"fields":{"team":"x"}}'`);
    await dayOf(openEarlier, directory, (store) => workingDay(store.catalogue, 'second', ['first']));
    await dayOf(openEmbeddedStore, directory, (store) => workingDay(store.catalogue, 'third', ['first', 'second']));
    const [row] = onFile(directory, `SELECT document_later, credential_later FROM registries WHERE id = 'first'`);
    expect(JSON.parse(String(row?.['document_later']))).toStrictEqual(JSON.parse(later));
    expect(JSON.parse(String(row?.['credential_later']))).toStrictEqual({ format: 3, fields: { a: 1 } });
    const [policy] = onFile(directory, 'SELECT document_later FROM policies');
    expect(JSON.parse(String(policy?.['document_later']))).toStrictEqual({ format: 3, fields: { signed: true } });
  });

  it("'s vault belongs to its catalogue at the first start of this one, and loses nothing", async () => {
    const directory = await temporaryDirectory();
    await dayOf(openEarlier, directory, async (store) => {
      await workingDay(store.catalogue, 'first', []);
      await keepSecrets(store, 'first');
    });
    const events: unknown[] = [];
    await dayOf(openEmbeddedStore, directory, async (store) => {
      expect(store.belongTogether).toBe(true);
      await sweepVault({ ...store, report: (event) => events.push(event), now: Date.now });
      expect(await passwordOf(store, 'first')).toBe('password of first');
    });
    expect(events).toStrictEqual([]);
  });

  function onFile(directory: string, sql: string) {
    const database = new DatabaseSync(join(directory, 'catalogue.db'));
    const rows = database.prepare(sql).all();
    database.close();
    return rows;
  }
});

/** As FRESH and the fixture name them. */
async function keepSecrets(store: EmbeddedStore, id: string): Promise<void> {
  await store.vault.putSource(id, 'source-1', new Secret(`password of ${id}`));
  const version = FRESH.current?.version ?? '';
  await store.vault.putIssued(id, { version, username: 'u', password: new Secret(id), issuedAt: START });
  await store.vault.settle(id, { sourceVersion: 'source-1', issuedVersion: version });
}

async function passwordOf(store: EmbeddedStore, id: string): Promise<string | undefined> {
  expect((await store.vault.getIssued(id, FRESH.current?.version ?? ''))?.password.reveal()).toBe(id);
  return (await store.vault.getSource(id, 'source-1'))?.reveal();
}
