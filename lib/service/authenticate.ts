/**
 * Who calls, and may they. One answer for a token that is malformed, unknown, wrong or past its end: a caller learns
 * nothing about which agents exist. The same for an environment that is not the caller's: whether it exists is not told.
 *
 * A token is one agent's. A principal of AWS IAM may be several agents (each binding is a rule), and may do what any one of
 * them may: the first that admits a request is the one that made it.
 */
import type { Agent, Role } from '../domain/agent.ts';
import { EVERY_ENVIRONMENT } from '../domain/environment-name.ts';
import { bindablePrincipal, parseCallingPrincipal, principalMatches } from '../domain/principal.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Secret } from '../domain/secret.ts';
import type { CallerQuery, Catalogue } from '../stores/catalogue.ts';
import { claimedAgentId, isTokenOf } from './tokens.ts';

/** Who says to be calling. `arn` is what AWS says itself; undefined where AWS was not asked. */
export type Caller =
  | { readonly kind: 'token'; readonly token: Secret | undefined }
  | { readonly kind: 'principal'; readonly arn: string | undefined };

export interface Unauthenticated {
  readonly kind: 'unauthenticated';
  readonly expected: Caller['kind'];
}

/** AWS knows the caller, and no agent here is bound to it. Its own ARN is no secret to it. */
export interface PrincipalNotBound {
  readonly kind: 'principal_not_bound';
  readonly arn: string;
  /** What could be bound; undefined where it is neither a role nor a user. */
  readonly bindable: string | undefined;
}

export interface Forbidden {
  readonly kind: 'forbidden';
  readonly code: 'role_required' | 'environment_not_allowed' | 'export_not_allowed';
  readonly reason: string;
}

export type CallerFailure = Unauthenticated | PrincipalNotBound;

/** The agents that a caller is: one for a token; for a principal one or more, oldest first. */
export interface ProvenCaller {
  readonly agents: readonly Agent[];
  /** The principal's ARN, for the record. */
  readonly principal?: string;
}

/** What the catalogue is asked to find out who calls. */
export function queryFor(caller: Caller): Result<CallerQuery, Unauthenticated> {
  const query = queryOf(caller);
  return query === undefined ? failure({ kind: 'unauthenticated', expected: caller.kind }) : success(query);
}

function queryOf(caller: Caller): CallerQuery | undefined {
  if (caller.kind === 'principal') return caller.arn === undefined ? undefined : { kind: 'principals' };
  const id = caller.token === undefined ? undefined : claimedAgentId(caller.token);
  return id === undefined ? undefined : { kind: 'agent', id };
}

/** `agents`: what the catalogue answered to that query. */
export function provenCaller(
  caller: Caller,
  agents: readonly Agent[],
  now: number,
): Result<ProvenCaller, CallerFailure> {
  const living = agents.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
  const { kind } = caller;
  if (kind === 'token') {
    const { token } = caller;
    const own = token === undefined ? [] : living.filter((agent) => isTokenOf(agent, token));
    return own.length === 0 ? failure({ kind: 'unauthenticated', expected: kind }) : success({ agents: own });
  }
  const { arn } = caller;
  if (arn === undefined) return failure({ kind: 'unauthenticated', expected: kind });
  const principal = parseCallingPrincipal(arn);
  if (principal === undefined) return failure({ kind: 'principal_not_bound', arn, bindable: undefined });
  const bound = living.filter((agent) => agent.principal !== undefined && principalMatches(agent.principal, principal));
  if (bound.length > 0) return success({ agents: bound, principal: arn });
  return failure({ kind: 'principal_not_bound', arn, bindable: bindablePrincipal(principal) });
}

export interface AuthenticateDeps {
  readonly catalogue: Pick<Catalogue, 'getAgent' | 'listPrincipals'>;
  readonly now: () => number;
}

export async function authenticate(
  caller: Caller,
  deps: AuthenticateDeps,
): Promise<Result<ProvenCaller, CallerFailure>> {
  const query = queryFor(caller);
  if (!query.ok) return query;
  return provenCaller(caller, await agentsFor(query.value, deps), deps.now());
}

async function agentsFor(query: CallerQuery, { catalogue }: AuthenticateDeps): Promise<readonly Agent[]> {
  if (query.kind === 'principals') return await catalogue.listPrincipals();
  const agent = await catalogue.getAgent(query.id);
  return agent === undefined ? [] : [agent];
}

/** The caller as the first of its agents that passes; where none does, why the first did not. */
export function firstAdmitted(
  caller: ProvenCaller,
  check: (agent: Agent) => Result<Agent, Forbidden>,
): Result<Agent, Forbidden> {
  let refusal: Result<Agent, Forbidden> | undefined;
  for (const agent of caller.agents) {
    const checked = check(agent);
    if (checked.ok) return checked;
    refusal ??= checked;
  }
  if (refusal === undefined) throw new Error('a proven caller is at least one agent');
  return refusal;
}

export function requireRole(agent: Agent, roles: readonly Role[]): Result<Agent, Forbidden> {
  if (roles.includes(agent.role)) return success(agent);
  return failure({
    kind: 'forbidden',
    code: 'role_required',
    reason: `this call needs the role ${roles.join(' or ')}; the ${credentialOf(agent)}'s role is ${agent.role}`,
  });
}

/** May this agent ask for this environment's credentials? Only agents pull: other roles never see a secret. */
export function requireEnvironment(agent: Agent, environment: string): Result<Agent, Forbidden> {
  const opened = agent.environments.includes(environment) || agent.environments.includes(EVERY_ENVIRONMENT);
  if (opened) return success(agent);
  return failure({
    kind: 'forbidden',
    code: 'environment_not_allowed',
    reason: `this ${credentialOf(agent)} does not open that environment`,
  });
}

/** What the caller came with. */
export function credentialOf(agent: Agent): 'token' | 'principal' {
  return agent.principal === undefined ? 'token' : 'principal';
}
