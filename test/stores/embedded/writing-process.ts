/**
 * Run as a process of its own: opens the store in argv[2] and does what argv[3] says. It tells what it has done by lines
 * of JSON on stdout, each written (synchronously) only after the store has acknowledged the write.
 */
import { writeSync } from 'node:fs';
import process from 'node:process';

import { Secret } from '../../../lib/domain/secret.ts';
import { openEmbeddedStore, type EmbeddedStore } from '../../../lib/stores/embedded/open-embedded-store.ts';
import { FRESH, registryFixture, START } from '../../support/registry-fixture.ts';
import { change, decision } from '../contract/entries.ts';
import { CANARY, type Acknowledgement } from './acknowledgement.ts';

function acknowledge(done: Acknowledgement): void {
  writeSync(1, `${JSON.stringify(done)}\n`);
}

async function issue(store: EmbeddedStore, id: string, version: string): Promise<void> {
  await store.vault.putIssued(id, {
    version,
    username: 'AWS',
    password: new Secret(`${CANARY} ${version}`),
    issuedAt: START,
  });
}

async function addRegistry(store: EmbeddedStore, id: string): Promise<void> {
  await store.vault.putSource(id, 'source-1', new Secret(CANARY));
  await issue(store, id, 'version-1');
  const registry = registryFixture({ id, sourceVersion: 'source-1', description: 'edit 0' });
  await store.catalogue.addRegistry(registry, change({ subject: id }));
  acknowledge({ kind: 'added', id });
}

async function editRegistry(store: EmbeddedStore, id: string, edit: number): Promise<void> {
  const registry = await store.catalogue.getRegistry(id);
  if (registry === undefined) throw new Error('lost before the crash');
  await store.catalogue.updateRegistry({
    registry: { ...registry, description: `edit ${edit}` },
    expectedRevision: registry.revision,
    replaceCredential: false,
    change: change({ subject: id }),
  });
  acknowledge({ kind: 'edited', id, edit });
}

async function refreshRegistry(store: EmbeddedStore, id: string, count: number): Promise<void> {
  const version = `version-${count}`;
  await store.catalogue.claimRegistry(id, { claimId: version, now: START, until: START + 1 });
  await issue(store, id, version);
  const current = { version, username: 'AWS', issuedAt: START };
  const credential = { ...FRESH, current };
  await store.catalogue.finishRefresh({ registryId: id, claimId: version, sourceVersion: 'source-1', credential });
  acknowledge({ kind: 'refreshed', id, count });
  await store.vault.settle(id, { sourceVersion: 'source-1', issuedVersion: version });
}

async function recordDecision(store: EmbeddedStore, image: string): Promise<void> {
  await store.catalogue.recordDecision(decision({ image }));
  acknowledge({ kind: 'decided', image });
}

/** Until it is killed. */
async function writeForEver(store: EmbeddedStore, run: string): Promise<never> {
  for (let round = 1; ; round += 1) {
    const id = `${run}-${round}`;
    await addRegistry(store, id);
    for (let step = 1; step <= 3; step += 1) {
      await Promise.all([
        recordDecision(store, `${id}-${step}-a`),
        editRegistry(store, id, step),
        recordDecision(store, `${id}-${step}-b`),
        refreshRegistry(store, id, step + 1),
      ]);
    }
  }
}

async function run(directory: string, task: string, name: string): Promise<void> {
  const opened = await openEmbeddedStore({ directory });
  if (!opened.ok) {
    acknowledge({ kind: 'refused', failure: opened.failure });
    return;
  }
  acknowledge({ kind: 'opened' });
  if (task === 'write') await writeForEver(opened.value, name);
  if (task === 'die between the writes') {
    await opened.value.vault.putSource(name, 'source-1', new Secret(CANARY));
    await issue(opened.value, name, 'version-1');
    process.kill(process.pid, 'SIGKILL');
  }
  // Holds the store until it is killed.
  setInterval(() => {}, 60_000);
}

const [, , directory, task, name] = process.argv;
await run(directory ?? '', task ?? '', name ?? '');
