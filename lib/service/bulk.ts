/**
 * The same change to several registries: each on its own, as if it were asked for alone, and one that fails stops no other.
 *
 * Somebody waits, behind an HTTP API that gives up after 30 seconds, and by then must know what became of each. So the last one
 * is begun early enough to end in time, even if its registry hangs; what has not had its turn by then is told as `not_begun`.
 */
import type { NotFound, RevisionConflict } from '../domain/failures.ts';
import type { BulkAction, Registry } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { StoreUnavailable } from '../stores/catalogue.ts';
import type { RegistryBusy } from './edit-registry.ts';
import {
  activateRegistry,
  deactivateRegistry,
  deleteRegistry,
  verifyRegistry,
  viewRegistries,
  type RegistryChangeDeps,
  type RegistryTarget,
} from './registries.ts';
import type { RegistryView } from './registry-view.ts';
import type { NotReleased, ReleaseDeps } from './release.ts';
import { whereThrown } from './where-thrown.ts';

export interface BulkRequest {
  readonly action: BulkAction;
  /** Ids differ. `revision`: as `If-Match` has it for a single one. */
  readonly registries: readonly { readonly id: string; readonly revision?: number | undefined }[];
  readonly actor: string;
}

/** Its turn would have come too late: nothing was done to it. */
export interface NotBegun {
  readonly kind: 'not_begun';
}

/** What a single call answers with 503 or 500. How far it came is not known. */
export interface BrokenOff {
  readonly kind: 'broken_off';
  readonly code: 'store_unavailable' | 'internal';
}

export type BulkFailure = NotFound | RevisionConflict | RegistryBusy | NotReleased | NotBegun | BrokenOff;

export interface BulkItem {
  readonly id: string;
  /** The registry as it is after all; undefined where it was deleted, or cannot be read any more. */
  readonly result: Result<RegistryView | undefined, BulkFailure>;
}

export type BulkDeps = RegistryChangeDeps & ReleaseDeps;

/** In the order in which they were asked for. */
export async function changeSeveral(request: BulkRequest, deps: BulkDeps): Promise<readonly BulkItem[]> {
  const { action, registries, actor } = request;
  const lastStart = deps.now() + startingMilliseconds(action, deps);
  const changed = await mapConcurrently(registries, CONCURRENCY[action], async ({ id, revision }) => {
    // The first ones have their turn at once, and always.
    if (deps.now() > lastStart) return failure<BulkFailure>({ kind: 'not_begun' });
    return await changeOne(action, { id, actor, expectedRevision: revision }, deps);
  });
  const views = await viewsOf(
    changed.flatMap((result) => (result.ok && result.value !== undefined ? [result.value] : [])),
    deps,
  );
  return registries.map(({ id }, index) => {
    const result = changed[index] ?? failure<BulkFailure>({ kind: 'not_begun' });
    return { id, result: result.ok ? success(views.get(id)) : result };
  });
}

/** Removing takes part in the count of each environment, which others remove from as well: more at once is not faster. */
const CONCURRENCY: Readonly<Record<BulkAction, number>> = { delete: 4, deactivate: 8, activate: 8, verify: 8 };

const ENDS_WITHIN_MS = 27_000;
/** For the stores, before and after what is waited for. */
const STORES_MS = 5_000;
const LEAST_MS = 1_000;

function startingMilliseconds(action: BulkAction, deps: BulkDeps): number {
  const { mintTimeoutMilliseconds, loginTimeoutMilliseconds } = deps;
  const longest = {
    delete: 0,
    deactivate: 0,
    // A credential that ran out meanwhile is made anew.
    activate: mintTimeoutMilliseconds + loginTimeoutMilliseconds,
    verify: loginTimeoutMilliseconds,
  };
  return Math.max(LEAST_MS, ENDS_WITHIN_MS - STORES_MS - longest[action]);
}

async function changeOne(
  action: BulkAction,
  target: RegistryTarget,
  deps: BulkDeps,
): Promise<Result<Registry | undefined, BulkFailure>> {
  try {
    return await change(action, target, deps);
  } catch (error) {
    const registryId = target.id;
    if (error instanceof StoreUnavailable) {
      deps.report({ level: 'error', code: 'store.unavailable', fields: { reason: error.code, registryId } });
      return failure({ kind: 'broken_off', code: 'store_unavailable' });
    }
    deps.report({ level: 'error', code: 'internal_error', fields: { ...whereThrown(error), registryId } });
    return failure({ kind: 'broken_off', code: 'internal' });
  }
}

async function change(
  action: BulkAction,
  target: RegistryTarget,
  deps: BulkDeps,
): Promise<Result<Registry | undefined, BulkFailure>> {
  switch (action) {
    case 'delete': {
      const deleted = await deleteRegistry(target, deps);
      return deleted.ok ? success(undefined) : deleted;
    }
    case 'deactivate':
      return await deactivateRegistry(target, deps);
    case 'activate':
      return await activateRegistry(target, deps);
    case 'verify': {
      const verified = await verifyRegistry(target, deps);
      return verified.ok ? success(await deps.catalogue.getRegistry(target.id)) : verified;
    }
  }
}

/** Looked at once, after all of them: deactivating one does not change who answers, but deleting another one does. */
async function viewsOf(registries: readonly Registry[], deps: BulkDeps): Promise<ReadonlyMap<string, RegistryView>> {
  try {
    const views = await viewRegistries(registries, deps);
    return new Map(views.map((view) => [view.registry.id, view]));
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    // What was done is done, and must be told.
    deps.report({ level: 'error', code: 'store.unavailable', fields: { reason: error.code } });
    return new Map();
  }
}

/** Results in the order of the items. `work` must not throw. */
async function mapConcurrently<Item, Value>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item) => Promise<Value>,
): Promise<readonly Value[]> {
  const results: Value[] = [];
  const waiting = items.entries();
  async function take(): Promise<void> {
    for (const [index, item] of waiting) results[index] = await work(item);
  }
  await Promise.all(Array.from({ length: concurrency }, take));
  return results;
}
