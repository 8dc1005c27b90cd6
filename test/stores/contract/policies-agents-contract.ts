/** Policies, agents, environments, and the one read that a resolve makes. */
import { describe, expect, it } from 'vitest';

import { MAX_PRINCIPAL_AGENTS } from '../../../lib/domain/agent.ts';
import { MAX_ENVIRONMENTS } from '../../../lib/domain/environment-name.ts';
import { UNRESTRICTED } from '../../../lib/domain/policy.ts';
import type { PolicyScope } from '../../../lib/stores/catalogue.ts';
import { canonicalAddress, START } from '../../support/registry-fixture.ts';
import { add, CURSORS_OF_NOBODY, idsOf, pageOf, useCatalogue, type OpenCatalogue } from './catalogue-under-test.ts';
import { agent, change, policy, principalAgent } from './entries.ts';

export function describePoliciesAndAgents(open: OpenCatalogue): void {
  const under = useCatalogue(open);

  function putPolicy(scope: PolicyScope, expectedRevision: number | undefined, document = policy()) {
    const written = change({ action: 'policy.set', subject: scope ?? 'organisation' });
    return under.catalogue.putPolicy({ scope, document, expectedRevision, updatedAt: START, change: written });
  }

  describe('policies', () => {
    it.each<[string, PolicyScope, Parameters<typeof policy>[0]]>([
      ['the organisation', null, {}],
      ['an environment', 'prod', {}],
      ['no restriction at all', 'ci', UNRESTRICTED],
    ])('reads back a policy of %s as it was put', async (_name, scope, fields) => {
      const document = policy(fields);
      const stored = { document, revision: 1, updatedAt: START };
      expect(await putPolicy(scope, undefined, document)).toStrictEqual({ kind: 'stored', item: stored });
      expect(await under.catalogue.getPolicy(scope)).toStrictEqual(stored);
    });

    it('keeps the organisation and every environment apart', async () => {
      await putPolicy('prod', undefined);
      expect(await under.catalogue.getPolicy(null)).toBeUndefined();
      expect(await under.catalogue.getPolicy('ci')).toBeUndefined();
      expect(await under.catalogue.getPolicy('organisation')).toBeUndefined();
    });

    const conflict = (currentRevision: number) => ({ kind: 'conflict', currentRevision });
    const stored = (revision: number) => ({ kind: 'stored', item: { revision } });

    it.each<{ name: string; before: number; expectedRevision: number | undefined; wanted: object }>([
      { name: 'stores the first at revision 0', before: 0, expectedRevision: 0, wanted: stored(1) },
      { name: 'stores the first at any revision', before: 0, expectedRevision: undefined, wanted: stored(1) },
      { name: 'refuses a first one that expects another', before: 0, expectedRevision: 1, wanted: conflict(0) },
      { name: 'refuses a second "first" one', before: 1, expectedRevision: 0, wanted: conflict(1) },
      { name: 'stores the next at its revision', before: 2, expectedRevision: 2, wanted: stored(3) },
      { name: 'refuses an old revision', before: 2, expectedRevision: 1, wanted: conflict(2) },
      { name: 'stores the next at any revision', before: 2, expectedRevision: undefined, wanted: stored(3) },
    ])('$name', async ({ before, expectedRevision, wanted }) => {
      for (let count = 0; count < before; count += 1) await putPolicy('prod', undefined);
      expect(await putPolicy('prod', expectedRevision)).toMatchObject(wanted);
    });

    it.each([0, 1])('stores exactly one of two put at once at revision %i', async (revision) => {
      if (revision === 1) await putPolicy('prod', 0);
      const documents = [policy({ mode: 'enforce' }), policy({ mode: 'audit' })];
      const results = await Promise.all(documents.map((document) => putPolicy('prod', revision, document)));
      const stored = results.flatMap((result) => (result.kind === 'stored' ? [result.item] : []));
      expect(stored).toHaveLength(1);
      expect(await under.catalogue.getPolicy('prod')).toStrictEqual(stored[0]);
      const { items } = pageOf(await under.catalogue.listAudit({ limit: 10 }));
      expect(items).toHaveLength(revision + 1);
    });
  });

  describe('agents', () => {
    it.each([
      ['with no optional field', agent()],
      ['with a principal', principalAgent()],
      ['with a principal and every optional field', principalAgent({ role: 'viewer', export: true, expiresAt: START })],
      [
        'with every optional field',
        agent({ role: 'admin', environments: ['*', 'ci'], export: true, expiresAt: START }),
      ],
    ])('reads back an agent %s as it was added', async (_name, added) => {
      await under.catalogue.addAgent(added, change());
      expect(await under.catalogue.getAgent(added.id)).toStrictEqual(added);
      expect(await under.catalogue.listAgents({ limit: 5 })).toStrictEqual({ items: [added] });
    });

    it('refuses an id that exists, and keeps the agent that has it', async () => {
      await under.catalogue.addAgent(agent(), change());
      await expect(under.catalogue.addAgent(agent({ name: 'another' }), change())).rejects.toThrow();
      expect(await under.catalogue.getAgent('agent-1')).toStrictEqual(agent());
    });

    it('lists the oldest first, page by page, while others are added', async () => {
      for (const [index, id] of ['c', 'a', 'b'].entries()) {
        await under.catalogue.addAgent(agent({ id, createdAt: START + index }), change());
      }
      const first = pageOf(await under.catalogue.listAgents({ limit: 2 }));
      await under.catalogue.addAgent(agent({ id: '0', createdAt: START + 9 }), change());
      const second = await under.catalogue.listAgents({ limit: 2, cursor: first.cursor ?? '' });
      expect([...idsOf(first), ...idsOf(second)]).toStrictEqual(['c', 'a', 'b', '0']);
      expect(pageOf(second).cursor).toBeUndefined();
    });

    it('shows each of several of the same age once', async () => {
      for (const id of ['b', 'c', 'a']) await under.catalogue.addAgent(agent({ id }), change());
      const first = pageOf(await under.catalogue.listAgents({ limit: 2 }));
      const second = await under.catalogue.listAgents({ limit: 2, cursor: first.cursor ?? '' });
      expect([...idsOf(first), ...idsOf(second)].toSorted()).toStrictEqual(['a', 'b', 'c']);
    });

    it.each(CURSORS_OF_NOBODY)('refuses a cursor that is %s', async (_name, cursor) => {
      expect(await under.catalogue.listAgents({ limit: 5, cursor })).toBe('bad_cursor');
    });

    it('removes an agent, and records that once', async () => {
      await under.catalogue.addAgent(agent(), change({ action: 'agent.add' }));
      const removed = change({ action: 'agent.delete' });
      expect(await under.catalogue.removeAgent('agent-1', removed)).toBe('removed');
      expect(await under.catalogue.removeAgent('agent-1', removed)).toBe('missing');
      expect(await under.catalogue.getAgent('agent-1')).toBeUndefined();
      const { items } = pageOf(await under.catalogue.listAudit({ limit: 10 }));
      expect(items).toMatchObject([{ action: 'agent.delete' }, { action: 'agent.add' }]);
    });
  });

  describe('agents that have a principal', () => {
    async function addMixed(): Promise<void> {
      const mixed = [
        principalAgent({ id: 'b', createdAt: START + 2, environments: ['edge'] }),
        agent({ id: 'd', createdAt: START + 1 }),
        principalAgent({ id: 'c', createdAt: START }),
        principalAgent({ id: 'a', createdAt: START + 2 }),
      ];
      for (const added of mixed) await under.catalogue.addAgent(added, change());
    }

    it('are all listed by themselves, oldest first, and among all agents', async () => {
      await addMixed();
      const listed = await under.catalogue.listPrincipals();
      expect(listed.map(({ id }) => id)).toStrictEqual(['c', 'a', 'b']);
      expect(listed[0]).toStrictEqual(principalAgent({ id: 'c', createdAt: START }));
      expect(idsOf(await under.catalogue.listAgents({ limit: 9 }))).toStrictEqual(['c', 'd', 'a', 'b']);
      expect(await under.catalogue.listEnvironments()).toStrictEqual(['edge', 'prod']);
    });

    it('are the whole of what a resolve reads for a principal, with all else that it needs', async () => {
      await addMixed();
      const registry = await add(under.catalogue);
      await putPolicy('prod', 0);
      const query = { caller: { kind: 'principals' }, environment: 'prod', host: registry.address } as const;
      const { agents, ...rest } = await under.catalogue.readForResolve(query);
      expect(agents).toStrictEqual(await under.catalogue.listPrincipals());
      expect(rest).toStrictEqual({
        organisationPolicy: undefined,
        environmentPolicy: { document: policy(), revision: 1, updatedAt: START },
        registries: [registry],
      });
    });

    it('are found by their id, too, and are gone from everywhere when they are removed', async () => {
      await addMixed();
      const query = { caller: { kind: 'agent', id: 'c' }, environment: 'prod', host: 'quay.io' } as const;
      expect((await under.catalogue.readForResolve(query)).agents).toMatchObject([{ id: 'c' }]);
      expect(await under.catalogue.removeAgent('c', change())).toBe('removed');
      expect((await under.catalogue.readForResolve(query)).agents).toStrictEqual([]);
      const principals = { ...query, caller: { kind: 'principals' } } as const;
      const read = await under.catalogue.readForResolve(principals);
      expect(read.agents.map(({ id }) => id)).toStrictEqual(['a', 'b']);
      expect((await under.catalogue.listPrincipals()).map(({ id }) => id)).toStrictEqual(['a', 'b']);
    });

    it('are all there when they are as many as there may be, long patterns and all', async () => {
      const name = 'n'.repeat(60);
      const environments = Array.from({ length: 20 }, (_, index) => `environment-of-some-length-${index}`);
      const ids = Array.from({ length: MAX_PRINCIPAL_AGENTS }, (_, index) => `agent-${String(index).padStart(3, '0')}`);
      for (const id of ids) {
        const principal = `arn:aws:sts::123456789012:assumed-role/${name}/${id}-*`;
        await under.catalogue.addAgent(principalAgent({ id, principal, environments }), change());
      }
      expect((await under.catalogue.listPrincipals()).map(({ id }) => id)).toStrictEqual(ids);
      const query = { caller: { kind: 'principals' }, environment: 'prod', host: 'quay.io' } as const;
      expect((await under.catalogue.readForResolve(query)).agents).toHaveLength(MAX_PRINCIPAL_AGENTS);
    });
  });

  describe('environments', () => {
    it('knows every environment that something names, once, sorted, without *', async () => {
      expect(await under.catalogue.listEnvironments()).toStrictEqual([]);
      await add(under.catalogue, { id: 'a', environments: ['prod', 'ci', '*'] });
      await add(under.catalogue, { id: 'b', environments: ['prod'] });
      await under.catalogue.addAgent(agent({ environments: ['edge', '*'] }), change());
      await putPolicy('a-policy', 0);
      await putPolicy(null, 0);
      expect(await under.catalogue.listEnvironments()).toStrictEqual(['a-policy', 'ci', 'edge', 'prod']);
    });

    it('forgets an environment with the last that names it', async () => {
      const added = await add(under.catalogue, { environments: ['old'] });
      await under.catalogue.addAgent(agent({ environments: ['old-agent'] }), change());
      const registry = { ...added, environments: ['new'] };
      await under.catalogue.updateRegistry({
        registry,
        expectedRevision: 1,
        replaceCredential: false,
        change: change(),
      });
      expect(await under.catalogue.listEnvironments()).toStrictEqual(['new', 'old-agent']);
      await under.catalogue.removeRegistry({ id: added.id, expectedRevision: undefined, change: change() });
      await under.catalogue.removeAgent('agent-1', change());
      expect(await under.catalogue.listEnvironments()).toStrictEqual([]);
    });

    it('counts right when as many as there may be are all exchanged at once', async () => {
      const names = (prefix: string) => Array.from({ length: MAX_ENVIRONMENTS }, (_, index) => `${prefix}-${index}`);
      const added = await add(under.catalogue, { environments: names('before') });
      await under.catalogue.addAgent(agent({ environments: names('agent') }), change());
      const registry = { ...added, environments: names('after') };
      const update = { registry, expectedRevision: 1, replaceCredential: false, change: change() };
      expect(await under.catalogue.updateRegistry(update)).toMatchObject({ kind: 'stored' });
      const all = [...names('after'), ...names('agent')].toSorted();
      expect(await under.catalogue.listEnvironments()).toStrictEqual(all);
    });

    it('counts one that is named twice once, and keeps what others name', async () => {
      await add(under.catalogue, { id: 'a', environments: ['twice', 'twice', 'kept'] });
      await add(under.catalogue, { id: 'b', environments: ['kept'] });
      await under.catalogue.removeRegistry({ id: 'a', expectedRevision: undefined, change: change() });
      expect(await under.catalogue.listEnvironments()).toStrictEqual(['kept']);
    });
  });

  describe('reading for a resolve', () => {
    const CALLER = { kind: 'agent', id: 'agent-1' } as const;

    it('answers with all that it needs, and with nothing of other hosts and environments', async () => {
      const address = canonicalAddress('quay.io/team');
      const older = await add(under.catalogue, { id: 'a', address, environments: ['other'], state: 'inactive' });
      const newer = await add(under.catalogue, { id: 'b', address: canonicalAddress('quay.io') });
      await add(under.catalogue, { id: 'c' });
      await under.catalogue.addAgent(agent(), change());
      await putPolicy(null, 0);
      await putPolicy('prod', 0, policy({ mode: 'enforce' }));
      await putPolicy('ci', 0);
      expect(
        await under.catalogue.readForResolve({ caller: CALLER, environment: 'prod', host: 'quay.io' }),
      ).toStrictEqual({
        agents: [agent()],
        organisationPolicy: { document: policy(), revision: 1, updatedAt: START },
        environmentPolicy: { document: policy({ mode: 'enforce' }), revision: 1, updatedAt: START },
        registries: [newer, older],
      });
    });

    it.each([CALLER, { kind: 'principals' } as const])(
      'answers with nothing for what is not there: $kind',
      async (caller) => {
        const query = { caller, environment: 'prod', host: 'quay.io' };
        expect(await under.catalogue.readForResolve(query)).toStrictEqual({
          agents: [],
          organisationPolicy: undefined,
          environmentPolicy: undefined,
          registries: [],
        });
      },
    );
  });
}
