/** How a source says that there is no credential: a code and one sentence of ours. What the service itself said stays outside. */
import type { MintFailureCode } from '../domain/credential.ts';
import { failure } from '../domain/result.ts';
import type { MintFailure } from './source-kind.ts';

export interface FailedMint {
  readonly ok: false;
  readonly failure: MintFailure;
}

export function failedMint(code: MintFailureCode, advice: string, retryAfterSeconds?: number): FailedMint {
  return failure({
    kind: 'mint_failed',
    code,
    advice,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });
}

/**
 * A `Retry-After` header in seconds. The date form is not read: no service that is asked here sends it.
 * https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterSeconds(header: string | null | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,6}$/.test(header) ? Number(header) : undefined;
}
