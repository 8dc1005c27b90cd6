/** Runs a command in this process, with streams of its own in place of the terminal. */
import { PassThrough } from 'node:stream';
import { run } from '../../lib/cli/run.ts';

export const NOW = Date.parse('2026-03-01T12:00:00Z');
export const TOKEN = 'pp_0123456789abcdef_canary-token';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  readonly url?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
  /** Somebody sits at a terminal of that many columns, and types `stdin`; nothing to type: hangs up. */
  readonly columns?: number;
}

export async function runCommand(argv: readonly string[], surroundings: Surroundings = {}): Promise<Ran> {
  const { url, env = {}, stdin = '', columns } = surroundings;
  const isTTY = columns !== undefined;
  const input = Object.assign(new PassThrough(), { isTTY });
  const stdout = Object.assign(new PassThrough(), { isTTY, ...(isTTY ? { columns } : {}) });
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const written = { stdout: '', stderr: '' };
  let typed = false;
  stdout.setEncoding('utf8').on('data', (text: string) => {
    written.stdout += text;
  });
  stderr.setEncoding('utf8').on('data', (text: string) => {
    written.stderr += text;
    if (!isTTY || typed || !written.stderr.includes('?')) return;
    typed = true;
    void typeWhenListening(input, stdin);
  });
  if (!isTTY) input.end(stdin);
  const exitCode = await run(argv, {
    env: { PULLPASS_URL: url, PULLPASS_TOKEN: TOKEN, ...env },
    ...{ stdin: input, stdout, stderr },
    now: () => NOW,
  });
  await new Promise((resolve) => setImmediate(resolve));
  return { exitCode, ...written };
}

/** A prompt throws away what was typed before it, and listens only after it has drawn itself. */
async function typeWhenListening(input: PassThrough, keys: string): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  if (keys === '') input.end();
  else input.write(keys);
}
