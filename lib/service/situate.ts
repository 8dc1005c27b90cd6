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
import {
  decide,
  effectiveDefaultRegistry,
  verdictsHoldUntil,
  type Decision,
  type Policies,
  type PolicyDocuments,
} from '../domain/policy-decision.ts';
import { DOCKER_HUB } from '../domain/registry-host.ts';
import { selectRegistry, type RegistrySelection } from '../domain/registry-selection.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { mightAnswerInstead, type UnreadableRegistry } from '../domain/unreadable-registry.ts';
import { UnreadableRow } from '../stores/stored-json.ts';
import {
  firstAdmitted,
  provenCaller,
  queryFor,
  requireEnvironment,
  requireRole,
  type Caller,
  type CallerFailure,
  type Forbidden,
} from './authenticate.ts';
import type { AdmittedCaller, EnvironmentView, ResolveViews } from './resolve-view.ts';

export interface Question {
  readonly caller: Caller;
  readonly environment: string;
  readonly image: string;
}

export interface Situation extends AdmittedCaller {
  readonly environment: EnvironmentName;
  readonly reference: ImageReference;
  readonly policies: Policies;
  readonly decision: Decision;
  readonly selection: RegistrySelection;
}

export type SituateFailure = CallerFailure | Forbidden | InvalidInput | BadReference;

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

  const { view, ...admitted } = known.value;
  const { environment } = admitted;
  const { organisation, environment: own } = policiesOf(view);
  const placed = isQualified(question.image)
    ? asked
    : parseImageReference(question.image, effectiveDefaultRegistry(organisation, own));
  if (!placed.ok) return placed;

  const reference = placed.value;
  if (hostOf(reference) === hostOf(asked.value)) {
    return success({ ...admitted, ...judge({ reference, environment, view, now: deps.now() }) });
  }
  // The default registry is on another host than the one that was read.
  const elsewhere = await admit({ ...question, host: hostOf(reference) }, roles, deps);
  if (!elsewhere.ok) return elsewhere;
  return success({ ...admitted, ...judge({ reference, environment, view: elsewhere.value.view, now: deps.now() }) });
}

type Judgement = Pick<Situation, 'reference' | 'policies' | 'decision' | 'selection'>;

/**
 * A view never changes, so what follows from it lives as long as it does, or until the next exception ends: hosts ask for
 * the same images in a row.
 */
const judgements = new WeakMap<EnvironmentView, Map<string, Judgement & { readonly holdsUntil: number }>>();
const JUDGEMENTS_PER_VIEW = 100;

function judge(matter: {
  readonly reference: ImageReference;
  readonly environment: EnvironmentName;
  readonly view: EnvironmentView;
  readonly now: number;
}): Judgement {
  const { reference, environment, view, now } = matter;
  const known = judgements.get(view) ?? new Map<string, Judgement & { readonly holdsUntil: number }>();
  const before = known.get(reference.canonical);
  if (before !== undefined && now < before.holdsUntil) return before;
  const policies = { ...policiesOf(view), at: now };
  const decision = decide({ reference, ...policies });
  const selection = selectRegistry({ reference, environment, registries: view.registries });
  const selected = selection.kind === 'none' ? undefined : selection.registry;
  refuseUnreadable(view, (unreadable) => mightAnswerInstead(unreadable, { reference, environment, selected }));
  const judgement = { reference, policies, decision, selection, holdsUntil: verdictsHoldUntil(policies) };
  const room = known.size < JUDGEMENTS_PER_VIEW || before !== undefined;
  if (room) judgements.set(view, known.set(reference.canonical, judgement));
  return judgement;
}

/** Nothing is decided where one that cannot be read may be the one that decides. */
export function refuseUnreadable(
  { unreadable = [] }: Pick<EnvironmentView, 'unreadable'>,
  matters: (unreadable: UnreadableRegistry) => boolean,
): void {
  if (unreadable.some(matters)) throw new UnreadableRow();
}

export interface Admission extends AdmittedCaller {
  readonly environment: EnvironmentName;
  readonly view: EnvironmentView;
}

/** Reads what is needed in one go, and proves the caller before anything of it is used or kept. */
export async function admit(
  question: { readonly caller: Caller; readonly environment: string; readonly host: string },
  roles: readonly Role[],
  deps: SituateDeps,
): Promise<Result<Admission, CallerFailure | Forbidden | InvalidInput>> {
  const { caller, host } = question;
  const callerQuery = queryFor(caller);
  if (!callerQuery.ok) return callerQuery;
  const named = parseEnvironmentName(question.environment);
  if (!named.ok) return failure(invalidInput('environment', named.failure.rule));

  const environment = named.value;
  const query = { caller: callerQuery.value, environment, host };
  const asked = { caller, roles, environment };
  const read = await deps.views.read(query, (agents) => admitted(agents, { ...asked, now: deps.now() }));
  return read.ok ? success({ ...read.value, environment }) : read;
}

/** The caller, if it is one of these agents that has such a role and may ask for this environment. */
function admitted(
  agents: readonly Agent[],
  asked: {
    readonly caller: Caller;
    readonly roles: readonly Role[];
    readonly environment: string;
    readonly now: number;
  },
): Result<AdmittedCaller, CallerFailure | Forbidden> {
  const proven = provenCaller(asked.caller, agents, asked.now);
  if (!proven.ok) return proven;
  const agent = firstAdmitted(proven.value, (candidate) => {
    const allowed = requireRole(candidate, asked.roles);
    return !allowed.ok || candidate.role !== 'agent' ? allowed : requireEnvironment(candidate, asked.environment);
  });
  if (!agent.ok) return agent;
  const { principal } = proven.value;
  return success({ agent: agent.value, ...(principal === undefined ? {} : { principal }) });
}

export function policiesOf(view: EnvironmentView): PolicyDocuments {
  return { organisation: view.organisationPolicy?.document, environment: view.environmentPolicy?.document };
}
