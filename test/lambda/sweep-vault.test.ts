import { encodeTime } from 'ulid';
import { describe, expect, it } from 'vitest';
import type { Registry } from '../../lib/domain/registry.ts';
import { LOCAL_CONTEXT } from '../../lib/http/local-context.ts';
import { invocation } from '../../lib/lambda/invocation.ts';
import { sweepVault } from '../../lib/lambda/sweep-vault.ts';
import { changeDeps, UNHURRIED } from '../../lib/service/change-deps.ts';
import { StoreUnavailable } from '../../lib/stores/catalogue.ts';
import { capturedLog } from '../support/captured-log.ts';
import { HOUR, registryFixture, START } from '../support/registry-fixture.ts';

const NOW = START;
const SWEEP = { pullpass: 'sweep' };
const DAY = 24 * HOUR;

/** As an add makes it that began so long ago. */
function idOfAge(milliseconds: number, end = ''): string {
  return (encodeTime(NOW - milliseconds) + end.padStart(16, '0')).toLowerCase();
}

const KNOWN = idOfAge(1_000 * HOUR, 'a');
const ORPHAN = idOfAge(1_000 * HOUR, 'b');
const OTHER_ORPHAN = idOfAge(25 * HOUR, 'c');
const MANY = Array.from({ length: 60 }, (_, index) => idOfAge(1_000 * HOUR, String(index)));

const FEW = MANY.slice(0, 15);

interface World {
  readonly ids: readonly string[];
  readonly known?: readonly string[];
  /** Since when ids have been set aside; all of them for long enough, where nothing is said. */
  readonly aside?: ReadonlyMap<string, number>;
  /** When the catalogue was begun; null where it has no installation. */
  readonly since?: number | null;
  readonly random?: number;
  /** Milliseconds, by how many the catalogue was asked about. */
  readonly remaining?: (asked: number) => number;
  /** Fails instead of answering. */
  readonly out?: (call: 'list' | 'look' | 'remove', id: string) => boolean;
}

function worldOf(world: World) {
  const { ids, known = [], random = 0, remaining = () => 300_000, out = () => false, since = 0 } = world;
  const aside = world.aside ?? new Map(ids.map((id) => [id, NOW - 7 * DAY]));
  const { log, lines, linesOf, text } = capturedLog();
  const asked: string[] = [];
  const removed: string[] = [];
  const setAside: (readonly [string, number])[] = [];
  const takenBack: string[] = [];
  let atATime = 0;
  let most = 0;
  const answer = async (call: 'list' | 'look' | 'remove', id = ''): Promise<void> => {
    await new Promise(setImmediate);
    if (out(call, id)) throw new StoreUnavailable('Down');
  };
  const getRegistry = async (id: string): Promise<Registry | undefined> => {
    asked.push(id);
    most = Math.max(most, (atATime += 1));
    await answer('look', id).finally(() => {
      atATime -= 1;
    });
    return known.includes(id) ? { ...registryFixture({ id }), order: 1, revision: 1 } : undefined;
  };
  const run = sweepVault({
    catalogue: { getRegistry },
    vault: {
      registryIds: async () => {
        await answer('list');
        return ids;
      },
      orphans: async () => aside,
      setAside: async (...each) => {
        setAside.push(each);
      },
      takeBack: async (id) => {
        takenBack.push(id);
      },
      remove: async (id) => {
        await answer('remove', id);
        removed.push(id);
      },
    },
    installation: async () => (since === null ? undefined : { since }),
    now: () => NOW,
    random: () => random,
    report: log.report,
  });
  const context = { ...LOCAL_CONTEXT, getRemainingTimeInMillis: () => remaining(asked.length) };
  const handler = invocation({ log }, run);
  const sweep = async (event: unknown = SWEEP): Promise<unknown> => await handler(event, context);
  return { sweep, asked, removed, setAside, takenBack, most: () => most, lines, linesOf, text };
}

