/**
 * Makes the first administrator when the stack is made, and another one in its place when the stack is told to (a new
 * `Generation`). The agent is known by a name that CloudFormation's request gives: that is the resource's physical id, so that
 * an attempt which died is made good by the next, and CloudFormation deletes the former one after the new one works.
 *
 * The token is written to its secret and never read there. Not its job: answering CloudFormation (custom-resource.ts).
 */
import type { Agent } from '../domain/agent.ts';
import type { Secret } from '../domain/secret.ts';
import { createAgent, deleteAgent } from '../service/agents.ts';
import { everyItem } from '../service/every-item.ts';
import type { Catalogue } from '../stores/catalogue.ts';

export interface FirstAdminDeps {
  readonly catalogue: Pick<Catalogue, 'addAgent' | 'getAgent' | 'listAgents' | 'removeAgent'>;
  /** Puts it in the place of whatever is in the one secret that is for it. */
  readonly keepToken: (token: Secret) => Promise<void>;
  readonly now: () => number;
}

const ACTOR = 'deployment';
const NAME = /^first administrator [A-Za-z0-9-]{1,64}$/;

/** @returns the agent's name. */
export function firstAdminName(requestId: string): string {
  return `first administrator ${requestId.replaceAll(/[^A-Za-z0-9-]/g, '').slice(0, 64)}`;
}

/** However often: afterwards there is one of that name, and its token is in the secret. */
export async function ensureFirstAdmin(name: string, deps: FirstAdminDeps): Promise<void> {
  const created = await createAgent({ name, role: 'admin' }, ACTOR, deps);
  if (!created.ok) throw new Error(`the administrator cannot be created: ${created.failure.rule}`);
  const { agent, token } = created.value;
  await deps.keepToken(token);
  // Of an attempt that died: nobody was told that its token is worth anything.
  await removeCalled(name, deps, agent.id);
}

/** No error when there is none, or when it is a name of something else. */
export async function removeFirstAdmin(name: string, deps: FirstAdminDeps): Promise<void> {
  if (NAME.test(name)) await removeCalled(name, deps);
}

async function removeCalled(name: string, deps: FirstAdminDeps, exceptId?: string): Promise<void> {
  for (const { id } of await agentsCalled(name, deps)) if (id !== exceptId) await deleteAgent(id, ACTOR, deps);
}

async function agentsCalled(name: string, { catalogue }: FirstAdminDeps): Promise<readonly Agent[]> {
  const agents = await Array.fromAsync(everyItem((query) => catalogue.listAgents(query), 500));
  return agents.filter((agent) => agent.name === name && agent.role === 'admin');
}
