/** Killed at any moment, nothing acknowledged is lost, and nothing points at what is not there. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import type { AuditEntry } from '../../lib/domain/audit.ts';
import type { EmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { idsOf, pageOf } from './contract/catalogue-under-test.ts';
import type { Acknowledgement } from './embedded/acknowledgement.ts';
import { openedStore, temporaryDirectory } from './embedded/data-directory.ts';
import { startProcess } from './embedded/other-process.ts';

const KILLS = 25;
const LONGEST_LIFE_MS = 120;

describe('a process that is killed while it writes', () => {
  it(`loses nothing that it acknowledged, ${KILLS} times in a row`, { timeout: 120_000 }, async () => {
    const directory = await temporaryDirectory();
    const acknowledged: Acknowledgement[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const writer = startProcess(directory, 'write', `run-${kill}`);
      await writer.told(2);
      await sleep(Math.random() * LONGEST_LIFE_MS);
      const told = await writer.kill();
      expect(told[0]).toStrictEqual({ kind: 'opened' });
      acknowledged.push(...told);

      expectWhole(directory);
      const store = await openedStore({ directory });
      await expectAllThere(store, told);
      await expectAllReadable(store);
      await expectAllAudited(store);
      await store.close();
    }
    const store = await openedStore({ directory });
    await expectAllThere(store, acknowledged);
    expect(acknowledged.length).toBeGreaterThan(KILLS * 3);
  });

  it('leaves nothing that points at a secret whose registry was not stored any more, and shows it', async () => {
    const directory = await temporaryDirectory();
    await startProcess(directory, 'die between the writes', 'half-done').ended();
    const store = await openedStore({ directory });
    expect(await store.catalogue.getRegistry('half-done')).toBeUndefined();
    expect(idsOf(await store.catalogue.listRegistries({ filter: {}, limit: 10 }))).toStrictEqual([]);
    expect(await store.vault.registryIds()).toStrictEqual(['half-done']);
    await store.vault.remove('half-done');
    expect(await store.vault.registryIds()).toStrictEqual([]);
  });
});

/** Before anything else opens the files. */
function expectWhole(directory: string): void {
  for (const name of ['catalogue.db', 'vault.db']) {
    const database = new DatabaseSync(join(directory, name));
    expect(database.prepare('PRAGMA integrity_check').all()).toMatchObject([{ integrity_check: 'ok' }]);
    expect(database.prepare('PRAGMA foreign_key_check').all()).toStrictEqual([]);
    database.close();
  }
}

async function expectAllThere(store: EmbeddedStore, acknowledged: readonly Acknowledgement[]): Promise<void> {
  const images = await recordedImages(store);
  for (const done of acknowledged) {
    if (done.kind === 'decided') expect(images).toContain(done.image);
    if (done.kind === 'added' || done.kind === 'edited' || done.kind === 'refreshed') {
      const registry = await store.catalogue.getRegistry(done.id);
      expect(registry).toBeDefined();
      // A later write may have been stored, too, without the time to say so.
      const edit = numberIn(registry?.description);
      const refresh = numberIn(registry?.credential.current?.version);
      if (done.kind === 'edited') expect(edit).toBeGreaterThanOrEqual(done.edit);
      if (done.kind === 'refreshed') expect(refresh).toBeGreaterThanOrEqual(done.count);
    }
  }
}

async function expectAllReadable(store: EmbeddedStore): Promise<void> {
  const { items } = pageOf(await store.catalogue.listRegistries({ filter: {}, limit: 500 }));
  for (const { id, sourceVersion, credential } of items) {
    expect(await store.vault.getIssued(id, credential.current?.version ?? 'none')).toBeDefined();
    expect(await store.vault.getSource(id, sourceVersion ?? 'none')).toBeDefined();
  }
}

/** A change and its entry are one write: as many of them as the revision has counted. */
async function expectAllAudited(store: EmbeddedStore): Promise<void> {
  const counts = new Map<string, number>();
  for (const entry of await auditOf(store, 'change')) {
    if (entry.type === 'change') counts.set(entry.subject, (counts.get(entry.subject) ?? 0) + 1);
  }
  const { items } = pageOf(await store.catalogue.listRegistries({ filter: {}, limit: 500 }));
  for (const { id, revision } of items) expect([id, counts.get(id)]).toStrictEqual([id, revision]);
}

async function recordedImages(store: EmbeddedStore): Promise<ReadonlySet<string>> {
  const entries = await auditOf(store, 'decision');
  return new Set(entries.map((entry) => (entry.type === 'decision' ? entry.image : '')));
}

async function auditOf(store: EmbeddedStore, type: 'decision' | 'change'): Promise<readonly AuditEntry[]> {
  const entries: AuditEntry[] = [];
  let cursor: string | undefined;
  do {
    const query = { type, limit: 500, ...(cursor === undefined ? {} : { cursor }) };
    const page = pageOf(await store.catalogue.listAudit(query));
    entries.push(...page.items);
    ({ cursor } = page);
  } while (cursor !== undefined);
  return entries;
}

function numberIn(text: string | undefined): number {
  return Number(/\d+$/.exec(text ?? '')?.[0] ?? Number.NaN);
}
