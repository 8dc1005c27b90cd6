/** Agents: identities with a token that is shown once. */
import type { Agent, Role } from '../domain/agent.ts';
import { EVERY_ENVIRONMENT, parseEnvironmentName } from '../domain/environment-name.ts';
import { invalidInput, type InvalidInput, type NotFound } from '../domain/failures.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { Secret } from '../domain/secret.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { issueToken } from './tokens.ts';

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

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._@:/-]{0,127}$/u;

export async function createAgent(
  input: NewAgentInput,
  actor: string,
  deps: AgentDeps,
): Promise<Result<{ readonly agent: Agent; readonly token: Secret }, InvalidInput>> {
  const checked = checkAgent(input, deps.now());
  if (!checked.ok) return checked;
  const { agentId, token, tokenHash } = issueToken();
  const now = deps.now();
  const { expiresAt } = input;
  const agent: Agent = {
    id: agentId,
    name: input.name,
    role: input.role ?? 'agent',
    environments: checked.value,
    export: input.export ?? false,
    createdAt: now,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    tokenHash,
  };
  const detail = `${agent.name} (${agent.role}) for ${agent.environments.join(', ') || 'no environment'}`;
  await deps.catalogue.addAgent(agent, {
    ...{ type: 'change', at: now, actor, action: 'agent.create', subject: agent.id, detail },
  });
  return success({ agent, token });
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
  return success([...new Set(environments)]);
}

/** Deleting the identity one is using would lock the last administrator out. */
export interface OwnIdentity {
  readonly kind: 'own_identity';
}

export async function deleteAgent(
  id: string,
  actor: string,
  deps: AgentDeps,
): Promise<Result<Agent, NotFound | OwnIdentity>> {
  if (id === actor) return failure({ kind: 'own_identity' });
  const found = await deps.catalogue.getAgent(id);
  if (found === undefined) return failure({ kind: 'not_found', resource: 'agent' });
  const removed = await deps.catalogue.removeAgent(id, {
    ...{ type: 'change', at: deps.now(), actor, action: 'agent.delete', subject: id, detail: found.name },
  });
  return removed === undefined ? failure({ kind: 'not_found', resource: 'agent' }) : success(removed);
}
