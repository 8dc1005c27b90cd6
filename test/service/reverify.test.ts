import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VERIFICATION_STATUSES, type Registry, type Verification } from '../../lib/domain/registry.ts';
import { reverifyAt } from '../../lib/service/reverify-schedule.ts';
import { reverifyDue, type ReverifyLimits, type ReverifyRun } from '../../lib/service/reverify.ts';
import { StoreUnavailable } from '../../lib/stores/catalogue.ts';
import {
  canonicalAddress,
  FRESH,
  HOUR,
  registryFixture,
  START,
  type NewRegistry,
} from '../support/registry-fixture.ts';
import { answering, answeringInTurn, PASSWORD, simulateLogins, TYPED } from '../support/simulated-logins.ts';

const DAY = 24 * HOUR;
const WELL: Verification = { status: 'verified', at: START };
const LIMITS: ReverifyLimits = { budgetMilliseconds: 100_000, concurrency: 1, againAfterMilliseconds: 30_000 };

let world: Awaited<ReturnType<typeof simulateLogins>>;

beforeEach(async () => {
  world = await simulateLogins();
});

afterEach(async () => {
  await world.close();
});

/** With an access key, since these addresses are none of ECR's own. */
const ECR = { kind: 'ecr', accessKeyId: 'AKIAEXAMPLEEXAMPLE01' } as const;

async function runAfter(
  milliseconds: number,
  limits: Partial<ReverifyLimits> = {},
  deps: Partial<typeof world.deps> = {},
): Promise<ReverifyRun> {
  world.clock.now = START + milliseconds;
  return await reverifyDue({ ...LIMITS, ...limits }, { ...world.deps, ...deps }, new AbortController().signal);
}

async function addAt(host: string, fields: Partial<NewRegistry> = {}): Promise<Registry> {
  return await world.add({ id: host, address: canonicalAddress(`${host}.example.com`), verification: WELL, ...fields });
}

function askedHosts(): readonly string[] {
  return world.asked.map(({ address }) => address.split('.', 1).join(''));
}

