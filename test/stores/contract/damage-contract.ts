/** One thing that cannot be read takes down nothing but itself, and can be replaced or removed unread. */
import { beforeEach, describe, expect, it } from 'vitest';

import type { Catalogue } from '../../../lib/stores/catalogue.ts';
import { FRESH, HOUR, START } from '../../support/registry-fixture.ts';
import { add, idsOf, pageOf, useCatalogue, type OpenCatalogue } from './catalogue-under-test.ts';
import { agent, change, policy, principalAgent } from './entries.ts';

const CORRUPT = { code: 'corrupt_row' };

export function describeDamage(open: OpenCatalogue): void {
  const under = useCatalogue(open);

  describe('what cannot be read', () => {
    let catalogue: Catalogue;
    let host: string;
    beforeEach(async () => {
      ({ catalogue } = under);
      for (const id of ['bad', 'good']) {
        ({ address: host } = await add(catalogue, { id }));
        await catalogue.addAgent(agent({ id: `agent-${id}` }), change());
        await catalogue.addAgent(principalAgent({ id: `role-${id}` }), change());
      }
      await setPolicy('bad', undefined);
      await setPolicy('good', undefined);
    });

    async function damage(table: 'registries' | 'agents' | 'policies', id: string): Promise<void> {
      await under.opened().damage({ table, id });
    }
    async function setPolicy(scope: string, expectedRevision: number | undefined) {
      const write = { scope, document: policy(), expectedRevision, updatedAt: START, change: change() };
      return await catalogue.putPolicy(write);
    }
    async function view(caller: string, environment = 'prod') {
      return await catalogue.readForResolve({ caller: { kind: 'agent', id: caller }, environment, host });
    }

    it('as a registry is named beside the others, wherever there are several', async () => {
      await damage('registries', 'bad');
      const unreadable = [{ id: 'bad', environments: ['prod'] }];
      expect(await view('agent-good')).toMatchObject({ registries: [{ id: 'good' }], unreadable });
      expect(await catalogue.registriesOnHost(host)).toMatchObject([{ id: 'good' }]);
      for (const filter of [{}, { address: host }, { environment: 'prod' }]) {
        const page = await catalogue.listRegistries({ filter, limit: 5 });
        expect(page).toMatchObject({ items: [{ id: 'good' }], unreadable });
      }
      await expect(catalogue.getRegistry('bad')).rejects.toMatchObject(CORRUPT);
      expect(await catalogue.badRows()).toStrictEqual([{ table: 'registries', id: 'bad', reason: 'corrupt_row' }]);
    });

    it('as a registry does not stand before the others that are due', async () => {
      await damage('registries', 'bad');
      const claim = { claimId: 'c', now: START + 7 * HOUR, until: START + 8 * HOUR };
      expect(await catalogue.claimDue({ claim, kinds: ['ecr'], limit: 1 })).toMatchObject([{ id: 'good' }]);
    });

    it('as a registry is removed, at its revision, and its change recorded', async () => {
      await damage('registries', 'bad');
      const removal = { id: 'bad', change: change({ action: 'registry.delete' }) };
      const conflict = { kind: 'conflict', currentRevision: 1 };
      expect(await catalogue.removeRegistry({ ...removal, expectedRevision: 2 })).toStrictEqual(conflict);
      expect(await catalogue.removeRegistry({ ...removal, expectedRevision: 1 })).toStrictEqual({ kind: 'removed' });
      expect(await catalogue.getRegistry('bad')).toBeUndefined();
      expect(await catalogue.badRows()).toStrictEqual([]);
      expect(pageOf(await catalogue.listAudit({ limit: 1 })).items).toMatchObject([{ action: 'registry.delete' }]);
    });

    it("as an environment's policy is that environment's outage, and replaced at its revision", async () => {
      await damage('policies', 'bad');
      await expect(view('agent-good', 'bad')).rejects.toMatchObject(CORRUPT);
      expect(await view('agent-good', 'good')).toMatchObject({ environmentPolicy: { revision: 1 } });
      expect(await setPolicy('bad', 0)).toStrictEqual({ kind: 'conflict', currentRevision: 1 });
      expect(await setPolicy('bad', 1)).toMatchObject({ kind: 'stored', item: { revision: 2 } });
      expect(await view('agent-good', 'bad')).toMatchObject({ environmentPolicy: { document: policy() } });
    });

    it('as an agent is left out of the list, is nobody that a principal is bound to, and removed', async () => {
      await damage('agents', 'agent-bad');
      await damage('agents', 'role-bad');
      await expect(view('agent-bad')).rejects.toMatchObject(CORRUPT);
      expect(idsOf(await catalogue.listAgents({ limit: 9 })).toSorted()).toStrictEqual(['agent-good', 'role-good']);
      for (const id of ['agent-bad', 'role-bad']) expect(await catalogue.removeAgent(id, change())).toBe('removed');
      expect(await catalogue.listPrincipals()).toMatchObject([{ id: 'role-good' }]);
      expect(await catalogue.badRows()).toStrictEqual([]);
    });
  });

  describe('a credential that the vault lost', () => {
    it('makes its registry due and urgent, once', async () => {
      const { id } = await add(under.catalogue, { credential: { ...FRESH, urgentAt: START + 9 * HOUR } });
      const report = { registryId: id, version: 'version-1', now: START, lost: true };
      expect(await under.catalogue.reportRejection(report)).toBe('scheduled');
      expect(await under.catalogue.reportRejection({ ...report, now: START + 1 })).toBe('already_reported');
      expect(await under.catalogue.firstUrgent()).toStrictEqual({ registryId: id, urgentAt: START });
      const stored = await under.catalogue.getRegistry(id);
      expect(stored?.credential).toMatchObject({ dueAt: START, rejectedVersion: 'version-1' });
    });
  });
}
