/**
 * One test file's place on the machine: a private folder for everything it writes, and a stack of what has to be undone.
 * `end` undoes it all in reverse order, removes mounts and the folder, and fails if a process of the folder still runs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';

const FOLDER_PREFIX = join(tmpdir(), 'pullpass-clients-');
const PATIENCE_MS = 2_000;

export interface Workspace {
  /** Mode 0700. */
  readonly folder: string;
  /** Captured output of every process: what canaries are looked for in. */
  readonly logFolder: string;
  /** A path in the folder, its parent made. */
  path(...names: readonly string[]): string;
  onEnd(undo: () => Promise<void> | void): void;
  end(): Promise<void>;
}

function unmountBelow(folder: string): void {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const points = mounts.map((line) => line.split(' ')[1] ?? '').filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.reverse()) spawnSync('umount', ['-l', point]);
}

/** Command lines of running processes that name the folder. */
function processesOf(folder: string): string[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.flatMap((id) => {
    try {
      const line = readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(`${folder}/`) ? [`${id}: ${line}`] : [];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
}

/** Those that still run although everything was ended. A killed process takes a moment to go. */
async function leftRunning(folder: string): Promise<readonly string[]> {
  const patience = Date.now() + PATIENCE_MS;
  let left = processesOf(folder);
  while (left.length > 0 && Date.now() < patience) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    left = processesOf(folder);
  }
  return left;
}

async function undoAll(undos: readonly (() => Promise<void> | void)[]): Promise<unknown[]> {
  const problems: unknown[] = [];
  for (const undo of undos.toReversed()) {
    try {
      await undo();
    } catch (problem) {
      problems.push(problem);
    }
  }
  return problems;
}

/** Removes the folders of test runs that were killed. */
export function removeAbandoned(): void {
  const prefix = basename(FOLDER_PREFIX);
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(prefix))) {
    const owner = name.slice(prefix.length).split('-')[0] ?? '';
    const folder = join(tmpdir(), name);
    if (existsSync(`/proc/${owner}`)) continue;
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

export function openWorkspace(): Workspace {
  const folder = mkdtempSync(`${FOLDER_PREFIX}${process.pid}-`);
  const logFolder = join(folder, 'log');
  mkdirSync(logFolder);
  const undos: (() => Promise<void> | void)[] = [];
  return {
    folder,
    logFolder,
    path: (...names) => {
      const path = join(folder, ...names);
      mkdirSync(dirname(path), { recursive: true });
      return path;
    },
    onEnd: (undo) => {
      undos.push(undo);
    },
    end: async () => {
      const problems = await undoAll(undos.splice(0));
      const left = await leftRunning(folder);
      if (left.length > 0) problems.push(new Error(`left running: ${left.join('; ')}`));
      unmountBelow(folder);
      rmSync(folder, { recursive: true, force: true });
      if (problems.length > 0) throw new AggregateError(problems, 'the workspace did not end cleanly');
    },
  };
}
