/** The command line as a function: arguments in, exit code out. One place prints failures, and never a stack or a body. */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../package-files.ts';
import { CommandFailure } from './command-failure.ts';
import { commandContext, type ContextOf } from './command-context.ts';
import { addAgentCommands } from './commands/agent.ts';
import { addAuditCommand } from './commands/audit.ts';
import { addExportCommand } from './commands/export.ts';
import { addImportCommand } from './commands/import.ts';
import { addHostConfigCommand } from './commands/host-config.ts';
import { addPolicyCommands } from './commands/policy.ts';
import { addPullCommands } from './commands/pull.ts';
import { addRegistryCommands } from './commands/registry.ts';
import { addServeCommand } from './commands/serve.ts';
import { addStatusCommand } from './commands/status.ts';
import { ENVIRONMENT_HELP } from './connection.ts';
import { EXIT, EXIT_CODES_HELP } from './exit-codes.ts';
import { plainText } from './plain-text.ts';
import { refuseSecretsIn } from './secret-input.ts';
import type { Terminal } from './terminal.ts';

/** `argv` without the interpreter and the program. Never throws for what a user or a server did. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.ok;
  let typed = 'pullpass';
  try {
    refuseSecretsIn(argv);
    const program = programOf(terminal, (code) => {
      exitCode = code;
    });
    noteTyped(program, (path) => {
      typed = path;
    });
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return endOfParsing(error, typed, terminal);
    if (error instanceof CommandFailure) {
      complain(terminal, error.message, error.advice ?? (error.exitCode === EXIT.usage ? helpOf(typed) : undefined));
      return error.exitCode;
    }
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    complain(terminal, `something went wrong in this command itself${code}`, 'please report it, with what you typed');
    return EXIT.failed;
  }
}

function programOf(terminal: Terminal, exitWith: (code: number) => void): Command {
  const program = new Command('pullpass')
    .description('Hands out container registry pull credentials: refreshed before they expire, under policy.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      // Said once, by endOfParsing.
      outputError: () => undefined,
    })
    .option('--json', "for scripts: the API's own JSON, lists as one array")
    .option('--verbose', 'say what is asked of Pullpass, and which token is used')
    .showSuggestionAfterError()
    .addHelpText('afterAll', `\n${ENVIRONMENT_HELP}\n\n${EXIT_CODES_HELP}`);
  const contextOf: ContextOf = (command) => commandContext(command, terminal, exitWith);
  addServeCommand(program, exitWith);
  addRegistryCommands(program, contextOf);
  addPolicyCommands(program, contextOf);
  addAgentCommands(program, contextOf);
  addPullCommands(program, contextOf);
  addHostConfigCommand(program, contextOf);
  addStatusCommand(program, contextOf);
  addAuditCommand(program, contextOf);
  addExportCommand(program, contextOf);
  addImportCommand(program, contextOf);
  return program;
}

/** Which command is being parsed or run, as it would be typed: its help is the one to look at when it is wrong. */
function noteTyped(program: Command, note: (path: string) => void): void {
  const follow = (command: Command, path: string): void => {
    command.exitOverride((error) => {
      note(path);
      throw error;
    });
    command.hook('preAction', (self, running) => {
      if (self === running) note(path);
    });
    for (const child of command.commands) follow(child, `${path} ${child.name()}`);
  };
  follow(program, program.name());
}

function helpOf(typed: string): string {
  return `see \`${typed} --help\``;
}

function endOfParsing(error: CommanderError, typed: string, terminal: Terminal): number {
  if (error.exitCode === 0) return EXIT.ok;
  // Help was printed because a subcommand is missing.
  if (error.code === 'commander.help') return EXIT.usage;
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  complain(terminal, withoutValue(error.code, first), [...rest, helpOf(typed)].join(' '));
  return EXIT.usage;
}

/** `--pasword=…` is unknown as a whole, and what stands behind the sign may be a secret. */
function withoutValue(code: string, message: string): string {
  return code === 'commander.unknownOption' ? message.replace(/=.*'/, "'") : message;
}

function complain(terminal: Terminal, what: string, advice: string | undefined): void {
  terminal.stderr.write(`pullpass: ${plainText(what)}\n`);
  if (advice !== undefined) terminal.stderr.write(`  ${plainText(advice)}\n`);
}
