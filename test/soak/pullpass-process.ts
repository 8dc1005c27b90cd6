/** `pullpass serve` of this checkout in a process of its own, which can be killed, stopped, ended, and started again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CANARY } from './ledger.ts';

const COMMAND = fileURLToPath(new URL('../../bin/pullpass.ts', import.meta.url));
const LISTENS = /^Pullpass listens on (?<url>\S+)$/;
const START_MS = 60_000;
const KEPT_LINES = 40;

export interface PullpassOptions {
  readonly dataDirectory: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** A line of its log held a secret. */
  readonly onLeak: () => void;
}

export interface PullpassProcess {
  readonly dataDirectory: string;
  /** Where the present process listens, or the last one did. */
  readonly url: () => string;
  readonly pid: () => number;
  readonly adminToken: () => Promise<string>;
  readonly isRunning: () => boolean;
  /** Resolves when it listens; throws when it ends before, or takes a minute. */
  readonly start: () => Promise<void>;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly ended: () => Promise<void>;
  /** For good: whoever would start it again cannot. */
  readonly end: () => Promise<void>;
  /** The log's reader reads no more, until told to. */
  readonly readLog: (reads: boolean) => void;
  readonly lastLines: () => readonly string[];
  /** A second one on the same data: its exit code, and what it said. */
  readonly runSecond: () => Promise<{ readonly code: number | null; readonly said: string }>;
}

export function pullpassProcess(options: PullpassOptions): PullpassProcess {
  const lines: string[] = [];
  let child: ChildProcess | undefined;
  let url = '';
  let over = false;

  function launch(): ChildProcess {
    return spawn(
      process.execPath,
      [COMMAND, 'serve', '--port', '0', '--data', options.dataDirectory, ...options.arguments],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...environmentOfTheSystem(), ...options.environment } },
    );
  }

  function keep(line: string): void {
    if (line.includes(CANARY)) options.onLeak();
    if (!line.includes('"event":"http.answer"')) lines.push(line);
    lines.splice(0, lines.length - KEPT_LINES);
  }

  return {
    dataDirectory: options.dataDirectory,
    url: () => url,
    pid: () => child?.pid ?? 0,
    isRunning: () => child !== undefined && !hasEnded(child),
    adminToken: async () => (await readFile(join(options.dataDirectory, 'admin-token'), 'utf8')).trim(),
    start: async () => {
      if (over) throw new Error('the run is over');
      const started = launch();
      child = started;
      if (started.stderr !== null) createInterface({ input: started.stderr }).on('line', keep);
      url = await listeningUrl(started);
    },
    signal: (name) => {
      child?.kill(name);
    },
    ended: async () => {
      if (child !== undefined && !hasEnded(child)) await once(child, 'exit');
    },
    end: async () => {
      over = true;
      child?.kill('SIGKILL');
      if (child !== undefined && !hasEnded(child)) await once(child, 'exit');
    },
    readLog: (reads) => {
      if (reads) child?.stderr?.resume();
      else child?.stderr?.pause();
    },
    lastLines: () => lines,
    runSecond: async () => {
      const second = launch();
      let said = '';
      second.stderr?.on('data', (data: Buffer) => {
        said += data.toString();
      });
      const timer = setTimeout(() => second.kill('SIGKILL'), START_MS);
      if (!hasEnded(second)) await once(second, 'close');
      clearTimeout(timer);
      return { code: second.exitCode, said };
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function listeningUrl(child: ChildProcess): Promise<string> {
  const { stdout } = child;
  if (stdout === null) throw new Error('standard output is no pipe');
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
  try {
    for await (const line of createInterface({ input: stdout })) {
      const url = LISTENS.exec(line)?.groups?.['url'];
      if (url === undefined) continue;
      stdout.resume();
      return url;
    }
  } finally {
    clearTimeout(timer);
  }
  throw new Error('pullpass serve ended, or did not listen within a minute');
}

/** Nothing of the machine's own AWS or proxy settings. */
function environmentOfTheSystem(): Record<string, string> {
  const { PATH = '', HOME = '/', TMPDIR = '/tmp' } = process.env;
  return { PATH, HOME, TMPDIR };
}