describe('when a registry is looked at', () => {
  const ids = Array.from({ length: 2_000 }, (_, index) => `01k2v9m6q3t8w5x7y0z1a2${String(index).padStart(4, '0')}`);
  const dueTimes = (fields: Partial<NewRegistry>): readonly number[] =>
    ids.map((id) => reverifyAt(registryFixture({ id, ...fields })) ?? NaN).toSorted((left, right) => left - right);

  it.each([
    ['verified: within the last quarter of a day', { verification: WELL }, 18 * HOUR, 24 * HOUR],
    ['refused before: as well', { verification: { status: 'unauthorized', at: START } }, 18 * HOUR, 24 * HOUR],
    ['never verified: within a quarter of a day of the last change', {}, 0, 6 * HOUR],
  ] satisfies [string, Partial<NewRegistry>, number, number][])('%s', (_name, fields, from, to) => {
    const times = dueTimes(fields);
    expect(times[0]).toBeGreaterThanOrEqual(START + from);
    expect(times.at(-1)).toBeLessThanOrEqual(START + to);
  });

  it.each([{ verification: WELL }, {}])('what was added together is spread evenly: %j', (fields) => {
    const times = dueTimes(fields);
    const first = Math.floor(Math.min(...times) / HOUR) * HOUR;
    const inHour = (hour: number): number =>
      times.filter((time) => time >= first + hour * HOUR && time < first + (hour + 1) * HOUR).length;
    // A sixth of 2,000, and 100 away from it is more than five standard deviations.
    for (let hour = 0; hour < 6; hour += 1) expect(Math.abs(inHour(hour) - 2_000 / 6)).toBeLessThan(100);
  });

  it('is the same for every process: it follows from the id', () => {
    const registry = registryFixture({ id: '01k2v9m6q3t8w5x7y0z1a2b3c4', verification: WELL });
    expect(reverifyAt(registry)).toBe(reverifyAt({ ...registry }));
    expect(reverifyAt({ ...registry, id: '01k2v9m6q3t8w5x7y0z1a2b3c5' })).not.toBe(reverifyAt(registry));
  });

  it.each(['dns', 'unreachable', 'timeout', 'rate_limited'] as const)(
    'drift that may be over soon (%s) is looked at within the hour, and so is no other',
    (status) => {
      const drift = { from: 'verified', at: START } as const;
      const soon = registryFixture({ verification: { status, at: START, drift } });
      expect(reverifyAt(soon)).toBeLessThan(START + HOUR);
      expect(reverifyAt({ ...soon, verification: { status, at: START } })).toBeGreaterThan(START + 17 * HOUR);
      const lasting = { status: 'unauthorized', at: START, drift } as const;
      expect(reverifyAt({ ...soon, verification: lasting })).toBeGreaterThan(START + 17 * HOUR);
    },
  );

  it('is within a quarter of a day of the end of its expiry date, once: only a login says whether it is dead', () => {
    const expiredAt = START + DAY;
    const dated = { expiresOn: '2026-01-01', verification: { ...WELL, at: expiredAt - 1 } };
    const times = dueTimes(dated);
    expect(times[0]).toBeGreaterThanOrEqual(expiredAt);
    expect(times.at(-1)).toBeLessThanOrEqual(expiredAt + 6 * HOUR);
    expect(dueTimes({ ...dated, verification: { ...WELL, at: expiredAt } })[0]).toBeGreaterThan(expiredAt + 17 * HOUR);
    const long = { ...dated, expiresOn: '2026-12-31' };
    expect(dueTimes(long)).toEqual(dueTimes({ verification: dated.verification }));
  });

  it('a login that was forbidden is looked at again within the hour, drifted or not', () => {
    const drift = { from: 'verified', at: START } as const;
    for (const known of [
      { status: 'forbidden', at: START } as const,
      { status: 'forbidden', at: START, drift } as const,
    ]) {
      expect(reverifyAt(registryFixture({ verification: known }))).toBeLessThan(START + HOUR);
    }
  });

  it('is never while it has no credential', () => {
    expect(reverifyAt(registryFixture({ credential: { consecutiveFailures: 3 } }))).toBeUndefined();
  });
});

