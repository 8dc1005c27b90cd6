/**
 * The part that resolve and explain share: who asks, for which image, what policy says, which registry would answer.
 * Nothing is released or recorded here.
 */
import type { Agent, Role } from '../domain/agent.ts';
import { parseEnvironmentName, type EnvironmentName } from '../domain/environment-name.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import {
  hostOf,
  isQualified,
  parseImageReference,
  type BadReference,
  type ImageReference,
} from '../domain/image-reference.ts';
import { decide, effectiveDefaultRegistry, type Decision, type Policies } from '../domain/policy-decision.ts';
import { DOCKER_HUB } from '../domain/registry-host.ts';
import { selectRegistry, type RegistrySelection } from '../domain/registry-selection.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Secret } from '../domain/secret.ts';
import { provenAgent, requireEnvironment, requireRole, type Forbidden, type Unauthenticated } from './authenticate.ts';
import type { EnvironmentView, ResolveViews, ViewQuery } from './resolve-view.ts';
import { claimedAgentId } from './tokens.ts';

export interface Question {
  readonly token: Secret | undefined;
  readonly environment: string;
  readonly image: string;
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

export async function situate(
  question: Question,
  roles: readonly Role[],
  deps: SituateDeps,
): Promise<Result<Situation, SituateFailure>> {
  const asked = parseImageReference(question.image);
  const known = await admit({ ...question, host: asked.ok ? hostOf(asked.value) : DOCKER_HUB }, roles, deps);
  if (!known.ok) return known;
  if (!asked.ok) return asked;

  const { agent, environment, view } = known.value;
  const policies = policiesOf(view);
  const placed = isQualified(question.image)
    ? asked
    : parseImageReference(question.image, effectiveDefaultRegistry(policies.organisation, policies.environment));
  if (!placed.ok) return placed;

  const reference = placed.value;
  if (hostOf(reference) === hostOf(asked.value)) {
    return success({ agent, environment, ...judge({ reference, environment, view }) });
  }
  // The default registry is on another host than the one that was read.
  const elsewhere = await admit({ ...question, host: hostOf(reference) }, roles, deps);
  if (!elsewhere.ok) return elsewhere;
  return success({ agent, environment, ...judge({ reference, environment, view: elsewhere.value.view }) });
}

type Judgement = Pick<Situation, 'reference' | 'policies' | 'decision' | 'selection'>;

/** A view never changes, so what follows from it lives as long as it does: hosts ask for the same images in a row. */
const judgements = new WeakMap<EnvironmentView, Map<string, Judgement>>();
const JUDGEMENTS_PER_VIEW = 100;

function judge(matter: {
  readonly reference: ImageReference;
  readonly environment: EnvironmentName;
  readonly view: EnvironmentView;
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
  readonly view: EnvironmentView;
}

/** Reads what is needed in one go, and proves the caller before anything of it is used or kept. */
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

  const query = { agentId, environment: environment.value, host: question.host };
  const read = await deps.views.read(query, (agent) => admitted(agent, { token, roles, query, now: deps.now() }));
  return read.ok ? success({ ...read.value, environment: environment.value }) : read;
}

/** The caller, if the token is its own, its role is one of these, and it may ask for this environment. */
function admitted(
  agent: Agent | undefined,
  asked: {
    readonly token: Secret;
    readonly roles: readonly Role[];
    readonly query: ViewQuery;
    readonly now: number;
  },
): Result<Agent, Unauthenticated | Forbidden> {
  const proven = provenAgent(agent, asked.token, asked.now);
  if (!proven.ok) return proven;
  const allowed = requireRole(proven.value, asked.roles);
  if (!allowed.ok || allowed.value.role !== 'agent') return allowed;
  return requireEnvironment(allowed.value, asked.query.environment);
}

export function policiesOf(view: EnvironmentView): Policies {
  return { organisation: view.organisationPolicy?.document, environment: view.environmentPolicy?.document };
}
