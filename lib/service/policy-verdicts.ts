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

export interface Verdict {
  /** Canonical; for a host the host. Undefined where it is neither, and then `fault` says why. */
  readonly reference: string | undefined;
  readonly fault?: string;
  readonly decision: Decision;
}

/** What the proposed policy changes for hosts; in audit mode, what it changes for the day when enforce is set. */
export const VERDICT_CHANGES = [
  'now_refused',
  'now_allowed',
  'would_now_refuse',
  'would_now_allow',
  'other_reference',
] as const;
export type VerdictChange = (typeof VERDICT_CHANGES)[number];

export function imageVerdict(image: string, policies: Policies): Verdict {
  const { organisation, environment } = policies;
  const parsed = parseImageReference(image, effectiveDefaultRegistry(organisation, environment));
  const decision = decide({ ...policies, text: image });
  if (!parsed.ok) return { reference: undefined, fault: parsed.failure.rule, decision };
  return { reference: parsed.value.canonical, decision };
}

export function noHost(fault: string, policies: PolicyDocuments): Verdict {
  const mode = effectiveMode(policies);
  return {
    reference: undefined,
    fault,
    decision: { allowed: false, rule: `not a host: ${fault}`, mode, wouldRefuse: true },
  };
}

/** As audit mode would decide and record it, for whatever mode is set: it looks at what enforce leaves without credential. */
export function hostVerdict(
  place: {
    readonly host: string;
    readonly environment: EnvironmentName | null;
    readonly registries: readonly Registry[];
  },
  policies: Policies,
): Verdict {
  const { host, environment, registries } = place;
  const mode = effectiveMode(policies);
  if (environment === null) return { reference: host, decision: decideHost({ host, ...policies }) };
  const audited: Policies = { ...policies, environment: { ...(policies.environment ?? UNRESTRICTED), mode: 'audit' } };
  const { rule, wouldRefuse } = selectAsked({ host, environment, registries, policies: audited }).decision;
  return { reference: host, decision: { allowed: mode === 'audit' || !wouldRefuse, rule, mode, wouldRefuse } };
}

export function changeBetween(present: Verdict, proposed: Verdict): VerdictChange | undefined {
  const [before, after] = [present.decision, proposed.decision];
  if (before.allowed !== after.allowed) return after.allowed ? 'now_allowed' : 'now_refused';
  if (before.wouldRefuse !== after.wouldRefuse) return after.wouldRefuse ? 'would_now_refuse' : 'would_now_allow';
  return present.reference === proposed.reference ? undefined : 'other_reference';
}
