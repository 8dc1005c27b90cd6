/**
 * What policy says of one image or host when somebody asks what it would say, and how two such answers differ.
 *
 * A host can be asked about, too, since that is all that docker's, podman's and skopeo's helpers name. It counts as refused,
 * too, when all registries that answer for it are refused: clients would lose the credential that they have.
 */
import type { EnvironmentName } from '../domain/environment-name.ts';
import { parseImageReference } from '../domain/image-reference.ts';
import {
  decide,
  decideHost,
  effectiveDefaultRegistry,
  effectiveMode,
  type Decision,
  type Policies,
  type PolicyDocuments,
} from '../domain/policy-decision.ts';
import { UNRESTRICTED } from '../domain/policy.ts';
import type { Registry } from '../domain/registry.ts';
import { selectAsked } from './resolve-host.ts';

export interface TestedDecision {
  /** Canonical; for a host the host. Undefined where it is neither, and then `fault` says why. */
  readonly reference: string | undefined;
  readonly fault?: string;
  readonly decision: Decision;
}

/** What the proposed policy changes for hosts; in audit mode, what it changes for the day when enforce is set. */
export const DECISION_CHANGES = [
  'now_refused',
  'now_allowed',
  'would_now_refuse',
  'would_now_allow',
  'other_reference',
] as const;
export type DecisionChange = (typeof DECISION_CHANGES)[number];

export function imageDecision(image: string, policies: Policies): TestedDecision {
  const { organisation, environment } = policies;
  const parsed = parseImageReference(image, effectiveDefaultRegistry(organisation, environment));
  const decision = decide({ ...policies, text: image });
  if (!parsed.ok) return { reference: undefined, fault: parsed.failure.rule, decision };
  return { reference: parsed.value.canonical, decision };
}

export function noHost(fault: string, policies: PolicyDocuments): TestedDecision {
  const mode = effectiveMode(policies);
  return {
    reference: undefined,
    fault,
    decision: { allowed: false, rule: `not a host: ${fault}`, mode, wouldRefuse: true },
  };
}

/**
 * For one environment, or for the organisation alone, as audit mode would decide and record it, for whatever mode is set: it
 * looks at what enforce leaves without credential. Made once for many hosts: what is known of a document's entries is kept
 * with the document, so one that is made for each host would be gone through again for each.
 */
export function hostDecisions(
  environment: EnvironmentName | null,
  policies: Policies,
): (host: string, registries: readonly Registry[]) => TestedDecision {
  if (environment === null) return (host) => ({ reference: host, decision: decideHost({ host, ...policies }) });
  const mode = effectiveMode(policies);
  const audited: Policies = { ...policies, environment: { ...(policies.environment ?? UNRESTRICTED), mode: 'audit' } };
  return (host, registries) => {
    const { rule, wouldRefuse } = selectAsked({ host, environment, registries, policies: audited }).decision;
    return { reference: host, decision: { allowed: mode === 'audit' || !wouldRefuse, rule, mode, wouldRefuse } };
  };
}

export function changeBetween(present: TestedDecision, proposed: TestedDecision): DecisionChange | undefined {
  const [before, after] = [present.decision, proposed.decision];
  if (before.allowed !== after.allowed) return after.allowed ? 'now_allowed' : 'now_refused';
  if (before.wouldRefuse !== after.wouldRefuse) return after.wouldRefuse ? 'would_now_refuse' : 'would_now_allow';
  return present.reference === proposed.reference ? undefined : 'other_reference';
}
