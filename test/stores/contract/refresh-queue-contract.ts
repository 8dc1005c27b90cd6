/** The refresher's queue: what is due, who has it, and how it ended. */
import { describe, expect, it } from 'vitest';

import type { CredentialRecord } from '../../../lib/domain/credential.ts';
import type { ClaimRequest } from '../../../lib/stores/catalogue.ts';
import { FRESH, HOUR, START } from '../../support/registry-fixture.ts';
import { add, addAll, pageOf, useCatalogue, type OpenCatalogue } from './catalogue-under-test.ts';
import { change } from './entries.ts';

function claimAt(now: number, claimId = 'claim-1'): ClaimRequest {
  return { claimId, now, until: now + 60_000 };
}

function dueAt(time: number): { readonly credential: CredentialRecord } {
  return { credential: { ...FRESH, dueAt: time } };
}

export function describeRefreshQueue(open: OpenCatalogue): void {
  const under = useCatalogue(open);

  async function claimDue(claim: ClaimRequest, limit = 100, kinds: readonly string[] = ['ecr', 'google']) {
    return (await under.catalogue.claimDue({ claim, kinds, limit })).map(({ id }) => id);
  }

  describe('claiming what is due', () => {
    it('claims what has come due, the longest overdue first, and nothing that has not', async () => {
      await add(under.catalogue, { id: 'late', ...dueAt(START + 2) });
      await add(under.catalogue, { id: 'later', source: { kind: 'google' }, ...dueAt(START + 3) });
      await add(under.catalogue, { id: 'latest', ...dueAt(START + 1) });
      await add(under.catalogue, { id: 'not yet', ...dueAt(START + 4) });
      await add(under.catalogue, { id: 'never', credential: { consecutiveFailures: 0 } });
      expect(await claimDue(claimAt(START + 3))).toStrictEqual(['latest', 'late', 'later']);
    });

    it('takes at most the limit, the longest overdue of all kinds', async () => {
      await add(under.catalogue, { id: 'a', ...dueAt(START + 1) });
      await add(under.catalogue, { id: 'b', source: { kind: 'google' }, ...dueAt(START) });
      await add(under.catalogue, { id: 'c', ...dueAt(START + 2) });
      expect(await claimDue(claimAt(START + 5), 2)).toStrictEqual(['b', 'a']);
      expect(await claimDue(claimAt(START + 5), 2)).toStrictEqual(['c']);
    });

    it('takes only the kinds asked for', async () => {
      await addAll(under.catalogue, ['ecr'], dueAt(START));
      await addAll(under.catalogue, ['google'], { source: { kind: 'google' }, ...dueAt(START) });
      expect(await claimDue(claimAt(START), 5, ['google'])).toStrictEqual(['google']);
      expect(await claimDue(claimAt(START), 5, [])).toStrictEqual([]);
    });

    it('hands out the registry as stored, with the claim on it', async () => {
      const added = await add(under.catalogue, dueAt(START));
      const claimed = await under.catalogue.claimDue({ claim: claimAt(START), kinds: ['ecr'], limit: 1 });
      const claim = { id: 'claim-1', until: START + 60_000 };
      expect(claimed).toStrictEqual([{ ...added, credential: { ...added.credential, claim } }]);
      expect(await under.catalogue.getRegistry(added.id)).toStrictEqual(claimed[0]);
    });

    it('never hands the same registry to two runs at once', async () => {
      const ids = Array.from({ length: 20 }, (_, index) => `registry-${index}`);
      await addAll(under.catalogue, ids, dueAt(START));
      const runs = await Promise.all(['a', 'b', 'c', 'd'].map((id) => claimDue(claimAt(START, id), 10)));
      const claimed = runs.flat();
      expect(new Set(claimed).size).toBe(claimed.length);
      expect([...claimed, ...(await claimDue(claimAt(START, 'e')))].toSorted()).toStrictEqual(ids.toSorted());
    });

    it('hands it out again when the claim has lapsed, and not a moment before', async () => {
      await addAll(under.catalogue, ['a'], dueAt(START));
      await claimDue(claimAt(START));
      expect(await claimDue(claimAt(START + 59_999, 'claim-2'))).toStrictEqual([]);
      expect(await claimDue(claimAt(START + 60_000, 'claim-2'))).toStrictEqual(['a']);
    });

    it('never takes an inactive registry, and takes it when it is active again', async () => {
      const added = await add(under.catalogue, { state: 'inactive', ...dueAt(START) });
      expect(await claimDue(claimAt(START + HOUR))).toStrictEqual([]);
      const registry = { ...added, state: 'active' } as const;
      await under.catalogue.updateRegistry({
        registry,
        expectedRevision: 1,
        replaceCredential: false,
        change: change(),
      });
      expect(await claimDue(claimAt(START + HOUR))).toStrictEqual([added.id]);
    });
  });

  describe('claiming one registry', () => {
    it('claims it, due or not', async () => {
      const { id } = await add(under.catalogue);
      const claim = { id: 'claim-1', until: START + 60_000 };
      expect(await under.catalogue.claimRegistry(id, claimAt(START))).toMatchObject({ id, credential: { claim } });
    });

    it.each([
      { name: 'busy under somebody else', claim: claimAt(START + 59_999, 'claim-2'), free: false },
      { name: 'free once that claim has lapsed', claim: claimAt(START + 60_000, 'claim-2'), free: true },
      { name: 'its own to claim again', claim: claimAt(START + 1), free: true },
    ])('is $name', async ({ claim, free }) => {
      const { id } = await add(under.catalogue);
      await under.catalogue.claimRegistry(id, claimAt(START));
      const claimed = { id, credential: { claim: { id: claim.claimId, until: claim.until } } };
      const answer = await under.catalogue.claimRegistry(id, claim);
      if (free) expect(answer).toMatchObject(claimed);
      else expect(answer).toBe('busy');
    });

    it('lets exactly one of two have it that claim at once', async () => {
      const { id } = await add(under.catalogue);
      const claim = (claimId: string) => under.catalogue.claimRegistry(id, claimAt(START, claimId));
      const answers = await Promise.all(['a', 'b'].map(claim));
      expect(answers.filter((answer) => answer === 'busy')).toHaveLength(1);
    });

    it('says when there is none', async () => {
      expect(await under.catalogue.claimRegistry('none', claimAt(START))).toBe('missing');
    });
  });

  describe('finishing a refresh', () => {
    const credential: CredentialRecord = {
      current: { version: 'version-2', username: 'AWS', issuedAt: START + 1, expiresAt: START + 13 * HOUR },
      dueAt: START + 7 * HOUR,
      consecutiveFailures: 0,
    };

    it('stores the outcome, ends the claim, and leaves the revision alone', async () => {
      const added = await add(under.catalogue, { sourceVersion: 's1', ...dueAt(START) });
      await claimDue(claimAt(START));
      const verification = { status: 'verified', at: START + 2 } as const;
      const given = { ...credential, claim: { id: 'claim-1', until: START + HOUR } };
      const outcome = {
        registryId: added.id,
        claimId: 'claim-1',
        sourceVersion: 's1',
        credential: given,
        verification,
      };
      expect(await under.catalogue.finishRefresh(outcome)).toBe('stored');
      expect(await under.catalogue.getRegistry(added.id)).toStrictEqual({ ...added, credential, verification });
      expect(await claimDue(claimAt(START + 7 * HOUR - 1, 'claim-2'))).toStrictEqual([]);
      expect(await claimDue(claimAt(START + 7 * HOUR, 'claim-2'))).toStrictEqual([added.id]);
    });

    it('keeps the verification that is stored when the outcome has none', async () => {
      const verification = { status: 'unreachable', at: START } as const;
      const { id } = await add(under.catalogue, { verification });
      await under.catalogue.claimRegistry(id, claimAt(START));
      const outcome = { registryId: id, claimId: 'claim-1', sourceVersion: undefined, credential };
      expect(await under.catalogue.finishRefresh(outcome)).toBe('stored');
      expect(await under.catalogue.getRegistry(id)).toMatchObject({ verification, credential });
    });

    it('leaves the credential as it is by then when the outcome has none, and ends the claim', async () => {
      const added = await add(under.catalogue, dueAt(START));
      await under.catalogue.claimRegistry(added.id, claimAt(START));
      await under.catalogue.reportRejection({ registryId: added.id, version: 'version-1', now: START - 1 });
      const drift = { from: 'accepts_anyone', at: START } as const;
      const verification = { status: 'unauthorized', at: START, drift } as const;
      const outcome = { registryId: added.id, claimId: 'claim-1', sourceVersion: undefined, verification };
      expect(await under.catalogue.finishRefresh(outcome)).toBe('stored');
      const kept = { ...added.credential, dueAt: START - 1, rejectedVersion: 'version-1' };
      expect(await under.catalogue.getRegistry(added.id)).toStrictEqual({ ...added, credential: kept, verification });
      expect(await claimDue(claimAt(START, 'claim-2'))).toStrictEqual([added.id]);
    });

    it.each([
      ['kept with its due time, where the outcome has the same credential', {}, true],
      ['kept, where the outcome knew of another version only', { knownRejection: 'version-0' }, true],
      ['as the outcome has it, where it was known', { knownRejection: 'version-1' }, false],
    ])('a rejection that was reported meanwhile is %s', async (_name, known, kept) => {
      const added = await add(under.catalogue, dueAt(START));
      await under.catalogue.claimRegistry(added.id, claimAt(START));
      await under.catalogue.reportRejection({ registryId: added.id, version: 'version-1', now: START - 1 });
      const failed = { ...added.credential, dueAt: START + 100, consecutiveFailures: 1 };
      const outcome = { registryId: added.id, claimId: 'claim-1', sourceVersion: undefined, credential: failed };
      expect(await under.catalogue.finishRefresh({ ...outcome, ...known })).toBe('stored');
      const rejection = kept ? { dueAt: START - 1, rejectedVersion: 'version-1' } : {};
      const stored = await under.catalogue.getRegistry(added.id);
      expect(stored?.credential).toStrictEqual({ ...failed, ...rejection });
      expect(await claimDue(claimAt(START, 'claim-2'))).toStrictEqual(kept ? [added.id] : []);
    });

    it('a rejection that was reported meanwhile is over when the outcome has another credential', async () => {
      const added = await add(under.catalogue, dueAt(START));
      await under.catalogue.claimRegistry(added.id, claimAt(START));
      await under.catalogue.reportRejection({ registryId: added.id, version: 'version-1', now: START - 1 });
      const outcome = { registryId: added.id, claimId: 'claim-1', sourceVersion: undefined, credential };
      expect(await under.catalogue.finishRefresh(outcome)).toBe('stored');
      expect((await under.catalogue.getRegistry(added.id))?.credential).toStrictEqual(credential);
    });

    it('notes what was reported of its expiry date, and keeps that where the outcome says nothing of it', async () => {
      const expiryReported = { on: '2026-01-31', stage: 30 } as const;
      const added = await add(under.catalogue, { expiresOn: '2026-01-31' });
      await under.catalogue.claimRegistry(added.id, claimAt(START));
      const outcome = { registryId: added.id, claimId: 'claim-1', sourceVersion: undefined };
      expect(await under.catalogue.finishRefresh({ ...outcome, expiryReported })).toBe('stored');
      expect(await under.catalogue.getRegistry(added.id)).toStrictEqual({ ...added, expiryReported });
      await under.catalogue.claimRegistry(added.id, claimAt(START));
      const verification = { status: 'verified', at: START } as const;
      expect(await under.catalogue.finishRefresh({ ...outcome, verification })).toBe('stored');
      expect(await under.catalogue.getRegistry(added.id)).toStrictEqual({ ...added, expiryReported, verification });
    });

    it('records every change that it tells of, in their order', async () => {
      const { id } = await add(under.catalogue);
      await under.catalogue.claimRegistry(id, claimAt(START));
      const changes = [change({ action: 'registry.verify' }), change({ action: 'registry.drift', actor: 'pullpass' })];
      const outcome = { registryId: id, claimId: 'claim-1', sourceVersion: undefined, changes };
      expect(await under.catalogue.finishRefresh(outcome)).toBe('stored');
      expect(await under.catalogue.finishRefresh(outcome)).toBe('lost');
      const { items } = pageOf(await under.catalogue.listAudit({ limit: 2 }));
      expect(items).toMatchObject(changes.toReversed());
    });

    it('stores the outcome of a claim that has lapsed but that nobody took over', async () => {
      const { id } = await add(under.catalogue, dueAt(START));
      await under.catalogue.claimRegistry(id, { claimId: 'claim-1', now: START, until: START });
      const outcome = { registryId: id, claimId: 'claim-1', sourceVersion: undefined, credential };
      expect(await under.catalogue.finishRefresh(outcome)).toBe('stored');
    });

    it.each<[string, (id: string) => Promise<unknown>]>([
      ['somebody else took it over', (id) => under.catalogue.claimRegistry(id, claimAt(START + HOUR, 'claim-2'))],
      ['the source changed', (id) => edit(id, { sourceVersion: 's2', replaceCredential: false })],
      ['the credential was replaced', (id) => edit(id, { sourceVersion: 's1', replaceCredential: true })],
    ])('is lost, and changes nothing, when %s meanwhile', async (_name, meanwhile) => {
      const { id } = await add(under.catalogue, { sourceVersion: 's1', ...dueAt(START) });
      await claimDue(claimAt(START));
      await meanwhile(id);
      const before = await under.catalogue.getRegistry(id);
      const outcome = { registryId: id, claimId: 'claim-1', sourceVersion: 's1', credential };
      expect(await under.catalogue.finishRefresh(outcome)).toBe('lost');
      expect(await under.catalogue.getRegistry(id)).toStrictEqual(before);
    });

    async function edit(id: string, to: { readonly sourceVersion: string; readonly replaceCredential: boolean }) {
      const stored = await under.catalogue.getRegistry(id);
      if (stored === undefined) throw new Error('the registry is gone');
      const { sourceVersion, replaceCredential } = to;
      const registry = { ...stored, sourceVersion };
      await under.catalogue.updateRegistry({ registry, expectedRevision: 1, replaceCredential, change: change() });
    }

    it('is lost when it was never claimed, is finished already, or was removed', async () => {
      const { id } = await add(under.catalogue);
      const outcome = { registryId: id, claimId: 'claim-1', sourceVersion: undefined, credential };
      expect(await under.catalogue.finishRefresh(outcome)).toBe('lost');
      await under.catalogue.claimRegistry(id, claimAt(START));
      expect(await under.catalogue.finishRefresh(outcome)).toBe('stored');
      expect(await under.catalogue.finishRefresh(outcome)).toBe('lost');
      await under.catalogue.claimRegistry(id, claimAt(START));
      await under.catalogue.removeRegistry({ id, expectedRevision: undefined, change: change() });
      expect(await under.catalogue.finishRefresh(outcome)).toBe('lost');
    });
  });

  describe('reporting a rejected credential', () => {
    const report = (version: string, now = START) =>
      under.catalogue.reportRejection({ registryId: 'registry-1', version, now });

    it('marks the version and makes the registry due now, once per version', async () => {
      const added = await add(under.catalogue);
      expect(await report('version-1', START + 1)).toBe('scheduled');
      const credential = { ...FRESH, dueAt: START + 1, rejectedVersion: 'version-1' };
      expect(await under.catalogue.getRegistry(added.id)).toStrictEqual({ ...added, credential });
      expect(await report('version-1', START + 2)).toBe('already_reported');
      expect(await under.catalogue.getRegistry(added.id)).toStrictEqual({ ...added, credential });
      expect(await claimDue(claimAt(START + 1))).toStrictEqual([added.id]);
    });

    it('is scheduled by exactly one of many reports at once', async () => {
      await add(under.catalogue);
      const answers = await Promise.all(Array.from({ length: 5 }, () => report('version-1')));
      expect(answers.toSorted()).toStrictEqual([...Array.from({ length: 4 }, () => 'already_reported'), 'scheduled']);
    });

    it('leaves a registry that is due already where it is in the queue, and its claim alone', async () => {
      const { id } = await add(under.catalogue, dueAt(START));
      await claimDue(claimAt(START));
      expect(await report('version-1', START + 5)).toBe('scheduled');
      const claim = { id: 'claim-1', until: START + 60_000 };
      expect((await under.catalogue.getRegistry(id))?.credential).toMatchObject({ dueAt: START, claim });
    });

    it('does nothing for a version that is not the current one', async () => {
      const added = await add(under.catalogue);
      expect(await report('version-0')).toBe('superseded');
      expect(await under.catalogue.getRegistry(added.id)).toStrictEqual(added);
    });

    it('says when there is no such registry', async () => {
      expect(await report('version-1')).toBe('missing');
    });
  });

  describe('what runs out first', () => {
    it('names, per kind, the active registry whose credential runs out first', async () => {
      const expires = (expiresAt: number): { readonly credential: CredentialRecord } => ({
        credential: { consecutiveFailures: 0, current: { version: 'v', username: 'u', issuedAt: START, expiresAt } },
      });
      const google = { source: { kind: 'google' } };
      await add(under.catalogue, { id: 'e1', ...expires(START + 2) });
      await add(under.catalogue, { id: 'e2', ...expires(START + 1) });
      await add(under.catalogue, { id: 'e3', state: 'inactive', ...expires(START) });
      await add(under.catalogue, { id: 'g1', ...google, ...expires(START + 9) });
      await add(under.catalogue, { id: 'g2', ...google, credential: { consecutiveFailures: 0 } });
      await add(under.catalogue, { id: 's1', source: { kind: 'static' }, credential: { consecutiveFailures: 0 } });
      const soonest = await under.catalogue.soonestExpiries();
      expect(soonest.toSorted((left, right) => left.kind.localeCompare(right.kind))).toStrictEqual([
        { kind: 'ecr', registryId: 'e2', expiresAt: START + 1 },
        { kind: 'google', registryId: 'g1', expiresAt: START + 9 },
      ]);
    });

    it('names the active registry that becomes urgent first, whatever its kind', async () => {
      const urgent = (urgentAt: number): { readonly credential: CredentialRecord } => ({
        credential: { consecutiveFailures: 0, urgentAt },
      });
      expect(await under.catalogue.firstUrgent()).toBeUndefined();
      await add(under.catalogue, { id: 'e1', ...urgent(START + 2) });
      await add(under.catalogue, { id: 'g1', source: { kind: 'google' }, ...urgent(START + 1) });
      await add(under.catalogue, { id: 'e2', state: 'inactive', ...urgent(START) });
      await add(under.catalogue, { id: 's1', source: { kind: 'static' }, credential: { consecutiveFailures: 0 } });
      expect(await under.catalogue.firstUrgent()).toStrictEqual({ registryId: 'g1', urgentAt: START + 1 });
    });
  });
}
