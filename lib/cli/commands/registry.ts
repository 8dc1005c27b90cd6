/** `pullpass registry …`: which registries there are. What changes them has files of its own. */
import { Option, type Command } from 'commander';
import { expectAnswer, pathOf } from '../api-client.ts';
import { registryAnswer, verificationAnswer, type RegistryAnswer } from '../answers.ts';
import type { CommandContext, ContextOf } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';
import { editAgainst } from '../login-advice.ts';
import { allItems } from '../pages.ts';
import { printJson, printLine, remark, withProgress } from '../print.ts';
import { findRegistries, findRegistry } from './find-registry.ts';
import { addRegistryAdd } from './registry-add.ts';
import { addRegistryChange, CHANGES } from './registry-change.ts';
import { addRegistryDelete } from './registry-delete.ts';
import { addRegistryEdit } from './registry-edit.ts';
import { addRegistryHistory, lastChanges } from './registry-history.ts';
import { changeSeveral } from './registry-several.ts';
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
      else printRegistry(terminal, found.registry, await lastChanges(found.registry.id, api));
    });
  addRegistryEdit(registry, contextOf);
  addRegistryHistory(registry, contextOf);
  for (const change of CHANGES) addRegistryChange(registry, change, contextOf);
  addRefresh(registry, contextOf);
  addVerify(registry, contextOf);
  addRegistryDelete(registry, contextOf);
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

function addRefresh(registry: Command, contextOf: ContextOf): void {
  registry
    .command('refresh')
    .description('get a new credential now; the present one stays when that fails')
    .argument('<registry>', WHICH)
    .action(async (which: string, _flags: unknown, command: Command) => {
      const { api, json, terminal } = contextOf(command);
      const { id, address } = (await findRegistry(which, api)).registry;
      const path = pathOf('v1', 'registries', id, 'refresh');
      const document = await withProgress(terminal, `getting a new credential for ${address}`, () =>
        api({ method: 'POST', path }),
      );
      if (json) {
        printJson(terminal, document);
        return;
      }
      const credential = credentialWords(expectAnswer(registryAnswer, document), terminal.now());
      printLine(terminal, `${address} has a new credential (credential: ${credential})`);
    });
}

function addVerify(registry: Command, contextOf: ContextOf): void {
  registry
    .command('verify')
    .description('log in with the present credential; exit code 1 when that fails')
    .argument('<registries...>', 'ids, or addresses where only one registry has them')
    .action(async (which: readonly string[], _flags: unknown, command: Command) => {
      const context = contextOf(command);
      const registries = (await findRegistries(which, context.api)).map((found) => found.registry);
      const [only, ...others] = registries;
      if (only !== undefined && others.length === 0) await verifyOne(only, context);
      else await verifySeveral(registries, context);
    });
}

async function verifyOne(
  { id, address }: RegistryAnswer,
  { api, json, terminal, exitWith }: CommandContext,
): Promise<void> {
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
  const option = editAgainst({ status, advice: advice ?? '' }, id);
  if (option !== undefined) remark(terminal, option);
}

async function verifySeveral(registries: readonly RegistryAnswer[], context: CommandContext): Promise<void> {
  const done = ({ address, id }: RegistryAnswer, after: RegistryAnswer | undefined): string => {
    const { status = 'not known', warning } = after?.verification ?? {};
    return `${address} (${id}): ${status}${warning ? `, warning: ${warning}` : ''}`;
  };
  const falls = ({ verification }: RegistryAnswer): boolean => verification?.status !== 'verified';
  await changeSeveral({ action: 'verify', registries, doing: 'logging in to', done, falls }, context);
}
