/** What there is and what a file asks for into the steps that lead from the one to the other. Pure: asks nobody. */
import type { Wanted } from '../../formats/import/wanted.ts';
import { planAgents } from './plan-agents.ts';
import { planPolicies } from './plan-policies.ts';
import { planRegistries } from './plan-registries.ts';
import type { Plan, PlanOptions } from './plan-steps.ts';
import type { Present } from './present.ts';

/** Policies come first: what they refuse is refused before there is a login for it. */
export function planImport(wanted: Wanted, present: Present, options: PlanOptions): Plan {
  const policies = planPolicies(wanted.policies, present.policies, options.now);
  const registries = planRegistries(wanted, present.registries, options);
  const agents = planAgents(wanted.agents, present.agents, options.now);
  const parts = [policies, registries, agents];
  return {
    steps: [...policies.steps, ...registries.steps, ...agents.steps],
    unchanged: parts.flatMap(({ unchanged }) => unchanged),
    leftOut: [...wanted.findings, ...parts.flatMap(({ leftOut }) => leftOut)],
    remarks: wanted.remarks,
    knownRegistries: new Set(present.registries.map(({ id }) => id)),
  };
}
