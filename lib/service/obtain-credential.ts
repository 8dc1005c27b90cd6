/**
 * The first credential of a registry that is added, or whose source, TLS or realms are edited: minted and logged in with
 * before anything is stored. With `verify: false` neither failure counts: the registry waits as `pending`. A secret that must
 * not go there is not even minted, whatever `verify` says.
 */
import type { CanonicalAddress } from '../domain/address.ts';
import type { CredentialRecord } from '../domain/credential.ts';
import type { InvalidInput } from '../domain/failures.ts';
import type { Registry, Verification, VerificationStatus } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { destinationFault, type OperatorHosts } from '../domain/secret-destination.ts';
import type { AcceptedSource, MintFailure, SourceKind } from '../sources/source-kind.ts';
import { checkLogin, type LoginDeps } from './login.ts';
import { mint, type FreshCredential, type MintDeps } from './mint.ts';
import { recordAfterFailure, recordOf } from './refresh-registry.ts';
import { noteVerification } from './verification.ts';

export interface VerificationFailed {
  readonly kind: 'verification_failed';
  readonly status: VerificationStatus;
  readonly advice: string;
}

export interface Obtained {
  /** Absent where there is none yet: then nothing goes into the vault. */
  readonly issued?: { readonly credential: FreshCredential; readonly version: string };
  readonly record: CredentialRecord;
  readonly verification?: Verification;
}

export interface ObtainDeps extends MintDeps, LoginDeps, OperatorHosts {
  readonly random: () => number;
  readonly newId: () => string;
}

export interface ObtainRequest {
  readonly kind: SourceKind;
  readonly source: AcceptedSource;
  readonly target: Pick<Registry, 'tls' | 'trustedRealms' | 'probe'> & { readonly address: CanonicalAddress };
  readonly verify: boolean;
  /** What is known of the credential so far, where the source stays the same: a source that fails now does not undo it. */
  readonly present?: CredentialRecord;
  /** What was verified so far, where it says something about what is logged in with and where. */
  readonly verified?: Verification;
}

export async function obtainCredential(
  request: ObtainRequest,
  deps: ObtainDeps,
): Promise<Result<Obtained, InvalidInput | MintFailure | VerificationFailed>> {
  const { kind, source, target, verify } = request;
  const misdirected = destinationFault({ ...target, source: source.settings }, deps);
  if (misdirected !== undefined) return failure(misdirected);
  const what = { address: target.address, settings: source.settings, secret: source.secret };
  const minted = await mint(kind, what, deps);
  if (!minted.ok && verify) return minted;
  if (!minted.ok) {
    const failed = { failure: minted.failure, renewable: kind.renewable, now: deps.now() };
    const present = request.present ?? { consecutiveFailures: 0 };
    return success({ record: recordAfterFailure(present, failed, deps.random) });
  }

  const version = deps.newId();
  const issued = { credential: minted.value, version };
  const record = recordOf(minted.value, version, deps.random);
  if (!verify) return success({ issued, record });
  const checked = await checkLogin(target, minted.value, deps);
  if (checked.status !== 'verified') {
    return failure({ kind: 'verification_failed', status: checked.status, advice: checked.advice });
  }
  return success({ issued, record, verification: noteVerification(request.verified, checked, deps.now()) });
}
