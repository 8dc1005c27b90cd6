/** `pullpass registry activate` and `deactivate`: of one registry, or of several at once. */
import type { Command } from 'commander';
import { registryAnswer, type RegistryAnswer } from '../answers.ts';
import { expectAnswer, pathOf } from '../api-client.ts';
import type { CommandContext, ContextOf } from '../command-context.ts';
import { printJson, printLine, remark, withProgress } from '../print.ts';
import { confirm } from '../secret-input.ts';
import { canAsk, type Terminal } from '../terminal.ts';
import { findRegistries } from './find-registry.ts';
import { credentialWords } from './registry-print.ts';
import { changeSeveral } from './registry-several.ts';
import { environmentWords } from './registry-succession.ts';

interface Change {
  readonly verb: 'activate' | 'deactivate';
  readonly description: string;
  readonly doing: string;
  readonly done: string;
}

export const CHANGES: readonly Change[] = [
  {
    verb: 'activate',
    description: 'let them be pulled from again; needs no password',
    doing: 'activating',
    done: 'is active',
  },
  {
    verb: 'deactivate',
    description: 'refuse new pulls from them, within 5 seconds; several at once are asked about first',
    doing: 'deactivating',
    done: 'is inactive: new pulls are refused',
  },
];

export function addRegistryChange(registry: Command, change: Change, contextOf: ContextOf): void {
  const { verb, description } = change;
  const command = registry
    .command(verb)
    .description(description)
    .argument('<registries...>', 'ids, or addresses where only one registry has them');
  if (verb === 'deactivate') command.option('--yes', 'do not ask');
  command.action(async (which: readonly string[], flags: { readonly yes?: true }, self: Command) => {
    await changeRegistries({ change, which, sure: flags.yes === true }, contextOf(self));
  });
}

async function changeRegistries(
  wanted: { readonly change: Change; readonly which: readonly string[]; readonly sure: boolean },
  context: CommandContext,
): Promise<void> {
  const { change, which, sure } = wanted;
  const { api, terminal } = context;
  const registries = (await findRegistries(which, api)).map(({ registry }) => registry);
  const [only, ...others] = registries;
  if (only === undefined) return;
  if (others.length === 0) {
    await changeOne(change, only, context);
    return;
  }
  const { verb, doing } = change;
  if (verb === 'deactivate' && !sure && canAsk(terminal)) {
    for (const registry of registries) remark(terminal, refusalWords(registry));
    await confirm(`Deactivate ${registries.length} registries?`, terminal);
  }
  const done = (before: RegistryAnswer, after: RegistryAnswer | undefined): string =>
    doneWords(change, { ...before, ...after, address: `${before.address} (${before.id})` }, terminal);
  await changeSeveral({ action: verb, registries, doing, done }, context);
}

async function changeOne(change: Change, registry: RegistryAnswer, context: CommandContext): Promise<void> {
  const { api, json, terminal } = context;
  const { id, address } = registry;
  const path = pathOf('v1', 'registries', id, change.verb);
  const document = await withProgress(terminal, `${change.doing} ${address}`, () => api({ method: 'POST', path }));
  if (json) printJson(terminal, document);
  else printLine(terminal, doneWords(change, { ...expectAnswer(registryAnswer, document), address }, terminal));
}

function doneWords({ done }: Change, registry: RegistryAnswer, terminal: Terminal): string {
  const credential = registry.state === 'active' ? ` (credential: ${credentialWords(registry, terminal.now())})` : '';
  return `${registry.address} ${done}${credential}`;
}

/** A deactivated registry gives way to no other one: where it answers, it refuses. */
function refusalWords({ address, id, environments, overridden, overriddenBy = [] }: RegistryAnswer): string {
  const name = `${address} (${id})`;
  if (overridden === true) return `${name}: nothing changes: others answer ${environmentWords(environments)}`;
  const elsewhere = overriddenBy
    .map((other) => `, but for ${other.id} ${environmentWords(other.environments, environments)}`)
    .join('');
  return `${name}: new pulls ${environmentWords(environments)} are refused${elsewhere}`;
}
