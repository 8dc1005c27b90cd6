/** The agents of a file against those that are there. An agent is never changed, and a token never comes over. */
import { environmentFlags, shellWord } from '../../formats/import/shown.ts';
import type { Finding, WantedAgent } from '../../formats/import/wanted.ts';
import type { AgentAnswer } from '../answers.ts';
import { isSameSet } from './match-registries.ts';
import type { AddAgent, Unchanged } from './plan-steps.ts';

export interface AgentPlan {
  readonly steps: readonly AddAgent[];
  readonly unchanged: readonly Unchanged[];
  readonly leftOut: readonly Finding[];
}

export function planAgents(wanted: readonly WantedAgent[], present: readonly AgentAnswer[], now: number): AgentPlan {
  const steps: AddAgent[] = [];
  const unchanged: Unchanged[] = [];
  const leftOut: Finding[] = [];
  const taken = new Set<AgentAnswer>();
  for (const agent of wanted) {
    const { place, name } = agent;
    const there = findAgent(
      agent,
      present.filter((other) => !taken.has(other)),
    );
    if (there !== undefined) taken.add(there);
    if (there !== undefined && isSameAgent(agent, there))
      unchanged.push({ subject: 'agent', name: `${name} (${there.id})` });
    else if (there !== undefined) leftOut.push(differentAgent(agent, there));
    else if (agent.expiresAt !== undefined && agent.expiresAt <= now)
      leftOut.push({ place, what: `${name} has ended` });
    else if (agent.principal === undefined) leftOut.push(tokenAgent(agent));
    else steps.push({ action: 'add', subject: 'agent', name, body: agentDocument(agent), notes: [] });
  }
  return { steps, unchanged, leftOut };
}

/** By the id; else one of the same name that is bound to the same principal, or has a token as it had. */
function findAgent(wanted: WantedAgent, present: readonly AgentAnswer[]): AgentAnswer | undefined {
  const byName = present.filter(
    (other) => other.name === wanted.name && (other.principal ?? undefined) === wanted.principal,
  );
  return present.find(({ id }) => id === wanted.id) ?? byName.find((other) => isSameAgent(wanted, other)) ?? byName[0];
}

function isSameAgent(wanted: WantedAgent, present: AgentAnswer): boolean {
  const ends = present.expiresAt ? Date.parse(present.expiresAt) : undefined;
  return (
    wanted.name === present.name &&
    wanted.role === present.role &&
    wanted.export === present.export &&
    wanted.principal === (present.principal ?? undefined) &&
    // The same agent made anew ends when whoever made it says.
    (wanted.principal === undefined || wanted.expiresAt === ends) &&
    isSameSet(wanted.environments, present.environments)
  );
}

function differentAgent({ place, name }: WantedAgent, { id }: AgentAnswer): Finding {
  return {
    place,
    what: `${name} is there (${id}) with another role, other environments or another end; agents are not changed`,
    advice: `to have it as in the file: pullpass agent delete ${shellWord(id)}, then import again`,
  };
}

function tokenAgent(agent: WantedAgent): Finding {
  const { place, name, role, environments, expiresAt } = agent;
  const flags = [
    ...(environments.length === 0 ? [] : [environmentFlags(environments)]),
    ...(role === 'agent' ? [] : [`--role ${role}`]),
    ...(agent.export ? ['--export'] : []),
    ...(expiresAt === undefined ? [] : [`--expires-at ${new Date(expiresAt).toISOString()}`]),
  ];
  return {
    place,
    what: `${name} has a token, which is in no export`,
    advice: `make a new one: pullpass agent create ${shellWord(name)} ${flags.join(' ')}`.trimEnd(),
  };
}

function agentDocument({ name, role, environments, principal, expiresAt, ...agent }: WantedAgent): AddAgent['body'] {
  return {
    ...{ name, role, environments, principal },
    export: agent.export,
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
  };
}
