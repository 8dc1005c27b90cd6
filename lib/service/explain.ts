/** Why would this image be pulled with this credential, or not: what resolve would do, without doing it. No secret. */
import type { Role } from '../domain/agent.ts';
import type { CredentialState } from '../domain/credential.ts';
import { hostOf, type ImageReference } from '../domain/image-reference.ts';
import { decideHost, type Decision, type Policies } from '../domain/policy-decision.ts';
import type { RegistrySelection } from '../domain/registry-selection.ts';
import type { Registry } from '../domain/registry.ts';
import { success, type Result } from '../domain/result.ts';
import { ownIdentityFault, type OperatorHosts } from '../domain/secret-destination.ts';
import { stateOf } from './release.ts';
import { situate, type Question, type SituateDeps, type SituateFailure, type Situation } from './situate.ts';

export interface Explanation {
  readonly image: string;
  readonly askedBy: Role;
  readonly reference: ImageReference;
  readonly decision: Decision;
  readonly rulesLookedAt: Policies;
  readonly answer: {
    readonly outcome: 'denied' | 'no_credential' | 'registry_inactive' | 'released' | 'unavailable';
    readonly why: string;
    readonly registry?: Registry;
    readonly credentialState?: CredentialState;
    readonly overridden: readonly Registry[];
  };
}

export interface ExplainDeps extends SituateDeps, OperatorHosts {}

export async function explain(question: Question, deps: ExplainDeps): Promise<Result<Explanation, SituateFailure>> {
  const situated = await situate(question, ['agent', 'viewer', 'admin'], deps);
  if (!situated.ok) return situated;
  const { agent, reference, decision, policies } = situated.value;
  return success({
    image: question.image,
    askedBy: agent.role,
    reference,
    decision,
    rulesLookedAt: policies,
    answer: answerOf(situated.value, deps),
  });
}

function answerOf(situation: Situation, deps: ExplainDeps): Explanation['answer'] {
  const { decision, selection, reference, policies } = situation;
  const described = describeSelection(selection, deps);
  if (decision.allowed) return described;
  const host = hostOf(reference);
  const reachable = selection.kind === 'selected' && decideHost({ host, ...policies }).allowed;
  // A helper is asked for a host, not for an image: whoever reads "denied" here has to know that.
  const but = reachable
    ? `; but other images on ${host} are allowed, so a client that asks its helper for the host only is given this credential`
    : '';
  return { ...described, outcome: 'denied', why: `refused by policy: ${decision.rule}${but}` };
}

function describeSelection(selection: RegistrySelection, deps: ExplainDeps): Explanation['answer'] {
  const now = deps.now();
  switch (selection.kind) {
    case 'none':
      return {
        outcome: 'no_credential',
        why: 'no registry of this environment covers the image: it may be pulled anonymously',
        overridden: [],
      };
    case 'inactive':
      return {
        outcome: 'registry_inactive',
        why: 'the registry that answers for this image is deactivated; activate it, or delete it to let an earlier one answer',
        registry: selection.registry,
        credentialState: stateOf(selection.registry, now),
        overridden: selection.overridden,
      };
    case 'selected': {
      const state = stateOf(selection.registry, now);
      const misdirected = ownIdentityFault(selection.registry, deps);
      const alive = state === 'fresh' || state === 'stale';
      const at = `registry at ${selection.registry.address} answers`;
      return {
        outcome: alive && misdirected === undefined ? 'released' : 'unavailable',
        why:
          misdirected !== undefined
            ? `the ${at}, but gets no token: its ${misdirected.field} ${misdirected.rule}`
            : alive
              ? `the most specific, most recently added ${at}`
              : `the ${at}, but its credential is ${state}`,
        registry: selection.registry,
        credentialState: state,
        overridden: selection.overridden,
      };
    }
  }
}
