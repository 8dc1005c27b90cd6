/** The refresher's queue: what is due, who has it, and how it ended. due-claims.ts takes from it. */
import type { Registry } from '../../domain/registry.ts';
import type { Catalogue, RefreshOutcome } from '../catalogue.ts';
import { finishedRegistry, recordAfterRejection } from '../registry-document.ts';
import { claimDueOn } from './due-claims.ts';
import type { ChangeRegistry, Decision } from './registry-change.ts';
import type { WriteTable } from './writes.ts';

type RefreshQueue = Pick<Catalogue, 'claimDue' | 'claimRegistry' | 'finishRefresh' | 'reportRejection'>;

export function refreshQueueOn(table: WriteTable, changeRegistry: ChangeRegistry): RefreshQueue {
  return {
    claimDue: claimDueOn(table),
    claimRegistry: async (id, { claimId, now, until }) =>
      await changeRegistry(id, (stored): Decision<Registry | 'missing' | 'busy'> => {
        if (stored === undefined) return { answer: 'missing' };
        const { claim: other } = stored.credential;
        if (other !== undefined && other.id !== claimId && other.until > now) return { answer: 'busy' };
        const next = { ...stored, credential: { ...stored.credential, claim: { id: claimId, until } } };
        return { answer: next, write: { next } };
      }),
    finishRefresh: async (outcome) => await changeRegistry(outcome.registryId, (stored) => finished(stored, outcome)),
    reportRejection: async (report) =>
      await changeRegistry(report.registryId, (stored): Decision<Awaited<ReturnType<Catalogue['reportRejection']>>> => {
        if (stored === undefined) return { answer: 'missing' };
        const credential = recordAfterRejection(stored.credential, report);
        if (typeof credential === 'string') return { answer: credential };
        return { answer: 'scheduled', write: { next: { ...stored, credential } } };
      }),
  };
}

function finished(stored: Registry | undefined, outcome: RefreshOutcome): Decision<'stored' | 'lost'> {
  const { claimId, sourceVersion, changes } = outcome;
  if (stored?.credential.claim?.id !== claimId || stored.sourceVersion !== sourceVersion) return { answer: 'lost' };
  return { answer: 'stored', write: { next: finishedRegistry(stored, outcome), changes } };
}
