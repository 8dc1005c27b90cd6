/** Why would this image be pulled with this credential, or not: what resolve would do, without doing it. No secret. */
import type { CredentialState } from '../domain/credential.ts';
import type { ImageReference } from '../domain/image-reference.ts';
import type { Decision } from '../domain/policy-decision.ts';
import type { RegistrySelection } from '../domain/registry-selection.ts';
import type { Registry } from '../domain/registry.ts';
import { success, type Result } from '../domain/result.ts';
import { stateOf } from './release.ts';
import { situate, type Policies, type Question, type SituateDeps, type SituateFailure } from './situate.ts';

export interface Explanation {
  readonly image: string;
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

export async function explain(question: Question, deps: SituateDeps): Promise<Result<Explanation, SituateFailure>> {
  const situated = await situate(question, ['agent', 'viewer', 'admin'], deps);
  if (!situated.ok) return situated;
  const { reference, decision, policies, selection } = situated.value;
  return success({
    image: question.image,
    reference,
    decision,
    rulesLookedAt: policies,
    answer: answerOf(decision, selection, deps.now()),
  });
}

function answerOf(decision: Decision, selection: RegistrySelection, now: number): Explanation['answer'] {
  const described = describeSelection(selection, now);
  if (decision.allowed) return described;
  return { ...described, outcome: 'denied', why: `refused by policy: ${decision.rule}` };
}

function describeSelection(selection: RegistrySelection, now: number): Explanation['answer'] {
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
      const usable = state === 'fresh' || state === 'stale';
      return {
        outcome: usable ? 'released' : 'unavailable',
        why: usable
          ? `the most specific, most recently added registry at ${selection.registry.address} answers`
          : `the registry at ${selection.registry.address} answers, but its credential is ${state}`,
        registry: selection.registry,
        credentialState: state,
        overridden: selection.overridden,
      };
    }
  }
}
