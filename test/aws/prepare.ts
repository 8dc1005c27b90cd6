/**
 * Run before the AWS suite: gets the stand-in for AWS into the project's cache and a Java runtime onto the machine where
 * they are missing, and writes down what there is. The second run only looks. What cannot be had is said loudly, and the
 * tests that need it do not run; in CI that is a failure.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { install, updateLists, whyNoApt } from '../clients/prepare/apt.ts';
import { removeAbandoned } from '../clients/support/workspace.ts';
import { CACHE_FOLDER, MANIFEST_PATH, VENV_FOLDER, type Manifest, type Needed } from './support/machine.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const PYTHON = join(VENV_FOLDER, 'bin/python');
/** Written last, so that an installation that was cut short is made anew. */
const COMPLETE_MARK = join(VENV_FOLDER, 'complete');
const JAVA_AT_LEAST = 17;
const PYTHON_AT_LEAST = 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))';

type Outcome = { readonly path: string } | { readonly missing: string };

function run(command: string, ...parameters: readonly string[]): { readonly ok: boolean; readonly said: string } {
  const child = spawnSync(command, parameters, { encoding: 'utf8' });
  const said = `${child.stdout}\n${child.stderr}`.trim();
  return { ok: child.status === 0, said: child.error?.message ?? said };
}

/** What a command that failed said last, for the reader of the report. */
function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
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

/** A Python that can make virtual environments: the first on the path, or the system's own. */
function findPython(): string | undefined {
  return ['python3', '/usr/bin/python3'].find((python) => run(python, '-c', PYTHON_AT_LEAST).ok);
}

function prepareStandIn(): Outcome {
  const wanted = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex');
  if (existsSync(COMPLETE_MARK) && readFileSync(COMPLETE_MARK, 'utf8') === wanted && run(PYTHON, '--version').ok) {
    return { path: PYTHON };
  }
  const reason = findPython() === undefined ? getPackage('python3-venv') : undefined;
  const python = findPython();
  if (python === undefined) return { missing: reason ?? 'no Python 3.10 or newer with venv was found' };
  rmSync(VENV_FOLDER, { recursive: true, force: true });
  console.log('installing the stand-in for AWS into .cache/aws');
  const made = run(python, '-m', 'venv', VENV_FOLDER);
  if (!made.ok) return { missing: lastLine(made.said) };
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  const installed = run(PYTHON, '-m', 'pip', 'install', ...quiet, '--no-deps', '-r', REQUIREMENTS);
  if (!installed.ok) return { missing: lastLine(installed.said) };
  writeFileSync(COMPLETE_MARK, wanted);
  return { path: PYTHON };
}

function findJava(): string | undefined {
  const version = run('java', '-version');
  const major = Number(/version "(\d+)/.exec(version.said)?.[1] ?? 0);
  if (!version.ok || major < JAVA_AT_LEAST) return undefined;
  return run('sh', '-c', 'command -v java').said;
}

function prepareJava(): Outcome {
  const found = findJava();
  if (found !== undefined) return { path: found };
  const reason = getPackage('default-jre-headless');
  const installed = findJava();
  if (installed !== undefined) return { path: installed };
  return { missing: reason ?? `the system's Java is older than ${JAVA_AT_LEAST}` };
}

function reportMissing(missing: readonly (readonly [string, string])[]): void {
  const line = '!'.repeat(100);
  console.error(`${line}\nNOT EVERYTHING WILL BE TESTED. Tests that need these do not run:`);
  for (const [name, reason] of missing) console.error(`  ${name}: ${reason}`);
  console.error(line);
}

const steps: Readonly<Record<Needed, () => Outcome>> = { ministack: prepareStandIn, java: prepareJava };

removeAbandoned();
mkdirSync(CACHE_FOLDER, { recursive: true });
const manifest: Manifest = { programs: {}, missing: {} };
for (const [name, prepare] of Object.entries(steps)) {
  const outcome = prepare();
  if ('path' in outcome) manifest.programs[name] = outcome.path;
  else manifest.missing[name] = outcome.missing;
}
writeFileSync(`${MANIFEST_PATH}.new`, `${JSON.stringify(manifest, null, 2)}\n`);
renameSync(`${MANIFEST_PATH}.new`, MANIFEST_PATH);
const missing = Object.entries(manifest.missing);
if (missing.length > 0) {
  reportMissing(missing);
  if (process.env['CI'] === 'true') process.exitCode = 1;
}
