/** The policies of a file against those that are there. A default registry that would be refused does not stop the rest. */
import type { InvalidInput } from '../../domain/failures.ts';
import { disagreement, parsePolicyDocument } from '../../domain/policy-entry.ts';
import type { PolicyDocument } from '../../domain/policy.ts';
import type { Finding, WantedPolicy } from '../../formats/import/wanted.ts';
import type { FieldChange, SetPolicy, Unchanged } from './plan-steps.ts';
import { mergePolicy, presentFields, type PolicyFields } from './policy-merge.ts';
import type { Present, PresentPolicy } from './present.ts';

export interface PolicyPlan {
  readonly steps: readonly SetPolicy[];
  readonly unchanged: readonly Unchanged[];
  readonly leftOut: readonly Finding[];
}

/** @param wanted the organisation's first, so that an environment's is checked against what will hold. */
export function planPolicies(wanted: readonly WantedPolicy[], present: Present['policies'], now: number): PolicyPlan {
  const steps: SetPolicy[] = [];
  const unchanged: Unchanged[] = [];
  const leftOut: Finding[] = [];
  let organisation = documentOf(present.get(undefined));
  for (const policy of wanted) {
    const { environment } = policy;
    const before = present.get(environment);
    if (before === undefined) continue;
    const planned = planOne({ policy, before, organisation }, now);
    leftOut.push(...planned.findings);
    if (planned.step !== undefined) steps.push(planned.step);
    else if (planned.findings.length === 0) unchanged.push({ subject: 'policy', name: policyName(environment) });
    if (environment === undefined && planned.document !== undefined) organisation = planned.document;
  }
  return { steps, unchanged, leftOut };
}

export function policyName(environment: string | undefined): string {
  return environment === undefined ? 'the organisation' : `the environment ${environment}`;
}

interface Question {
  readonly policy: WantedPolicy;
  readonly before: PresentPolicy;
  readonly organisation: PolicyDocument | undefined;
}

interface PlannedPolicy {
  readonly step?: SetPolicy;
  readonly document?: PolicyDocument;
  readonly findings: readonly Finding[];
}

function planOne({ policy, before, organisation }: Question, now: number): PlannedPolicy {
  const { place, environment } = policy;
  const merged = mergePolicy(before, policy, now);
  const whose = environment === undefined ? undefined : organisation;
  const allowed = withinRules(merged.fields, whose);
  if (allowed.ok) return stepFrom({ policy, before, organisation }, { ...merged, document: allowed.document });
  // The default registry may be the one thing that is wrong: the entries are worth having without it.
  const kept = { ...merged.fields, defaultRegistry: before.defaultRegistry };
  const without = withinRules(kept, whose);
  const fault = { place, what: `cannot be set for ${policyName(environment)}: ${allowed.fault}` };
  if (!without.ok || merged.fields.defaultRegistry === before.defaultRegistry)
    return { findings: [...merged.findings, fault] };
  const wanted = String(merged.fields.defaultRegistry);
  const finding = {
    place,
    what: `has the default registry ${wanted}, which ${policyName(environment)} cannot have: ${allowed.fault}`,
    advice: `allow it first: pullpass policy allow ${wanted}, for the environment and for the organisation where they restrict`,
  };
  return stepFrom(
    { policy, before, organisation },
    { fields: kept, document: without.document, findings: [...merged.findings, finding] },
  );
}

function stepFrom(
  { policy, before }: Question,
  {
    fields,
    document,
    findings,
  }: { readonly fields: PolicyFields; readonly document: PolicyDocument; readonly findings: readonly Finding[] },
): PlannedPolicy {
  const { environment } = policy;
  const changes = changesBetween(presentFields(before), fields);
  if (changes.length === 0) return { document, findings };
  const step: SetPolicy = {
    ...{ action: 'change', subject: 'policy', name: policyName(environment), environment, changes },
    ...{ revision: before.revision, body: { ...fields } },
    notes:
      before.whitelist === null && fields.whitelist !== null
        ? ['until now every registry was allowed here; from then on only what is on the whitelist is']
        : [],
  };
  return { step, document, findings };
}

type Checked =
  { readonly ok: true; readonly document: PolicyDocument } | { readonly ok: false; readonly fault: string };

/** By the rules that Pullpass itself goes by, so that the plan holds what would be refused. */
function withinRules(fields: PolicyFields, organisation: PolicyDocument | undefined): Checked {
  const parsed = parsePolicyDocument(fields);
  if (!parsed.ok) return refused(parsed.failure);
  const conflict = disagreement({ organisation, environment: parsed.value });
  return conflict === undefined ? { ok: true, document: parsed.value } : refused(conflict);
}

function refused(fault: InvalidInput): Checked {
  return { ok: false, fault: `${fault.field} ${fault.rule}` };
}

function documentOf(present: PresentPolicy | undefined): PolicyDocument | undefined {
  if (present === undefined) return undefined;
  const parsed = parsePolicyDocument(presentFields(present));
  return parsed.ok ? parsed.value : undefined;
}

const FIELDS = ['whitelist', 'deny', 'alwaysAllow', 'exceptions', 'defaultRegistry', 'mode'] as const;

function changesBetween(before: PolicyFields, after: PolicyFields): readonly FieldChange[] {
  return FIELDS.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field])).map((field) => ({
    field,
    from: before[field] ?? null,
    to: after[field] ?? null,
  }));
}