describe('a sweep of the vault', () => {
  const nothing = { looked: 0, setAside: 0, removed: 0, left: 0 };
  it.each<[string, World, readonly string[], object]>([
    ['nothing where there is nothing', { ids: [] }, [], nothing],
    ['what no registry has', { ids: [ORPHAN] }, [ORPHAN], { looked: 1, removed: 1, left: 0 }],
    ['nothing of a registry that there is', { ids: [KNOWN], known: [KNOWN] }, [], { looked: 1, removed: 0, left: 0 }],
    ['nothing of an add under way', { ids: [idOfAge(0)] }, [], nothing],
    ['nothing of an add of a day ago', { ids: [idOfAge(24 * HOUR)] }, [], nothing],
    ['what is older by the least', { ids: [idOfAge(24 * HOUR + 1)] }, [idOfAge(24 * HOUR + 1)], { removed: 1 }],
    ['nothing from a clock that is ahead', { ids: [idOfAge(-48 * HOUR)] }, [], nothing],
    [
      'only the orphans among others',
      { ids: [KNOWN, ORPHAN, OTHER_ORPHAN, idOfAge(HOUR)], known: [KNOWN] },
      [ORPHAN, OTHER_ORPHAN],
      { looked: 3, removed: 2, left: 0 },
    ],
  ])('removes %s', async (_name, world, removed, swept) => {
    const { sweep, removed: gone, lines } = worldOf(world);
    expect(await sweep()).toMatchObject(swept);
    expect(gone).toEqual(removed);
    expect(lines()).toMatchObject([
      ...removed.map((registryId) => ({ event: 'vault.orphan_removed', level: 'warn', registryId })),
      { event: 'vault.swept', level: 'info', ...swept },
    ]);
  });

  it.each([
    ['a word', 'database'],
    ['upper case', ORPHAN.toUpperCase()],
    ['one character too many', `${ORPHAN}0`],
    ['one character too few', ORPHAN.slice(1)],
    ['a letter that there is none of', ORPHAN.replace(/.$/, 'u')],
    ['a time that there is none of', `8${ORPHAN.slice(1)}`],
    ['a UUID', '0b9c2f0e-6a43-4f0e-9d0c-8f2f5f1f7a11'],
  ])('leaves alone what is no id of ours: %s', async (_name, foreign) => {
    const { sweep, asked, removed, lines } = worldOf({ ids: [foreign, `${foreign}-2`, ORPHAN] });
    await sweep();
    expect([asked, removed]).toEqual([[ORPHAN], [ORPHAN]]);
    expect(lines()).toMatchObject([
      { event: 'vault.foreign_ids', level: 'warn', ids: 2, first: foreign },
      { event: 'vault.orphan_removed' },
      { event: 'vault.swept', looked: 1, removed: 1 },
    ]);
  });

  it('takes the ids that adding a registry makes for ids of ours', async () => {
    const { newRegistryId } = changeDeps({
      ...{ vault: unusedVault, kinds: [], report: () => undefined, allowNetworks: [], ecrUpstreamHosts: [] },
      ...UNHURRIED,
    });
    const { sweep, asked, linesOf } = worldOf({ ids: [newRegistryId()] });
    await sweep();
    expect([asked, linesOf('vault.foreign_ids')]).toEqual([[], []]);
  });

  it('asks about some at a time, and about every one once', async () => {
    const { sweep, asked, removed, most } = worldOf({ ids: MANY, known: MANY.slice(0, 40) });
    expect(await sweep()).toEqual({ looked: 60, setAside: 0, removed: 20, left: 0 });
    expect(asked.toSorted()).toEqual(MANY.toSorted());
    expect(removed.toSorted()).toEqual(MANY.slice(40).toSorted());
    expect(most()).toBe(8);
  });

  it('removes nothing where so many are unknown that the catalogue must have lost them, and fails', async () => {
    const { sweep, removed, linesOf } = worldOf({ ids: MANY, known: MANY.slice(0, 39) });
    await expect(sweep()).rejects.toThrow('this invocation failed');
    expect(removed).toEqual([]);
    expect(linesOf('vault.too_many_orphans')).toMatchObject([{ level: 'error', orphans: 21 }]);
  });
});

