/** `pullpass export`: everything but the secrets, as one document that `pullpass import` reads. */
import type { Command } from 'commander';
import * as z from 'zod/mini';
import { expectAnswer, type CallApi } from '../api-client.ts';
import type { CommandContext, ContextOf } from '../command-context.ts';
import { exportDocument, type Exported } from '../export-document.ts';
import { readAgents, readPolicy, readRegistries, type PresentPolicy } from '../import/present.ts';
import { printableJson } from '../plain-text.ts';
import { printJson, remark, withProgress } from '../print.ts';
import { writePrivateFile } from '../private-file.ts';

interface ExportFlags {
  readonly output?: string;
  readonly env?: string;
}

const NOTES = `
It holds registries, policies and agents, and neither passwords, keys nor tokens, nor the history: those stay where they are.
An importer gives the secrets again; \`pullpass import --help\` says how.`;

export function addExportCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('export')
    .description('everything but the secrets, as one JSON document')
    .option(
      '--output <file>',
      'write it there, for you alone to read, in place of what is there; default: standard output',
    )
    .option('--env <name>', 'only what this environment has: its registries, its policy, its agents')
    .addHelpText('after', NOTES)
    .action(async (flags: ExportFlags, command: Command) => {
      await exportAll(flags, contextOf(command));
    });
}

async function exportAll({ output, env }: ExportFlags, { api, terminal }: CommandContext): Promise<void> {
  const exported = await withProgress(terminal, 'reading', () => readAll(env, api));
  const document = exportDocument(exported, terminal.now());
  if (output === undefined) {
    printJson(terminal, document);
    return;
  }
  await writePrivateFile(output, `${printableJson(document)}\n`);
  const { registries, policies, agents } = exported;
  remark(
    terminal,
    `${output}: registries ${registries.length}, policies ${policies.size}, agents ${agents.length}; no secrets`,
  );
}

async function readAll(env: string | undefined, api: CallApi): Promise<Exported> {
  const registries = await readRegistries(env === undefined ? {} : { environment: env }, api);
  const policies = await readPolicies(env, api);
  const agents = await readAgents(api);
  return {
    registries,
    policies,
    agents:
      env === undefined
        ? agents
        : agents.filter(({ environments }) => environments.some((name) => [env, '*'].includes(name))),
  };
}

const environmentsAnswer = z.looseObject({ items: z.array(z.looseObject({ name: z.string() })) });

/** Policies asked for at a time. */
const AT_ONCE = 8;

/** Those that somebody has set. With an environment only its own: the organisation's is not the environment's. */
async function readPolicies(
  env: string | undefined,
  api: CallApi,
): Promise<ReadonlyMap<string | undefined, PresentPolicy>> {
  const policies = new Map<string | undefined, PresentPolicy>();
  const scopes = env === undefined ? [undefined, ...(await environmentNames(api))] : [env];
  for (let next = 0; next < scopes.length; next += AT_ONCE) {
    const some = scopes.slice(next, next + AT_ONCE);
    const found = await Promise.all(some.map(async (scope) => [scope, await readPolicy(scope, api)] as const));
    for (const [scope, policy] of found) if (policy.revision > 0) policies.set(scope, policy);
  }
  return policies;
}

async function environmentNames(api: CallApi): Promise<readonly string[]> {
  const { items } = expectAnswer(environmentsAnswer, await api({ method: 'GET', path: '/v1/environments' }));
  return items.map(({ name }) => name);
}
