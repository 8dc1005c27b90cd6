/** Catalogue, vault and key, each as it is, missing, older or cut off: nothing is lost, and the start says what is wrong. */
import { copyFile, cp, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';

import { Secret } from '../../lib/domain/secret.ts';
import { sweepVault } from '../../lib/serve/sweep-vault.ts';
import type { ServiceEvent } from '../../lib/service/events.ts';
import { CATALOGUE_MIGRATIONS } from '../../lib/stores/embedded/catalogue-schema.ts';
import { openEmbeddedStore, type EmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { FRESH, registryFixture, START } from '../support/registry-fixture.ts';
import { change } from '../stores/contract/entries.ts';

const DAY = 86_400_000;

/** A day and more after the store was begun. */
const LATER = START + 3 * DAY;

async function folder(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-restore-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

interface Started {
  readonly store: EmbeddedStore;
  readonly events: readonly ServiceEvent[];
}

/** As `pullpass serve` does it, until it listens. */
async function start(directory: string, now = LATER): Promise<Started> {
  const events: ServiceEvent[] = [];
  const opened = await openEmbeddedStore({ directory, now: () => now });
  if (!opened.ok) throw new Error(opened.failure.advice);
  onTestFinished(() => opened.value.close());
  await sweepVault({ ...opened.value, report: (event) => events.push(event), now: () => now });
  return { store: opened.value, events };
}

async function addRegistry(store: EmbeddedStore, id: string): Promise<void> {
  await store.vault.putSource(id, 's1', new Secret(`password of ${id}`));
  await issue(store, id, 'version-1');
  await store.catalogue.addRegistry(registryFixture({ id, sourceVersion: 's1', credential: FRESH }), change());
  await store.vault.settle(id, { sourceVersion: 's1', issuedVersion: 'version-1' });
}

async function issue(store: EmbeddedStore, id: string, version: string): Promise<void> {
  await store.vault.putIssued(id, { version, username: 'u', password: new Secret(version), issuedAt: START });
}

/** An edit of its password and what follows from it. */
async function edit(store: EmbeddedStore, id: string, to: string): Promise<void> {
  const registry = await store.catalogue.getRegistry(id);
  if (registry === undefined) throw new Error('no such registry');
  await store.vault.putSource(id, to, new Secret(`password ${to}`));
  await issue(store, id, `version-${to}`);
  const current = { version: `version-${to}`, username: 'u', issuedAt: START };
  await store.catalogue.updateRegistry({
    registry: { ...registry, sourceVersion: to, credential: { ...FRESH, current } },
    ...{ expectedRevision: registry.revision, replaceCredential: true, change: change() },
  });
  const versions = { sourceVersion: to, issuedVersion: `version-${to}` };
  await store.vault.settle(id, versions);
  await store.vault.prune(id, versions);
}

async function sourceOf(store: EmbeddedStore, id: string, version: string): Promise<string | undefined> {
  return (await store.vault.getSource(id, version))?.reveal();
}

async function startedWith(
  ids: readonly string[],
): Promise<{ readonly directory: string; readonly store: EmbeddedStore }> {
  const directory = await folder();
  const { store } = await start(directory, START);
  for (const id of ids) await addRegistry(store, id);
  return { directory, store };
}

async function backUp(directory: string): Promise<string> {
  const backup = await folder();
  await cp(directory, backup, { recursive: true });
  return backup;
}

async function putBack(from: string, directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) await copyFile(join(from, name), join(directory, name));
}

const codes = (events: readonly ServiceEvent[]): readonly string[] => events.map(({ code }) => code);

describe('a vault without its catalogue', () => {
  it.each([
    [
      'is missing',
      async (file: string) => {
        await rm(file);
      },
    ],
    [
      'is empty',
      async (file: string) => {
        await truncate(file, 0);
      },
    ],
  ])('is not started with when catalogue.db %s; brought back, it is as it was', async (_name, spoil) => {
    const { directory, store } = await startedWith(['a', 'b']);
    await store.close();
    const backup = await backUp(directory);
    await spoil(join(directory, 'catalogue.db'));
    const before = await readdir(directory);
    const refused = await openEmbeddedStore({ directory });
    expect(refused).toMatchObject({ ok: false, failure: { kind: 'no_catalogue' } });
    expect(refused.ok ? '' : refused.failure.advice).toMatch(/holds secrets.*bring back.*begin anew, move vault\.db/);
    expect(await readdir(directory)).toStrictEqual(before);
    await putBack(backup, directory, ['catalogue.db']);
    const again = await start(directory);
    expect(again.events).toStrictEqual([]);
    expect(await sourceOf(again.store, 'a', 's1')).toBe('password of a');
  });

  it('is not started with beside the catalogue of another installation', async () => {
    const [one, other] = [await startedWith(['a']), await startedWith(['b'])];
    await Promise.all([one.store.close(), other.store.close()]);
    await putBack(other.directory, one.directory, ['catalogue.db']);
    const refused = await openEmbeddedStore({ directory: one.directory });
    expect(refused).toMatchObject({ ok: false, failure: { kind: 'other_installation' } });
    expect(refused.ok ? '' : refused.failure.advice).toMatch(/two installations: bring back two files of the same/);
  });

  it('is told, and left alone, where it did not note its installation and the catalogue knows none of it', async () => {
    const [one, other] = [await startedWith(['a']), await startedWith(['b'])];
    await Promise.all([one.store.close(), other.store.close()]);
    forgetInstallation(one.directory);
    await putBack(other.directory, one.directory, ['catalogue.db']);
    const { store, events } = await start(one.directory, LATER + 30 * DAY);
    expect(codes(events)).toContain('vault.unknown_installation');
    expect(await sourceOf(store, 'a', 's1')).toBe('password of a');
    expect(await store.vault.orphans()).toStrictEqual(new Map());
  });

  it('takes the installation over where the catalogue knows some of it', async () => {
    const { directory, store } = await startedWith(['a']);
    await store.close();
    forgetInstallation(directory);
    const again = await start(directory);
    expect([again.store.belongTogether, codes(again.events)]).toStrictEqual([true, []]);
    await again.store.close();
    expect((await start(directory)).store.belongTogether).toBe(true);
  });

  function forgetInstallation(directory: string): void {
    const database = new DatabaseSync(join(directory, 'vault.db'));
    database.exec('DELETE FROM installation');
    database.close();
  }
});

describe('an older catalogue beside a newer vault', () => {
  it('loses nothing of what was added since, for a week; back again, all of it is in use', async () => {
    const { directory, store } = await startedWith(['a']);
    await store.close();
    const backup = await backUp(directory);
    const newer = await start(directory, START);
    await addRegistry(newer.store, 'b');
    await newer.store.close();
    const current = await backUp(directory);

    await putBack(backup, directory, ['catalogue.db']);
    const older = await start(directory, LATER);
    expect(older.events).toMatchObject([{ code: 'vault.orphan_set_aside', fields: { registryId: 'b' } }]);
    await older.store.close();
    const almost = await start(directory, LATER + 7 * DAY - 1);
    expect(await sourceOf(almost.store, 'b', 's1')).toBe('password of b');
    await almost.store.close();

    await putBack(current, directory, ['catalogue.db']);
    const back = await start(directory, LATER + 8 * DAY);
    expect(codes(back.events)).toStrictEqual([]);
    expect(await back.store.vault.orphans()).toStrictEqual(new Map());
    expect(await sourceOf(back.store, 'b', 's1')).toBe('password of b');
  });

  it('removes what no catalogue has known for a week, and says so', async () => {
    const { directory, store } = await startedWith(['a']);
    await store.vault.putSource('orphan', 's1', new Secret('left by a crash'));
    await store.close();
    await (await start(directory, LATER)).store.close();
    const { store: after, events } = await start(directory, LATER + 7 * DAY);
    expect(events).toMatchObject([{ code: 'vault.orphan_removed', fields: { registryId: 'orphan' } }]);
    expect(await after.vault.registryIds()).toStrictEqual(['a']);
  });

  it('keeps both passwords of a registry that was edited since, whichever catalogue comes', async () => {
    const { directory, store } = await startedWith(['a']);
    await store.close();
    const backup = await backUp(directory);
    const newer = await start(directory, START);
    await edit(newer.store, 'a', 's2');
    await newer.store.close();
    const current = await backUp(directory);
    for (const [catalogue, version, password] of [
      [backup, 's1', 'password of a'],
      [current, 's2', 'password s2'],
      [backup, 's1', 'password of a'],
    ] as const) {
      await putBack(catalogue, directory, ['catalogue.db']);
      const { store: restored, events } = await start(directory);
      expect(codes(events)).toStrictEqual([]);
      expect(await sourceOf(restored, 'a', version)).toBe(password);
      await restored.close();
    }
  });

  it('removes nothing on the first day of a catalogue, nor more than a crash leaves', async () => {
    const { directory, store } = await startedWith(['a']);
    const many = Array.from({ length: 21 }, (_, index) => `orphan-${index}`);
    for (const id of many) await store.vault.putSource(id, 's1', new Secret('x'));
    await store.close();
    const firstDay = await start(directory, START + DAY - 1);
    expect(await firstDay.store.vault.orphans()).toStrictEqual(new Map());
    await firstDay.store.close();
    const { store: after, events } = await start(directory, LATER);
    expect(events).toMatchObject([{ code: 'vault.too_many_orphans', level: 'error', fields: { orphans: 21 } }]);
    expect(await after.vault.orphans()).toStrictEqual(new Map());
    expect(await after.vault.registryIds()).toHaveLength(22);
  });
});

describe('a catalogue whose write-ahead log was cut off', () => {
  it.each([0, 0.5, 0.9])('at %d of it loses no secret', async (share) => {
    const ids = Array.from({ length: 12 }, (_, index) => `r${index}`);
    const { directory, store } = await startedWith(ids);
    // Copied while it runs, without a checkpoint.
    const copy = await backUp(directory);
    await store.close();
    await rm(join(copy, 'lock.db'), { force: true });
    const log = join(copy, 'catalogue.db-wal');
    await truncate(log, Math.floor((await stat(log)).size * share));
    await openAndSweep(copy);
    await putBack(directory, copy, ['catalogue.db']);
    await Promise.all(['-wal', '-shm'].map((end) => rm(join(copy, `catalogue.db${end}`), { force: true })));
    const whole = await start(copy, LATER + DAY);
    expect(await Promise.all(ids.map((id) => sourceOf(whole.store, id, 's1')))).toStrictEqual(
      ids.map((id) => `password of ${id}`),
    );
  });

  async function openAndSweep(directory: string): Promise<void> {
    const opened = await openEmbeddedStore({ directory, now: () => LATER });
    if (!opened.ok) {
      expect(opened.failure.kind).toBe('no_catalogue');
      return;
    }
    await sweepVault({ ...opened.value, report: () => undefined, now: () => LATER });
    await opened.value.close();
  }
});

describe('a vault that lacks what the catalogue names', () => {
  it.each([
    [
      'is missing',
      async (file: string) => {
        await rm(file);
      },
      ['source', 'issued'],
    ],
    ['is older by an edit', undefined, ['source', 'issued']],
  ])('%s: the registry is named, due at once and urgent', async (_name, spoil, kinds) => {
    const { directory, store } = await startedWith(['a']);
    await store.close();
    const backup = await backUp(directory);
    const newer = await start(directory, START);
    await edit(newer.store, 'a', 's2');
    await newer.store.close();
    if (spoil === undefined) await putBack(backup, directory, ['vault.db']);
    else await spoil(join(directory, 'vault.db'));
    const before = Date.now();
    const { store: restored, events } = await start(directory);
    expect(events).toMatchObject(
      kinds.map((kind) => ({ code: 'vault.version_missing', level: 'error', fields: { registryId: 'a', kind } })),
    );
    const registry = await restored.catalogue.getRegistry('a');
    expect(registry?.credential).toMatchObject({ rejectedVersion: 'version-s2' });
    expect(registry?.credential.urgentAt).toBeLessThanOrEqual(Date.now());
    const claim = { claimId: 'c', now: Math.max(before, Date.now()), until: Date.now() + DAY };
    expect(await restored.catalogue.claimDue({ claim, kinds: ['ecr'], limit: 5 })).toMatchObject([{ id: 'a' }]);
  });
});

describe('a migration', () => {
  it('is preceded by a copy of both files that nobody else may read', async () => {
    const { directory, store } = await startedWith(['a']);
    await store.close();
    // What the version with two migrations had, as far as this needs it.
    const database = new DatabaseSync(join(directory, 'catalogue.db'));
    database.exec('DROP INDEX audit_by_subject; ALTER TABLE audit DROP COLUMN subject; PRAGMA user_version = 2');
    database.close();
    const { store: migrated } = await start(directory);
    const copies = ['catalogue.db.v2', 'vault.db.v1'].map((name) => join(directory, name));
    expect(migrated.copies).toStrictEqual(copies);
    for (const copy of copies) expect((await stat(copy)).mode & 0o777).toBe(0o600);
    const kept = new DatabaseSync(copies[0] ?? '');
    expect(kept.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 2 });
    expect(kept.prepare('SELECT id FROM registries').all()).toMatchObject([{ id: 'a' }]);
    kept.close();
    expect(CATALOGUE_MIGRATIONS).toHaveLength(3);
    await migrated.close();
    expect((await start(directory)).store.copies).toStrictEqual([]);
  });
});

describe('data that was replaced or deleted while it is open', () => {
  it.each(['catalogue.db', 'vault.db'])('takes no write that would be lost: %s', async (name) => {
    const { directory, store } = await startedWith(['a']);
    await rm(join(directory, name));
    const lost = { code: 'replaced' };
    if (name === 'catalogue.db') await expect(addRegistry(store, 'b')).rejects.toMatchObject(lost);
    else await expect(store.vault.putSource('a', 's9', new Secret('x'))).rejects.toMatchObject(lost);
    await expect(store.catalogue.badRows()).rejects.toMatchObject(lost);
  });
});
