/** `pullpass registry …`: which registries there are. add and edit have files of their own. */
import { Option, type Command } from 'commander';
import { expectAnswer, pathOf } from '../api-client.ts';
import { registryAnswer, verificationAnswer } from '../answers.ts';
import type { CommandContext, ContextOf } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';
import { allItems } from '../pages.ts';
import { printJson, printLine, remark, withProgress } from '../print.ts';
import { confirm } from '../secret-input.ts';
import { canAsk } from '../terminal.ts';
import { findRegistry } from './find-registry.ts';
import { addRegistryAdd } from './registry-add.ts';
import { addRegistryEdit } from './registry-edit.ts';
import { credentialWords, printRegistries, printRegistry, type RegistryFilters } from './registry-print.ts';

const WHICH = 'the id, or the address where only one registry has it';

export function addRegistryCommands(program: Command, contextOf: ContextOf): void {
  const registry = program.command('registry').description('registries, and where their credentials come from');
  addRegistryAdd(registry, contextOf);
  addList(registry, contextOf);
  registry
    .command('show')
    .description('one registry, in full')
    .argument('<registry>', WHICH)
    .action(async (which: string, _flags: unknown, command: Command) => {
      const { api, json, terminal } = contextOf(command);
      const found = await findRegistry(which, api);
      if (json) printJson(terminal, found.document);
      else printRegistry(terminal, found.registry);
    });
  addRegistryEdit(registry, contextOf);
  for (const change of CHANGES) addChange(registry, change, contextOf);
  addVerify(registry, contextOf);
  addDelete(registry, contextOf);
}

function addList(registry: Command, contextOf: ContextOf): void {
  registry
    .command('list')
    .description('all registries, newest first')
    .option('--env <name>', 'those that this environment may use')
    .option('--address <address>', 'those at this address')
    .option('--kind <kind>', 'those of this source kind')
    .addOption(new Option('--state <state>', 'those in this state').choices(['active', 'inactive']))
    .action(async (filters: RegistryFilters, command: Command) => {
      const { api, json, terminal } = contextOf(command);
      const { env, address, kind, state } = filters;
      const query = { environment: env, address, kind, state };
      const items = await allItems(api, { path: '/v1/registries', query });
      if (json) printJson(terminal, items);
      else
        printRegistries(
          terminal,
          items.map((item) => expectAnswer(registryAnswer, item)),
          filters,
        );
    });
}

interface Change {
  readonly verb: 'activate' | 'deactivate' | 'refresh';
  readonly description: string;
  readonly doing: string;
  readonly done: string;
}

const CHANGES: readonly Change[] = [
  {
    verb: 'activate',
    description: 'let it be pulled from again; needs no password',
    doing: 'activating',
    done: 'is active',
  },
  {
    verb: 'deactivate',
    description: 'refuse new pulls from it, within 5 seconds',
    doing: 'deactivating',
    done: 'is inactive: new pulls are refused',
  },
  {
    verb: 'refresh',
    description: 'get a new credential now; the present one stays when that fails',
    doing: 'getting a new credential for',
    done: 'has a new credential',
  },
];

function addChange(registry: Command, change: Change, contextOf: ContextOf): void {
  const { verb, description, doing, done } = change;
  registry
    .command(verb)
    .description(description)
    .argument('<registry>', WHICH)
    .action(async (which: string, _flags: unknown, command: Command) => {
      const { api, json, terminal } = contextOf(command);
      const { id, address } = (await findRegistry(which, api)).registry;
      const path = pathOf('v1', 'registries', id, verb);
      const document = await withProgress(terminal, `${doing} ${address}`, () => api({ method: 'POST', path }));
      if (json) {
        printJson(terminal, document);
        return;
      }
      const changed = expectAnswer(registryAnswer, document);
      const credential = changed.state === 'active' ? ` (credential: ${credentialWords(changed, terminal.now())})` : '';
      printLine(terminal, `${address} ${done}${credential}`);
    });
}

function addVerify(registry: Command, contextOf: ContextOf): void {
  registry
    .command('verify')
    .description('log in with the present credential; exit code 1 when that fails')
    .argument('<registry>', WHICH)
    .action(async (which: string, _flags: unknown, command: Command) => {
      const { api, json, terminal, exitWith } = contextOf(command);
      const { id, address } = (await findRegistry(which, api)).registry;
      const path = pathOf('v1', 'registries', id, 'verify');
      const document = await withProgress(terminal, `logging in to ${address}`, () => api({ method: 'POST', path }));
      const { status, warning, advice } = expectAnswer(verificationAnswer, document);
      if (status !== 'verified') exitWith(EXIT.failed);
      if (json) {
        printJson(terminal, document);
        return;
      }
      printLine(terminal, `${address}: ${status}${warning ? `, warning: ${warning}` : ''}`);
      if (advice) remark(terminal, advice);
    });
}

function addDelete(registry: Command, contextOf: ContextOf): void {
  registry
    .command('delete')
    .description('delete it with its secrets; an earlier one at the same address answers again')
    .argument('<registry>', WHICH)
    .option('--yes', 'do not ask')
    .action(async (which: string, flags: { readonly yes?: true }, command: Command) => {
      const context = contextOf(command);
      await deleteRegistry(which, flags.yes === true, context);
    });
}

async function deleteRegistry(which: string, sure: boolean, context: CommandContext): Promise<void> {
  const { api, json, terminal } = context;
  const { registry, document } = await findRegistry(which, api);
  const { id, address, environments, revision } = registry;
  if (!sure && canAsk(terminal)) {
    await confirm(`Delete ${address} (${id}), used by ${environments.join(', ')}?`, terminal);
  }
  // What was looked at is what is deleted.
  await api({ method: 'DELETE', path: pathOf('v1', 'registries', id), ifMatch: revision });
  if (json) printJson(terminal, document);
  else printLine(terminal, `deleted ${address} (${id})`);
}
