/** Several processes on one table: each catalogue here has a client of its own and knows nothing of the others. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoCatalogue } from '../../../lib/stores/dynamodb/dynamo-catalogue.ts';
import type { Catalogue } from '../../../lib/stores/catalogue.ts';
import { FRESH, HOUR, registryFixture, START } from '../../support/registry-fixture.ts';
import { add, addAll, pageOf } from '../../stores/contract/catalogue-under-test.ts';
import { agent, change, policy } from '../../stores/contract/entries.ts';
import { startAnswerDroppingProxy, type AnswerDroppingProxy } from '../support/answer-dropping-proxy.ts';
import { createTable, dynamoClient } from '../support/catalogue-table.ts';
import { startDynamoDbLocal, type DynamoDbLocal } from '../support/dynamodb-local.ts';
import { available } from '../support/machine.ts';

describe.runIf(available('java'))('several catalogues on one table', () => {
  let local: DynamoDbLocal;
  let catalogues: readonly Catalogue[];
  let catalogue: Catalogue;
  let openOne: (endpoint: string) => Catalogue;

  beforeAll(async () => {
    local = await startDynamoDbLocal();
  });
  afterAll(async () => {
    await local.close();
  });
  beforeEach(async () => {
    const tableName = `pullpass-${randomUUID()}`;
    await createTable(dynamoClient(local.endpoint), tableName);
    openOne = (endpoint) => dynamoCatalogue({ client: dynamoClient(endpoint), tableName, decisionDays: 30 });
    catalogue = openOne(local.endpoint);
    catalogues = Array.from({ length: 4 }, () => openOne(local.endpoint));
  });

  async function onEach<Answer>(work: (catalogue: Catalogue, index: number) => Promise<Answer>) {
    return await Promise.all(catalogues.map(work));
  }

  const named = (count: number) => Array.from({ length: count }, (_, index) => `registry-${index}`);

  it('make one installation id', async () => {
    expect(new Set(await onEach((each) => each.installationId())).size).toBe(1);
  });

  it('claim each of what is due exactly once, all of it', async () => {
    const ids = named(60);
    await addAll(catalogue, ids, { credential: { ...FRESH, dueAt: START } });
    const claimed = await onEach((each, index) =>
      each.claimDue({
        claim: { claimId: `run-${index}`, now: START, until: START + HOUR },
        kinds: ['ecr'],
        limit: 100,
      }),
    );
    expect(claimed.flatMap((registries) => registries.map(({ id }) => id)).toSorted()).toStrictEqual(ids.toSorted());
    for (const [index, registries] of claimed.entries()) {
      for (const { id, credential } of registries) {
        expect(credential.claim?.id).toBe(`run-${index}`);
        expect((await catalogue.getRegistry(id))?.credential.claim?.id).toBe(`run-${index}`);
      }
    }
  });

  it('store exactly one of the changes made from the same revision, while refreshes of it go on', async () => {
    const registry = await add(catalogue);
    for (let revision = 1; revision <= 5; revision += 1) {
      const [results] = await Promise.all([
        onEach((each, index) =>
          each.updateRegistry({
            registry: { ...registry, description: `${revision}-${index}` },
            expectedRevision: revision,
            replaceCredential: false,
            change: change({ action: 'registry.edit', detail: `${revision}-${index}` }),
          }),
        ),
        catalogue.claimRegistry(registry.id, { claimId: 'run', now: START, until: START + revision }),
      ]);
      const stored = results.flatMap((result) => (result.kind === 'stored' ? [result.item] : []));
      expect(results.filter(({ kind }) => kind === 'conflict')).toHaveLength(3);
      expect(stored).toHaveLength(1);
      const now = await catalogue.getRegistry(registry.id);
      expect(now).toMatchObject({ revision: revision + 1, description: stored[0]?.description });
      expect(now?.credential.claim).toStrictEqual({ id: 'run', until: START + revision });
    }
    const { items } = pageOf(await catalogue.listAudit({ limit: 50 }));
    expect(items).toHaveLength(6);
  });

  it('count environments right, whoever adds, changes and removes at the same time', async () => {
    await onEach(async (each, index) => {
      const added = await add(each, { id: `r-${index}`, environments: ['shared', `own-${index}`] });
      await each.addAgent(agent({ id: `a-${index}`, environments: ['shared', 'agents'] }), change());
      const registry = { ...added, environments: ['agents', 'moved'] };
      await each.updateRegistry({ registry, expectedRevision: 1, replaceCredential: false, change: change() });
    });
    expect(await catalogue.listEnvironments()).toStrictEqual(['agents', 'moved', 'shared']);
    await onEach(async (each, index) => {
      await each.removeAgent(`a-${index}`, change());
      await each.removeRegistry({ id: `r-${index}`, expectedRevision: undefined, change: change() });
    });
    expect(await catalogue.listEnvironments()).toStrictEqual([]);
  });

  it('remove many registries of one environment, several at a time, and give up on none', async () => {
    const ids = named(64);
    await addAll(catalogue, ids);
    const outcomes = await onEach(async (each, index) => {
      const own = ids.filter((_, place) => place % catalogues.length === index).values();
      const kinds: string[] = [];
      const work = async (): Promise<void> => {
        for (const id of own) {
          const removal = { id, expectedRevision: 1, change: change({ action: 'registry.delete', subject: id }) };
          kinds.push((await each.removeRegistry(removal)).kind);
        }
      };
      // As many at once as one bulk change removes.
      await Promise.all(Array.from({ length: 4 }, work));
      return kinds;
    });
    expect(outcomes.flat()).toEqual(ids.map(() => 'removed'));
    expect(await catalogue.listEnvironments()).toStrictEqual([]);
    const history = pageOf(await catalogue.listAudit({ subject: 'registry-7', sort: 'registry', limit: 5 }));
    expect(history.items).toMatchObject([{ action: 'registry.delete' }, { action: 'registry.add' }]);
  });

  it('remove an agent and a registry once, and record that once', async () => {
    await catalogue.addAgent(agent(), change({ action: 'agent.create' }));
    await add(catalogue);
    const agents = await onEach((each) => each.removeAgent('agent-1', change({ action: 'agent.delete' })));
    expect(agents.filter((removed) => removed === 'removed')).toHaveLength(1);
    const removal = { id: 'registry-1', expectedRevision: 1, change: change({ action: 'registry.delete' }) };
    const registries = await onEach((each) => each.removeRegistry(removal));
    expect(registries.filter(({ kind }) => kind === 'removed')).toHaveLength(1);
    expect(registries.filter(({ kind }) => kind === 'missing')).toHaveLength(3);
    expect(pageOf(await catalogue.listAudit({ limit: 50 })).items).toHaveLength(4);
  });

  it('give every registry an order of its own, and put one policy after the other', async () => {
    const added = await onEach(async (each, index) => {
      const orders: number[] = [];
      for (const id of named(5)) orders.push((await add(each, { id: `${index}-${id}` })).order);
      return orders;
    });
    expect(new Set(added.flat()).size).toBe(20);
    const put = { scope: 'prod', document: policy(), expectedRevision: undefined, updatedAt: START, change: change() };
    const written = await onEach((each) => each.putPolicy(put));
    const revisions = written.map((result) => (result.kind === 'stored' ? result.item.revision : 0));
    expect(revisions.toSorted()).toStrictEqual([1, 2, 3, 4]);
  });

  describe('an answer that is lost after the work was done', () => {
    let proxy: AnswerDroppingProxy;

    beforeEach(async () => {
      proxy = await startAnswerDroppingProxy(local.endpoint);
      return async () => {
        await proxy.close();
      };
    });

    it('makes no difference, to a transaction or to a claim', async () => {
      const behind = openOne(proxy.endpoint);
      proxy.loseNext('TransactWriteItems');
      const added = await behind.addRegistry(registryFixture({ credential: { ...FRESH, dueAt: START } }), change());
      proxy.loseNext('UpdateItem');
      const claim = { claimId: 'run', now: START, until: START + HOUR };
      expect(await behind.claimDue({ claim, kinds: ['ecr'], limit: 5 })).toHaveLength(1);
      proxy.loseNext('TransactWriteItems');
      const outcome = { registryId: added.id, claimId: 'run', sourceVersion: undefined, credential: FRESH };
      expect(await behind.finishRefresh(outcome)).toBe('stored');
      proxy.loseNext('TransactWriteItems');
      const report = { registryId: added.id, version: 'version-1', now: START };
      expect(await behind.reportRejection(report)).toBe('scheduled');
      proxy.loseNext('TransactWriteItems');
      const update = { registry: added, expectedRevision: 1, replaceCredential: false, change: change() };
      expect(await behind.updateRegistry(update)).toMatchObject({ kind: 'stored', item: { revision: 2 } });
      proxy.loseNext('TransactWriteItems');
      const removal = { id: added.id, expectedRevision: 2, change: change() };
      expect(await behind.removeRegistry(removal)).toMatchObject({ kind: 'removed' });
      const { items } = pageOf(await catalogue.listAudit({ limit: 50 }));
      expect(items).toHaveLength(3);
      expect(await catalogue.listEnvironments()).toStrictEqual([]);
    });

    it('a resolve is exactly one request, however much it reads', async () => {
      const behind = openOne(proxy.endpoint);
      await behind.addAgent(agent(), change());
      for (const scope of [null, 'prod']) {
        const put = { scope, document: policy(), expectedRevision: 0, updatedAt: START, change: change() };
        await behind.putPolicy(put);
      }
      await addAll(behind, named(10));
      const { address: host } = registryFixture();
      const before = proxy.operations.length;
      const view = await behind.readForResolve({ caller: { kind: 'agent', id: 'agent-1' }, environment: 'prod', host });
      expect(proxy.operations.slice(before)).toStrictEqual(['ExecuteStatement']);
      expect(view.registries).toHaveLength(10);
      expect(view).toMatchObject({ agents: [agent()], organisationPolicy: { revision: 1 }, environmentPolicy: {} });
    });

    it('a resolve reads on where a host has more than one answer can hold', async () => {
      const behind = openOne(proxy.endpoint);
      await behind.addAgent(agent(), change());
      const tls = { ca: 'x'.repeat(120_000) };
      await addAll(behind, named(20), { tls });
      const { address: host } = registryFixture();
      const query = { caller: { kind: 'agent', id: 'agent-1' }, environment: 'prod', host } as const;
      const before = proxy.operations.length;
      expect((await behind.readForResolve(query)).registries).toHaveLength(20);
      expect(proxy.operations.length - before).toBeGreaterThan(1);
      expect(await behind.registriesOnHost(host)).toHaveLength(20);
      expect(pageOf(await behind.listRegistries({ filter: {}, limit: 500 })).items).toHaveLength(20);
    });
  });
});
