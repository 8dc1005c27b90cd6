/** `pullpass policy …`: which images may be pulled, by everybody or in one environment. */
import { Argument, type Command } from 'commander';
import { policyAnswer } from '../answers.ts';
import { expectAnswer } from '../api-client.ts';
import { usageFailure } from '../command-failure.ts';
import type { CommandContext, ContextOf } from '../command-context.ts';
import { printJson, remark } from '../print.ts';
import type { Terminal } from '../terminal.ts';
import { changePolicy, readPolicy, type ChangePolicy, type PolicyFields } from './policy-change.ts';
import { remarkPaths, withAllowed, withAlwaysAllowed, withDenied, withoutEntries } from './policy-entries.ts';
import { addExceptionCommands } from './policy-exception.ts';
import { printPolicy } from './policy-print.ts';
import { addRefusalsCommand } from './policy-refusals.ts';
import { addPolicySet } from './policy-set.ts';
import { addPolicyTest } from './policy-test.ts';

interface ScopeFlag {
  readonly env?: string;
}

const SCOPE = ['--env <name>', "the environment's policy; without it the organisation's"] as const;

export function addPolicyCommands(program: Command, contextOf: ContextOf): void {
  const policy = program.command('policy').description('which images may be pulled');
  policy
    .command('show')
    .description('the policy of the organisation, or of one environment')
    .option(...SCOPE)
    .action(async ({ env }: ScopeFlag, command: Command) => {
      const { api, json, terminal } = contextOf(command);
      const { policy: shown, document } = await readPolicy(env, api);
      if (json) printJson(terminal, document);
      else printPolicy(terminal, shown, env);
    });
  addPolicySet(policy, { scope: SCOPE, contextOf, apply });
  addEntryCommands(policy, contextOf);
  addExceptionCommands(policy, { scope: SCOPE, contextOf, apply });
  addDefault(policy, contextOf);
  policy
    .command('mode')
    .description('enforce refuses; audit answers as if allowed, and records what enforce would have refused')
    .addArgument(new Argument('<mode>', 'inherit: as the organisation').choices(['enforce', 'audit', 'inherit']))
    .option(...SCOPE)
    .action(async (mode: string, { env }: ScopeFlag, command: Command) => {
      await apply(env, (present) => ({ ...present, mode: mode === 'inherit' ? null : mode }), contextOf(command));
    });
  addPolicyTest(policy, contextOf);
  addRefusalsCommand(policy, contextOf);
}

function addEntryCommands(policy: Command, contextOf: ContextOf): void {
  const entryCommand = (name: string, description: string, change: EntryChange): void => {
    policy
      .command(name)
      .description(description)
      .argument('<entry...>', 'host[:port], host[:port]/path or *.host')
      .option(...SCOPE)
      .action(async (entries: readonly string[], { env }: ScopeFlag, command: Command) => {
        const context = contextOf(command);
        const changed = await apply(env, (present) => change(present, entries, context.terminal), context);
        if (changed && change !== withoutEntries) remarkPaths(entries, context.terminal);
      });
  };
  entryCommand(
    'allow',
    'add to the whitelist; the first entry turns the restriction on',
    (present, entries, terminal) => {
      const next = withAllowed(present, entries);
      if (present.whitelist === null) {
        remark(
          terminal,
          `there was no whitelist: from now on only these are allowed: ${next.whitelist?.join(', ') ?? ''}`,
        );
      }
      return next;
    },
  );
  entryCommand('deny', 'add to the deny list, which beats the whitelist', withDenied);
  entryCommand(
    'always-allow',
    "pin: allowed whatever this policy's whitelist and deny list say; the organisation's pins hold in every environment",
    withAlwaysAllowed,
  );
  entryCommand('remove', 'take out of the whitelist, the deny list and the pins', withoutEntries);
}

type EntryChange = (present: PolicyFields, entries: readonly string[], terminal: Terminal) => PolicyFields;

function addDefault(policy: Command, contextOf: ContextOf): void {
  policy
    .command('default')
    .description('the registry that an image without one is pulled from')
    .argument('[address]', 'host[:port][/path]')
    .option('--none', "none of its own: the organisation's, or Docker Hub")
    .option(...SCOPE)
    .action(async (address: string | undefined, flags: ScopeFlag & { readonly none?: true }, command: Command) => {
      if ((address === undefined) === (flags.none === undefined)) {
        throw usageFailure('give an address, or --none', 'see `pullpass policy default --help`');
      }
      await apply(flags.env, (present) => ({ ...present, defaultRegistry: address ?? null }), contextOf(command));
    });
}

/** Changes, then shows what holds now. Whether anything changed. */
async function apply(env: string | undefined, change: ChangePolicy, context: CommandContext): Promise<boolean> {
  const { api, json, terminal } = context;
  const { document, changed } = await changePolicy(env, change, api);
  if (!changed) remark(terminal, 'nothing to change: it is so already');
  if (json) printJson(terminal, document);
  else printPolicy(terminal, expectAnswer(policyAnswer, document), env);
  return changed;
}
