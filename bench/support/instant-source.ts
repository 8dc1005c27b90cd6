/** The refresher's surroundings without any waiting: a source and registries that answer at once, at a given time. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { success } from '../../lib/domain/result.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { RefreshDeps } from '../../lib/service/refresh-registry.ts';
import type { SourceKind } from '../../lib/sources/source-kind.ts';
import type { EmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { PASSWORD } from './seeded-store.ts';

/** A kind whose credentials may go to any host: those of ECR's own identity may not. */
export const INSTANT_KIND = 'google';

/** As long as a credential may live at all: what was refreshed once does not come due again in a benchmark. */
const LIFETIME_MS = 366 * 24 * 3_600_000;

export function instantRefreshDeps(store: EmbeddedStore, now: number): RefreshDeps {
  const kind: SourceKind = {
    kind: INSTANT_KIND,
    renewable: true,
    inputSchema: z.object({}),
    accept: () => success({ settings: { kind: INSTANT_KIND } }),
    sharingKey: () => undefined,
    mint: async () => success({ username: 'puller', password: new Secret(PASSWORD), expiresAt: now + LIFETIME_MS }),
  };
  const never = new AbortController().signal;
  return {
    catalogue: store.catalogue,
    vault: store.vault,
    kinds: [kind],
    loginCheck: async () => ({ status: 'verified', advice: '' }),
    report: () => undefined,
    now: () => now,
    random: () => 0.5,
    newId: () => randomUUID(),
    deadline: () => never,
    mintTimeoutMilliseconds: 15_000,
    loginTimeoutMilliseconds: 12_000,
    ecrUpstreamHosts: [],
  };
}
