import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { failure, success } from '../../lib/domain/result.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { refreshFunction } from '../../lib/lambda/refresh-function.ts';
import { runLimits } from '../../lib/lambda/time-budgets.ts';
import { mintFailure } from '../../lib/service/mint.ts';
import type { SourceKind } from '../../lib/sources/source-kind.ts';
import { StoreUnavailable } from '../../lib/stores/catalogue.ts';
import { capturedLog } from '../support/captured-log.ts';

const unused = async (): Promise<never> => await Promise.reject(new Error('not of this test'));
const vault = {
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
const context = { getRemainingTimeInMillis: () => 180_000 };
const request = {
  pullpass: 'mint',
  address: 'registry.example.com',
  settings: { kind: 'test' },
  secret: 'canary-in',
  timeoutMilliseconds: 200,
};

function functionWith(
  mint: SourceKind['mint'],
  claimDue: () => Promise<readonly []> = async () => await Promise.resolve([]),
) {
  const captured = capturedLog();
  const kind: SourceKind = {
    kind: 'test',
    renewable: true,
    inputSchema: z.object({}),
    accept: () => success({ settings: { kind: 'test' } }),
    sharingKey: () => undefined,
    mint,
  };
  const catalogue = {
    claimDue,
    claimRegistry: unused,
    finishRefresh: unused,
    getRegistry: unused,
    soonestExpiries: async () => await Promise.resolve([{ kind: 'other', registryId: 'x', expiresAt: 1 }]),
    firstUrgent: () => Promise.resolve(undefined),
  };
  const run = refreshFunction({
    catalogue,
    vault,
    kinds: [kind],
    allowNetworks: [],
    ecrUpstreamHosts: [],
    log: captured.log,
  });
  return { run, captured };
}

describe('a function that mints', () => {
  const expiresAt = Date.now() + 3_600_000;
  it.each<[string, SourceKind['mint'], string, unknown]>([
    [
      'a credential',
      async () => await Promise.resolve(success({ username: 'u', password: new Secret('canary-out'), expiresAt })),
      'minted',
      { ok: true, username: 'u', password: 'canary-out', expiresAt },
    ],
    [
      'one that does not run out',
      async () => await Promise.resolve(success({ username: 'u', password: new Secret('canary-out') })),
      'minted',
      { ok: true, username: 'u', password: 'canary-out' },
    ],
    [
      'why there is none',
      async () => await Promise.resolve(failure({ ...mintFailure('throttled', 'wait'), retryAfterSeconds: 3 })),
      'throttled',
      { ok: false, code: 'throttled', advice: 'wait', retryAfterSeconds: 3 },
    ],
    [
      'that the time is over',
      () => new Promise(() => undefined),
      'timeout',
      { ok: false, code: 'timeout', advice: 'the source did not answer in time; it is tried again' },
    ],
    [
      'that it is broken',
      async () => await Promise.reject(new Error('canary')),
      'internal',
      { ok: false, code: 'internal', advice: 'the source failed in an unforeseen way; this is a bug in Pullpass' },
    ],
  ])('answers %s, and logs what became of it', async (_name, mint, outcome, answer) => {
    const { run, captured } = functionWith(mint);
    expect(await run(request, context)).toEqual(answer);
    expect(captured.lines()).toMatchObject([{ event: 'mint.answered', kind: 'test', outcome }]);
    expect(captured.text()).not.toContain('canary');
  });

  it.each([
    ['nothing', undefined],
    ['an empty document', {}],
    ['a schedule of somebody else', { source: 'aws.events', detail: 'canary' }],
    ['a refresh with more in it', { pullpass: 'refresh', canary: 1 }],
    ['a mint of a kind that is not its own', { ...request, settings: { kind: 'canary' } }],
  ])('refuses %s, without a word of it', async (_name, event) => {
    const { run, captured } = functionWith(unused);
    const error: unknown = await run(event, context).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'UnknownEvent' });
    expect(String(error) + captured.text()).not.toContain('canary');
  });
});

describe('a run', () => {
  it('counts itself when it ended well, and tells nothing of kinds that are not its own', async () => {
    const { run, captured } = functionWith(unused);
    expect(await run({ pullpass: 'refresh' }, context)).toEqual({ refreshed: 0, failed: 0, lost: 0 });
    expect(captured.metrics()).toEqual({ 'RefreshRuns{Installation=test,Kind=test}': [1] });
  });

  it('does not count itself when the store is out', async () => {
    const { run, captured } = functionWith(unused, async () => await Promise.reject(new StoreUnavailable('Down')));
    await expect(run({ pullpass: 'refresh' }, context)).rejects.toThrow(StoreUnavailable);
    expect(captured.metrics()).toEqual({});
  });

  it.each([
    [180_000, 60_000],
    [100_000, 60_000],
    [70_000, 30_000],
    [40_000, 0],
    [1_000, 0],
  ])('with %i ms left claims for %i ms, and its claims outlive it', (remaining, claiming) => {
    const { budgetMilliseconds, claimMilliseconds = 0 } = runLimits(remaining);
    expect(budgetMilliseconds).toBe(claiming);
    expect(claimMilliseconds).toBeGreaterThan(remaining);
  });
});
