/**
 * Who calls, and may they. One answer for a token that is malformed, unknown, wrong or past its end: a caller learns
 * nothing about which agents exist. The same for an environment that is not the caller's: whether it exists is not told.
 */
import type { Agent, Role } from '../domain/agent.ts';
import { EVERY_ENVIRONMENT } from '../domain/environment-name.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Secret } from '../domain/secret.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { claimedAgentId, isTokenOf } from './tokens.ts';

export interface Unauthenticated {
  readonly kind: 'unauthenticated';
}

export interface Forbidden {
  readonly kind: 'forbidden';
  readonly code: 'role_required' | 'environment_not_allowed' | 'export_not_allowed';
  readonly reason: string;
}

const UNAUTHENTICATED: Unauthenticated = { kind: 'unauthenticated' };

/** The agent, if the token is its own and not past its end. `agent` is what the catalogue has under the claimed id. */
export function provenAgent(agent: Agent | undefined, token: Secret, now: number): Result<Agent, Unauthenticated> {
  if (agent === undefined || !isTokenOf(agent, token)) return failure(UNAUTHENTICATED);
  if (agent.expiresAt !== undefined && agent.expiresAt <= now) return failure(UNAUTHENTICATED);
  return success(agent);
}

export interface AuthenticateDeps {
  readonly catalogue: Pick<Catalogue, 'getAgent'>;
  readonly now: () => number;
}

export async function authenticate(
  token: Secret | undefined,
  deps: AuthenticateDeps,
): Promise<Result<Agent, Unauthenticated>> {
  const id = token === undefined ? undefined : claimedAgentId(token);
  if (token === undefined || id === undefined) return failure(UNAUTHENTICATED);
  return provenAgent(await deps.catalogue.getAgent(id), token, deps.now());
}

export function requireRole(agent: Agent, roles: readonly Role[]): Result<Agent, Forbidden> {
  if (roles.includes(agent.role)) return success(agent);
  return failure({
    kind: 'forbidden',
    code: 'role_required',
    reason: `this call needs the role ${roles.join(' or ')}; the token's role is ${agent.role}`,
  });
}

/** May this agent's token ask for this environment's credentials? Only agents pull: other roles never see a secret. */
export function requireEnvironment(agent: Agent, environment: string): Result<Agent, Forbidden> {
  const opened = agent.environments.includes(environment) || agent.environments.includes(EVERY_ENVIRONMENT);
  if (opened) return success(agent);
  return failure({
    kind: 'forbidden',
    code: 'environment_not_allowed',
    reason: 'this token does not open that environment',
  });
}
