/** The check of stored times meets a row that is damaged: it goes by the others. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';

import type { CredentialRecord } from '../../lib/domain/credential.ts';
import { HOUR, START } from '../support/registry-fixture.ts';
import { add } from './contract/catalogue-under-test.ts';
import { openedStore, temporaryDirectory } from './embedded/data-directory.ts';

const MINTED: CredentialRecord = {
  current: { version: 'v1', username: 'AWS', issuedAt: START, expiresAt: START + 12 * HOUR },
  consecutiveFailures: 0,
};

it.each([
  ['no JSON', '{"current":'],
  ['a text for a time', '{"current":{"version":"v1","issuedAt":"tomorrow"},"lastError":{"at":"tomorrow"}}'],
  ['no version', '{"current":{"issuedAt":1}}'],
  ['another kind of JSON', '[]'],
])('goes by the others beside a credential that is %s', async (_name, damaged) => {
  const directory = await temporaryDirectory();
  const first = await openedStore({ directory });
  const spoilt = await add(first.catalogue, { id: 'spoilt', credential: MINTED });
  const well = await add(first.catalogue, { id: 'well', credential: MINTED });
  await first.close();
  const path = join(directory, 'catalogue.db');
  const credentialOfSpoilt = (write?: string): unknown => {
    const database = new DatabaseSync(path);
    if (write !== undefined)
      database.prepare('UPDATE registries SET credential = ? WHERE id = ?').run(write, spoilt.id);
    const row = database.prepare('SELECT credential FROM registries WHERE id = ?').get(spoilt.id);
    database.close();
    return row?.['credential'];
  };
  credentialOfSpoilt(damaged);

  const store = await openedStore({ directory });
  expect(await store.holdsTimesAfter(START)).toBe(false);
  expect(await store.holdsTimesAfter(START - 1)).toBe(true);
  await store.distrustTimes(START);
  expect(await store.catalogue.getRegistry(well.id)).toMatchObject({ credential: { rejectedVersion: 'v1' } });
  // Nothing of what it said is gone.
  expect(credentialOfSpoilt()).toContain(damaged.slice(0, -1));
});

it('finds the time of a failure that the version before does not know', async () => {
  const { catalogue, holdsTimesAfter } = await openedStore({ directory: await temporaryDirectory() });
  const lastError = { code: 'destination_refused', at: START + HOUR } as const;
  await add(catalogue, { credential: { ...MINTED, lastError } });
  expect(await holdsTimesAfter(START)).toBe(true);
});