describe('a run', () => {
  it('logs in at what is due and active, with the credential that hosts are given', async () => {
    await addAt('due');
    await world.add({ id: 'never', address: canonicalAddress('never.example.com') });
    await addAt('lately', { verification: { ...WELL, at: START + 20 * HOUR } });
    await addAt('inactive', { state: 'inactive' });
    await addAt('pending', { credential: { consecutiveFailures: 1, dueAt: START } });
    const run = await runAfter(DAY);
    expect(askedHosts().toSorted()).toEqual(['due', 'never']);
    expect(run).toEqual({ verified: 2, skipped: 0, failed: 0, left: 0, drifted: 0, expiring: 0, complete: true });
    expect((await world.get('due')).verification).toEqual({ status: 'verified', at: START + DAY + 200 });
  });

  it('does so for every kind of source, and leaves out what has run out', async () => {
    const credential = { ...FRESH, current: { version: 'version-1', username: 'AWS', issuedAt: START } };
    const living = { ...credential, current: { ...credential.current, expiresAt: START + 2 * DAY } };
    const dead = { ...credential, current: { ...credential.current, expiresAt: START + DAY } };
    await addAt('ecr', { source: ECR, credential: living });
    await addAt('google', { source: { kind: 'google' }, credential: living });
    await addAt('dead', { source: ECR, credential: dead });
    expect(await runAfter(DAY)).toMatchObject({ verified: 2, skipped: 1 });
    expect(askedHosts().toSorted()).toEqual(['ecr', 'google']);
  });

  it.each(
    VERIFICATION_STATUSES.flatMap((status) =>
      (['static', 'ecr'] as const).map((kind) => [status, kind] as const),
    ).filter(([status, kind]) => status !== 'unauthorized' || kind === 'static'),
  )('that ends with %s writes nothing of a registry of kind %s but its verification', async (status, kind) => {
    const credential = {
      current: { version: 'version-1', username: 'AWS', issuedAt: START, expiresAt: START + 3 * DAY },
      dueAt: START + 36 * HOUR,
      urgentAt: START + 2 * DAY,
      consecutiveFailures: 2,
      lastError: { code: 'throttled', at: START },
      rejectedVersion: 'version-0',
    } as const;
    const added = await addAt('one', kind === 'static' ? {} : { source: ECR, credential });
    const secrets = await world.secrets(added);
    world.logins.set(added.address, answering({ status }));
    expect(await runAfter(DAY)).toMatchObject({ verified: 1, skipped: 0, failed: 0 });
    const { verification, ...rest } = await world.get('one');
    const { verification: _before, ...restBefore } = added;
    expect(rest).toStrictEqual(restBefore);
    expect(verification).toMatchObject({ status });
    expect(await world.secrets(added)).toEqual(secrets);
    expect(secrets[0]).toBe(PASSWORD);
    expect(await world.store.catalogue.firstUrgent()).toEqual(
      kind === 'static' ? undefined : { registryId: 'one', urgentAt: START + 2 * DAY },
    );
  });

  it('has a refused credential that can be made anew refreshed at once, once a version', async () => {
    const current = { version: 'version-1', username: 'AWS', issuedAt: START, expiresAt: START + 3 * DAY };
    const credential = { current, dueAt: START + 36 * HOUR, consecutiveFailures: 0 };
    const told = { ...credential, rejectedVersion: 'version-1' };
    for (const [host, record] of [['news', credential] as const, ['told', told] as const]) {
      const { address } = await addAt(host, { source: ECR, credential: record });
      world.logins.set(address, answering({ status: 'unauthorized' }));
    }
    expect(await runAfter(DAY)).toMatchObject({ verified: 2 });
    const news = (await world.get('news')).credential;
    expect(news).toStrictEqual({ ...told, dueAt: news.dueAt });
    expect(news.dueAt).toBeLessThanOrEqual(world.clock.now);
    expect((await world.get('told')).credential).toStrictEqual(told);
  });

  it('tells of drift when it begins and when it ends, and of nothing in between', async () => {
    const { address } = await addAt('one');
    const refused = answering({ status: 'unauthorized' });
    await runAfter(DAY);
    expect([await world.changes(), world.events]).toEqual([[], []]);

    world.logins.set(address, refused);
    expect(await runAfter(2 * DAY + HOUR)).toMatchObject({ drifted: 1 });
    expect(await runAfter(3 * DAY + 2 * HOUR)).toMatchObject({ drifted: 1 });
    const began = ['registry.drift', 'pullpass', 'one', 'verified -> unauthorized'];
    expect(await world.changes()).toEqual([began]);
    const fields = { registryId: 'one', address };
    const drift = {
      level: 'warn',
      code: 'registry.drift',
      fields: { ...fields, from: 'verified', to: 'unauthorized' },
    };
    expect(world.events).toEqual([drift]);

    world.logins.delete(address);
    expect(await runAfter(4 * DAY + 3 * HOUR)).toMatchObject({ drifted: 0 });
    expect(await world.changes()).toEqual([
      ['registry.drift_ended', 'pullpass', 'one', 'unauthorized -> verified'],
      began,
    ]);
    const ended = { ...fields, from: 'unauthorized', to: 'verified' };
    expect(world.events).toEqual([drift, { level: 'info', code: 'registry.drift_ended', fields: ended }]);
    expect((await world.get('one')).verification).toEqual({ status: 'verified', at: START + 4 * DAY + 3 * HOUR + 100 });
  });

  it('counts what has drifted although it was not its turn, and nothing that is inactive', async () => {
    const drift = { from: 'verified', at: START } as const;
    const verification = { status: 'unauthorized', at: START, drift } as const;
    await addAt('active', { verification });
    await addAt('inactive', { verification, state: 'inactive' });
    expect(await runAfter(HOUR)).toEqual({
      verified: 0,
      skipped: 0,
      failed: 0,
      left: 0,
      drifted: 1,
      expiring: 0,
      complete: true,
    });
    expect(world.asked).toEqual([]);
  });

  it('reports no secret', async () => {
    const { address } = await addAt('one');
    world.logins.set(address, answering({ status: 'unauthorized', advice: 'canary' }));
    await runAfter(DAY);
    expect(world.events).toHaveLength(1);
    expect(JSON.stringify([world.events, await world.changes()])).not.toContain('canary');
  });
});

