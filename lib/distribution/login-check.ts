/**
 * Asks a registry whether a credential logs in, over the distribution protocol: `/v2/`, its challenge, the token
 * exchange, and with a probe repository a real pull scope. This file: what it takes and answers. log-in.ts: the steps.
 */
import type { CanonicalAddress } from '../domain/address.ts';
import type { TlsSettings, VerificationStatus, VerificationWarning } from '../domain/registry.ts';
import type { Secret } from '../domain/secret.ts';

export interface LoginCheckRequest {
  readonly address: CanonicalAddress;
  readonly tls: TlsSettings;
  /** Whole, from the registry's host on: `team/app` also where the address is `host/team`. */
  readonly probeRepository?: string;
  /** `host` or `host:port`. */
  readonly trustedRealms: readonly string[];
  readonly username: string;
  readonly password: Secret;
  /** Also try a login that is made up, which a registry that checks passwords refuses. */
  readonly tryStranger?: true;
  readonly signal: AbortSignal;
}

export interface LoginCheckOutcome {
  readonly status: VerificationStatus;
  readonly warning?: VerificationWarning;
  /** One sentence that says what was seen and what to do. No secret; of what a peer says, see login-outcomes.ts. */
  readonly advice: string;
}

export type LoginCheck = (request: LoginCheckRequest) => Promise<LoginCheckOutcome>;
