/** One row of the tables: what a real registry is asked, and what must come of it. */
import type { VerificationStatus, VerificationWarning } from '../../../lib/domain/registry.ts';
import type { Fleet } from './fleet.ts';
import { SERVER_CA } from './peers.ts';

/** What an administrator says, beside the login. */
export interface Asked {
  readonly address: string;
  readonly login?: 'wrong';
  readonly tls?: { readonly ca?: string; readonly skipVerify?: true; readonly plainHttp?: true };
  readonly probe?: string;
  readonly trustedRealms?: readonly string[];
}

export interface Case {
  readonly registry: string;
  readonly what: string;
  readonly asked: (fleet: Fleet) => Asked;
  readonly status: VerificationStatus;
  readonly warning?: VerificationWarning;
  /** Part of the sentence. */
  readonly says: string;
}

export const PLAIN = { plainHttp: true } as const;
export const TRUSTING = { ca: SERVER_CA } as const;

export function at(port: number, more: Omit<Asked, 'address'> = {}): Asked {
  return { address: `localhost:${port}`, ...more };
}