describe('what may be over in a moment', () => {
  const TRANSIENT = ['dns', 'unreachable', 'timeout', 'rate_limited'] as const;

  it.each(TRANSIENT)('%s is asked again some time later, and not counted when it is over', async (status) => {
    const { address } = await addAt('ill');
    await addAt('well');
    world.logins.set(address, answeringInTurn({ status }, {}));
    expect(await runAfter(DAY)).toMatchObject({ verified: 2, drifted: 0 });
    const [first, second] = world.asked.filter((asked) => asked.address === address).map(({ at }) => at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(LIMITS.againAfterMilliseconds);
    expect((await world.get('ill')).verification).toMatchObject({ status: 'verified' });
    expect([await world.changes(), world.events]).toEqual([[], []]);
  });

  it.each(TRANSIENT)('%s counts when it is still so', async (status) => {
    const { address } = await addAt('ill');
    world.logins.set(address, answeringInTurn({ status }, { status }, {}));
    expect(await runAfter(DAY)).toMatchObject({ verified: 1, drifted: 1 });
    expect(world.asked).toHaveLength(2);
    expect((await world.get('ill')).verification).toMatchObject({ status, drift: { from: 'verified' } });
    expect(await world.changes()).toEqual([['registry.drift', 'pullpass', 'ill', `verified -> ${status}`]]);
  });

  it('a login that was forbidden is not asked for twice in a run, and counts', async () => {
    const { address } = await addAt('banned');
    world.logins.set(address, answeringInTurn({ status: 'forbidden' }, {}));
    expect(await runAfter(DAY)).toMatchObject({ verified: 1, drifted: 1 });
    expect(world.asked).toHaveLength(1);
    expect(await runAfter(DAY + HOUR)).toMatchObject({ verified: 1, drifted: 0 });
  });

  it('counts by what the second answer is', async () => {
    const { address } = await addAt('ill');
    world.logins.set(address, answeringInTurn({ status: 'timeout' }, { status: 'unauthorized' }));
    await runAfter(DAY);
    expect(await world.changes()).toEqual([['registry.drift', 'pullpass', 'ill', 'verified -> unauthorized']]);
  });

  it('is not counted when there was no time to ask again, and comes first in the next run', async () => {
    const { address } = await addAt('ill');
    world.logins.set(address, answering({ status: 'unreachable' }));
    world.loginMilliseconds = 120_000;
    expect(await runAfter(DAY)).toEqual({
      verified: 0,
      skipped: 0,
      failed: 0,
      left: 1,
      drifted: 0,
      expiring: 0,
      complete: true,
    });
    expect((await world.get('ill')).verification).toEqual(WELL);
    world.loginMilliseconds = 100;
    expect(await runAfter(DAY + HOUR)).toMatchObject({ verified: 1, drifted: 1 });
  });

  it('that is down to stay is asked again within the hour, so that drift ends soon after the trouble does', async () => {
    const { address } = await addAt('ill');
    world.logins.set(address, answering({ status: 'unreachable' }));
    await runAfter(DAY);
    world.logins.delete(address);
    expect(await runAfter(DAY + HOUR)).toMatchObject({ verified: 1, drifted: 0 });
  });
});

describe('what somebody else changes meanwhile', () => {
  const change = { type: 'change', at: START, actor: 'admin', action: 'registry.edit', subject: 'one' } as const;

  it.each<[string, () => Promise<unknown>]>([
    ['edited', () => edit({ description: 'new' })],
    ['given another source', () => edit({ sourceVersion: 'source-2' })],
    ['deactivated', () => edit({ state: 'inactive' })],
    ['refreshed', () => refresh()],
    ['claimed by a refresh', () => claim()],
    ['logged in at by somebody else', () => logIn()],
    ['deleted', () => world.store.catalogue.removeRegistry({ id: 'one', expectedRevision: undefined, change })],
  ])('is not written over: %s', async (_name, meanwhile) => {
    const { address } = await addAt('one');
    let after: Registry | undefined;
    world.logins.set(address, async () => {
      await meanwhile();
      after = await world.store.catalogue.getRegistry('one');
      return { status: 'unauthorized', advice: '' };
    });
    expect(await runAfter(DAY)).toMatchObject({ verified: 0, skipped: 1, failed: 0, drifted: 0 });
    expect(await world.store.catalogue.getRegistry('one')).toStrictEqual(after);
    expect(world.events).toEqual([]);
    expect(await world.changes()).not.toContainEqual(expect.arrayContaining(['registry.drift']));
  });

  it('a rejection that a host reports between claim and note is kept', async () => {
    await addAt('one');
    const { catalogue } = world.store;
    const report = { registryId: 'one', version: 'version-1', now: START };
    const claimRegistry: typeof catalogue.claimRegistry = async (id, claim) => {
      const claimed = await catalogue.claimRegistry(id, claim);
      await catalogue.reportRejection(report);
      return claimed;
    };
    await runAfter(DAY, {}, { catalogue: { ...catalogue, claimRegistry } });
    expect(await world.get('one')).toMatchObject({
      credential: { rejectedVersion: 'version-1', dueAt: START },
      verification: { at: START + DAY + 100 },
    });
  });

  it('what was logged in at since the walk is not logged in at again', async () => {
    await addAt('b');
    await addAt('a', { verification: { ...WELL, at: START - HOUR } });
    world.logins.set(canonicalAddress('a.example.com'), async () => {
      const registry = await claimOf('b');
      await world.store.catalogue.finishRefresh({ ...registry, verification: { status: 'verified', at: START + DAY } });
      return { status: 'verified', advice: '' };
    });
    expect(await runAfter(DAY)).toMatchObject({ verified: 1, skipped: 1 });
    expect(askedHosts()).toEqual(['a']);
  });

  async function edit(fields: Partial<Registry>): Promise<void> {
    const registry = { ...(await world.get('one')), ...fields };
    const { catalogue } = world.store;
    await catalogue.updateRegistry({ registry, expectedRevision: 1, replaceCredential: false, change });
  }

  async function claimOf(id: string) {
    const now = world.clock.now;
    await world.store.catalogue.claimRegistry(id, { claimId: 'refresh', now, until: now + 60_000 });
    return { registryId: id, claimId: 'refresh', sourceVersion: 'source-1' };
  }

  async function claim(): Promise<void> {
    await claimOf('one');
  }

  async function logIn(): Promise<void> {
    const claimed = await claimOf('one');
    const verification = { status: 'verified', at: world.clock.now } as const;
    await world.store.catalogue.finishRefresh({ ...claimed, verification });
  }

  async function refresh(): Promise<void> {
    const claimed = await claimOf('one');
    const current = { version: 'version-2', username: 'puller', issuedAt: START + DAY };
    await world.store.catalogue.finishRefresh({ ...claimed, credential: { current, consecutiveFailures: 0 } });
  }
});

describe('time and trouble', () => {
  it('takes the longest overdue first, stops when half the time is over, and goes on in the next run', async () => {
    for (const [index, host] of ['c', 'a', 'd', 'b'].entries()) {
      await addAt(host, { verification: { ...WELL, at: START - ['a', 'b', 'c', 'd'].indexOf(host) * DAY - index } });
    }
    world.loginMilliseconds = 30_000;
    expect(await runAfter(DAY)).toMatchObject({ verified: 2, left: 2 });
    expect(askedHosts()).toEqual(['d', 'c']);
    expect(await runAfter(DAY + HOUR)).toMatchObject({ verified: 2, left: 0 });
    expect(askedHosts()).toEqual(['d', 'c', 'b', 'a']);
  });

  it('logs in at as many at a time as it is told', async () => {
    for (let host = 0; host < 20; host += 1) await addAt(`host-${host}`);
    let atATime = 0;
    let most = 0;
    const loginCheck = async () => {
      most = Math.max(most, (atATime += 1));
      await new Promise(setImmediate);
      atATime -= 1;
      return { status: 'verified', advice: '' } as const;
    };
    expect(await runAfter(DAY, { concurrency: 3 }, { loginCheck })).toMatchObject({ verified: 20 });
    expect(most).toBe(3);
  });

  it('goes on when the store fails for one, says so, and has it first in the next run', async () => {
    await addAt('one', { verification: { ...WELL, at: START - HOUR } });
    await addAt('two');
    const { catalogue } = world.store;
    const getRegistry: typeof catalogue.getRegistry = async (id) => {
      if (id === 'one') throw new StoreUnavailable('Down');
      return await catalogue.getRegistry(id);
    };
    expect(await runAfter(DAY, {}, { catalogue: { ...catalogue, getRegistry } })).toMatchObject({
      verified: 1,
      failed: 1,
    });
    const fields = { registryId: 'one', reason: 'Down' };
    expect(world.events).toEqual([{ level: 'error', code: 'reverify.failed', fields }]);
    await runAfter(DAY + HOUR);
    expect(askedHosts()).toEqual(['two', 'one']);
  });

  it('throws when nothing can be listed: then nothing was done', async () => {
    const listRegistries = async () => await Promise.reject(new StoreUnavailable('Down'));
    const catalogue = { ...world.store.catalogue, listRegistries };
    await expect(runAfter(DAY, {}, { catalogue })).rejects.toThrow(StoreUnavailable);
  });

  it('that is stopped ends the login under way, notes nothing of it and begins no other', async () => {
    const { address } = await addAt('one', { verification: { ...WELL, at: START - HOUR } });
    await addAt('two');
    const stop = new AbortController();
    world.logins.set(address, async ({ signal }) => {
      stop.abort();
      expect(signal.aborted).toBe(true);
      return await Promise.resolve({ status: 'timeout', advice: '' });
    });
    world.clock.now = START + DAY;
    expect(await reverifyDue(LIMITS, world.deps, stop.signal)).toMatchObject({ verified: 0, skipped: 1, left: 1 });
    expect(askedHosts()).toEqual(['one']);
    expect((await world.get('one')).verification).toMatchObject({ at: START - HOUR });
  });

  it('that cannot even look through all there are in its time says so, and does what it has seen', async () => {
    for (let host = 0; host < 205; host += 1) await addAt(`host-${host}`);
    const { catalogue } = world.store;
    const listRegistries: typeof catalogue.listRegistries = async (query) => {
      world.clock.now += 30_000;
      return await catalogue.listRegistries(query);
    };
    world.loginMilliseconds = 0;
    const slow = { catalogue: { ...catalogue, listRegistries } };
    const part = await runAfter(DAY, { budgetMilliseconds: 200_000 }, slow);
    expect(part).toMatchObject({ complete: false, verified: 200, left: 0 });
    const rest = await runAfter(DAY, { budgetMilliseconds: 300_000 }, slow);
    expect(rest).toMatchObject({ complete: true, verified: 5, left: 0 });
  });

  it('walks page by page: all of more than one page get their turn', async () => {
    for (let host = 0; host < 205; host += 1) {
      await world.add({ ...TYPED, id: `registry-${host}`, verification: WELL });
    }
    expect(await runAfter(DAY)).toMatchObject({ verified: 205, left: 0 });
  });
});