describe('what no registry has', () => {
  it('is set aside first, with the time', async () => {
    const { sweep, removed, setAside, linesOf } = worldOf({ ids: [ORPHAN, KNOWN], known: [KNOWN], aside: new Map() });
    expect(await sweep()).toEqual({ looked: 2, setAside: 1, removed: 0, left: 0 });
    expect([removed, setAside]).toEqual([[], [[ORPHAN, NOW]]]);
    expect(linesOf('vault.orphan_set_aside')).toMatchObject([{ level: 'warn', registryId: ORPHAN }]);
  });

  it.each([
    ['is kept until a week is over', NOW - 7 * DAY + 1, [], []],
    ['goes when a week is over', NOW - 7 * DAY, [ORPHAN], []],
    ['is set aside anew where the clock that noted it was ahead', NOW + DAY, [], [[ORPHAN, NOW]]],
  ])('%s', async (_name, since, removed, aside) => {
    const world = worldOf({ ids: [ORPHAN], aside: new Map([[ORPHAN, since]]) });
    await world.sweep();
    expect([world.removed, world.setAside]).toEqual([removed, aside]);
  });

  it('comes back into use when the catalogue knows it again', async () => {
    const { sweep, removed, takenBack } = worldOf({ ids: [ORPHAN], known: [ORPHAN] });
    await sweep();
    expect([removed, takenBack]).toEqual([[], [ORPHAN]]);
  });

  it.each([
    ['on the first day of a catalogue', NOW - DAY + 1, []],
    ['and after it as always', NOW - DAY, [ORPHAN]],
  ])('is left alone %s', async (_name, since, removed) => {
    const world = worldOf({ ids: [ORPHAN], since });
    await world.sweep();
    expect(world.removed).toEqual(removed);
    expect(world.setAside).toEqual([]);
  });

  it('is not even looked at beside a table without an installation', async () => {
    const { sweep, asked, removed } = worldOf({ ids: [ORPHAN], since: null });
    await expect(sweep()).rejects.toThrow('this invocation failed');
    expect([asked, removed]).toEqual([[], []]);
  });
});

describe('a sweep whose time runs out', () => {
  it('stops while there is time to finish what it began, and says that it did not see all', async () => {
    const { sweep, asked, removed, linesOf } = worldOf({
      ids: MANY,
      remaining: (count) => (count < 20 ? 20_000 : 19_999),
    });
    expect(await sweep()).toEqual({ looked: 20, setAside: 0, removed: 20, left: 40 });
    expect([asked, removed].map(({ length }) => length)).toEqual([20, 20]);
    expect(linesOf('vault.swept')).toMatchObject([{ level: 'warn', looked: 20, removed: 20, left: 40 }]);
  });

  it('begins somewhere else on another day, so that none is never reached', async () => {
    const reached = new Set<string>();
    for (const random of [0, 0.34, 0.67, 0.999]) {
      const { sweep, asked } = worldOf({ ids: MANY, known: MANY, random, remaining: (n) => (n < 20 ? 60_000 : 0) });
      await sweep();
      expect(asked[0]).toBe(MANY[Math.floor(random * 60)]);
      expect(asked).toHaveLength(20);
      for (const id of asked) reached.add(id);
    }
    expect(reached.size).toBe(60);
  });
});

describe('a sweep that fails', () => {
  it.each<[string, NonNullable<World['out']>]>([
    ['the vault cannot be listed', (call) => call === 'list'],
    ['the catalogue cannot be asked', (call) => call === 'look'],
    ['the catalogue cannot be asked about one', (call, id) => call === 'look' && id === FEW[9]],
    ['the vault cannot be written', (call) => call === 'remove'],
  ])('ends with one bland error and removes nothing when %s', async (_name, out) => {
    const { sweep, removed, lines } = worldOf({ ids: FEW, out });
    await expect(sweep()).rejects.toThrow('this invocation failed');
    expect(lines()).toMatchObject([{ event: 'store.unavailable', level: 'error', reason: 'Down' }]);
    expect(removed).toEqual([]);
  });

  it('reports what it removed before', async () => {
    const { sweep, removed, linesOf } = worldOf({ ids: FEW, out: (call, id) => call === 'remove' && id === FEW[9] });
    await expect(sweep()).rejects.toThrow('this invocation failed');
    expect(removed).toEqual(FEW.slice(0, 9));
    expect(linesOf('vault.orphan_removed').map((line) => line['registryId'])).toEqual(removed);
    expect(linesOf('vault.swept')).toEqual([]);
  });

  it.each([
    ['nothing', undefined],
    ['an empty document', {}],
    ['what the refreshers get', { pullpass: 'refresh' }],
    ['a sweep with more in it', { ...SWEEP, canary: 1 }],
    ['a word', 'canary'],
  ])('because it was sent %s looks at nothing', async (_name, event) => {
    const { sweep, asked, linesOf, text } = worldOf({ ids: [ORPHAN] });
    await expect(sweep(event ?? null)).rejects.toThrow('this invocation failed');
    expect(asked).toEqual([]);
    expect(linesOf('function.failed')).toHaveLength(1);
    expect(text()).not.toContain('canary');
  });
});

const unused = async (): Promise<never> => await Promise.reject(new Error('not of this test'));
const unusedVault = {
  getIssued: unused,
  putIssued: unused,
  getSource: unused,
  putSource: unused,
  settle: unused,
  prune: unused,
  remove: unused,
  registryIds: unused,
  orphans: unused,
  setAside: unused,
  takeBack: unused,
};
