import { describe, expect, it } from 'vitest';
import { reverifyFunction } from '../../lib/lambda/reverify-function.ts';
import { reverifyLimits } from '../../lib/lambda/time-budgets.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { Registry } from '../../lib/domain/registry.ts';
import type { RefreshOutcome } from '../../lib/stores/catalogue.ts';
import { StoreUnavailable } from '../../lib/stores/catalogue.ts';
import { startBasicRegistry } from '../support/basic-registry.ts';
import { capturedLog } from '../support/captured-log.ts';
import { canonicalAddress, registryFixture, START } from '../support/registry-fixture.ts';
import { TYPED } from '../support/simulated-logins.ts';

const unused = async (): Promise<never> => await Promise.reject(new Error('not of this test'));
const context = { getRemainingTimeInMillis: () => 180_000 };
const NOTHING = { verified: 0, skipped: 0, failed: 0, left: 0, drifted: 0, expiring: 0, complete: true };
const NOBODY = { 'DriftedRegistries{Installation=test}': [0], 'ExpiringPasswords{Installation=test}': [0] };

function functionFor(registries: readonly Registry[], password = 'right') {
  const captured = capturedLog();
  const finished: RefreshOutcome[] = [];
  const byId = new Map(registries.map((registry) => [registry.id, registry]));
  const run = reverifyFunction(
    {
      catalogue: {
        listRegistries: async () => await Promise.resolve({ items: registries }),
        getRegistry: async (id) => await Promise.resolve(byId.get(id)),
        claimRegistry: async (id) => await Promise.resolve(byId.get(id) ?? 'missing'),
        finishRefresh: async (outcome) => {
          finished.push(outcome);
          return await Promise.resolve('stored');
        },
        reportRejection: unused,
      },
      // It reads what hosts are given: no source's secret is opened, and nothing is written.
      vault: {
        getIssued: async (_id, version) =>
          await Promise.resolve({ version, username: 'puller', password: new Secret(password), issuedAt: START }),
        getSource: unused,
        putIssued: unused,
        putSource: unused,
        settle: unused,
        prune: unused,
        remove: unused,
        registryIds: unused,
        orphans: unused,
        setAside: unused,
        takeBack: unused,
      },
      kinds: [],
      allowNetworks: ['127.0.0.0/8'],
      ecrUpstreamHosts: [],
      log: captured.log,
    },
    async (event) => await Promise.resolve({ passedOn: event }),
  );
  return { run, captured, finished };
}

