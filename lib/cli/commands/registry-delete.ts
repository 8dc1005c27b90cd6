/** `pullpass registry delete`: of one registry, or of several at once; says what answers instead. */
import type { Command } from 'commander';
import { pathOf } from '../api-client.ts';
import type { RegistryAnswer } from '../answers.ts';
import type { CommandContext, ContextOf } from '../command-context.ts';
import { printJson, printLine, remark } from '../print.ts';
import { confirm } from '../secret-input.ts';
import { canAsk } from '../terminal.ts';
import { CommandFailure } from '../command-failure.ts';
import { findRegistries, isAddress, type FoundRegistry } from './find-registry.ts';
import { changeSeveral } from './registry-several.ts';
import { successionOf } from './registry-succession.ts';

export function addRegistryDelete(registry: Command, contextOf: ContextOf): void {
  registry
    .command('delete')
    .description('delete them with their secrets; an earlier one at the same address answers again')
    .argument('<registries...>', 'ids, or addresses where only one registry has them')
    .option('--yes', 'do not ask')
    .action(async (which: readonly string[], flags: { readonly yes?: true }, command: Command) => {
      await deleteRegistries({ which, sure: flags.yes === true }, contextOf(command));
    });
}

async function deleteRegistries(
  { which, sure }: { readonly which: readonly string[]; readonly sure: boolean },
  context: CommandContext,
): Promise<void> {
  const { json, terminal } = context;
  const found = await findReadable(which, context);
  const registries = found.map(({ registry }) => registry);
  const [only, ...others] = found;
  if (only === undefined) return;
  const asks = !sure && canAsk(terminal);
  if (asks || !json) await sayWhatFollows(registries, context);
  if (asks) await confirm(questionOf(registries), terminal);
  if (others.length === 0) {
    await deleteOne(only, context);
    return;
  }
  const done = (registry: RegistryAnswer): string => `deleted ${nameOf(registry)}`;
  await changeSeveral({ action: 'delete', registries, doing: 'deleting', done }, context);
}

/** One that cannot be read is named by its id, and alone: it is deleted at once, as nothing can be shown of it. */
async function findReadable(
  which: readonly string[],
  { api, json, terminal }: CommandContext,
): Promise<readonly FoundRegistry[]> {
  const [id, ...others] = which;
  try {
    return await findRegistries(which, api);
  } catch (error) {
    const isUnreadable = error instanceof CommandFailure && error.code === 'unreadable_row';
    if (!isUnreadable || id === undefined || others.length > 0 || isAddress(id)) throw error;
  }
  await api({ method: 'DELETE', path: pathOf('v1', 'registries', id) });
  if (json) printJson(terminal, { id });
  else printLine(terminal, `deleted ${id}, which could not be read`);
  return [];
}

async function sayWhatFollows(registries: readonly RegistryAnswer[], { api, terminal }: CommandContext): Promise<void> {
  const succession = await successionOf(registries, api);
  for (const registry of registries) {
    const lines = succession.get(registry.id) ?? [];
    if (lines.length > 0) remark(terminal, `without ${nameOf(registry)}:`);
    for (const line of lines) remark(terminal, `  ${line}`);
  }
}

async function deleteOne(
  { registry, document }: FoundRegistry,
  { api, json, terminal }: CommandContext,
): Promise<void> {
  // What was looked at is what is deleted.
  await api({ method: 'DELETE', path: pathOf('v1', 'registries', registry.id), ifMatch: registry.revision });
  if (json) printJson(terminal, document);
  else printLine(terminal, `deleted ${nameOf(registry)}`);
}

function nameOf({ address, id }: RegistryAnswer): string {
  return `${address} (${id})`;
}

function questionOf(registries: readonly RegistryAnswer[]): string {
  const [only, ...others] = registries;
  if (only === undefined || others.length > 0) return `Delete ${registries.length} registries with their secrets?`;
  return `Delete ${nameOf(only)}, used by ${only.environments.join(', ')}?`;
}
