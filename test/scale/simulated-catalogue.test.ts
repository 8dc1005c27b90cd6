/**
 * The catalogue that the simulation of the refresher stands on, against a real one: whatever is claimed, finished and left
 * lying, both hand out the same registries.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../bench/simulate/seeded-random.ts';
import { simulatedCatalogue } from '../../bench/simulate/simulated-catalogue.ts';
import type { CredentialRecord } from '../../lib/domain/credential.ts';
import type { Registry } from '../../lib/domain/registry.ts';
import type { Catalogue, ClaimRequest } from '../../lib/stores/catalogue.ts';
import { openEmbeddedStore, type EmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { address } from '../support/simulated-registry-world.ts';

const START = Date.UTC(2026, 0, 1);
const REGISTRIES = 30;
const KINDS = ['ecr', 'google'];

let directory: string;
let store: EmbeddedStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pullpass-simulated-catalogue-'));
  const opened = await openEmbeddedStore({ directory });
  if (!opened.ok) throw new Error(opened.failure.advice);
  store = opened.value;
});

afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

async function twins() {
  const simulated = simulatedCatalogue(() => undefined);
  for (let number = 0; number < REGISTRIES; number += 1) {
    const registry = await store.catalogue.addRegistry(
      {
        id: `registry-${number}`,
        address: address('registry.example'),
        environments: ['prod'],
        state: number % 7 === 6 ? 'inactive' : 'active',
        source: { kind: KINDS[number % 2] ?? 'ecr' },
        tls: {},
        credential: number % 5 === 4 ? { consecutiveFailures: 0 } : recordDueAt(START + number),
        createdAt: START,
        updatedAt: START,
      },
      { type: 'change', at: START, actor: 'test', action: 'registry.add', subject: `registry-${number}` },
    );
    simulated.add(registry);
  }
  return { real: store.catalogue, simulated };
}

function recordDueAt(dueAt: number): CredentialRecord {
  const current = { version: `made-for-${dueAt}`, username: 'AWS', issuedAt: START, expiresAt: dueAt * 2 };
  return { current, dueAt, consecutiveFailures: 0 };
}

type Queue = Pick<Catalogue, 'claimDue' | 'claimRegistry' | 'finishRefresh' | 'getRegistry'>;

const ids = (registries: readonly Registry[]): readonly string[] => registries.map(({ id }) => id);

describe('the catalogue of the simulation', () => {
  it('hands out the longest overdue first, of the kinds asked for, up to the limit', async () => {
    const { real, simulated } = await twins();
    const claim = { claimId: 'run', now: START + 20, until: START + 1000 };
    for (const [kinds, limit] of [
      [['google'], 3],
      [KINDS, 5],
      [[], 5],
      [KINDS, 100],
    ] as const) {
      const wanted = ids(await real.claimDue({ claim, kinds, limit }));
      expect(ids(await simulated.claimDue({ claim, kinds, limit }))).toStrictEqual(wanted);
    }
    expect(ids(await real.claimDue({ claim: { ...claim, now: START + 100 }, kinds: KINDS, limit: 100 }))).not.toEqual(
      [],
    );
  });

  it.each([1, 2])('does the same as the embedded one in a long row of claims and outcomes (seed %i)', async (seed) => {
    const { real, simulated } = await twins();
    const random = seededRandom(seed);
    const open: { readonly id: string; readonly claimId: string }[] = [];
    let now = START;
    let answered = 0;
    for (let step = 0; step < 300; step += 1) {
      now += Math.floor(random() * 20);
      const claim: ClaimRequest = { claimId: `run-${step}`, now, until: now + Math.floor(random() * 60) };
      const choice = random();
      let ask: (queue: Queue) => Promise<unknown>;
      if (choice < 0.4) {
        // All that is due, so that the order among lapsed claims, which is the store's own affair, does not matter.
        ask = async (queue) => ids(await queue.claimDue({ claim, kinds: KINDS, limit: 1000 })).toSorted();
      } else if (choice < 0.6) {
        const id = `registry-${Math.floor(random() * (REGISTRIES + 1))}`;
        open.push({ id, claimId: claim.claimId });
        ask = (queue) => queue.claimRegistry(id, claim);
      } else {
        const { id, claimId } = open[Math.floor(random() * open.length)] ?? { id: 'registry-0', claimId: 'nobody' };
        const outcome = { registryId: id, claimId, sourceVersion: undefined, credential: recordDueAt(now + 30) };
        ask = async (queue) => [await queue.finishRefresh(outcome), await queue.getRegistry(id)];
      }
      const wanted = await ask(real);
      expect(await ask(simulated)).toStrictEqual(wanted);
      if (choice < 0.4 && Array.isArray(wanted)) {
        answered += wanted.length;
        open.push(...wanted.map((id) => ({ id: String(id), claimId: claim.claimId })));
      }
    }
    expect(answered).toBeGreaterThan(50);
  });
});
