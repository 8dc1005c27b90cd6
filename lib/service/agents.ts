/** Agents: identities with a token that is shown once, or with a principal of AWS IAM that they are bound to. */
import {
  MAX_PRINCIPAL_AGENTS,
  PRINCIPAL_ROLES,
  type Agent,
  type PrincipalAgent,
  type PrincipalRole,
  type Role,
  type TokenAgent,
} from '../domain/agent.ts';
import type { ChangeEntry } from '../domain/audit.ts';
import {
  EVERY_ENVIRONMENT,
  MAX_ENVIRONMENTS,
  parseEnvironmentName,
  TOO_MANY_ENVIRONMENTS,
} from '../domain/environment-name.ts';
import { invalidInput, type InvalidInput, type NotFound } from '../domain/failures.ts';
import { parsePrincipalPattern } from '../domain/principal.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Secret } from '../domain/secret.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { UnreadableRow } from '../stores/stored-json.ts';
import { issueToken, newAgentId } from './tokens.ts';

export interface AgentDeps {
  readonly catalogue: Pick<Catalogue, 'addAgent' | 'getAgent' | 'removeAgent'>;
  readonly now: () => number;
}

export interface NewAgentInput {
  readonly name: string;
  readonly environments?: readonly string[] | undefined;
  readonly role?: Role | undefined;
  readonly export?: boolean | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number | undefined;
}

/** The last moment that RFC 3339 can write in UTC; an offset takes a time in the year 9999 beyond it. */
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._@:/-]{0,127}$/u;

export async function createAgent(
  input: NewAgentInput,
  actor: string,
  deps: Pick<AgentDeps, 'now'> & { readonly catalogue: Pick<Catalogue, 'addAgent'> },
): Promise<Result<{ readonly agent: TokenAgent; readonly token: Secret }, InvalidInput>> {
  const now = deps.now();
  const checked = checkAgent(input, now);
  if (!checked.ok) return checked;
  const { agentId, token, tokenHash } = issueToken();
  const agent = { ...recordOf(input, checked.value, now), id: agentId, role: input.role ?? 'agent', tokenHash };
  await deps.catalogue.addAgent(agent, creationOf(agent, actor));
  return success({ agent, token });
}

export interface BindDeps {
  readonly catalogue: Pick<Catalogue, 'addAgent' | 'listPrincipals'>;
  readonly now: () => number;
}

/** An agent that is whoever AWS IAM says matches the pattern. Two at once may both become the last that has room. */
export async function bindPrincipal(
  input: NewAgentInput & { readonly principal: string },
  actor: string,
  deps: BindDeps,
): Promise<Result<PrincipalAgent, InvalidInput>> {
  const now = deps.now();
  const checked = checkAgent(input, now);
  if (!checked.ok) return checked;
  const principal = parsePrincipalPattern(input.principal);
  if (!principal.ok) return failure(invalidInput('principal', principal.failure.rule));
  const role = PRINCIPAL_ROLES.find((name): name is PrincipalRole => name === (input.role ?? 'agent'));
  if (role === undefined) {
    return failure(invalidInput('role', 'must be agent or viewer where there is a principal; an admin has a token'));
  }
  if ((await deps.catalogue.listPrincipals()).length >= MAX_PRINCIPAL_AGENTS) {
    const rule = `is one too many: ${MAX_PRINCIPAL_AGENTS} agents have one; join some by a pattern, or delete some`;
    return failure(invalidInput('principal', rule));
  }
  const record = recordOf(input, checked.value, now);
  const agent = { ...record, id: newAgentId(), role, principal: principal.value };
  await deps.catalogue.addAgent(agent, creationOf(agent, actor));
  return success(agent);
}

/** What both sorts of agent have. */
function recordOf(
  input: NewAgentInput,
  environments: readonly string[],
  now: number,
): Pick<Agent, 'name' | 'environments' | 'export' | 'createdAt' | 'expiresAt'> {
  const { expiresAt } = input;
  return {
    name: input.name,
    environments,
    export: input.export ?? false,
    createdAt: now,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function creationOf(agent: Agent, actor: string): ChangeEntry {
  const opens = agent.environments.join(', ') || 'no environment';
  const bound = agent.principal === undefined ? '' : `, bound to ${agent.principal}`;
  const detail = `${agent.name} (${agent.role}) for ${opens}${bound}`;
  return { type: 'change', at: agent.createdAt, actor, action: 'agent.create', subject: agent.id, detail };
}

function checkAgent(input: NewAgentInput, now: number): Result<readonly string[], InvalidInput> {
  if (!NAME.test(input.name)) {
    return failure(
      invalidInput(
        'name',
        'must be 1 to 128 letters, digits, spaces and . _ @ : / -, beginning with a letter or digit',
      ),
    );
  }
  const environments = input.environments ?? [];
  const role = input.role ?? 'agent';
  if (role === 'agent' && environments.length === 0) {
    return failure(invalidInput('environments', 'must name at least one environment, or "*" for every one'));
  }
  if (role !== 'agent' && input.export === true) {
    return failure(invalidInput('export', `is for the role agent; a ${role} never sees a secret`));
  }
  for (const [index, name] of environments.entries()) {
    const parsed = name === EVERY_ENVIRONMENT ? success(name) : parseEnvironmentName(name);
    if (!parsed.ok) return failure(invalidInput(`environments[${index}]`, `${parsed.failure.rule}, or "*"`));
  }
  if (input.expiresAt !== undefined && input.expiresAt <= now) {
    return failure(invalidInput('expiresAt', 'must lie in the future'));
  }
  if (input.expiresAt !== undefined && input.expiresAt > LATEST) {
    return failure(invalidInput('expiresAt', 'must lie before the year 10000; leave it out for no end'));
  }
  const distinct = [...new Set(environments)];
  if (distinct.length > MAX_ENVIRONMENTS) return failure(invalidInput('environments', TOO_MANY_ENVIRONMENTS));
  return success(distinct);
}

/** Deleting the identity one is using would lock the last administrator out. */
export interface OwnIdentity {
  readonly kind: 'own_identity';
}

export async function deleteAgent(
  id: string,
  actor: string,
  deps: AgentDeps,
): Promise<Result<undefined, NotFound | OwnIdentity>> {
  if (id === actor) return failure({ kind: 'own_identity' });
  const detail = await nameOf(id, deps);
  if (detail === undefined) return failure({ kind: 'not_found', resource: 'agent' });
  const removed = await deps.catalogue.removeAgent(id, {
    ...{ type: 'change', at: deps.now(), actor, action: 'agent.delete', subject: id, detail },
  });
  return removed === 'missing' ? failure({ kind: 'not_found', resource: 'agent' }) : success(undefined);
}

/** For the record. One that cannot be read is deleted all the same. */
async function nameOf(id: string, { catalogue }: Pick<AgentDeps, 'catalogue'>): Promise<string | undefined> {
  try {
    return (await catalogue.getAgent(id))?.name;
  } catch (error) {
    if (error instanceof UnreadableRow) return 'could not be read';
    throw error;
  }
}
