/**
 * A durable write of the embedded store, one after the other: the record of a decision, and an administrator's change of
 * a registry, against one write of as many bytes and one fdatasync in a file on the same disk.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Catalogue } from '../../lib/stores/catalogue.ts';
import { compare, median } from '../support/comparison.ts';
import { openFdatasyncFloor, type FdatasyncFloor } from '../support/fdatasync-floor.ts';
import type { Finding } from '../support/finding.ts';
import type { Gate } from '../support/gate.ts';
import { addRegistries, ENVIRONMENT, openStore } from '../support/seeded-store.ts';

/** Enough that the log is written back into the database at least once in each round: that belongs to the cost. */
const WRITES_A_ROUND = 400;

type Write = () => Promise<void>;

export const durableWrite: Gate = {
  name: 'durable-write',
  run: async ({ quick, newDirectory }) => {
    const directory = await newDirectory();
    const store = await openStore(directory);
    const floor = openFdatasyncFloor(join(directory, 'floor'));
    try {
      await addRegistries(store, { count: 1, kind: 'static', now: Date.now() });
      const log = join(directory, 'catalogue.db-wal');
      const subjects: { readonly name: string; readonly write: Write; readonly bytes: number }[] = [];
      for (const [name, write] of [
        ['record of a decision', decisionWrite(store.catalogue)],
        ['change of a registry', await changeWrite(store.catalogue)],
      ] as const) {
        subjects.push({ name, write, bytes: await bytesEach(log, write) });
      }
      const findings: Finding[] = [];
      for (const subject of subjects) findings.push(await measure(subject, floor, quick ? 7 : 21));
      return findings;
    } finally {
      floor.close();
      await store.close();
    }
  },
};

async function measure(
  subject: { readonly name: string; readonly write: Write; readonly bytes: number },
  floor: FdatasyncFloor,
  rounds: number,
): Promise<Finding> {
  const { name, write, bytes } = subject;
  // The log has its full size afterwards, and is written from its beginning again.
  for (let count = 0; count < WRITES_A_ROUND; count += 1) await write();
  const floors: number[] = [];
  const writes: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const spent = await microsecondsEach(write, () => {
      floor.write(bytes);
    });
    floors.push(spent.floor);
    writes.push(spent.write);
  }
  return {
    gate: `durable write, ${name} / fdatasync`,
    comparison: compare(writes, floors),
    limits: { direction: 'at most', target: 1.3, failsAt: 2 },
    figures: `${median(writes).toFixed(0)} us, fdatasync of ${bytes} bytes ${median(floors).toFixed(0)} us`,
  };
}

/** In turns, write by write: how long a disk takes changes within fractions of a second. */
async function microsecondsEach(write: Write, floor: () => void): Promise<{ write: number; floor: number }> {
  const spent = { write: 0, floor: 0 };
  for (let count = 0; count < WRITES_A_ROUND; count += 1) {
    const startedAt = performance.now();
    floor();
    const between = performance.now();
    await write();
    spent.floor += between - startedAt;
    spent.write += performance.now() - between;
  }
  return { write: (spent.write * 1000) / WRITES_A_ROUND, floor: (spent.floor * 1000) / WRITES_A_ROUND };
}

/** How much a write adds to a log that still grows. */
async function bytesEach(log: string, write: Write): Promise<number> {
  const writes = 10;
  const before = await stat(log);
  for (let count = 0; count < writes; count += 1) await write();
  const after = await stat(log);
  const bytes = Math.round((after.size - before.size) / writes);
  if (bytes <= 0) throw new Error('the log did not grow: the size of a write is not known');
  return bytes;
}

function decisionWrite(catalogue: Catalogue): Write {
  return () =>
    catalogue.recordDecision({
      type: 'decision',
      at: Date.now(),
      environment: ENVIRONMENT,
      agentId: '0123456789abcdef',
      image: 'registry-0.example.test/team/service:2026.11',
      rule: 'organisation whitelist: *.example.test',
      mode: 'enforce',
      wouldRefuse: false,
      outcome: 'released',
      registryId: 'registry-0',
      version: 'first',
    });
}

async function changeWrite(catalogue: Catalogue): Promise<Write> {
  let registry = await catalogue.getRegistry('registry-0');
  return async () => {
    if (registry === undefined) throw new Error('the registry is gone');
    const change = { at: Date.now(), actor: 'bench', action: 'registry.edit', subject: registry.id } as const;
    const written = await catalogue.updateRegistry({
      registry: { ...registry, updatedAt: change.at },
      expectedRevision: registry.revision,
      replaceCredential: false,
      change: { type: 'change', ...change },
    });
    if (written.kind !== 'stored') throw new Error(`the change ended as ${written.kind}`);
    registry = written.item;
  };
}
