/** The audit trail, and what outlasts a restart. */
import { describe, expect, it } from 'vitest';

import type { AuditQuery, ChangeEntry, DecisionEntry } from '../../../lib/domain/audit.ts';
import { START } from '../../support/registry-fixture.ts';
import { add, CURSORS_OF_NOBODY, pageOf, useCatalogue, type OpenCatalogue } from './catalogue-under-test.ts';
import { agent, change, decision, policy } from './entries.ts';

const CALLER = 'arn:aws:sts::123456789012:assumed-role/node-web/i-0123456789abcdef0';

export function describeAudit(open: OpenCatalogue): void {
  const under = useCatalogue(open);

  async function record(entries: readonly (DecisionEntry | ChangeEntry)[]): Promise<void> {
    for (const [index, entry] of entries.entries()) {
      if (entry.type === 'decision') await under.catalogue.recordDecision(entry);
      else await under.catalogue.addAgent(agent({ id: `agent-${index}` }), entry);
    }
  }

  describe('the audit trail', () => {
    it.each<[string, DecisionEntry | ChangeEntry]>([
      ['decision with no optional field', decision()],
      [
        'decision with every optional field',
        decision({ outcome: 'released', registryId: 'r', version: 'v', principal: CALLER }),
      ],
      ['change with no optional field', change()],
      ['change with every optional field', change({ detail: 'environments, "tls"' })],
    ])('reads back a %s as it was recorded, with an id', async (_name, entry) => {
      await record([entry]);
      const { items } = pageOf(await under.catalogue.listAudit({ limit: 10 }));
      expect(items).toStrictEqual([{ ...entry, id: items[0]?.id }]);
      expect(items[0]?.id).toMatch(/./);
    });

    it('keeps every one of many decisions recorded at once', async () => {
      const images = Array.from({ length: 50 }, (_, index) => `image-${index}`);
      await Promise.all(images.map((image) => under.catalogue.recordDecision(decision({ image }))));
      const { items } = pageOf(await under.catalogue.listAudit({ limit: 100 }));
      expect(new Set(items.map((item) => (item.type === 'decision' ? item.image : ''))).size).toBe(50);
      expect(new Set(items.map(({ id }) => id)).size).toBe(50);
    });

    const mixed = [
      decision({ at: START + 0, image: 'prod-1' }),
      change({ at: START + 1, subject: 'change-1' }),
      decision({ at: START + 2, environment: 'ci', image: 'ci-1' }),
      decision({ at: START + 3, image: 'prod-2' }),
      change({ at: START + 4, subject: 'change-2' }),
    ];

    it.each<[string, Omit<AuditQuery, 'limit'>, readonly string[]]>([
      ['everything', {}, ['change-2', 'prod-2', 'ci-1', 'change-1', 'prod-1']],
      ['decisions', { type: 'decision' }, ['prod-2', 'ci-1', 'prod-1']],
      ['changes', { type: 'change' }, ['change-2', 'change-1']],
      ['an environment', { environment: 'prod' }, ['prod-2', 'prod-1']],
      ['decisions of an environment', { environment: 'ci', type: 'decision' }, ['ci-1']],
      ['changes of an environment, of which there are none', { environment: 'ci', type: 'change' }, []],
      ['an environment that nobody asked about', { environment: 'none' }, []],
    ])('lists %s, newest first, also page by page', async (_name, query, wanted) => {
      await record(mixed);
      const whole = pageOf(await under.catalogue.listAudit({ ...query, limit: 10 }));
      expect(whole.items.map((item) => (item.type === 'decision' ? item.image : item.subject))).toStrictEqual(wanted);
      const ids: string[] = [];
      for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
        const paged = { ...query, limit: 1, ...(cursor === undefined ? {} : { cursor }) };
        const page = pageOf(await under.catalogue.listAudit(paged));
        ids.push(...page.items.map(({ id }) => id));
        cursor = page.cursor;
        await under.catalogue.recordDecision(decision({ environment: 'elsewhere' }));
      }
      expect(ids).toStrictEqual(whole.items.map(({ id }) => id));
    });

    it.each(CURSORS_OF_NOBODY)('refuses a cursor that is %s', async (_name, cursor) => {
      expect(await under.catalogue.listAudit({ limit: 5, cursor })).toBe('bad_cursor');
    });
  });

  describe('an installation', () => {
    it('has one id, long and of few characters', async () => {
      const id = await under.catalogue.installationId();
      expect(id).toMatch(/^[A-Za-z0-9-]{16,64}$/);
      expect(await under.catalogue.installationId()).toBe(id);
    });

    it('is the same after a restart, with all that is in it', async () => {
      const opened = under.opened();
      if (opened.reopen === undefined) return;
      const { catalogue } = opened;
      const id = await catalogue.installationId();
      const added = await add(catalogue);
      await catalogue.addAgent(agent(), change());
      const stored = { scope: 'prod', document: policy(), expectedRevision: 0, updatedAt: START, change: change() };
      await catalogue.putPolicy(stored);
      await catalogue.recordDecision(decision());
      const audit = await catalogue.listAudit({ limit: 10 });

      const reopened = await opened.reopen();
      try {
        expect(await reopened.catalogue.installationId()).toBe(id);
        expect(await reopened.catalogue.getRegistry(added.id)).toStrictEqual(added);
        expect(await reopened.catalogue.getAgent('agent-1')).toStrictEqual(agent());
        expect((await reopened.catalogue.getPolicy('prod'))?.document).toStrictEqual(policy());
        expect(await reopened.catalogue.listAudit({ limit: 10 })).toStrictEqual(audit);
        const next = await add(reopened.catalogue, { id: 'registry-2' });
        expect(next.order).toBeGreaterThan(added.order);
      } finally {
        await reopened.close();
      }
    });
  });
}
