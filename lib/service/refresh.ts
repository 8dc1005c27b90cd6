/**
 * Refreshes what is due. The catalogue's index by due time is the queue: a run claims from it, works with bounded
 * concurrency until nothing is due or its time is up, and mints once for all registries that one credential opens.
 */
import type { ChangeEntry } from '../domain/audit.ts';
import type { Registry } from '../domain/registry.ts';
import { failure } from '../domain/result.ts';
import { destinationFault } from '../domain/secret-destination.ts';
import { findKind } from '../sources/find-kind.ts';
import type { MintFailure } from '../sources/source-kind.ts';
import { StoreUnavailable, type RefreshOutcome } from '../stores/catalogue.ts';
import type { ServiceEvent } from './events.ts';
import { mint, mintFailure } from './mint.ts';
import {
  failedOutcome,
  refreshClaimed,
  type Claimed,
  type RefreshDeps,
  type RefreshResult,
  type SharedMint,
} from './refresh-registry.ts';
import { readSource } from './registry-source.ts';
import { whereThrown } from './where-thrown.ts';

export interface RefreshLimits {
  /** No further registry is claimed after that; those claimed are finished. */
  readonly budgetMilliseconds: number;
  readonly concurrency: number;
  /** How long a claim lives; left out: `CLAIM_MS`. Not less than the run itself may. */
  readonly claimMilliseconds?: number;
  /** Once it is aborted no further registry is begun. What was claimed and not begun keeps its claim until that lapses. */
  readonly stop?: AbortSignal;
  /**
   * How refreshes ended that an outage of the store kept from being noted, in earlier runs of this process. A run notes them
   * first, and adds its own. Left out: their claims lapse.
   */
  readonly unended?: Set<RefreshOutcome>;
}

export interface RefreshRun {
  readonly refreshed: number;
  readonly failed: number;
  readonly lost: number;
}

/** Longer than a run's claimed registries can take, so that only a run that died loses its claims. */
const CLAIM_MS = 120_000;

export async function refreshDue(limits: RefreshLimits, deps: RefreshDeps): Promise<RefreshRun> {
  await noteUnended(limits.unended, deps);
  const startedAt = deps.now();
  const claimId = deps.newId();
  const next = dueRegistries({ claimId, startedAt, limits }, deps);
  const sharedMint = sharedMints(deps);
  const count = { refreshed: 0, failed: 0, lost: 0 };

  async function work(): Promise<void> {
    for (let registry = await next(); registry !== undefined; registry = await next()) {
      const claimed = { registry, claimId, mint: await sharedMint(registry) };
      const result = await refreshOne(claimed, deps, limits.unended);
      count[result.outcome] += 1;
    }
  }
  // A worker that cannot claim any more does not leave the others behind: what they hold is finished before this ends.
  const ended = await Promise.allSettled(Array.from({ length: limits.concurrency }, work));
  for (const worker of ended) if (worker.status === 'rejected') throw worker.reason;
  return count;
}

/** One registry now, due or not: what an administrator asks for. */
export async function refreshNow(
  wanted: { readonly registryId: string; readonly change: ChangeEntry },
  deps: RefreshDeps,
): Promise<RefreshResult | 'missing' | 'busy'> {
  const { registryId, change } = wanted;
  const claimId = deps.newId();
  const now = deps.now();
  const registry = await deps.catalogue.claimRegistry(registryId, { claimId, now, until: now + CLAIM_MS });
  if (registry === 'missing' || registry === 'busy') return registry;
  return await refreshOne({ registry, claimId, mint: await sharedMints(deps)(registry), change }, deps);
}

/**
 * Hands out claimed registries one by one, claiming as many as can be worked on at a time. "Due" means due when the run
 * began: what fails and comes due again during the run waits for the next one, so a run ends and a failed mint is not
 * repeated by everybody who shares it.
 */
function dueRegistries(
  run: { readonly claimId: string; readonly startedAt: number; readonly limits: RefreshLimits },
  deps: RefreshDeps,
): () => Promise<Registry | undefined> {
  const { claimId, startedAt, limits } = run;
  const kinds = deps.kinds.map(({ kind }) => kind);
  const claimed: Registry[] = [];
  let drained = false;
  let claiming: Promise<void> | undefined;
  const isStopped = (): boolean => limits.stop?.aborted === true;

  async function claimMore(): Promise<void> {
    const until = deps.now() + (limits.claimMilliseconds ?? CLAIM_MS);
    const limit = limits.concurrency;
    const more = await deps.catalogue.claimDue({
      claim: { claimId, now: Math.min(startedAt, deps.now()), until },
      kinds,
      limit,
    });
    claimed.push(...more);
    drained = more.length < limit;
  }

  return async () => {
    while (!isStopped() && claimed.length === 0 && !drained && deps.now() < startedAt + limits.budgetMilliseconds) {
      claiming ??= claimMore().finally(() => {
        claiming = undefined;
      });
      await claiming;
    }
    return isStopped() ? undefined : claimed.shift();
  };
}

