/**
 * Changes a policy without losing what somebody else changes at the same time: read, change, write only if nobody was
 * faster, otherwise read again.
 */
import { policyAnswer, type PolicyAnswer } from '../answers.ts';
import { expectAnswer, pathOf, type CallApi } from '../api-client.ts';
import { CommandFailure } from '../command-failure.ts';

export interface PolicyFields {
  readonly whitelist: readonly string[] | null;
  readonly deny: readonly string[];
  readonly alwaysAllow: readonly string[];
  readonly exceptions: readonly PolicyExceptionField[];
  readonly defaultRegistry: string | null;
  readonly mode: string | null;
}

export interface PolicyExceptionField {
  readonly entry: string;
  readonly reason: string;
  /** RFC 3339. */
  readonly until: string;
}

export type ChangePolicy = (present: PolicyFields) => PolicyFields;

const ATTEMPTS = 5;

/** `undefined` is the organisation's. */
export function policyPath(environment: string | undefined): string {
  return environment === undefined ? '/v1/policy' : pathOf('v1', 'environments', environment, 'policy');
}

export async function readPolicy(
  environment: string | undefined,
  api: CallApi,
): Promise<{ readonly policy: PolicyAnswer; readonly document: unknown }> {
  const document = await api({ method: 'GET', path: policyPath(environment) });
  return { policy: expectAnswer(policyAnswer, document), document };
}

/** The policy's document as it is afterwards. A change that changes nothing writes nothing. */
export async function changePolicy(
  environment: string | undefined,
  change: ChangePolicy,
  api: CallApi,
): Promise<{ readonly document: unknown; readonly changed: boolean }> {
  for (let attempt = 1; ; attempt += 1) {
    const { policy, document } = await readPolicy(environment, api);
    const present = fieldsOf(policy);
    const next = change(present);
    if (JSON.stringify(next) === JSON.stringify(present)) return { document, changed: false };
    try {
      const path = policyPath(environment);
      const stored = await api({ method: 'PUT', path, body: next, ifMatch: policy.revision });
      return { document: stored, changed: true };
    } catch (error) {
      const outrun = error instanceof CommandFailure && error.code === 'revision_conflict';
      if (!outrun || attempt === ATTEMPTS) throw error;
    }
  }
}

/** What can be put of what is shown: whether an exception has ended is not set, it happens. */
export function fieldsOf(policy: PolicyAnswer): PolicyFields {
  const { whitelist, deny, alwaysAllow, defaultRegistry, mode } = policy;
  const exceptions = policy.exceptions.map(({ entry, reason, until }) => ({ entry, reason, until }));
  return { whitelist, deny, alwaysAllow, exceptions, defaultRegistry, mode };
}