describe('the background check as a function', () => {
  it('logs in at what is due, notes what came of it, and tells how many have drifted', async () => {
    const server = await startBasicRegistry({ puller: 'right' });
    const address = canonicalAddress(server.address);
    const typed = {
      ...TYPED,
      address,
      tls: { plainHttp: true },
      verification: { status: 'verified', at: START },
    } as const;
    const registry = { ...registryFixture(typed), order: 1, revision: 1 };
    try {
      const well = functionFor([registry]);
      expect(await well.run({ pullpass: 'reverify' }, context)).toEqual({ ...NOTHING, verified: 1 });
      expect(well.finished).toMatchObject([{ registryId: registry.id, verification: { status: 'verified' } }]);
      expect(well.captured.metrics()).toEqual({ ...NOBODY, 'DriftedRegistries{Installation=test}': [0] });

      const { run, captured, finished } = functionFor([registry], 'canary-wrong');
      expect(await run({ pullpass: 'reverify' }, context)).toEqual({ ...NOTHING, verified: 1, drifted: 1 });
      expect(finished).toMatchObject([{ verification: { status: 'unauthorized', drift: { from: 'verified' } } }]);
      expect(finished[0]).not.toHaveProperty('credential');
      expect(captured.metrics()).toEqual({ ...NOBODY, 'DriftedRegistries{Installation=test}': [1] });
      expect(captured.linesOf('registry.drift')).toMatchObject([{ level: 'warn', registryId: registry.id }]);
      expect(captured.linesOf('reverify.run')).toMatchObject([{ verified: 1, drifted: 1 }]);
      expect(captured.text()).not.toContain('canary');
    } finally {
      await server.close();
    }
  });

  it('counts nobody when there is nobody, so that its metric says that it ran', async () => {
    const { run, captured } = functionFor([]);
    expect(await run({ pullpass: 'reverify' }, context)).toEqual(NOTHING);
    expect(captured.metrics()).toEqual(NOBODY);
  });

  it('reports a password that expires, and counts those that do within 14 days or have, once a run each', async () => {
    const dated = (id: string, days: number, fields: Partial<Registry> = {}): Registry => {
      const expiresOn = new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
      const login = { status: 'verified', at: Date.now() } as const;
      return { ...registryFixture({ ...TYPED, id, expiresOn, verification: login }), order: 1, revision: 1, ...fields };
    };
    const ids = [dated('in15', 15), dated('in14', 14), dated('past', -1), dated('off', 1, { state: 'inactive' })];
    const { run, captured, finished } = functionFor(ids);
    expect(await run({ pullpass: 'reverify' }, context)).toMatchObject({ expiring: 2 });
    expect(captured.metrics()).toEqual({ ...NOBODY, 'ExpiringPasswords{Installation=test}': [2] });
    expect(captured.linesOf('registry.password_expires_soon')).toMatchObject([
      { level: 'warn', registryId: 'in15', daysLeft: 15 },
      { level: 'warn', registryId: 'in14', daysLeft: 14 },
    ]);
    expect(captured.linesOf('registry.password_expired')).toMatchObject([{ registryId: 'past', daysLeft: -1 }]);
    const reported = finished.filter(({ expiryReported }) => expiryReported !== undefined);
    expect(reported.map(({ registryId, expiryReported }) => [registryId, expiryReported?.stage])).toEqual([
      ['in15', 30],
      ['in14', 14],
      ['past', 'expired'],
    ]);
  });

  it('measures nothing when it could not look through all: a part may be well, and the rest not', async () => {
    const registry = { ...registryFixture(TYPED), order: 1, revision: 1 };
    const { run, captured } = functionFor([registry]);
    const noTime = { getRemainingTimeInMillis: () => 0 };
    expect(await run({ pullpass: 'reverify' }, noTime)).toEqual({ ...NOTHING, complete: false });
    expect(captured.metrics()).toEqual({});
    expect(captured.linesOf('reverify.run')).toMatchObject([{ level: 'warn', complete: false }]);
  });

  it.each([{ pullpass: 'refresh' }, { pullpass: 'reverify', all: true }, {}, undefined])(
    'leaves %j to others',
    async (event) => {
      const { run, captured } = functionFor([]);
      expect(await run(event, context)).toEqual({ passedOn: event });
      expect(captured.lines()).toEqual([]);
    },
  );

  it('fails, and counts nothing, when the store is out', async () => {
    const captured = capturedLog();
    const { run } = functionFor([]);
    expect(await run({ pullpass: 'reverify' }, context)).toEqual(NOTHING);
    const broken = reverifyFunction(
      {
        catalogue: {
          listRegistries: async () => await Promise.reject(new StoreUnavailable('Down')),
          getRegistry: unused,
          claimRegistry: unused,
          finishRefresh: unused,
          reportRejection: unused,
        },
        vault: {
          getIssued: unused,
          getSource: unused,
          putIssued: unused,
          putSource: unused,
          settle: unused,
          prune: unused,
          remove: unused,
          registryIds: unused,
          orphans: unused,
          setAside: unused,
          takeBack: unused,
        },
        kinds: [],
        allowNetworks: [],
        ecrUpstreamHosts: [],
        log: captured.log,
      },
      unused,
    );
    await expect(broken({ pullpass: 'reverify' }, context)).rejects.toThrow(StoreUnavailable);
    expect(captured.metrics()).toEqual({});
  });

  it.each([
    [180_000, 140_000],
    [41_000, 1_000],
    [40_000, 0],
    [1_000, 0],
  ])('with %i ms left begins logins for %i ms, and leaves time to end them', (remaining, budget) => {
    expect(reverifyLimits(remaining).budgetMilliseconds).toBe(budget);
  });
});
