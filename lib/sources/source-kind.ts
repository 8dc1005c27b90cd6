/**
 * What a source kind is. One file a kind implements this; kinds-in-place.ts lists them. A kind says what it accepts,
 * what it keeps in the catalogue and what in the vault, and how a credential is made from the two. The first needs nothing
 * but code, the last may need another service's client: they are two parts, so that one process may do the one without
 * the other.
 */
import type { CanonicalAddress } from '../domain/address.ts';
import type { MintFailureCode } from '../domain/credential.ts';
import type { InvalidInput } from '../domain/failures.ts';
import type { SourceSettings } from '../domain/registry.ts';
import type { Result } from '../domain/result.ts';
import type { Secret } from '../domain/secret.ts';
import type { z } from 'zod/mini';

export interface AcceptedSource {
  /** Goes into the catalogue: no secret. */
  readonly settings: SourceSettings;
  /** Goes into the vault, as the JSON text of the kind's own shape; absent where the kind needs none. */
  readonly secret?: Secret;
}

export interface MintRequest {
  readonly address: CanonicalAddress;
  readonly settings: SourceSettings;
  readonly secret: Secret | undefined;
  /** Aborted when the caller's time budget is used up: the mint must then end with `timeout`. */
  readonly signal: AbortSignal;
}

export interface MintedCredential {
  readonly username: string;
  readonly password: Secret;
  /** Milliseconds since the epoch. Absent: it does not run out. */
  readonly expiresAt?: number;
}

export interface MintFailure {
  readonly kind: 'mint_failed';
  readonly code: MintFailureCode;
  /** What to do, one sentence of ours for an operator; never a vendor's text, never a secret. */
  readonly advice: string;
  /** Where the source says so. */
  readonly retryAfterSeconds?: number;
}

/** All of a kind but the minting. */
export interface SourceAcceptance {
  readonly kind: string;
  /** Its credentials run out and are made anew; false where the credential is what an administrator typed. */
  readonly renewable: boolean;
  /** No credential of this kind lives longer, whatever an answer says. Absent where credentials do not expire. */
  readonly longestLifetimeMilliseconds?: number;
  /** The document an administrator sends, `kind` included. Its secret fields are marked `writeOnly` in the metadata. */
  readonly inputSchema: z.core.$ZodType;
  /**
   * Validates a document for this address. `previous` is given on edit: fields left out keep their value, and a change
   * that would send the stored secret anywhere new (or for anybody else) is refused unless the secret is given again.
   */
  accept(request: {
    readonly input: unknown;
    readonly address: CanonicalAddress;
    readonly installationId: string;
    readonly previous?: { readonly settings: SourceSettings; readonly secret: Secret | undefined };
  }): Result<AcceptedSource, InvalidInput>;
  /**
   * Registries with equal keys are opened by one and the same credential, which is then minted once for all of them.
   * Undefined: this one shares with nobody. Never built from a secret.
   */
  sharingKey(registry: { readonly address: CanonicalAddress; readonly settings: SourceSettings }): string | undefined;
}

export interface SourceKind extends SourceAcceptance {
  /** Never throws for anything outside this program; answers an empty or expired credential as `bad_answer`. */
  mint(request: MintRequest): Promise<Result<MintedCredential, MintFailure>>;
}
