/**
 * Makes a credential from a registry's source, under a deadline. What comes back is either a credential that is alive
 * or a failure with a code: empty, expired and hanging sources end here.
 */
import type { CanonicalAddress } from '../domain/address.ts';
import type { MintFailureCode } from '../domain/credential.ts';
import type { SourceSettings } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Secret } from '../domain/secret.ts';
import type { MintFailure, MintedCredential, SourceKind } from '../sources/source-kind.ts';
import { MINIMUM_REMAINING_MS } from './release.ts';

export interface MintDeps {
  readonly now: () => number;
  /** A signal that aborts after that many milliseconds; injected, so that simulated time needs no timers. */
  readonly deadline: (milliseconds: number) => AbortSignal;
  readonly mintTimeoutMilliseconds: number;
}

/** A minted credential with the time it was asked for, which is what its lifetime counts from. */
export interface FreshCredential extends MintedCredential {
  readonly issuedAt: number;
}

/** Tokens live for hours. What claims more is a mistake, and beyond some thousand years not even a time. */
const LONGEST_LIFETIME_MS = 366 * 24 * 3_600_000;

export async function mint(
  kind: SourceKind,
  what: {
    readonly address: CanonicalAddress;
    readonly settings: SourceSettings;
    readonly secret: Secret | undefined;
  },
  deps: MintDeps,
): Promise<Result<FreshCredential, MintFailure>> {
  const issuedAt = deps.now();
  const signal = deps.deadline(deps.mintTimeoutMilliseconds);
  const minted = await endingWith(kind.mint({ ...what, signal }), signal);
  if (!minted.ok) return minted;
  const { username, password, expiresAt } = minted.value;
  if (username === '' || password.isEmpty) return refused('the source answered an empty credential');
  if (expiresAt !== undefined && expiresAt - MINIMUM_REMAINING_MS <= deps.now()) {
    return refused('the source answered a credential that has run out or is about to; check the clocks');
  }
  if (expiresAt !== undefined && !(expiresAt <= issuedAt + LONGEST_LIFETIME_MS)) {
    return refused('the source answered a credential that lives for years, which none does; check what answers for it');
  }
  return success({ ...minted.value, ...cappedLifetime(minted.value, issuedAt, kind), issuedAt });
}

/** An expiry that is too late would keep a dead credential in use, and make each good one that follows look worse. */
function cappedLifetime(
  { expiresAt }: MintedCredential,
  issuedAt: number,
  { longestLifetimeMilliseconds }: SourceKind,
): { readonly expiresAt?: number } {
  if (expiresAt === undefined || longestLifetimeMilliseconds === undefined) return {};
  return { expiresAt: Math.min(expiresAt, issuedAt + longestLifetimeMilliseconds) };
}

function refused(advice: string): Result<never, MintFailure> {
  return failure(mintFailure('bad_answer', advice));
}

export function mintFailure(code: MintFailureCode, advice: string): MintFailure {
  return { kind: 'mint_failed', code, advice };
}

/** A source that ignores its signal does not hold up the refresher: the deadline ends the wait, and a throw is a code. */
async function endingWith(
  minting: Promise<Result<MintedCredential, MintFailure>>,
  signal: AbortSignal,
): Promise<Result<MintedCredential, MintFailure>> {
  const timeout = Promise.withResolvers<Result<MintedCredential, MintFailure>>();
  const onAbort = (): void => {
    timeout.resolve(failure(mintFailure('timeout', 'the source did not answer in time; it is tried again')));
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([minting, timeout.promise]);
  } catch {
    return failure(mintFailure('internal', 'the source failed in an unforeseen way; this is a bug in Pullpass'));
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
