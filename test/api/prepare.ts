/**
 * Gets Schemathesis into the project's cache where it is missing; the second run only looks. And finds out whether this
 * machine can run something in a network of its own, since nothing that is generated may get out.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, updateLists, whyNoApt } from '../clients/prepare/apt.ts';

const CACHE_FOLDER = join(import.meta.dirname, '../../.cache/api');
const VENV_FOLDER = join(CACHE_FOLDER, 'venv');
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
/** Written last, so that an installation that was cut short is made anew. */
const COMPLETE_MARK = join(VENV_FOLDER, 'complete');
const PYTHON_AT_LEAST = 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))';

export interface Prepared {
  readonly python: string;
  readonly schemathesis: string;
  /** What a command line starts with that is to run where there is only loopback. */
  readonly isolated: readonly string[];
}

/** Or, in a sentence, why not. */
export function prepare(): Prepared | string {
  const reason = prepareVenv();
  if (reason !== undefined) return `Schemathesis cannot be installed: ${reason}`;
  const python = join(VENV_FOLDER, 'bin/python');
  // What is started in there ends with it, whichever way that ends.
  const namespaces = ['--map-root-user', '--net', '--pid', '--fork', '--kill-child'];
  const isolated = ['unshare', ...namespaces, python, join(import.meta.dirname, 'loopback.py')];
  const tried = run(isolated[0] ?? '', ...isolated.slice(1), 'true');
  if (!tried.ok) return `unshare cannot make namespaces here: ${tried.said}`;
  return { python, schemathesis: join(VENV_FOLDER, 'bin/schemathesis'), isolated };
}

function prepareVenv(): string | undefined {
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  const python = join(VENV_FOLDER, 'bin/python');
  const isComplete = existsSync(COMPLETE_MARK) && readFileSync(COMPLETE_MARK, 'utf8') === wanted;
  if (isComplete && run(python, '--version').ok) return undefined;
  const reason = findPython() === undefined ? getPackage('python3-venv') : undefined;
  const base = findPython();
  if (base === undefined) return reason ?? 'no Python 3.10 or newer with venv was found';
  rmSync(VENV_FOLDER, { recursive: true, force: true });
  mkdirSync(CACHE_FOLDER, { recursive: true });
  console.log('installing Schemathesis into .cache/api');
  const made = run(base, '-m', 'venv', VENV_FOLDER);
  if (!made.ok) return made.said;
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  const installed = run(python, '-m', 'pip', 'install', ...quiet, '--no-deps', '-r', REQUIREMENTS);
  if (!installed.ok) return installed.said;
  writeFileSync(COMPLETE_MARK, wanted);
  return undefined;
}

/** A Python that can make virtual environments: the first on the path, or the system's own. */
function findPython(): string | undefined {
  return ['python3', '/usr/bin/python3'].find((python) => run(python, '-c', PYTHON_AT_LEAST).ok);
}

/** Undefined when it worked; otherwise why not. */
function getPackage(name: string): string | undefined {
  const impossible = whyNoApt();
  if (impossible !== undefined) return impossible;
  console.log(`installing ${name}`);
  const updated = updateLists();
  if (!updated.ok) console.error(`apt-get update failed: ${updated.said}`);
  const installed = install([name]);
  return installed.ok ? undefined : installed.said;
}

function run(command: string, ...parameters: readonly string[]): { readonly ok: boolean; readonly said: string } {
  const child = spawnSync(command, parameters, { encoding: 'utf8' });
  const lines = `${child.stdout}\n${child.stderr}`.trim().split('\n');
  return { ok: child.status === 0, said: child.error?.message ?? lines.at(-1) ?? '' };
}
