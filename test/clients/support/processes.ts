/**
 * Daemons of a test: started in a process group of their own with their output in files, waited for, and ended by that
 * group's id. Should the test runner die, the kernel ends them.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { SYSTEM_BINARIES } from './tools.ts';
import { waitUntil } from './wait.ts';
import type { Workspace } from './workspace.ts';

const GRACE_MS = 10_000;
const DIE_WITH_PARENT = '/usr/bin/setpriv';

/** What every child starts with: nothing of the runner's own environment but a path. */
export const BARE_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: SYSTEM_BINARIES.join(':'),
  LANG: 'C.UTF-8',
};

export interface ProcessOptions {
  /** Names its output files; a second one of the same name appends to them. */
  readonly name: string;
  readonly command: string;
  readonly parameters: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Asked until true; the process is not handed out before. */
  readonly ready: () => Promise<boolean> | boolean;
}

export interface RunningProcess {
  readonly pid: number;
  readonly stdoutFile: string;
  readonly stderrFile: string;
  /** Everything it has written until now, stdout first. */
  output(): string;
  /** Ends it and waits until it has gone; SIGKILL after 10 s. May be called again. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

/** The command and arguments that run this one such that it ends when its parent does. Same process id. */
export function boundToParent(command: string, parameters: readonly string[]): [string, string[]] {
  if (!existsSync(DIE_WITH_PARENT)) return [command, [...parameters]];
  return [DIE_WITH_PARENT, ['--pdeathsig', 'TERM', '--', command, ...parameters]];
}

/** Signals a whole process group; answers whether there was one. */
export function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}

export async function startProcess(workspace: Workspace, options: ProcessOptions): Promise<RunningProcess> {
  const stdoutFile = workspace.path('log', `${options.name}.stdout.log`);
  const stderrFile = workspace.path('log', `${options.name}.stderr.log`);
  const output = (): string => readFileSync(stdoutFile, 'utf8') + readFileSync(stderrFile, 'utf8');
  const [stdout, stderr] = [openSync(stdoutFile, 'a', 0o600), openSync(stderrFile, 'a', 0o600)];
  const child = spawn(...boundToParent(options.command, options.parameters), {
    cwd: options.cwd ?? workspace.folder,
    env: { ...BARE_ENVIRONMENT, ...options.environment },
    detached: true,
    stdio: ['ignore', stdout, stderr],
  });
  closeSync(stdout);
  closeSync(stderr);
  let gone = false;
  const exit = new Promise<void>((resolve) => {
    const settle = (): void => {
      gone = true;
      resolve();
    };
    child.once('exit', settle);
    child.once('error', settle);
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${options.name} could not be started: ${options.command}`);

  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (!gone) {
      signalGroup(pid, signal);
      const impatience = setTimeout(() => signalGroup(pid, 'SIGKILL'), GRACE_MS);
      await exit;
      clearTimeout(impatience);
    }
    signalGroup(pid, 'SIGKILL');
  };
  workspace.onEnd(() => end());
  await waitUntil(`${options.name} is ready`, async () => {
    if (gone) throw new Error(`${options.name} ended before it was ready:\n${output().slice(-2000)}`);
    return options.ready();
  });
  return { pid, stdoutFile, stderrFile, output, end };
}
