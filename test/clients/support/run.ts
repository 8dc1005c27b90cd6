/** Commands of a test that run to their end: their output is answered, and kept where canaries are looked for. */
import { spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { BARE_ENVIRONMENT, boundToParent, signalGroup } from './processes.ts';
import type { Workspace } from './workspace.ts';

const LIMIT_MS = 60_000;
let count = 0;

export interface Outcome {
  /** -1 when it was ended by a signal. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly name: string;
  readonly command: string;
  readonly parameters: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** A command whose very purpose is to print a secret: what it says is not kept, only that it ran. */
  readonly printsSecrets?: true;
  readonly limitMs?: number;
}

function keep(workspace: Workspace, options: CommandOptions, outcome: Outcome): void {
  count += 1;
  const said = options.printsSecrets ? '(not kept)\n' : `${outcome.stdout}\n--- stderr\n${outcome.stderr}`;
  const record = `${options.command} ${options.parameters.join(' ')}\nexit ${outcome.exitCode}\n--- stdout\n${said}`;
  writeFileSync(workspace.path('log', `${String(count).padStart(4, '0')}-${options.name}.log`), record, {
    mode: 0o600,
  });
}

/** Never rejects for a command that fails; rejects for one that cannot be started or does not end in time. */
export async function runCommand(workspace: Workspace, options: CommandOptions): Promise<Outcome> {
  const child = spawn(...boundToParent(options.command, options.parameters), {
    cwd: options.cwd ?? workspace.folder,
    env: { ...BARE_ENVIRONMENT, ...options.environment },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { pid } = child;
  const end = (): boolean => pid !== undefined && signalGroup(pid, 'SIGKILL');
  workspace.onEnd(() => void end());
  const limitMs = options.limitMs ?? LIMIT_MS;
  const startedAt = Date.now();
  const impatience = setTimeout(end, limitMs);
  // A command that never reads its input closes the pipe: that is its right.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  try {
    const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exitOf(child)]);
    const outcome = { exitCode, stdout, stderr };
    keep(workspace, options, outcome);
    if (Date.now() - startedAt >= limitMs)
      throw new Error(`${options.name} did not end within ${limitMs} ms:\n${stderr.slice(-2000)}`);
    return outcome;
  } finally {
    clearTimeout(impatience);
  }
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve(code ?? -1);
    });
  });
}

/** For preparing a test: throws unless the command succeeds. */
export async function runOrThrow(workspace: Workspace, options: CommandOptions): Promise<string> {
  const outcome = await runCommand(workspace, options);
  if (outcome.exitCode !== 0) {
    throw new Error(`${options.name} failed with ${outcome.exitCode}: ${outcome.stderr.slice(-2000)}`);
  }
  return outcome.stdout;
}
