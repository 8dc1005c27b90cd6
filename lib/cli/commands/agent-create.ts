/** `pullpass agent create`: the one moment when a token is seen, where there is one. */
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { agentAnswer, createdAgentAnswer, type AgentAnswer } from '../answers.ts';
import { expectAnswer } from '../api-client.ts';
import { usageFailure } from '../command-failure.ts';
import type { CommandContext } from '../command-context.ts';
import { printJson, printLine, remark } from '../print.ts';
import { parseLifetime, relativeWords } from '../time-words.ts';

export interface CreateFlags {
  readonly env?: readonly string[];
  readonly role: string;
  readonly export?: true;
  readonly principal?: string;
  readonly expiresIn?: string;
  readonly expiresAt?: string;
  readonly tokenFile?: string;
}

export async function createAgent(name: string, flags: CreateFlags, context: CommandContext): Promise<void> {
  if (flags.env === undefined && flags.role === 'agent') {
    throw usageFailure('the environments are missing', "give --env NAME, or --env '*' for every environment");
  }
  const expiresAt = expiryOf(flags, context.terminal.now());
  const body = {
    name,
    environments: flags.env ?? [],
    role: flags.role,
    ...(flags.export === true ? { export: true } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  const { tokenFile, principal } = flags;
  if (principal !== undefined) {
    if (tokenFile !== undefined) throw usageFailure('an agent with a principal has no token', 'leave out --token-file');
    await bind({ ...body, principal }, context);
    return;
  }
  if (tokenFile === undefined) {
    const { document, agent } = await create(body, context);
    describe(agent, context);
    if (context.json) printJson(context.terminal, document);
    else {
      remark(context.terminal, 'the token is shown only this once:');
      printLine(context.terminal, agent.token);
    }
    return;
  }
  await createIntoFile(tokenFile, body, context);
}

/** There is nothing to keep secret: its name for the list, and for a script the id. */
async function bind(body: unknown, context: CommandContext): Promise<void> {
  const document = await context.api({ method: 'POST', path: '/v1/agents', body });
  const agent = expectAnswer(agentAnswer, document);
  describe(agent, context);
  if (context.json) printJson(context.terminal, document);
  else printLine(context.terminal, agent.id);
}

type Created = ReturnType<typeof expectAnswer<typeof createdAgentAnswer>>;

async function create(
  body: unknown,
  { api }: CommandContext,
): Promise<{ readonly document: unknown; readonly agent: Created }> {
  const document = await api({ method: 'POST', path: '/v1/agents', body });
  return { document, agent: expectAnswer(createdAgentAnswer, document) };
}

/** The file comes first: a token that cannot be written down would be an agent that nobody can use. */
async function createIntoFile(file: string, body: unknown, context: CommandContext): Promise<void> {
  const handle = await newPrivateFile(file);
  try {
    const { agent } = await create(body, context);
    const { token, ...shown } = agent;
    await handle.writeFile(`${token}\n`);
    await handle.sync();
    describe(agent, context);
    if (context.json) printJson(context.terminal, shown);
    else printLine(context.terminal, `the token lies in ${file}`);
  } catch (error) {
    await unlink(file);
    throw error;
  } finally {
    await handle.close();
  }
}

async function newPrivateFile(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx', 0o600);
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw usageFailure(
      exists ? `${file} is there already` : `${file} cannot be written`,
      exists ? 'name a new file, or delete that one first' : 'look at the folder and its permissions',
    );
  }
}

/** Standard output is for the token alone, so that a script can take it. */
function describe(agent: AgentAnswer, { terminal, json }: CommandContext): void {
  if (json) return;
  const opens = agent.role === 'agent' ? `, opens ${agent.environments.join(', ')}` : '';
  const ends = agent.expiresAt ? `, ends ${relativeWords(agent.expiresAt, terminal.now())}` : '';
  const bound = agent.principal ? `, bound to ${agent.principal}` : '';
  remark(terminal, `created ${agent.name} (${agent.id}): ${agent.role}${opens}${bound}${ends}`);
}

function expiryOf({ expiresIn, expiresAt }: CreateFlags, now: number): string | undefined {
  if (expiresIn !== undefined && expiresAt !== undefined) {
    throw usageFailure('--expires-in and --expires-at say the same thing', 'give one of them');
  }
  if (expiresIn === undefined) return expiresAt;
  const lifetime = parseLifetime(expiresIn);
  if (lifetime === undefined)
    throw usageFailure(`--expires-in cannot be ${expiresIn}`, 'give it as 90d, 12h, 30m or 4w');
  return new Date(now + lifetime).toISOString();
}
