/**
 * What the catalogue says, for one caller, environment and host: one batched read, kept for a short while. Its lifetime
 * is part of the promise that revocation, deactivation and policy hold everywhere within 5 seconds (together with the
 * time that hosts keep an answer, see `hostCacheMilliseconds` in resolve.ts).
 */
import { expiringCache, type ExpiringCache } from './expiring-cache.ts';
import type { Catalogue, ResolveView } from '../stores/catalogue.ts';

export interface ViewQuery {
  readonly agentId: string;
  readonly environment: string;
  readonly host: string;
}

export interface ResolveViews {
  read(query: ViewQuery): Promise<ResolveView>;
  /** For a process that changes the catalogue itself: its own changes hold at once. */
  forget(): void;
}

export function cachedResolveViews(
  catalogue: Pick<Catalogue, 'readForResolve'>,
  options: { readonly ttlMilliseconds: number; readonly now: () => number },
): ResolveViews {
  const cache: ExpiringCache<ResolveView> = expiringCache({ ...options, maxEntries: 5_000 });
  return {
    // A space can stand in none of the three, so no two queries share a key.
    read: (query) =>
      cache.get(`${query.agentId} ${query.environment} ${query.host}`, () => catalogue.readForResolve(query)),
    forget: () => {
      cache.clear();
    },
  };
}
