/**
 * What the flows that hand out credentials are given in every process: caches and lifetimes are the same wherever they run,
 * because the promise that a revocation holds within 5 seconds is their sum.
 */
import type { Credential } from '../domain/credential.ts';
import type { DecisionEntry } from '../domain/audit.ts';
import type { OperatorHosts } from '../domain/secret-destination.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import type { IssuedCredentials } from '../stores/vault.ts';
import type { Report } from './events.ts';
import { expiringCache } from './expiring-cache.ts';
import { cachedResolveViews } from './resolve-view.ts';
import type { ResolveDeps } from './resolve.ts';

/** Together less than the 5 seconds within which a revocation holds everywhere. */
const CATALOGUE_CACHE_MS = 2_000;
const HOST_CACHE_MS = 2_500;

const ISSUED_CACHE_MS = 300_000;
const ISSUED_CACHE_ENTRIES = 5_000;

export interface PullOptions extends OperatorHosts {
  readonly catalogue: Pick<Catalogue, 'readForResolve'>;
  readonly issued: IssuedCredentials;
  readonly recordDecision: (entry: DecisionEntry) => Promise<void>;
  readonly reportLost?: ResolveDeps['reportLost'];
  readonly report: Report;
  /** For benchmarks and tests. */
  readonly catalogueCacheMilliseconds?: number | undefined;
}

export function pullDeps(options: PullOptions): ResolveDeps {
  const { catalogue, issued, recordDecision, reportLost, report, ecrUpstreamHosts } = options;
  const now = Date.now;
  const ttlMilliseconds = options.catalogueCacheMilliseconds ?? CATALOGUE_CACHE_MS;
  const lifetime = { ttlMilliseconds: ISSUED_CACHE_MS, maxEntries: ISSUED_CACHE_ENTRIES, now };
  return {
    views: cachedResolveViews(catalogue, { ttlMilliseconds, now }),
    issued,
    issuedCache: expiringCache<Credential>(lifetime),
    recordDecision,
    ...(reportLost === undefined ? {} : { reportLost }),
    report,
    ecrUpstreamHosts,
    now,
    hostCacheMilliseconds: HOST_CACHE_MS,
  };
}

/** For a process that may write the catalogue: what the vault lost is made anew at once, where its source can. */
export function lostCredentials(
  catalogue: Pick<Catalogue, 'reportRejection'>,
): (registryId: string, version: string) => Promise<void> {
  return async (registryId, version) => {
    await catalogue.reportRejection({ registryId, version, now: Date.now(), lost: true });
  };
}
