/** The audit trail, and what outlasts a restart. */
import { describe, expect, it } from 'vitest';

import type { AuditEntry, AuditQuery, ChangeEntry, DecisionEntry } from '../../../lib/domain/audit.ts';
import { HOUR, START } from '../../support/registry-fixture.ts';
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

    // An environment may be named like a registry's id.
    const histories = [
      change({ at: START + 0, subject: 'alpha', detail: 'registry added' }),
      change({ at: START + 1, subject: 'alpha', action: 'policy.set', detail: 'policy of an environment' }),
      change({ at: START + 2, subject: 'beta', action: 'registry.add', detail: 'another' }),
      decision({ at: START + 3, environment: 'alpha', image: 'no change', registryId: 'alpha' }),
      change({ at: START + 4, subject: 'alpha', action: 'registry.delete', detail: 'registry deleted' }),
      change({ at: START + 5, subject: 'alpha', action: 'registrysomething.else', detail: 'looks alike' }),
    ];

    it.each<[string, Omit<AuditQuery, 'limit'>, readonly string[]]>([
      [
        'a subject',
        { subject: 'alpha' },
        ['looks alike', 'registry deleted', 'policy of an environment', 'registry added'],
      ],
      ['a registry', { subject: 'alpha', sort: 'registry' }, ['registry deleted', 'registry added']],
      ['a policy', { subject: 'alpha', sort: 'policy' }, ['policy of an environment']],
      ['changes of a subject', { subject: 'beta', type: 'change' }, ['another']],
      ['decisions of a subject, of which there are none', { subject: 'alpha', type: 'decision' }, []],
      ['a subject in an environment, of which there is none', { subject: 'alpha', environment: 'alpha' }, []],
      ['a part of a subject', { subject: 'alph' }, []],
      ['a pattern', { subject: '*' }, []],
      ['nothing', { subject: '' }, []],
      ['a subject that is longer than any', { subject: 'é'.repeat(3_000) }, []],
      ['a subject that nobody changed', { subject: 'gamma', sort: 'registry' }, []],
    ])('lists the changes of %s, newest first, also page by page', async (_name, query, wanted) => {
      await record(histories);
      const details = (entries: readonly AuditEntry[]): readonly string[] =>
        entries.map((entry) => (entry.type === 'change' ? (entry.detail ?? '') : 'a decision'));
      expect(details(pageOf(await under.catalogue.listAudit({ ...query, limit: 10 })).items)).toStrictEqual(wanted);
      const paged: AuditEntry[] = [];
      for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
        const page = { ...query, limit: 1, ...(cursor === undefined ? {} : { cursor }) };
        const { items, cursor: next } = pageOf(await under.catalogue.listAudit(page));
        expect(items.length).toBeLessThanOrEqual(1);
        paged.push(...items);
        cursor = next;
      }
      expect(details(paged)).toStrictEqual(wanted);
    });

    it('lists the changes of whatever was changed, in the ways in which a catalogue is changed', async () => {
      const { catalogue } = under;
      const added = await add(catalogue, { id: 'r' });
      const made = (action: string): ChangeEntry => change({ subject: 'r', action: `registry.${action}` });
      const registry = { ...added, description: 'new' };
      await catalogue.updateRegistry({ registry, expectedRevision: 1, replaceCredential: false, change: made('edit') });
      await catalogue.claimRegistry('r', { claimId: 'run', now: START, until: START + 1 });
      const { sourceVersion, credential } = added;
      const done = { registryId: 'r', claimId: 'run', sourceVersion, credential };
      await catalogue.finishRefresh({ ...done, changes: [made('refresh'), made('drift')] });
      await catalogue.removeRegistry({ id: 'r', expectedRevision: 2, change: made('delete') });
      const put = { document: policy(), expectedRevision: 0, updatedAt: START };
      await catalogue.putPolicy({ ...put, scope: 'r', change: change({ subject: 'r', action: 'policy.set' }) });
      await catalogue.addAgent(agent(), change({ subject: 'agent-1', action: 'agent.create' }));
      await catalogue.removeAgent('agent-1', change({ subject: 'agent-1', action: 'agent.delete' }));

      const actions = async (query: Omit<AuditQuery, 'limit'>): Promise<readonly string[]> =>
        pageOf(await catalogue.listAudit({ ...query, limit: 10 })).items.map((item) =>
          item.type === 'change' ? item.action : 'a decision',
        );
      const ofRegistry = ['delete', 'drift', 'refresh', 'edit', 'add'].map((action) => `registry.${action}`);
      expect(await actions({ subject: 'r', sort: 'registry' })).toStrictEqual(ofRegistry);
      expect(await actions({ subject: 'r' })).toStrictEqual(['policy.set', ...ofRegistry]);
      expect(await actions({ subject: 'agent-1', sort: 'agent' })).toStrictEqual(['agent.delete', 'agent.create']);
    });

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

    /** A store may tell by its own clock when something was recorded, so that these are of about now. */
    const base = Date.now();
    const aged = [
      decision({ at: base - 3 * HOUR, image: 'old-1' }),
      change({ at: base - 3 * HOUR, subject: 'alpha', detail: 'old-2' }),
      decision({ at: base - 2 * HOUR, environment: 'ci', image: 'ci-1' }),
      decision({ at: base - HOUR, image: 'new-1' }),
      change({ at: base - HOUR, subject: 'alpha', detail: 'new-2' }),
      decision({ at: base, image: 'new-3' }),
    ];

    it.each<[string, Omit<AuditQuery, 'limit'>, readonly string[]]>([
      ['everything', { since: base - HOUR }, ['new-3', 'new-2', 'new-1']],
      ['everything since the last entry', { since: base }, ['new-3']],
      ['everything since long ago', { since: -1 }, ['new-3', 'new-2', 'new-1', 'ci-1', 'old-2', 'old-1']],
      ['what is to come', { since: base + HOUR }, []],
      ['what no clock tells', { since: Number.MAX_SAFE_INTEGER }, []],
      ['decisions', { type: 'decision', since: base - 2 * HOUR }, ['new-3', 'new-1', 'ci-1']],
      ['changes', { type: 'change', since: base - 2 * HOUR }, ['new-2']],
      ['an environment', { environment: 'prod', since: base - 2 * HOUR }, ['new-3', 'new-1']],
      ['a quiet environment', { environment: 'ci', type: 'decision', since: base - HOUR }, []],
      ['a subject', { subject: 'alpha', since: base - 2 * HOUR }, ['new-2']],
      ['a registry', { subject: 'alpha', sort: 'registry', since: base - 3 * HOUR }, ['new-2', 'old-2']],
    ])('lists of %s nothing older than is asked for, also page by page', async (_name, query, wanted) => {
      await record(aged);
      const names = (entries: readonly AuditEntry[]): readonly string[] =>
        entries.map((entry) => (entry.type === 'change' ? (entry.detail ?? '') : entry.image));
      expect(names(pageOf(await under.catalogue.listAudit({ ...query, limit: 10 })).items)).toStrictEqual(wanted);
      const paged: AuditEntry[] = [];
      for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
        const page = { ...query, limit: 1, ...(cursor === undefined ? {} : { cursor }) };
        const { items, cursor: next } = pageOf(await under.catalogue.listAudit(page));
        paged.push(...items);
        cursor = next;
      }
      expect(names(paged)).toStrictEqual(wanted);
    });

    it.each(CURSORS_OF_NOBODY)('refuses a cursor that is %s', async (_name, cursor) => {
      expect(await under.catalogue.listAudit({ limit: 5, cursor })).toBe('bad_cursor');
      expect(await under.catalogue.listAudit({ limit: 5, cursor, subject: 'a' })).toBe('bad_cursor');
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
