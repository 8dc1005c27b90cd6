/**
 * The part that resolve and explain share: who asks, for which image, what policy says, which registry would answer.
 * Nothing is released or recorded here.
 */
import type { Agent, Role } from '../domain/agent.ts';
import { parseEnvironmentName, type EnvironmentName } from '../domain/environment-name.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import { isQualified, parseImageReference, type BadReference, type ImageReference } from '../domain/image-reference.ts';
import { decide, effectiveDefaultRegistry, type Decision } from '../domain/policy-decision.ts';
import type { PolicyDocument } from '../domain/policy.ts';
import { selectRegistry, type RegistrySelection } from '../domain/registry-selection.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Secret } from '../domain/secret.ts';
import type { ResolveView } from '../stores/catalogue.ts';
import { provenAgent, requireEnvironment, requireRole, type Forbidden, type Unauthenticated } from './authenticate.ts';
import type { ResolveViews } from './resolve-view.ts';
import { claimedAgentId } from './tokens.ts';

export interface Question {
  readonly token: Secret | undefined;
  readonly environment: string;
  readonly image: string;
}

export interface Policies {
  readonly organisation: PolicyDocument | undefined;
  readonly environment: PolicyDocument | undefined;
}

export interface Situation {
  readonly agent: Agent;
  readonly environment: EnvironmentName;
  readonly reference: ImageReference;
  readonly policies: Policies;
  readonly decision: Decision;
  readonly selection: RegistrySelection;
}

export type SituateFailure = Unauthenticated | Forbidden | InvalidInput | BadReference;

export interface SituateDeps {
  readonly views: ResolveViews;
  readonly now: () => number;
}

const HUB = 'docker.io';

export async function situate(
  question: Question,
  roles: readonly Role[],
  deps: SituateDeps,
): Promise<Result<Situation, SituateFailure>> {
  const asked = parseImageReference(question.image);
  const known = await admit({ ...question, host: asked.ok ? asked.value.registry : HUB }, roles, deps);
  if (!known.ok) return known;
  if (!asked.ok) return asked;

  const { agent, environment, view } = known.value;
  const policies = policiesOf(view);
  const placed = isQualified(question.image)
    ? asked
    : parseImageReference(question.image, effectiveDefaultRegistry(policies.organisation, policies.environment));
  if (!placed.ok) return placed;

  const reference = placed.value;
  const answering =
    reference.registry === asked.value.registry
      ? view
      : await deps.views.read({ agentId: agent.id, environment, host: reference.registry });
  return success({ agent, environment, ...judge({ reference, environment, view: answering }) });
}

type Judgement = Pick<Situation, 'reference' | 'policies' | 'decision' | 'selection'>;

/** A view never changes, so what follows from it lives as long as it does: hosts ask for the same images in a row. */
const judgements = new WeakMap<ResolveView, Map<string, Judgement>>();
const JUDGEMENTS_PER_VIEW = 100;

function judge(matter: {
  readonly reference: ImageReference;
  readonly environment: EnvironmentName;
  readonly view: ResolveView;
}): Judgement {
  const { reference, environment, view } = matter;
  const known = judgements.get(view) ?? new Map<string, Judgement>();
  const before = known.get(reference.canonical);
  if (before !== undefined) return before;
  const policies = policiesOf(view);
  const decision = decide({ reference, ...policies });
  const selection = selectRegistry({ reference, environment, registries: view.registries });
  const judgement = { reference, policies, decision, selection };
  if (known.size < JUDGEMENTS_PER_VIEW) judgements.set(view, known.set(reference.canonical, judgement));
  return judgement;
}

export interface Admission {
  readonly agent: Agent;
  readonly environment: EnvironmentName;
  readonly view: ResolveView;
}

/** Reads what is needed in one go, then proves the caller: the order costs an attacker nothing it could not have. */
export async function admit(
  question: { readonly token: Secret | undefined; readonly environment: string; readonly host: string },
  roles: readonly Role[],
  deps: SituateDeps,
): Promise<Result<Admission, Unauthenticated | Forbidden | InvalidInput>> {
  const { token } = question;
  const agentId = token === undefined ? undefined : claimedAgentId(token);
  if (token === undefined || agentId === undefined) return failure({ kind: 'unauthenticated' });
  const environment = parseEnvironmentName(question.environment);
  if (!environment.ok) return failure(invalidInput('environment', environment.failure.rule));

  const view = await deps.views.read({ agentId, environment: environment.value, host: question.host });
  const agent = provenAgent(view.agent, token, deps.now());
  if (!agent.ok) return agent;
  const admitted = requireRole(agent.value, roles);
  if (!admitted.ok) return admitted;
  if (agent.value.role === 'agent') {
    const opened = requireEnvironment(agent.value, environment.value);
    if (!opened.ok) return opened;
  }
  return success({ agent: agent.value, environment: environment.value, view });
}

export function policiesOf(view: ResolveView): Policies {
  return { organisation: view.organisationPolicy?.document, environment: view.environmentPolicy?.document };
}
