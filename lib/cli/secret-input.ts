/**
 * How a secret gets in: standard input, a file, or a prompt that does not show it. Never the command line: every user of
 * the machine can read that, and the shell writes it down.
 */
import { readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { Secret } from '../domain/secret.ts';
import { CommandFailure, usageFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';
import { canAsk, type Terminal } from './terminal.ts';

export interface SecretRequest {
  /** As in `password for quay.io`. */
  readonly name: string;
  /** The option's stem: `password` for `--password-stdin` and `--password-file`. */
  readonly option: string;
  readonly fromStdin: boolean | undefined;
  readonly file: string | undefined;
}

export function isSecretGiven(request: Pick<SecretRequest, 'fromStdin' | 'file'>): boolean {
  return request.fromStdin === true || request.file !== undefined;
}

export async function readSecret(request: SecretRequest, terminal: Terminal): Promise<Secret> {
  const { name, option, fromStdin, file } = request;
  if (fromStdin === true && file !== undefined) {
    throw usageFailure(`--${option}-stdin and --${option}-file are two ways to give one thing`, 'give one of them');
  }
  const given = fromStdin === true || file !== undefined ? await readText(file ?? '-', terminal) : undefined;
  if (given === undefined && !canAsk(terminal)) {
    throw usageFailure(
      `the ${name} is missing, and there is no terminal to ask on`,
      `give it by --${option}-stdin or --${option}-file FILE`,
    );
  }
  const secret = given === undefined ? await prompt(name, terminal) : withoutLastLineBreak(given);
  if (secret === '') throw usageFailure(`the ${name} is empty`);
  return new Secret(secret);
}

/** A file's text, or standard input's for `-`. */
export async function readText(file: string, terminal: Terminal): Promise<string> {
  if (file === '-') return await text(terminal.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw usageFailure(`${file} cannot be read`);
  }
}

/** Only the one that editors and echo add: a password may end in another. */
function withoutLastLineBreak(given: string): string {
  return given.replace(/\r?\n$/, '');
}

async function prompt(name: string, terminal: Terminal): Promise<string> {
  const { default: password } = await import('@inquirer/password');
  try {
    const typed = await password(
      { message: name, mask: false, toggleMask: false },
      { input: terminal.stdin, output: questionsTo(terminal) },
    );
    // The prompt ends its line only after it has answered.
    await setImmediate();
    return typed;
  } catch {
    throw new CommandFailure({ exitCode: EXIT.interrupted, what: 'interrupted: nothing was changed' });
  }
}

/** Standard output is for the result; and the prompt ends its output when it is done, which must not be ours. */
function questionsTo(terminal: Terminal): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      terminal.stderr.write(chunk, done);
    },
  });
}

const ON_THE_COMMAND_LINE: Readonly<Record<string, string>> = {
  '--password': 'give it by --password-stdin, by --password-file FILE, or at the prompt that comes without both',
  '--secret-access-key':
    'give it by --secret-access-key-stdin, by --secret-access-key-file FILE, or at the prompt that comes without both',
  '--key': 'give the service account key by --key-file FILE, where - is standard input',
  '--token': 'set PULLPASS_TOKEN_FILE to a file that holds it, or PULLPASS_TOKEN',
};

/** Looks before the options are parsed, so that the value is neither taken nor repeated in a message. */
export function refuseSecretsIn(argv: readonly string[]): void {
  for (const word of argv) {
    if (word === '--') return;
    const [option = ''] = word.split('=', 1);
    const advice = ON_THE_COMMAND_LINE[option];
    if (advice === undefined) continue;
    throw usageFailure(
      `${option} is refused: other users of this machine can read a command line, and the shell keeps it`,
      advice,
    );
  }
}

export async function confirm(question: string, terminal: Terminal): Promise<void> {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: terminal.stdin, output: questionsTo(terminal) });
  const interrupted = new Promise<string>((resolve) =>
    lines.once('close', () => {
      resolve('');
    }),
  );
  const answer = await Promise.race([lines.question(`${question} [y/N] `), interrupted]);
  lines.close();
  if (/^y(?:es)?$/i.test(answer.trim())) return;
  throw new CommandFailure({ exitCode: EXIT.failed, what: 'not confirmed: nothing was changed' });
}
