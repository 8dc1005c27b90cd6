import { beforeEach, describe, expect, it } from 'vitest';
import type { Agent } from '../../lib/domain/agent.ts';
import { failure, success, type Result } from '../../lib/domain/result.ts';
import {
  cachedResolveViews,
  type AdmittedCaller,
  type ResolveViews,
  type ViewQuery,
} from '../../lib/service/resolve-view.ts';
import type { ResolveView } from '../../lib/stores/catalogue.ts';

const AGENT: Agent = {
  id: 'a',
  name: 'host',
  role: 'agent',
  environments: ['prod'],
  export: false,
  createdAt: 0,
  tokenHash: '',
};
const QUERY: ViewQuery = { caller: { kind: 'agent', id: 'a' }, environment: 'prod', host: 'quay.io' };

const clock = { now: 0 };
let reads: number;
let present: Agent | undefined;
let views: ResolveViews;
/** Set: reads wait for it. */
let gate: Promise<void> | undefined;

beforeEach(() => {
  clock.now = 0;
  reads = 0;
  present = AGENT;
  gate = undefined;
  const readForResolve = async (): Promise<ResolveView> => {
    reads += 1;
    const agents = present === undefined ? [] : [present];
    await gate;
    return { agents, organisationPolicy: undefined, environmentPolicy: undefined, registries: [] };
  };
  views = cachedResolveViews({ readForResolve }, { ttlMilliseconds: 2000, now: () => clock.now });
});

const anybody = ([agent]: readonly Agent[]): Result<AdmittedCaller, 'stranger'> =>
  agent === undefined ? failure('stranger') : success({ agent });
const nobody = (): Result<AdmittedCaller, 'refused'> => failure('refused');

describe('catalogue views', () => {
  it('are read once for an agent, an environment and a host, until their time is up', async () => {
    await Promise.all([views.read(QUERY, anybody), views.read(QUERY, anybody)]);
    await views.read(QUERY, anybody);
    expect(reads).toBe(1);
    clock.now = 2000;
    await views.read(QUERY, anybody);
    expect(reads).toBe(2);
  });

  it('are shared by agents: the second costs its own record, and no more is kept', async () => {
    const first = await views.read(QUERY, anybody);
    await views.read({ ...QUERY, caller: { kind: 'agent', id: 'b' } }, anybody);
    await views.read({ ...QUERY, caller: { kind: 'agent', id: 'b' } }, anybody);
    expect(reads).toBe(2);
    expect(first.ok && first.value.view.registries).toEqual([]);
  });

  it('are not kept for strangers, nor for those who are not admitted', async () => {
    present = undefined;
    expect(await views.read(QUERY, anybody)).toEqual(failure('stranger'));
    present = AGENT;
    expect(await views.read(QUERY, nobody)).toEqual(failure('refused'));
    expect((await views.read(QUERY, anybody)).ok).toBe(true);
    expect(reads).toBe(3);
  });

  it('have one entry for all principals, whoever of them asks', async () => {
    const query: ViewQuery = { ...QUERY, caller: { kind: 'principals' } };
    const asPrincipal = (principal: string) => (agents: readonly Agent[]) => {
      const admitted = anybody(agents);
      return admitted.ok ? success({ ...admitted.value, principal }) : admitted;
    };
    const one = await views.read(query, asPrincipal('one'));
    const other = await views.read(query, asPrincipal('other'));
    expect(reads).toBe(1);
    expect(one).toMatchObject({ value: { principal: 'one' } });
    expect(other).toMatchObject({ value: { principal: 'other' } });
    // And an agent that was known so is not known by its id.
    await views.read(QUERY, anybody);
    expect(reads).toBe(2);
  });

  it('are shared in flight by principals, and each is judged by itself', async () => {
    const query: ViewQuery = { ...QUERY, caller: { kind: 'principals' } };
    const [admitted, refused] = await Promise.all([views.read(query, anybody), views.read(query, nobody)]);
    expect([admitted.ok, refused.ok]).toEqual([true, false]);
    expect(reads).toBe(1);
  });

  it('judge a known agent before anything is read', async () => {
    await views.read(QUERY, anybody);
    expect(await views.read({ ...QUERY, host: 'ghcr.io' }, nobody)).toEqual(failure('refused'));
    expect(reads).toBe(1);
  });

  it('do not outlive a change that was made while they were read', async () => {
    const open = Promise.withResolvers<undefined>();
    gate = open.promise;
    const before = views.read(QUERY, anybody);
    present = undefined;
    views.forget();
    const after = views.read(QUERY, anybody);
    open.resolve(undefined);
    expect((await before).ok).toBe(true);
    expect(await after).toEqual(failure('stranger'));
    expect(await views.read(QUERY, anybody)).toEqual(failure('stranger'));
  });
});
