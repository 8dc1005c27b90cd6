/** A Python program in the project's cache, from exact versions, and the Debian packages that it takes to get there. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, updateLists, whyNoApt } from './apt.ts';

const PYTHON_AT_LEAST = 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))';

/** What is there now, or in a sentence why it is not. */
export type Outcome = { readonly path: string } | { readonly missing: string };

export interface WantedVenv {
  /** For whoever watches. */
  readonly what: string;
  readonly folder: string;
  /** A requirements file that names every dependency. */
  readonly requirements: string;
}

/** `path` is the environment's Python. The second time this only looks. */
export function pythonVenv({ what, folder, requirements }: WantedVenv): Outcome {
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  // Written last, so that an installation that was cut short is made anew.
  const completeMark = join(folder, 'complete');
  const path = join(folder, 'bin/python');
  const isComplete = existsSync(completeMark) && readFileSync(completeMark, 'utf8') === wanted;
  if (isComplete && run(path, '--version').ok) return { path };
  const reason = findPython() === undefined ? getPackage('python3-venv') : undefined;
  const base = findPython();
  if (base === undefined) return { missing: reason ?? 'no Python 3.10 or newer with venv was found' };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, '..'), { recursive: true });
  console.log(`installing ${what} into the cache`);
  const made = run(base, '-m', 'venv', folder);
  if (!made.ok) return { missing: lastLine(made.said) };
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  const installed = run(path, '-m', 'pip', 'install', ...quiet, '--no-deps', '-r', requirements);
  if (!installed.ok) return { missing: lastLine(installed.said) };
  writeFileSync(completeMark, wanted);
  return { path };
}

/** A Python that can make virtual environments: the first on the path, or the system's own. */
function findPython(): string | undefined {
  return ['python3', '/usr/bin/python3'].find((python) => run(python, '-c', PYTHON_AT_LEAST).ok);
}

/** Undefined when it worked; otherwise why not. */
export function getPackage(name: string): string | undefined {
  const impossible = whyNoApt();
  if (impossible !== undefined) return impossible;
  console.log(`installing ${name}`);
  const updated = updateLists();
  if (!updated.ok) console.error(`apt-get update failed: ${updated.said}`);
  const installed = install([name]);
  return installed.ok ? undefined : installed.said;
}

export function run(
  command: string,
  ...parameters: readonly string[]
): { readonly ok: boolean; readonly said: string } {
  const child = spawnSync(command, parameters, { encoding: 'utf8' });
  const said = `${child.stdout}\n${child.stderr}`.trim();
  return { ok: child.status === 0, said: child.error?.message ?? said };
}

/** What a command that failed said last, for the reader of the report. */
export function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}
