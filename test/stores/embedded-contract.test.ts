/** The embedded store, held to what every store must do. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { openEmbeddedStore, type EmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { describeCatalogueContract } from './catalogue-contract.ts';
import type { OpenedCatalogue } from './contract/catalogue-under-test.ts';
import { describeVaultContract } from './vault-contract.ts';

async function storeIn(directory: string): Promise<EmbeddedStore> {
  const opened = await openEmbeddedStore({ directory });
  if (!opened.ok) throw new Error(opened.failure.advice);
  return opened.value;
}

async function openCatalogue(): Promise<OpenedCatalogue> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-contract-'));
  const store = await storeIn(directory);
  const close = async (): Promise<void> => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  };
  const damage: OpenedCatalogue['damage'] = async ({ table, id }) => {
    const database = new DatabaseSync(join(directory, 'catalogue.db'));
    const key = table === 'policies' ? 'scope' : 'id';
    database.prepare(`UPDATE ${table} SET document = '{' WHERE ${key} = ?`).run(id);
    database.close();
  };
  const reopen = async (): Promise<OpenedCatalogue> => {
    await store.close();
    const again = await storeIn(directory);
    return { catalogue: again.catalogue, close: () => again.close(), damage };
  };
  return { catalogue: store.catalogue, close, reopen, damage };
}

describeCatalogueContract('the embedded catalogue', openCatalogue);

describeVaultContract('the embedded vault', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-contract-'));
  const store = await storeIn(directory);
  const close = async (): Promise<void> => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  };
  return { vault: store.vault, close };
});