/** One mint per sharing key and run, its failure included: a source that throttles is not asked again by each registry. */
function sharedMints(deps: RefreshDeps): (registry: Registry) => Promise<SharedMint> {
  const mints = new Map<string, Promise<SharedMint>>();
  return async (registry) => {
    const kind = findKind(deps.kinds, registry.source.kind);
    // Before anything is shared: another registry that shares this mint may be one that it may go to.
    const misdirected = destinationFault(registry, deps);
    if (misdirected !== undefined) {
      const refused = mintFailure('destination_refused', `${misdirected.field} ${misdirected.rule}`);
      return { minted: failure(refused), jitter: deps.random(), renewable: kind?.renewable ?? true };
    }
    const shared = kind?.sharingKey({ address: registry.address, settings: registry.source });
    if (shared === undefined) return await mintFor(registry, deps);
    const key = `${registry.source.kind} ${shared}`;
    const known = mints.get(key) ?? mintFor(registry, deps);
    mints.set(key, known);
    return await known;
  };
}

async function mintFor(registry: Registry, deps: RefreshDeps): Promise<SharedMint> {
  const jitter = deps.random();
  const kind = findKind(deps.kinds, registry.source.kind);
  if (kind === undefined) {
    const unknown = mintFailure('internal', `this Pullpass does not know the source kind ${registry.source.kind}`);
    return { minted: failure(unknown), jitter, renewable: true };
  }
  try {
    const { address, source: settings } = registry;
    const secret = await readSource(registry, deps.vault);
    return { minted: await mint(kind, { address, settings, secret }, deps), jitter, renewable: kind.renewable };
  } catch (error) {
    return { minted: failure(thrownFailure(error, deps)), jitter, renewable: kind.renewable };
  }
}

function thrownFailure(error: unknown, deps: RefreshDeps): MintFailure {
  if (error instanceof StoreUnavailable) {
    return mintFailure('unavailable', 'the store could not be read or written; it is tried again');
  }
  deps.report({ level: 'error', code: 'internal_error', fields: { ...whereThrown(error) } });
  return mintFailure('internal', 'the refresh failed in an unforeseen way; this is a bug in Pullpass');
}

/** Without it a registry that was under way when the disk was full would wait for two minutes after it is not. */
async function noteUnended(unended: Set<RefreshOutcome> | undefined, { catalogue }: RefreshDeps): Promise<void> {
  for (const outcome of unended ?? []) {
    await catalogue.finishRefresh(outcome);
    unended?.delete(outcome);
  }
}

/** An outage of the store ends this registry's turn, not the run: that is noted later, or its claim lapses. */
async function refreshOne(claimed: Claimed, deps: RefreshDeps, unended?: Set<RefreshOutcome>): Promise<RefreshResult> {
  const { registry } = claimed;
  let result: RefreshResult;
  try {
    result = await refreshClaimed(claimed, deps);
  } catch (error) {
    const failed = { failure: thrownFailure(error, deps) };
    unended?.add(failedOutcome(claimed, failed, deps));
    result = { registryId: registry.id, outcome: 'failed', ...failed };
  }
  deps.report(eventOf(result, registry, deps.now()));
  return result;
}

/** A failure is an error, and wakes somebody, from when the registry is urgent; before that there is time. */
function eventOf(result: RefreshResult, registry: Registry, now: number): ServiceEvent {
  const fields = { registryId: registry.id, address: registry.address, kind: registry.source.kind };
  if (result.outcome !== 'failed') return { level: 'info', code: `refresh.${result.outcome}`, fields };
  const { current, consecutiveFailures, urgentAt } = registry.credential;
  const expiresAt = current?.expiresAt;
  return {
    level: urgentAt !== undefined && urgentAt <= now ? 'error' : 'warn',
    code: 'refresh.failed',
    fields: {
      ...fields,
      reason: result.failure?.code,
      advice: result.failure?.advice,
      failures: consecutiveFailures + 1,
      secondsLeft: expiresAt === undefined ? undefined : Math.floor((expiresAt - now) / 1000),
    },
  };
}
