/** Several registries in one call: how many at once, until when, and what one that breaks does to the others. */
import { beforeEach, describe, expect, it } from 'vitest';
import { changeSeveral, type BulkDeps } from '../../lib/service/bulk.ts';
import { changeDeps } from '../../lib/service/change-deps.ts';
import type { ServiceEvent } from '../../lib/service/events.ts';
import { pullDeps } from '../../lib/service/pull-deps.ts';
import { StoreUnavailable, type Catalogue } from '../../lib/stores/catalogue.ts';
import { addAll } from '../stores/contract/catalogue-under-test.ts';
import { openedStore, temporaryDirectory } from '../stores/embedded/data-directory.ts';
import { START } from '../support/registry-fixture.ts';

const LOGIN_MS = 10_000;
const MINT_MS = 12_000;

let catalogue: Catalogue;
let deps: BulkDeps;
let events: ServiceEvent[];
let now: number;

beforeEach(async () => {
  const store = await openedStore({ directory: await temporaryDirectory() });
  ({ catalogue } = store);
  events = [];
  now = START;
  const report = (event: ServiceEvent): void => {
    events.push(event);
  };
  const times = { mintTimeoutMilliseconds: MINT_MS, loginTimeoutMilliseconds: LOGIN_MS };
  deps = {
    ...changeDeps({ vault: store.vault, kinds: [], report, allowNetworks: [], ecrUpstreamHosts: [], ...times }),
    ...pullDeps({
      catalogue,
      issued: store.vault,
      recordDecision: async () => undefined,
      report,
      ecrUpstreamHosts: [],
    }),
    catalogue,
    now: () => now,
  };
});

const named = (count: number) => Array.from({ length: count }, (_, index) => `registry-${index}`);

async function run(action: Parameters<typeof changeSeveral>[0]['action'], ids: readonly string[], using = deps) {
  const items = await changeSeveral({ action, registries: ids.map((id) => ({ id })), actor: 'admin-1' }, using);
  return items.map(({ id, result }) => [id, result.ok ? 'done' : result.failure.kind]);
}

/** A catalogue whose every look at a registry is told first. */
function observed(onRead: (id: string) => Promise<void>): BulkDeps {
  const getRegistry: Catalogue['getRegistry'] = async (id) => {
    await onRead(id);
    return await catalogue.getRegistry(id);
  };
  return { ...deps, catalogue: { ...catalogue, getRegistry } };
}

describe('registries that are changed together', () => {
  it('are begun only while there is time for the longest that one may take, and the others are told untouched', async () => {
    const ids = named(40);
    await addAll(catalogue, ids);
    const slow = observed(async () => {
      now += 1_000;
    });
    const outcomes = await run('deactivate', ids, slow);
    const done = outcomes.filter(([, outcome]) => outcome === 'done').length;
    expect(done).toBeGreaterThanOrEqual(8);
    expect(done).toBeLessThan(40);
    expect(now - START).toBeLessThanOrEqual(27_000 + 8_000);
    expect(outcomes).toEqual(ids.map((id, index) => [id, index < done ? 'done' : 'not_begun']));
    for (const [index, id] of ids.entries()) {
      expect((await catalogue.getRegistry(id))?.state).toBe(index < done ? 'inactive' : 'active');
    }
  });

  it.each([
    { action: 'delete', milliseconds: 22_000 },
    { action: 'deactivate', milliseconds: 22_000 },
    { action: 'verify', milliseconds: 22_000 - LOGIN_MS },
    // Less than that is not given: those that need no new credential are quick.
    { action: 'activate', milliseconds: 1_000 },
  ] as const)('the last of $action is begun before $milliseconds ms are over', async ({ action, milliseconds }) => {
    const begun = async (after: number): Promise<boolean> => {
      const registries = named(9).map((id) => ({ id }));
      let seen = 0;
      const waiting = observed(async () => {
        seen += 1;
        // All that are begun at once have looked at the clock by now.
        if (seen === 1) now += after;
      });
      const items = await changeSeveral({ action, registries, actor: 'admin-1' }, waiting);
      return items.every(({ result }) => !result.ok && result.failure.kind === 'not_found');
    };
    expect(await begun(milliseconds)).toBe(true);
    expect(await begun(milliseconds + 1)).toBe(false);
  });

  it.each([
    { action: 'delete', atOnce: 4 },
    { action: 'deactivate', atOnce: 8 },
  ] as const)('are not more than $atOnce at a time to $action', async ({ action, atOnce }) => {
    const ids = named(20);
    await addAll(catalogue, ids);
    let running = 0;
    let most = 0;
    const watched = observed(async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    });
    expect((await run(action, ids, watched)).every(([, outcome]) => outcome === 'done')).toBe(true);
    expect(most).toBe(atOnce);
  });

  it('go on after one whose store or whose code fails, which is reported without its text', async () => {
    const ids = named(4);
    await addAll(catalogue, ids);
    const broken = observed(async (id) => {
      if (id === 'registry-1') throw new StoreUnavailable('throttled');
      if (id === 'registry-2') throw new Error('canary: a bug');
    });
    expect(await run('deactivate', ids, broken)).toEqual([
      ['registry-0', 'done'],
      ['registry-1', 'broken_off'],
      ['registry-2', 'broken_off'],
      ['registry-3', 'done'],
    ]);
    expect(events.map(({ code }) => code)).toEqual(['store.unavailable', 'internal_error']);
    expect(JSON.stringify(events)).not.toContain('canary');
  });

  it('are told done although nobody can look at them any more', async () => {
    await addAll(catalogue, ['registry-0']);
    const blind = {
      ...deps,
      catalogue: {
        ...catalogue,
        registriesOnHost: async () => {
          throw new StoreUnavailable('throttled');
        },
      },
    };
    const request = { action: 'deactivate', registries: [{ id: 'registry-0' }], actor: 'admin-1' } as const;
    expect(await changeSeveral(request, blind)).toEqual([{ id: 'registry-0', result: { ok: true, value: undefined } }]);
    expect((await catalogue.getRegistry('registry-0'))?.state).toBe('inactive');
  });

  it('are looked at with one read of their host, after all of them', async () => {
    await addAll(catalogue, named(10));
    const hosts: string[] = [];
    const counted = {
      ...deps,
      catalogue: {
        ...catalogue,
        registriesOnHost: async (host: string) => {
          hosts.push(host);
          return await catalogue.registriesOnHost(host);
        },
      },
    };
    await run('deactivate', named(10), counted);
    expect(hosts).toHaveLength(1);
  });
});
