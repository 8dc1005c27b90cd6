/** `pullpass registry history`, and the last few lines of it where one registry is shown. */
import type { Command } from 'commander';
import { auditAnswer, type AuditAnswer } from '../answers.ts';
import { expectAnswer, pathOf, type CallApi } from '../api-client.ts';
import { CommandFailure } from '../command-failure.ts';
import type { ContextOf } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../option-values.ts';
import { allItems } from '../pages.ts';
import { printJson, printTable, remark } from '../print.ts';
import { findRegistry, isAddress } from './find-registry.ts';

export function addRegistryHistory(registry: Command, contextOf: ContextOf): void {
  registry
    .command('history')
    .description('who changed it, when and how, newest first; by its id also after it was deleted')
    .argument('<registry>', 'the id, or the address where only one registry has it')
    .option('--limit <number>', 'how many at most', wholeNumber(1, 100_000), 50)
    .action(async (which: string, { limit }: { readonly limit: number }, command: Command) => {
      const { api, json, terminal } = contextOf(command);
      // What was deleted is at no address any more.
      const id = isAddress(which) ? (await findRegistry(which, api)).registry.id : which;
      const items = await allItems(api, { path: pathOf('v1', 'registries', id, 'history'), limit });
      if (json) {
        printJson(terminal, items);
        return;
      }
      if (items.length === 0) {
        remark(terminal, 'nothing is recorded of it');
        return;
      }
      const rows = items.map((item) => expectAnswer(auditAnswer, item)).map(rowOf);
      printTable(terminal, ['TIME', 'BY', 'WHAT', 'HOW'], rows);
    });
}

function rowOf(entry: AuditAnswer): readonly string[] {
  return [timeOf(entry), whoOf(entry), entry.action ?? '', entry.detail ?? ''];
}

function timeOf({ at }: AuditAnswer): string {
  return at.replace(/\.\d+Z$/, 'Z');
}

function whoOf({ name, actor }: AuditAnswer): string {
  return name ?? actor ?? '';
}

const SHOWN = 5;

/** One line each. A Pullpass that keeps no histories yet has none to show. */
export async function lastChanges(id: string, api: CallApi): Promise<readonly string[]> {
  try {
    const items = await allItems(api, { path: pathOf('v1', 'registries', id, 'history'), limit: SHOWN });
    return items
      .map((item) => expectAnswer(auditAnswer, item))
      .map(
        (entry) => `${timeOf(entry)} ${whoOf(entry)}: ${entry.action ?? ''}${entry.detail ? `, ${entry.detail}` : ''}`,
      );
  } catch (error) {
    if (error instanceof CommandFailure && error.exitCode === EXIT.notFound) return [];
    throw error;
  }
}
