/** What every command works with: the terminal, whether a script reads along, and the API, connected when first used. */
import type { Command } from 'commander';
import { apiClient, type ApiCall, type CallApi } from './api-client.ts';
import { readConnection } from './connection.ts';
import { remark } from './print.ts';
import type { Terminal } from './terminal.ts';
import type { ExitCode } from './exit-codes.ts';

export interface CommandContext {
  readonly terminal: Terminal;
  /** The API's own document on standard output, instead of a table. */
  readonly json: boolean;
  readonly api: CallApi;
  /** For a command that did its work and found that not all is well. */
  readonly exitWith: (code: ExitCode) => void;
}

/** Makes the context of the command that runs, from its options. */
export type ContextOf = (command: Command) => CommandContext;

interface GlobalOptions {
  readonly json?: true;
  readonly verbose?: true;
}

export function commandContext(
  command: Command,
  terminal: Terminal,
  exitWith: CommandContext['exitWith'],
): CommandContext {
  const { json, verbose } = command.optsWithGlobals<GlobalOptions>();
  const say = (line: string): void => {
    if (verbose === true) remark(terminal, line);
  };
  let connected: Promise<CallApi> | undefined;
  const api = async (call: ApiCall): Promise<unknown> => {
    connected ??= readConnection(terminal.env, say).then(apiClient);
    say(`${call.method} ${call.path}`);
    return await (
      await connected
    )(call);
  };
  return { terminal, json: json === true, api, exitWith };
}
