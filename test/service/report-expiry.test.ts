import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Registry } from '../../lib/domain/registry.ts';
import { MOST_REPORTS } from '../../lib/service/report-expiry.ts';
import { reverifyDue, type ReverifyRun } from '../../lib/service/reverify.ts';
import { StoreUnavailable } from '../../lib/stores/catalogue.ts';
import { HOUR, START, type NewRegistry } from '../support/registry-fixture.ts';
import { simulateLogins } from '../support/simulated-logins.ts';

const DAY = 24 * HOUR;
const LIMITS = { budgetMilliseconds: 100_000, concurrency: 1, againAfterMilliseconds: 30_000 };
/** 59 days after START. */
const EXPIRES_ON = '2026-03-01';
const ENDS = 60 * DAY;

let world: Awaited<ReturnType<typeof simulateLogins>>;

beforeEach(async () => {
  world = await simulateLogins();
});

afterEach(async () => {
  await world.close();
});

async function addDated(fields: Partial<NewRegistry> = {}): Promise<Registry> {
  return await world.add({ id: 'one', expiresOn: EXPIRES_ON, ...fields });
}

async function runAt(milliseconds: number, deps: Partial<typeof world.deps> = {}): Promise<ReverifyRun> {
  world.clock.now = START + milliseconds;
  return await reverifyDue(LIMITS, { ...world.deps, ...deps }, new AbortController().signal);
}

const reports = (): readonly unknown[] =>
  world.events
    .filter(({ code }) => code.startsWith('registry.password_'))
    .map(({ code, fields }) => [code.replace('registry.password_', ''), fields?.['daysLeft']]);

const entries = async (): Promise<readonly unknown[]> =>
  (await world.changes()).filter(([action]) => action?.startsWith('registry.password_'));

describe('a password with an expiry date', () => {
  it('is reported 30, 14 and 3 days before and once after it, however often the hourly run is made', async () => {
    await addDated();
    for (let hour = 20 * 24; hour < 70 * 24; hour += 6) await runAt(hour * HOUR);
    expect(reports()).toEqual([
      ['expires_soon', 30],
      ['expires_soon', 14],
      ['expires_soon', 3],
      ['expired', -1],
    ]);
  });

  it('has an event with what to look for, and the same in its history', async () => {
    const { address } = await addDated();
    await runAt(ENDS - 14 * DAY);
    await runAt(ENDS + HOUR);
    const fields = { registryId: 'one', address, expiresOn: EXPIRES_ON };
    expect(world.events).toEqual([
      { level: 'warn', code: 'registry.password_expires_soon', fields: { ...fields, daysLeft: 13 } },
      { level: 'warn', code: 'registry.password_expired', fields: { ...fields, daysLeft: -1 } },
    ]);
    expect(await entries()).toEqual([
      ['registry.password_expired', 'pullpass', 'one', EXPIRES_ON],
      ['registry.password_expires_soon', 'pullpass', 'one', `${EXPIRES_ON}, days left: 13`],
    ]);
  });

  it('is reported late, by the last stage only, where no run was made for days', async () => {
    await addDated();
    await runAt(ENDS - 40 * DAY);
    await runAt(ENDS - 2 * DAY);
    expect(reports()).toEqual([['expires_soon', 1]]);
  });

  it('is reported anew for another date', async () => {
    const registry = await addDated();
    await runAt(ENDS - 2 * DAY);
    const { catalogue } = world.store;
    const change = { type: 'change', at: START, actor: 'admin', action: 'registry.edit', subject: 'one' } as const;
    const later = { ...(await world.get('one')), expiresOn: '2026-03-20' };
    await catalogue.updateRegistry({ registry: later, expectedRevision: 1, replaceCredential: false, change });
    await runAt(ENDS - DAY);
    expect(reports()).toEqual([
      ['expires_soon', 1],
      ['expires_soon', 19],
    ]);
    expect(registry.expiresOn).toBe(EXPIRES_ON);
  });

  it('is reported by one of two runs at once', async () => {
    await addDated();
    await Promise.all([runAt(ENDS), runAt(ENDS)]);
    expect(reports()).toHaveLength(1);
    expect(await entries()).toHaveLength(1);
  });

  it('changes nothing else of the registry, its claim and its secrets', async () => {
    const added = await addDated({ verification: { status: 'verified', at: START + ENDS } });
    const secrets = await world.secrets(added);
    await runAt(ENDS);
    expect(await world.get('one')).toStrictEqual({ ...added, expiryReported: { on: EXPIRES_ON, stage: 'expired' } });
    expect(await world.secrets(added)).toEqual(secrets);
  });

  it('is logged in with within hours of its expiry date: whether it is dead is the vendor’s word', async () => {
    const { address } = await addDated({ verification: { status: 'verified', at: START + ENDS - 1 } });
    await runAt(ENDS + 6 * HOUR);
    expect(world.asked.map((asked) => asked.address)).toEqual([address]);
  });

  it('is neither reported nor counted while it is inactive, and is once it is active again', async () => {
    await addDated({ state: 'inactive' });
    expect(await runAt(ENDS)).toMatchObject({ expiring: 0 });
    expect(reports()).toEqual([]);
    const change = { type: 'change', at: START, actor: 'admin', action: 'registry.activate', subject: 'one' } as const;
    const registry = { ...(await world.get('one')), state: 'active' } as const;
    await world.store.catalogue.updateRegistry({ registry, expectedRevision: 1, replaceCredential: false, change });
    expect(await runAt(ENDS)).toMatchObject({ expiring: 1 });
    expect(reports()).toEqual([['expired', -1]]);
  });

  it.each([
    [15, 0],
    [14, 1],
    [0, 1],
    [-1, 1],
  ])('with %i days left counts as expiring: %i', async (days, count) => {
    await addDated();
    expect(await runAt(ENDS - (days + 1) * DAY)).toMatchObject({ expiring: count });
    // Of what is there, not of what is new.
    expect(await runAt(ENDS - (days + 1) * DAY)).toMatchObject({ expiring: count });
  });
});

