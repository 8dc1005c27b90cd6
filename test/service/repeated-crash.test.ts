/**
 * Refreshes and edits that die between any two of their writes, twice in a row, on a vault where what is put takes the one
 * place beside the current version: what the catalogue points at stays readable.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { success } from '../../lib/domain/result.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { editRegistry } from '../../lib/service/edit-registry.ts';
import { refreshDue } from '../../lib/service/refresh.ts';
import { StoreUnavailable, type Catalogue } from '../../lib/stores/catalogue.ts';
import { secretsManagerVault } from '../../lib/stores/secrets-manager/secrets-manager-vault.ts';
import type { Vault } from '../../lib/stores/vault.ts';
import { startSecretsManager, type SecretsManagerServer } from '../stores/secrets-manager/secrets-manager-server.ts';
import { addEcrRegistry, openWorld, type World } from '../support/simulated-registry-world.ts';

const HOUR = 3_600_000;
const LIMITS = { budgetMilliseconds: 60_000, concurrency: 1 };
const NEVER = Number.POSITIVE_INFINITY;

let server: SecretsManagerServer;
let vault: Vault;
let world: World;
let id: string;

beforeEach(async () => {
  server = await startSecretsManager();
  vault = secretsManagerVault({ client: server.client(), prefix: 'pullpass', recoveryDays: 7 });
  world = await openWorld({ seed: 5, lifetimeMilliseconds: 12 * HOUR });
  id = await addEcrRegistry(world, '111111111111');
  await refresh(NEVER);
  await edit(NEVER);
  await expectReadable();
});

afterEach(async () => {
  await world.close();
  await server.close();
});

/** The same stores, whose writes stop working after the first `writes` of them, as if the process had been killed. */
function storesDyingAfter(writes: number): { readonly catalogue: Catalogue; readonly vault: Vault } {
  let done = 0;
  const alive = <Parameters extends readonly unknown[], Value>(
    write: (...parameters: Parameters) => Promise<Value>,
  ): ((...parameters: Parameters) => Promise<Value>) => {
    return async (...parameters) => {
      if (done >= writes) throw new StoreUnavailable('killed');
      done += 1;
      return await write(...parameters);
    };
  };
  const { catalogue } = world.store;
  return {
    catalogue: {
      ...catalogue,
      claimDue: alive(catalogue.claimDue.bind(catalogue)),
      claimRegistry: alive(catalogue.claimRegistry.bind(catalogue)),
      finishRefresh: alive(catalogue.finishRefresh.bind(catalogue)),
      updateRegistry: alive(catalogue.updateRegistry.bind(catalogue)),
    },
    vault: {
      ...vault,
      putSource: alive(vault.putSource.bind(vault)),
      putIssued: alive(vault.putIssued.bind(vault)),
      settle: alive(vault.settle.bind(vault)),
      prune: alive(vault.prune.bind(vault)),
    },
  };
}

function depsDyingAfter(writes: number) {
  const [kind] = world.refreshDeps.kinds;
  if (kind === undefined) throw new Error('no kind');
  const accept = () =>
    success({ settings: { kind: 'ecr' }, secret: new Secret(JSON.stringify({ key: 'canary-key' })) });
  return { ...world.refreshDeps, ...storesDyingAfter(writes), kinds: [{ ...kind, accept }] };
}

function unlessKilled(error: unknown): void {
  if (!(error instanceof StoreUnavailable)) throw error;
}

/** Later, when it is due and every claim of those that died has lapsed. */
async function refresh(writes: number): Promise<void> {
  world.clock.now += 7 * HOUR;
  await refreshDue(LIMITS, depsDyingAfter(writes)).catch(unlessKilled);
}

async function edit(writes: number): Promise<void> {
  world.clock.now += HOUR;
  const change = { id, edit: { source: { kind: 'ecr' } }, expectedRevision: undefined, actor: 'test' };
  await editRegistry(change, depsDyingAfter(writes)).catch(unlessKilled);
}

async function expectReadable(): Promise<void> {
  const registry = await world.store.catalogue.getRegistry(id);
  const version = registry?.credential.current?.version ?? '';
  expect((await vault.getIssued(id, version))?.version).toBe(version);
  if (registry?.sourceVersion !== undefined) expect(await vault.getSource(id, registry.sourceVersion)).toBeDefined();
}

const FLOWS = { refresh, edit };
/** More than either flow has: the last one does not die. */
const WRITES = [0, 1, 2, 3, 4, 5, 6, 7];
const PAIRS = (['refresh', 'edit'] as const).flatMap((first) =>
  (['refresh', 'edit'] as const).flatMap((second) => WRITES.map((writes) => [first, writes, second] as const)),
);

describe('two crashes in a row', () => {
  it.each(PAIRS)('leave it readable: %s after %i writes, then %s after any number', async (first, writes, second) => {
    for (const then of WRITES) {
      await FLOWS[first](writes);
      await expectReadable();
      await FLOWS[second](then);
      await expectReadable();
    }
    await refresh(NEVER);
    await expectReadable();
    expect((await world.store.catalogue.getRegistry(id))?.credential).toMatchObject({ consecutiveFailures: 0 });
  });
});
