/** `pullpass host-config`: the files that a host needs for its runtime, to be read. Installing them is the host script's. */
import { Argument, type Command } from 'commander';
import { RUNTIMES } from '../../domain/runtime.ts';
import { hostConfigAnswer } from '../answers.ts';
import { expectAnswer, pathOf } from '../api-client.ts';
import type { ContextOf } from '../command-context.ts';
import { printJson, printLine } from '../print.ts';

export function addHostConfigCommand(program: Command, contextOf: ContextOf): void {
  program
    .command('host-config')
    .description('the files that a host needs: authorities of its registries, and policy as the runtime enforces it')
    .addArgument(new Argument('<runtime>', 'what pulls on the host').choices(RUNTIMES))
    .requiredOption('--env <name>', 'the environment of the host')
    .action(async (runtime: string, { env }: { readonly env: string }, command: Command) => {
      const { api, json, terminal } = contextOf(command);
      const path = pathOf('v1', 'environments', env, 'host-config', runtime);
      const document = await api({ method: 'GET', path });
      const { enforces, notes, files, daemon } = expectAnswer(hostConfigAnswer, document);
      if (json) {
        printJson(terminal, document);
        return;
      }
      const print = (line: string): void => {
        printLine(terminal, line);
      };
      print(`${runtime} can enforce: ${enforces}`);
      for (const note of notes) print(`note: ${note}`);
      const insecure = daemon?.['insecure-registries'] ?? [];
      if (insecure.length > 0) print(`in daemon.json: "insecure-registries": ${JSON.stringify(insecure)}`);
      if (files.length === 0) print('no files are needed');
      for (const file of files) {
        print('');
        print(`==> ${file.path} (mode ${file.mode})`);
        // Line by line, since a line break is what a terminal must not be sent otherwise.
        for (const line of file.content.replace(/\n$/, '').split('\n')) print(line);
      }
    });
}