describe('trouble', () => {
  it('of one registry is reported, ends its own turn only, and is made up for by the next run', async () => {
    await addDated();
    await addDated({ id: 'two' });
    const { catalogue } = world.store;
    const claimRegistry: typeof catalogue.claimRegistry = async (id, claim) => {
      if (id === 'two') throw new StoreUnavailable('Down');
      return await catalogue.claimRegistry(id, claim);
    };
    await runAt(ENDS, { catalogue: { ...catalogue, claimRegistry } });
    const fields = { registryId: 'two', reason: 'Down' };
    expect(world.events).toContainEqual({ level: 'error', code: 'expiry.report_failed', fields });
    expect(reports()).toHaveLength(1);
    await runAt(ENDS + HOUR);
    await runAt(ENDS + 2 * HOUR);
    expect(reports()).toHaveLength(2);
  });

  it.each<[string, (id: string) => Promise<unknown>]>([
    ['was edited to have no date', (id) => edit(id, { expiresOn: '2026-12-31' })],
    ['was deactivated', (id) => edit(id, { state: 'inactive' })],
    ['was deleted', (id) => world.store.catalogue.removeRegistry({ id, expectedRevision: undefined, change: CHANGE })],
    ['is claimed by a refresh', (id) => world.store.catalogue.claimRegistry(id, CLAIM)],
  ])('is none where the registry %s since the run looked at it: nothing is reported', async (_name, meanwhile) => {
    const { catalogue } = world.store;
    await addDated();
    const listRegistries: typeof catalogue.listRegistries = async (query) => {
      const page = await catalogue.listRegistries(query);
      await meanwhile('one');
      return page;
    };
    await runAt(ENDS, { catalogue: { ...catalogue, listRegistries } });
    expect(reports()).toEqual([]);
    expect(await entries()).toEqual([]);
  });

  it('gives back the claim where there is nothing to report any more', async () => {
    await addDated();
    const { catalogue } = world.store;
    const listRegistries: typeof catalogue.listRegistries = async (query) => {
      const page = await catalogue.listRegistries(query);
      await edit('one', { expiresOn: '2026-12-31' });
      return page;
    };
    await runAt(ENDS, { catalogue: { ...catalogue, listRegistries } });
    expect((await world.get('one')).credential.claim).toBeUndefined();
  });

  it('of too many at once leaves time for the logins: the rest comes with the next run', async () => {
    for (let index = 0; index < MOST_REPORTS + 3; index += 1) {
      await addDated({ id: `registry-${index}`, verification: { status: 'verified', at: START + ENDS } });
    }
    expect(await runAt(ENDS)).toMatchObject({ expiring: MOST_REPORTS + 3 });
    expect(reports()).toHaveLength(MOST_REPORTS);
    await runAt(ENDS + HOUR);
    expect(reports()).toHaveLength(MOST_REPORTS + 3);
  });

  const CHANGE = { type: 'change', at: START, actor: 'admin', action: 'registry.edit', subject: 'one' } as const;
  const CLAIM = { claimId: 'refresh', now: START + ENDS, until: START + ENDS + HOUR };

  async function edit(id: string, fields: Partial<Registry>): Promise<void> {
    const registry = { ...(await world.get(id)), ...fields };
    const update = { registry, expectedRevision: 1, replaceCredential: false, change: CHANGE };
    await world.store.catalogue.updateRegistry(update);
  }
});
