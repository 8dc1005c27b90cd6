/**
 * Run before the AWS suite: gets the stand-in for AWS into the project's cache and a Java runtime onto the machine where
 * they are missing, and writes down what there is. The second run only looks. What cannot be had is said loudly, and the
 * tests that need it do not run; in CI that is a failure.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { getPackage, pythonVenv, run, type Outcome } from '../clients/prepare/python-venv.ts';
import { removeAbandoned } from '../clients/support/workspace.ts';
import { CACHE_FOLDER, MANIFEST_PATH, VENV_FOLDER, type Manifest, type Needed } from './support/machine.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const JAVA_AT_LEAST = 17;
function prepareStandIn(): Outcome {
  return pythonVenv({ what: 'the stand-in for AWS', folder: VENV_FOLDER, requirements: REQUIREMENTS });
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
