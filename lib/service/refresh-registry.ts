/**
 * Refreshes one registry that is claimed: mint (or share a mint), check, store, finish.
 *
 * The last good credential stays until a new one is stored and, where the registry can be reached, has logged in there.
 * Write order: vault, then catalogue, then the vault forgets what nobody points at any more.
 */
import type { ChangeEntry } from '../domain/audit.ts';
import type { CredentialRecord } from '../domain/credential.ts';
import type { Registry, Verification } from '../domain/registry.ts';
import type { Result } from '../domain/result.ts';
import type { OperatorHosts } from '../domain/secret-destination.ts';
import type { MintFailure, SourceKind } from '../sources/source-kind.ts';
import type { Catalogue, RefreshOutcome } from '../stores/catalogue.ts';
import type { Vault } from '../stores/vault.ts';
import type { LoginCheckOutcome } from '../distribution/login-check.ts';
import type { Report } from './events.ts';
import { checkLogin, isRefusal, type LoginDeps } from './login.ts';
import { mintFailure, type FreshCredential, type MintDeps } from './mint.ts';
import {
  dueAfterFailure,
  dueAfterSuccess,
  lastResortFrom,
  urgentAfterFailure,
  urgentAfterSuccess,
} from './refresh-schedule.ts';
import { readIssued } from './release.ts';
import { driftNews, isTransient, noteVerification } from './verification.ts';

export interface RefreshDeps extends MintDeps, LoginDeps, OperatorHosts {
  readonly catalogue: Pick<Catalogue, 'claimDue' | 'claimRegistry' | 'finishRefresh' | 'getRegistry'>;
  readonly vault: Vault;
  readonly kinds: readonly SourceKind[];
  /** 0 to 1. */
  readonly random: () => number;
  readonly newId: () => string;
  readonly report: Report;
}

/** A mint that one or several registries get their credential from. */
export interface SharedMint {
  readonly minted: Result<FreshCredential, MintFailure>;
  /** One draw for all that share it: they come due together again, and so share the next mint, too. */
  readonly jitter: number;
  /** The source makes its credentials anew, so a failure is worth trying again. */
  readonly renewable: boolean;
}

export interface RefreshResult {
  readonly registryId: string;
  /** `lost`: the registry was edited, deleted or taken over by another run meanwhile; nothing was changed. */
  readonly outcome: 'refreshed' | 'failed' | 'lost';
  readonly failure?: MintFailure;
}

export interface Claimed {
  readonly registry: Registry;
  readonly claimId: string;
  readonly mint: SharedMint;
  /** The administrator's request that this answers, if it is one. */
  readonly change?: ChangeEntry;
}

export async function refreshClaimed(claimed: Claimed, deps: RefreshDeps): Promise<RefreshResult> {
  const { registry } = claimed;
  const { minted } = claimed.mint;
  if (!minted.ok) return await fail(claimed, { failure: minted.failure }, deps);
  if (!lastsAsLong(minted.value, registry.credential) && !(await isPresentRefused(registry, deps))) {
    const worse = mintFailure('bad_answer', 'the source answered a credential that ends before the present one');
    return await fail(claimed, { failure: worse }, deps);
  }
  const checked = await checkLogin(registry, minted.value, deps);
  if (isTransient(checked.status) && isWellAndInTime(registry, deps.now())) {
    const untried = mintFailure('unreachable', `the new credential could not be tried: ${checked.advice}`);
    return await fail(claimed, { failure: untried }, deps);
  }
  const verification = noteVerification(registry.verification, checked, deps.now());
  if (isNoBetter(checked, claimed) && !isLastResort(checked, claimed, deps.now())) {
    return await fail(claimed, { failure: mintFailure('login_refused', checked.advice), verification }, deps);
  }
  return await store(claimed, { credential: minted.value, verification }, deps);
}

/**
 * Never replaced by something worse: while the present credential lives and no registry rejected it, a new one has to
 * last at least as long. One that was issued after it is taken from a clock that was wrong.
 */
function lastsAsLong(minted: FreshCredential, record: CredentialRecord): boolean {
  const { current } = record;
  if (current === undefined || record.rejectedVersion === current.version) return true;
  if (current.issuedAt > minted.issuedAt) return true;
  if (minted.expiresAt === undefined) return true;
  return current.expiresAt !== undefined && minted.expiresAt >= current.expiresAt;
}

/** What an answer once said of its lifetime is no reason to keep a credential that the registry does not take. */
async function isPresentRefused(registry: Registry, deps: RefreshDeps): Promise<boolean> {
  const { current } = registry.credential;
  if (current === undefined) return true;
  const present = await readIssued(registry.id, current.version, { issued: deps.vault });
  return present === undefined || (await checkLogin(registry, present, deps)).status === 'unauthorized';
}

/**
 * The registry took the present credential, and there is time to try a new one before somebody has to act. One that nobody
 * could try may be worse, and nothing would notice. A registry that Pullpass never reaches is not kept waiting.
 */
function isWellAndInTime({ credential, verification }: Registry, now: number): boolean {
  const { current, rejectedVersion, urgentAt } = credential;
  if (current === undefined || rejectedVersion === current.version) return false;
  return verification?.status === 'verified' && urgentAt !== undefined && now < urgentAt;
}

/**
 * A login that is forbidden may be so for the credential or for where it came from: reason enough to keep what hosts have, as
 * long as the next one is another. A typed password is the same every time, and nobody said that it is wrong.
 */
function isNoBetter(checked: LoginCheckOutcome, { mint }: Claimed): boolean {
  return isRefusal(checked) || (checked.status === 'forbidden' && mint.renewable);
}

