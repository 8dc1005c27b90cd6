/** `pullpass agent …`: who may ask, with tokens that are shown once, or as principals of AWS IAM. */
import { Option, type Command } from 'commander';
import { ROLES } from '../../domain/agent.ts';
import { agentAnswer, type AgentAnswer } from '../answers.ts';
import { expectAnswer, pathOf, type CallApi } from '../api-client.ts';
import { CommandFailure, usageFailure } from '../command-failure.ts';
import type { CommandContext, ContextOf } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';
import { collect } from '../option-values.ts';
import { allItems } from '../pages.ts';
import { printJson, printLine, printTable, remark } from '../print.ts';
import { confirm } from '../secret-input.ts';
import { canAsk, type Terminal } from '../terminal.ts';
import { relativeWords } from '../time-words.ts';
import { createAgent, type CreateFlags } from './agent-create.ts';

export function addAgentCommands(program: Command, contextOf: ContextOf): void {
  const agent = program.command('agent').description('identities of hosts and people, and their tokens');
  agent
    .command('create')
    .description('create an agent; its token is shown this once (with --principal it has none)')
    .argument('<name>', 'for people: a host, a team')
    .option('--env <name>', "environment that it opens; commas or repeated; '*' is every one", collect)
    .addOption(new Option('--role <role>', 'agent pulls, viewer looks, admin changes').choices(ROLES).default('agent'))
    .option('--export', 'may fetch all credentials of its environments at once')
    .option('--principal <arn>', "instead of a token: callers whom AWS IAM knows as this role or user, '*' in names")
    .option('--expires-in <lifetime>', 'it ends after this: 90d, 12h, 30m, 4w')
    .option('--expires-at <time>', 'it ends then: 2027-01-31T00:00:00Z')
    .option('--token-file <file>', 'write the token to a new file that only you can read, and do not print it')
    .action(async (name: string, flags: CreateFlags, command: Command) => {
      await createAgent(name, flags, contextOf(command));
    });
  agent
    .command('list')
    .description('all agents, oldest first')
    .action(async (_flags: unknown, command: Command) => {
      const { api, json, terminal } = contextOf(command);
      const items = await allItems(api, { path: '/v1/agents' });
      if (json) printJson(terminal, items);
      else
        printAgents(
          terminal,
          items.map((item) => expectAnswer(agentAnswer, item)),
        );
    });
  agent
    .command('delete')
    .description('delete an agent: it can pull nothing after 5 seconds')
    .argument('<agent>', 'the id, or the name where only one agent has it')
    .option('--yes', 'do not ask')
    .action(async (which: string, flags: { readonly yes?: true }, command: Command) => {
      await deleteAgent(which, flags.yes === true, contextOf(command));
    });
}

function printAgents(terminal: Terminal, agents: readonly AgentAnswer[]): void {
  if (agents.length === 0) {
    remark(terminal, 'there is no agent; create one with `pullpass agent create`');
    return;
  }
  printTable(
    terminal,
    ['NAME', 'ROLE', 'ENVIRONMENTS', 'EXPORT', 'EXPIRES', 'ID', 'KNOWN BY'],
    agents.map((agent) => [
      agent.name,
      agent.role,
      agent.role === 'agent' ? agent.environments.join(',') : 'all',
      agent.export ? 'yes' : 'no',
      agent.expiresAt ? relativeWords(agent.expiresAt, terminal.now()) : 'never',
      agent.id,
      agent.principal ?? 'token',
    ]),
  );
}

async function deleteAgent(which: string, sure: boolean, { api, json, terminal }: CommandContext): Promise<void> {
  const found = await findAgent(which, api);
  if (found === undefined) {
    await deleteUnlisted(which, { api, json, terminal });
    return;
  }
  const { agent, document } = found;
  const { id, name, principal } = agent;
  if (!sure && canAsk(terminal)) {
    const hosts = principal ? `${principal}, bound by it,` : 'Hosts with its token';
    await confirm(`Delete ${name} (${id})? ${hosts} can pull no more.`, terminal);
  }
  await api({ method: 'DELETE', path: pathOf('v1', 'agents', id) });
  if (json) printJson(terminal, document);
  else printLine(terminal, `deleted ${name} (${id})`);
}

const AGENT_ID = /^[0-9a-f]{16}$/;

/** One that cannot be read is in no list, and is deleted by its id all the same. */
async function deleteUnlisted(
  which: string,
  { api, json, terminal }: Pick<CommandContext, 'api' | 'json' | 'terminal'>,
): Promise<void> {
  const advice = 'see them with `pullpass agent list`';
  const missing = new CommandFailure({ exitCode: EXIT.notFound, what: `there is no agent ${which}`, advice });
  if (!AGENT_ID.test(which)) throw missing;
  try {
    await api({ method: 'DELETE', path: pathOf('v1', 'agents', which) });
  } catch (error) {
    throw error instanceof CommandFailure && error.code === 'not_found' ? missing : error;
  }
  if (json) printJson(terminal, { id: which });
  else printLine(terminal, `deleted ${which}, which could not be read`);
}

/** An id beats a name, so that nobody can name an agent such that another is deleted. */
async function findAgent(
  which: string,
  api: CallApi,
): Promise<{ readonly agent: AgentAnswer; readonly document: unknown } | undefined> {
  const documents = await allItems(api, { path: '/v1/agents' });
  const all = documents.map((document) => ({ agent: expectAnswer(agentAnswer, document), document }));
  const byId = all.filter(({ agent }) => agent.id === which);
  const [only, ...others] = byId.length > 0 ? byId : all.filter(({ agent }) => agent.name === which);
  if (only === undefined) return undefined;
  if (others.length > 0) {
    const ids = [only, ...others].map(({ agent }) => agent.id).join(', ');
    throw usageFailure(`several agents have the name ${which}: name one by its id`, ids);
  }
  return only;
}
