/**
 * The hot path: an agent names an image and gets the credential that pulls it, or the reason why not. Reads the
 * catalogue once and the vault at most once, writes nothing but the decision.
 */
import type { Agent } from '../domain/agent.ts';
import type { DecisionEntry } from '../domain/audit.ts';
import type { Credential } from '../domain/credential.ts';
import type { EnvironmentName } from '../domain/environment-name.ts';
import type { ImageReference } from '../domain/image-reference.ts';
import type { Decision } from '../domain/policy-decision.ts';
import type { Registry } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { currentCredential, type NotReleased, type ReleaseDeps } from './release.ts';
import { situate, type Question, type SituateDeps, type SituateFailure, type Situation } from './situate.ts';

export interface Denied {
  readonly kind: 'denied';
  readonly rule: string;
  readonly image: string;
  readonly environment: string;
}

/** The registry that would answer is deactivated: refused, not passed on to another registry or to anonymous. */
export interface RegistryInactive {
  readonly kind: 'registry_inactive';
  readonly registryId: string;
  readonly address: string;
}

/** Allowed, and no registry here is for it: the client may pull anonymously. */
export interface NoCredential {
  readonly kind: 'no_credential';
  readonly image: string;
  readonly rule: string;
}

export interface Resolution {
  readonly image: string;
  readonly reference: ImageReference;
  readonly decision: Decision;
  readonly credential: Credential;
  /** When a host should ask again: until then it may use the answer it has. */
  readonly refreshAfter: number;
  readonly registry: Registry;
}

export type ResolveFailure = SituateFailure | Denied | RegistryInactive | NoCredential | NotReleased;

export interface ResolveDeps extends SituateDeps, ReleaseDeps {
  /** How long a host may keep using an answer without asking again. */
  readonly hostCacheMilliseconds: number;
}

export async function resolve(question: Question, deps: ResolveDeps): Promise<Result<Resolution, ResolveFailure>> {
  const situated = await situate(question, ['agent'], deps);
  if (!situated.ok) return situated;
  const situation = situated.value;
  const { decision, reference, selection } = situation;

  if (!decision.allowed) {
    await record(situation, { outcome: 'denied' }, deps);
    return failure({
      kind: 'denied',
      rule: decision.rule,
      image: reference.canonical,
      environment: situation.environment,
    });
  }
  switch (selection.kind) {
    case 'none':
      await record(situation, { outcome: 'no_credential' }, deps);
      return failure({ kind: 'no_credential', image: reference.canonical, rule: decision.rule });
    case 'inactive':
      await record(situation, { outcome: 'registry_inactive', registryId: selection.registry.id }, deps);
      return failure(inactive(selection.registry));
    case 'selected':
      return await release(situation, { registry: selection.registry, image: question.image }, deps);
  }
}

async function release(
  situation: Situation,
  chosen: { readonly registry: Registry; readonly image: string },
  deps: ResolveDeps,
): Promise<Result<Resolution, NotReleased>> {
  const { registry } = chosen;
  const credential = await currentCredential(registry, deps);
  await record(situation, outcomeOf(registry, credential), deps);
  if (!credential.ok) return credential;
  return success({
    image: chosen.image,
    reference: situation.reference,
    decision: situation.decision,
    credential: credential.value,
    refreshAfter: refreshAfter(credential.value, deps),
    registry,
  });
}

export function inactive(registry: Registry): RegistryInactive {
  return { kind: 'registry_inactive', registryId: registry.id, address: registry.address };
}

export function refreshAfter(credential: Credential, deps: Pick<ResolveDeps, 'now' | 'hostCacheMilliseconds'>): number {
  const again = deps.now() + deps.hostCacheMilliseconds;
  return credential.expiresAt === undefined ? again : Math.min(again, credential.expiresAt);
}

type Outcome = Pick<DecisionEntry, 'outcome' | 'registryId' | 'version'>;

/** What the record says of a registry that was selected: released, or without a credential that works. */
export function outcomeOf(registry: Registry, credential: Result<Credential, NotReleased>): Outcome {
  if (!credential.ok) return { outcome: 'unavailable', registryId: registry.id };
  return { outcome: 'released', registryId: registry.id, version: credential.value.version };
}

async function record(situation: Situation, outcome: Outcome, deps: ResolveDeps): Promise<void> {
  await deps.recordDecision(
    decisionEntry({ ...situation, image: situation.reference.canonical, at: deps.now() }, outcome),
  );
}

export function decisionEntry(
  about: {
    readonly environment: EnvironmentName;
    readonly image: string;
    readonly agent: Agent;
    readonly principal?: string;
    readonly at: number;
    readonly decision: Decision;
  },
  outcome: Outcome,
): DecisionEntry {
  const { rule, mode, wouldRefuse } = about.decision;
  const { environment, image, agent, principal, at } = about;
  const by = { agentId: agent.id, ...(principal === undefined ? {} : { principal }) };
  return { type: 'decision', at, environment, ...by, image, rule, mode, wouldRefuse, ...outcome };
}
