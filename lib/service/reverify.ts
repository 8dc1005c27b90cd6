/**
 * The background check: logs in at every active registry about once a day with the credential that hosts are given, and
 * notes what came of it. A credential that the registry refuses, and that can be made anew, is due at once, once a version.
 * Nothing else is changed: vault and passwords are the refresher's and the administrators', whatever a login says. What a
 * refresh has logged in with lately is not due here.
 */
import { setTimeout } from 'node:timers/promises';
import { withRejection, type CredentialRecord } from '../domain/credential.ts';
import { daysLeftOf, stageToReport } from '../domain/expiry-date.ts';
import type { Registry } from '../domain/registry.ts';
import type { LoginCheckOutcome } from '../distribution/login-check.ts';
import type { OperatorHosts } from '../domain/secret-destination.ts';
import { StoreUnavailable, type Catalogue } from '../stores/catalogue.ts';
import type { IssuedCredentials } from '../stores/vault.ts';
import { everyItem, type PageQuery } from './every-item.ts';
import { checkLogin, type LoginDeps } from './login.ts';
import { noteLogin, type NoteLoginDeps } from './note-login.ts';
import { currentCredential } from './release.ts';
import { MOST_REPORTS, reportExpiry } from './report-expiry.ts';
import { reverifyAt } from './reverify-schedule.ts';
import { isTransient } from './verification.ts';
import { whereThrown } from './where-thrown.ts';

export interface ReverifyLimits {
  /**
   * No login is begun after that. At most a quarter is for looking for what is due, another at least for first logins, and
   * the second half for those that are tried again: there are not more of them.
   */
  readonly budgetMilliseconds: number;
  readonly concurrency: number;
  /** How long after the first login that told nothing lasting the second one is. */
  readonly againAfterMilliseconds: number;
}

export interface ReverifyDeps extends LoginDeps, NoteLoginDeps, OperatorHosts {
  readonly catalogue: Pick<Catalogue, 'listRegistries' | 'getRegistry' | 'claimRegistry' | 'finishRefresh'>;
  readonly issued: IssuedCredentials;
  /** As in release.ts. */
  readonly reportLost?: (registryId: string, version: string) => Promise<void>;
  /** Resolves when the time is over, or at once when the run is to stop. */
  readonly pause: (milliseconds: number, stop: AbortSignal) => Promise<void>;
}

export interface ReverifyRun {
  /** Logged in at, and the outcome noted. */
  readonly verified: number;
  /** Without a credential that works, or somebody else changed it meanwhile: nothing was noted. */
  readonly skipped: number;
  /** The store could not be read or written, or there is a bug. */
  readonly failed: number;
  /** Due, and there was no time: first in the next run. */
  readonly left: number;
  /** Of all active registries: those that were well and are not any more. */
  readonly drifted: number;
  /** Of all active registries: those whose typed password expires within 14 days by its date, or is past it. */
  readonly expiring: number;
  /** False: there are more registries than it could even look through, so the figures above are of a part of them. */
  readonly complete: boolean;
}

const PAGE = 200;
const EXPIRING_DAYS = 14;

export async function reverifyDue(limits: ReverifyLimits, deps: ReverifyDeps, stop: AbortSignal): Promise<ReverifyRun> {
  const startedAt = deps.now();
  const { budgetMilliseconds } = limits;
  const walked = await walk({ startedAt, until: startedAt + budgetMilliseconds / 4, stop }, deps);
  const { due, drifted, expiring, complete } = walked;
  await reportExpiry(walked.toReport, deps, stop);
  const run: Run = { limits, deps, stop, startedAt, drifted, count: { verified: 0, skipped: 0, failed: 0 }, again: [] };
  const left = await inTurn(due, {
    ...{ run, until: startedAt + budgetMilliseconds / 2 },
    ask: (id) => askFirst(id, run),
  });
  const leftAgain = await inTurn(run.again, {
    ...{ run, until: startedAt + budgetMilliseconds },
    ask: (asked) => askAgain(asked, run),
  });
  return { ...run.count, left: left + leftAgain, drifted: drifted.size, expiring, complete };
}

interface Asked {
  readonly id: string;
  readonly at: number;
}

interface Run {
  readonly limits: ReverifyLimits;
  readonly deps: ReverifyDeps;
  readonly stop: AbortSignal;
  readonly startedAt: number;
  /** Ids. */
  readonly drifted: Set<string>;
  readonly count: { verified: number; skipped: number; failed: number };
  readonly again: Asked[];
}

interface Walked {
  readonly due: readonly string[];
  readonly drifted: Set<string>;
  /** Those whose expiry date has to be reported. */
  readonly toReport: readonly string[];
  readonly expiring: number;
  readonly complete: boolean;
}

