/** The refresher's queue in the embedded catalogue: what is due, who has it, and how it ended. */
import type { Registry } from '../../domain/registry.ts';
import type { Catalogue, ClaimRequest, RefreshOutcome } from '../catalogue.ts';
import { finishedRegistry, recordAfterRejection } from '../registry-document.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { Database, Row } from './database.ts';
import { REGISTRY_COLUMNS } from './registry-rows.ts';
import type { RegistryTable } from './registry-table.ts';
import { numberOf, textOf } from './rows.ts';

type RefreshQueue = Pick<
  Catalogue,
  'claimDue' | 'claimRegistry' | 'finishRefresh' | 'reportRejection' | 'soonestExpiries' | 'firstUrgent'
>;

/** Parameters: kind, now, now, limit. A range of the index registries_due, whatever else there is. */
export const DUE_SQL = `SELECT ${REGISTRY_COLUMNS} FROM registries
  WHERE kind = ? AND state = 'active' AND due_at <= ? AND (claim_until IS NULL OR claim_until <= ?)
  ORDER BY due_at LIMIT ?`;

/** Parameter: a kind. The first of the next kind, so that a walk reads one row a kind. */
export const NEXT_EXPIRY_SQL = `SELECT kind, id, expires_at FROM registries
  WHERE kind > ? AND state = 'active' AND expires_at IS NOT NULL
  ORDER BY kind, expires_at LIMIT 1`;

/** The first of the index registries_urgent. */
export const URGENT_SQL = `SELECT id, urgent_at FROM registries
  WHERE state = 'active' AND urgent_at IS NOT NULL
  ORDER BY urgent_at LIMIT 1`;

export function refreshQueueIn(
  database: Database,
  parts: { readonly table: RegistryTable; readonly audit: AuditTrail; readonly commits: CommitQueue },
): RefreshQueue {
  const { table, commits } = parts;
  const claims = claiming(database, table);
  return {
    claimDue: async ({ claim, kinds, limit }) =>
      await commits.commit(database, () => claims.takeDue(claim, kinds, Math.max(0, Math.trunc(limit)))),
    claimRegistry: async (id, claim) =>
      await commits.commit(database, () => {
        const registry = table.read(id);
        if (registry === undefined) return 'missing';
        const { claim: other } = registry.credential;
        if (other !== undefined && other.id !== claim.claimId && other.until > claim.now) return 'busy';
        return claims.takeOne(registry, claim);
      }),
    finishRefresh: async (outcome) => await commits.commit(database, () => finishRefresh(outcome, parts)),
    reportRejection: async (report) =>
      await commits.commit(database, () => {
        const registry = table.read(report.registryId);
        if (registry === undefined) return 'missing';
        const next = recordAfterRejection(registry.credential, report);
        if (typeof next === 'string') return next;
        table.writeCredential(registry.order, next);
        return 'scheduled';
      }),
    soonestExpiries: soonestExpiries(database),
    firstUrgent: firstUrgent(database),
  };
}

function claiming(database: Database, table: RegistryTable) {
  const dueOfKind = database.prepare(DUE_SQL);
  const write = database.prepare('UPDATE registries SET claim_id = ?, claim_until = ? WHERE ord = ?');
  /** Oldest first. */
  const due = ({ now }: ClaimRequest, kinds: readonly string[], limit: number): readonly Row[] =>
    [...new Set(kinds)]
      .flatMap((kind) => dueOfKind.all(kind, now, now, limit))
      .toSorted((left, right) => numberOf(left, 'due_at') - numberOf(right, 'due_at'))
      .slice(0, limit);
  const takeDue = (claim: ClaimRequest, kinds: readonly string[], limit: number): readonly Registry[] => {
    const rows = due(claim, kinds, limit);
    // One that cannot be read is claimed as well: the next claim passes it over, and it does not stand before the others.
    for (const row of rows) write.run(claim.claimId, claim.until, numberOf(row, 'ord'));
    const taken = table.readable(rows).registries.map((registry) => withClaim(registry, claim));
    const unreadable = rows.length - taken.length;
    if (unreadable === 0 || claim.until <= claim.now) return taken;
    return [...taken, ...takeDue(claim, kinds, unreadable)];
  };
  return {
    takeDue,
    takeOne: (registry: Registry, claim: ClaimRequest): Registry => {
      write.run(claim.claimId, claim.until, registry.order);
      return withClaim(registry, claim);
    },
  };
}

function withClaim(registry: Registry, { claimId, until }: ClaimRequest): Registry {
  return { ...registry, credential: { ...registry.credential, claim: { id: claimId, until } } };
}

function finishRefresh(
  outcome: RefreshOutcome,
  { table, audit }: { readonly table: RegistryTable; readonly audit: AuditTrail },
): 'stored' | 'lost' {
  const { registryId, claimId, sourceVersion, verification, expiryReported } = outcome;
  const registry = table.read(registryId);
  if (registry?.credential.claim?.id !== claimId || registry.sourceVersion !== sourceVersion) return 'lost';
  const next = finishedRegistry(registry, outcome);
  table.writeCredential(next.order, next.credential);
  if (verification !== undefined || expiryReported !== undefined) table.writeDocument(next);
  for (const change of outcome.changes ?? []) audit.insertChange(change);
  return 'stored';
}

function firstUrgent(database: Database): Catalogue['firstUrgent'] {
  const first = database.prepare(URGENT_SQL);
  return async () => {
    database.assertInPlace();
    database.assertWritable();
    const row = first.get();
    return row === undefined ? undefined : { registryId: textOf(row, 'id'), urgentAt: numberOf(row, 'urgent_at') };
  };
}

function soonestExpiries(database: Database): Catalogue['soonestExpiries'] {
  const next = database.prepare(NEXT_EXPIRY_SQL);
  return async () => {
    const found = [];
    for (let row: Row | undefined = next.get(''); row !== undefined; row = next.get(textOf(row, 'kind'))) {
      found.push({
        kind: textOf(row, 'kind'),
        registryId: textOf(row, 'id'),
        expiresAt: numberOf(row, 'expires_at'),
      });
    }
    return found;
  };
}