/**
 * A login that works, only not for the probe repository, is worse than the present credential, and better than none or one
 * that hosts were refused with: that somebody deleted the probe repository must not let every other pull from this registry
 * end. So is one whose login is forbidden. What is not made anew is the very password that was rejected, and no better than it.
 */
function isLastResort(checked: LoginCheckOutcome, { registry, mint }: Claimed, now: number): boolean {
  if (checked.status !== 'scope_denied' && checked.status !== 'forbidden') return false;
  const { current, rejectedVersion } = registry.credential;
  if (current === undefined) return true;
  if (mint.renewable && rejectedVersion === current.version) return true;
  return current.expiresAt !== undefined && now >= lastResortFrom({ ...current, expiresAt: current.expiresAt });
}

async function store(
  claimed: Claimed,
  good: { readonly credential: FreshCredential; readonly verification: Verification },
  deps: RefreshDeps,
): Promise<RefreshResult> {
  const { registry, claimId, mint } = claimed;
  const lost = { registryId: registry.id, outcome: 'lost' } as const;
  const present = await deps.catalogue.getRegistry(registry.id);
  if (present?.credential.claim?.id !== claimId) return lost;
  await deps.vault.settle(registry.id, settledBeforePut(present));
  const version = deps.newId();
  await deps.vault.putIssued(registry.id, { ...good.credential, version });
  const credential = recordOf(good.credential, version, () => mint.jitter);
  const outcome = outcomeOf(claimed, { credential, verification: good.verification });
  const stored = await finish(registry, outcome, deps);
  if (stored === 'lost') {
    // What was written beside it must not outlive a registry that was deleted while we minted.
    if ((await deps.catalogue.getRegistry(registry.id)) === undefined) await deps.vault.remove(registry.id);
    return lost;
  }
  // What it is minted from is the editor's to settle: a refresher has no business in changing it.
  await deps.vault.settle(registry.id, { issuedVersion: version });
  return { registryId: registry.id, outcome: 'refreshed' };
}

/**
 * A vault may keep one version only beside the current one. Whoever died between the catalogue's write and `settle` left the
 * one that the catalogue points at there, and the next one put would push it out.
 */
function settledBeforePut({ credential }: Registry): { readonly issuedVersion?: string } {
  return credential.current === undefined ? {} : { issuedVersion: credential.current.version };
}

/** The catalogue's part of a credential just stored in the vault. */
export function recordOf(credential: FreshCredential, version: string, random: () => number): CredentialRecord {
  const { username, issuedAt, expiresAt } = credential;
  const current = { version, username, issuedAt };
  if (expiresAt === undefined) return { current, consecutiveFailures: 0 };
  return {
    current: { ...current, expiresAt },
    dueAt: dueAfterSuccess({ issuedAt, expiresAt }, random),
    urgentAt: urgentAfterSuccess({ issuedAt, expiresAt }),
    consecutiveFailures: 0,
  };
}

/** What the record becomes when a refresh failed: the credential stays, the next attempt and the reason are noted. */
export function recordAfterFailure(
  record: CredentialRecord,
  failed: { readonly failure: MintFailure; readonly renewable: boolean; readonly now: number },
  random: () => number,
): CredentialRecord {
  const { code, retryAfterSeconds } = failed.failure;
  const dueAt = dueAfterFailure({ record, code, retryAfterSeconds, ...failed }, random);
  const urgentAt = urgentAfterFailure(record, failed);
  const { dueAt: _was, claim: _ended, ...kept } = record;
  return {
    ...kept,
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(urgentAt === undefined ? {} : { urgentAt }),
    consecutiveFailures: record.consecutiveFailures + 1,
    lastError: { code, at: failed.now },
  };
}

interface Failed {
  readonly failure: MintFailure;
  readonly verification?: Verification;
}

/** The credential stays; it is tried again after a while. */
export function failedOutcome(claimed: Claimed, failed: Failed, deps: RefreshDeps): RefreshOutcome {
  const { registry, mint } = claimed;
  const attempt = { failure: failed.failure, renewable: mint.renewable, now: deps.now() };
  const credential = recordAfterFailure(registry.credential, attempt, () => mint.jitter);
  const { verification } = failed;
  return outcomeOf(claimed, { credential, ...(verification === undefined ? {} : { verification }) });
}

async function fail(claimed: Claimed, failed: Failed, deps: RefreshDeps): Promise<RefreshResult> {
  const { registry } = claimed;
  const stored = await finish(registry, failedOutcome(claimed, failed, deps), deps);
  return { registryId: registry.id, outcome: stored === 'lost' ? 'lost' : 'failed', failure: failed.failure };
}

function outcomeOf(
  { registry, claimId, change }: Claimed,
  outcome: { readonly credential: CredentialRecord; readonly verification?: Verification },
): RefreshOutcome {
  return {
    registryId: registry.id,
    claimId,
    sourceVersion: registry.sourceVersion,
    knownRejection: registry.credential.rejectedVersion,
    ...outcome,
    changes: change === undefined ? [] : [change],
  };
}

async function finish(registry: Registry, outcome: RefreshOutcome, deps: RefreshDeps): Promise<'stored' | 'lost'> {
  const { verification, changes = [] } = outcome;
  const news = verification === undefined ? undefined : driftNews(registry, verification);
  const stored = await deps.catalogue.finishRefresh({
    ...outcome,
    changes: [...changes, ...(news === undefined ? [] : [news.entry])],
  });
  if (stored === 'stored' && news !== undefined) deps.report(news.event);
  return stored;
}
