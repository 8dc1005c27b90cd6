/** `pullpass status`: is all well, and for how long; the exit code says it to scripts. */
import type { Command } from 'commander';
import type * as z from 'zod/mini';
import { statusAnswer, type RegistryAnswer } from '../answers.ts';
import { expectAnswer } from '../api-client.ts';
import type { ContextOf } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';
import { printJson, printLine, printTable } from '../print.ts';
import type { Terminal } from '../terminal.ts';
import { daysLeftWords, leftWords } from '../time-words.ts';
import { credentialWords, loginDoubt } from './registry-print.ts';

export function addStatusCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('status')
    .description(
      'how fresh the credentials are, what has drifted, what expires soon; exit code 1 when one is stale, expired or missing, or something stored cannot be read',
    )
    .action(async (_flags: unknown, command: Command) => {
      const { api, json, terminal, exitWith } = contextOf(command);
      const document = await api({ method: 'GET', path: '/v1/status' });
      const status = expectAnswer(statusAnswer, document);
      if (status.health !== 'ok') exitWith(EXIT.failed);
      if (json) {
        printJson(terminal, document);
        return;
      }
      const registries = status.kinds.reduce((sum, { registries: count }) => sum + count, 0);
      const registriesWords = counted(registries, 'registry', 'registries');
      const environmentsWords = counted(status.environments, 'environment', 'environments');
      printLine(terminal, `${status.health}: ${registriesWords}, ${environmentsWords}`);
      if (status.kinds.length > 0) {
        printTable(
          terminal,
          ['KIND', 'REGISTRIES', 'FRESH', 'STALE', 'EXPIRED', 'PENDING', 'INACTIVE', 'FIRST TO RUN OUT'],
          status.kinds.map(({ kind, registries: count, states, inactive, soonestSecondsLeft }) => [
            ...[kind, String(count), String(states.fresh), String(states.stale), String(states.expired)],
            ...[String(states.pending), String(inactive)],
            soonestSecondsLeft === null ? 'none' : leftWords(soonestSecondsLeft),
          ]),
        );
      }
      const { drifted = 0 } = status;
      if (drifted > 0) printLine(terminal, `${counted(drifted, 'registry has', 'registries have')} drifted`);
      printExpiring(status.expiring ?? [], terminal);
      printUnreadable(terminal, status);
      if (status.attention.length === 0) return;
      printLine(terminal, '');
      printLine(terminal, 'These need somebody:');
      printTable(
        terminal,
        ['ADDRESS', 'CREDENTIAL', 'ID'],
        status.attention.map((registry) => [
          registry.address,
          credentialWords(registry, terminal.now(), loginDoubt(registry)),
          registry.id,
        ]),
      );
    });
}

/** Soonest first, as the API has them. */
function printExpiring(registries: readonly RegistryAnswer[], terminal: Terminal): void {
  if (registries.length === 0) return;
  printLine(terminal, '');
  printLine(terminal, 'Passwords that expire within 30 days by their date, or have expired:');
  printTable(
    terminal,
    ['ADDRESS', 'EXPIRES ON', 'LEFT', 'ID'],
    registries.map(({ address, expiresOn, expiresInDays, id }) => [
      ...[address, expiresOn ?? '', daysLeftWords(expiresInDays ?? 0), id],
    ]),
  );
}

/** What to do about what cannot be read, by what it is. */
const ANEW: Readonly<Record<string, (id: string) => string>> = {
  registries: (id) => `pullpass registry delete ${id}, and add it again`,
  policies: (id) => `pullpass policy set --file POLICY${id === 'organisation' ? '' : ` --env ${id}`}`,
  agents: (id) => `pullpass agent delete ${id}, and create it again`,
  secrets: (id) => `pullpass registry edit ${id.split(' ', 1).join('')} with its password or key`,
};

function printUnreadable(terminal: Terminal, status: z.infer<typeof statusAnswer>): void {
  const { unreadable = 0, unreadableRows = [] } = status;
  if (unreadable === 0) return;
  printLine(terminal, '');
  printLine(terminal, `${counted(unreadable, 'stored row', 'stored rows')} cannot be read; bring back a backup, or:`);
  printTable(
    terminal,
    ['TABLE', 'ID', 'REASON', 'DO'],
    unreadableRows.map(({ table, id, reason }) => [table, id, reason, ANEW[table]?.(id) ?? 'nothing: it is left out']),
  );
}

function counted(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}
