/**
 * Policies that somebody thinks of setting: held to what setting them would hold them to, and put in the place of the
 * present ones. Nothing is written.
 */
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import type { PolicyDocuments } from '../domain/policy-decision.ts';
import { disagreement, parsePolicyDocument } from '../domain/policy-entry.ts';
import { endedExceptionFault } from '../domain/policy-exception.ts';
import type { PolicyDocument } from '../domain/policy.ts';
import { failure, success, type Result } from '../domain/result.ts';

/** Documents as they come in. What is left out stays as it is. */
export interface Proposal {
  readonly organisation?: unknown;
  readonly environment?: unknown;
}

/** @param now when it would be set: an exception that has ended by then is refused. */
export function proposedPolicies(
  proposal: Proposal,
  present: PolicyDocuments,
  now: number,
): Result<PolicyDocuments, InvalidInput> {
  const organisation = proposedDocument(proposal.organisation, { present: present.organisation, at: now });
  if (!organisation.ok) return below('proposed.organisation', organisation.failure);
  const environment = proposedDocument(proposal.environment, { present: present.environment, at: now });
  if (!environment.ok) return below('proposed.environment', environment.failure);
  const proposed = { organisation: organisation.value, environment: environment.value };
  const conflict = proposal.environment === undefined ? undefined : disagreement(proposed);
  return conflict === undefined ? success(proposed) : below('proposed.environment', conflict);
}

function proposedDocument(
  input: unknown,
  context: { readonly present: PolicyDocument | undefined; readonly at: number },
): Result<PolicyDocument | undefined, InvalidInput> {
  if (input === undefined) return success(context.present);
  const parsed = parsePolicyDocument(input);
  if (!parsed.ok) return parsed;
  const ended = endedExceptionFault(parsed.value, context);
  return ended === undefined ? parsed : failure(ended);
}

function below(path: string, { field, rule }: InvalidInput): { readonly ok: false; readonly failure: InvalidInput } {
  return failure(invalidInput(field === '' ? path : `${path}.${field}`, rule));
}