/** Of a registry only its id is kept: how many there are must not decide how much memory a run takes. */
async function walk(
  { startedAt, until, stop }: { readonly startedAt: number; readonly until: number; readonly stop: AbortSignal },
  deps: ReverifyDeps,
): Promise<Walked> {
  const due: { readonly id: string; readonly at: number }[] = [];
  const drifted = new Set<string>();
  const toReport: string[] = [];
  let expiring = 0;
  // Unfiltered: of a list that leaves out little, a store would read more than it gives out.
  const list = async (query: PageQuery) => await deps.catalogue.listRegistries({ filter: {}, ...query });
  let complete = true;
  for await (const registry of everyItem(list, PAGE)) {
    complete = !stop.aborted && deps.now() < until;
    if (!complete) break;
    if (registry.state !== 'active') continue;
    if (registry.verification?.drift !== undefined) drifted.add(registry.id);
    if ((daysLeftOf(registry, startedAt) ?? Infinity) <= EXPIRING_DAYS) expiring += 1;
    if (toReport.length < MOST_REPORTS && stageToReport(registry, startedAt) !== undefined) toReport.push(registry.id);
    const at = reverifyAt(registry);
    if (at !== undefined && at <= startedAt) due.push({ id: registry.id, at });
  }
  // The longest overdue first: what there was no time for comes before what is tried more often.
  const inOrder = due.toSorted((left, right) => left.at - right.at).map(({ id }) => id);
  return { due: inOrder, drifted, toReport, expiring, complete };
}

/** @returns how many there was no time for. */
async function inTurn<Item>(
  items: readonly Item[],
  turn: { readonly run: Run; readonly until: number; readonly ask: (item: Item) => Promise<void> },
): Promise<number> {
  const { run, until, ask } = turn;
  let next = 0;

  async function work(): Promise<void> {
    while (!run.stop.aborted && run.deps.now() < until) {
      const item = items[next];
      if (item === undefined) return;
      next += 1;
      await ask(item);
    }
  }
  await Promise.all(Array.from({ length: run.limits.concurrency }, work));
  return items.length - next;
}

async function askFirst(id: string, run: Run): Promise<void> {
  const at = run.deps.now();
  if ((await ask({ id, last: false }, run)) === 'again') run.again.push({ id, at });
}

/** What may have been a moment's trouble counts when it is still there some time later. */
async function askAgain({ id, at }: Asked, run: Run): Promise<void> {
  const { deps, stop, limits } = run;
  const wait = at + limits.againAfterMilliseconds - deps.now();
  if (wait > 0) await deps.pause(wait, stop);
  await ask({ id, last: true }, run);
}

/** One registry's trouble ends its own turn, not the run. */
async function ask(turn: { readonly id: string; readonly last: boolean }, run: Run): Promise<'done' | 'again'> {
  const { deps, count } = run;
  try {
    const outcome = await verifyOne(turn, run);
    if (outcome === 'again') return outcome;
    count[outcome] += 1;
  } catch (error) {
    count.failed += 1;
    const fields = error instanceof StoreUnavailable ? { reason: error.code } : whereThrown(error);
    deps.report({ level: 'error', code: 'reverify.failed', fields: { registryId: turn.id, ...fields } });
  }
  return 'done';
}

async function verifyOne(
  { id, last }: { readonly id: string; readonly last: boolean },
  { deps, startedAt, stop, drifted }: Run,
): Promise<'verified' | 'skipped' | 'again'> {
  const registry = await deps.catalogue.getRegistry(id);
  // Since the walk it may have been logged in at, deactivated or deleted.
  if (registry?.state !== 'active') return 'skipped';
  const at = reverifyAt(registry);
  if (at === undefined || at > startedAt) return 'skipped';
  const present = await currentCredential(registry, { ...deps, issuedCache: NOT_CACHED });
  if (!present.ok) return 'skipped';
  const deadline = (milliseconds: number): AbortSignal => AbortSignal.any([deps.deadline(milliseconds), stop]);
  const beganAt = deps.now();
  const outcome = await checkLogin(registry, present.value, { ...deps, deadline });
  // A login that was ended from here says nothing about the registry.
  if (stop.aborted) return 'skipped';
  if (!last && isTransient(outcome.status)) return 'again';
  const refused = mustBeMadeAnew(registry, outcome);
  const credential = refused ? { credential: (stored: Registry) => dueNow(stored, deps.now()) } : {};
  const noted = await noteLogin({ registry, beganAt, outcome, ...credential }, deps);
  if (noted.kind !== 'noted') return 'skipped';
  if (noted.verification.drift === undefined) drifted.delete(id);
  else drifted.add(id);
  return 'verified';
}

/** A typed password would be the same again. */
function mustBeMadeAnew({ credential }: Registry, { status }: LoginCheckOutcome): boolean {
  const { current, rejectedVersion } = credential;
  return status === 'unauthorized' && current?.expiresAt !== undefined && rejectedVersion !== current.version;
}

function dueNow({ credential }: Registry, now: number): CredentialRecord {
  return { ...withRejection(credential), dueAt: Math.min(credential.dueAt ?? now, now) };
}

/** What hosts are asking for is kept in a cache of its own, which a walk over everything must not empty. */
const NOT_CACHED = {
  get: async <Value>(_key: string, load: () => Promise<Value>): Promise<Value> => await load(),
};

export async function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  await setTimeout(milliseconds, undefined, { signal: stop }).catch(() => undefined);
}
