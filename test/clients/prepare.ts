/**
 * Run before the real-client suite: finds what it needs, gets what is missing, and writes down what there is. The second
 * run only looks. Where something cannot be had it says so loudly, and the tests that need it do not run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { install, unpack, updateLists, whyNoApt } from './prepare/apt.ts';
import { goBuild } from './prepare/go-build.ts';
import { listeningPorts } from './prepare/listeners.ts';
import {
  BUILT_FOLDER,
  CACHE_FOLDER,
  CRANE_MODULE,
  MANIFEST_PATH,
  SYSTEM_BINARIES,
  TOOLS,
  UNPACKED_BINARIES,
  UNPACKED_FOLDER,
  type Manifest,
  type Tool,
} from './support/tools.ts';
import { removeAbandoned } from './support/workspace.ts';

/** Where the services of these packages listen when they start by themselves. */
const SERVICE_PORTS = ['80', '443', '2375', '2376', '5000'];
const SERVICE_START_MS = 300;

/** What was built or unpacked comes before what is installed, so that every machine runs the suite with the same kind of files. */
function locate(wanted: Tool): string | undefined {
  return [BUILT_FOLDER, ...UNPACKED_BINARIES, ...SYSTEM_BINARIES]
    .map((folder) => join(folder, wanted.name))
    .find((path) => existsSync(path) && spawnSync(path, wanted.probe, { stdio: 'ignore' }).status === 0);
}

/** The docker CLI and the crane of the machine are passed over: the suite runs the ones that it knows. */
function isThere(wanted: Tool): boolean {
  const path = locate(wanted);
  if (wanted.how === 'build') return path?.startsWith(BUILT_FOLDER) === true;
  return path !== undefined && (wanted.name !== 'docker' || path.startsWith(UNPACKED_FOLDER));
}

/** Answers, by tool, why it could not be had. */
function fetchMissing(missing: readonly Tool[]): Map<string, string> {
  const toBuild = missing.filter(({ how }) => how === 'build');
  const packaged = missing.filter(({ how }) => how !== 'build');
  return new Map([...build(toBuild), ...(packaged.length > 0 ? fetchPackages(packaged) : [])]);
}

function build(missing: readonly Tool[]): Map<string, string> {
  return new Map(
    missing.flatMap(({ name, packages }) =>
      packages.map((program): [string, string] => {
        console.log(`building ${name}`);
        return [name, goBuild(CRANE_MODULE, { program, into: BUILT_FOLDER })];
      }),
    ),
  );
}

function fetchPackages(missing: readonly Tool[]): Map<string, string> {
  const reasons = new Map<string, string>();
  const impossible = whyNoApt();
  if (impossible !== undefined) return new Map(missing.map(({ name }) => [name, impossible]));
  const updated = updateLists();
  if (!updated.ok) console.error(`apt-get update failed: ${updated.said}`);
  const toInstall = missing.filter(({ how }) => how === 'install');
  if (toInstall.length > 0) {
    const outcome = install(toInstall.flatMap(({ packages }) => packages));
    for (const { name } of toInstall) reasons.set(name, outcome.said);
  }
  for (const wanted of missing.filter(({ how }) => how === 'unpack')) {
    for (const name of wanted.packages) {
      if (isThere(wanted)) break;
      console.log(`unpacking ${name}`);
      reasons.set(wanted.name, unpack(name, UNPACKED_FOLDER).said);
    }
  }
  return reasons;
}

function takeStock(reasons: ReadonlyMap<string, string>): Manifest {
  const manifest: Manifest = { tools: {}, missing: {} };
  for (const wanted of TOOLS) {
    const path = locate(wanted);
    if (path === undefined) manifest.missing[wanted.name] = reasons.get(wanted.name) ?? 'it does not run here';
    else manifest.tools[wanted.name] = path;
  }
  return manifest;
}

function reportMissing(manifest: Manifest): void {
  const missing = Object.entries(manifest.missing);
  if (missing.length === 0) return;
  const line = '!'.repeat(100);
  console.error(`${line}\nNOT EVERYTHING WILL BE TESTED. Tests that need these do not run:`);
  for (const [name, reason] of missing) console.error(`  ${name}: ${reason}`);
  console.error(line);
}

async function refuseNewServices(before: ReadonlySet<string>): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SERVICE_START_MS));
  const started = [...listeningPorts()].filter((port) => SERVICE_PORTS.includes(port) && !before.has(port));
  if (started.length === 0) return;
  console.error(`Installing packages left something listening on port ${started.join(', ')}: stop it first.`);
  process.exitCode = 1;
}

removeAbandoned();
mkdirSync(CACHE_FOLDER, { recursive: true });
const missing = TOOLS.filter((wanted) => !isThere(wanted));
const before = listeningPorts();
const reasons = missing.length > 0 ? fetchMissing(missing) : new Map<string, string>();
const manifest = takeStock(reasons);
writeFileSync(`${MANIFEST_PATH}.new`, `${JSON.stringify(manifest, null, 2)}\n`);
renameSync(`${MANIFEST_PATH}.new`, MANIFEST_PATH);
reportMissing(manifest);
if (missing.length > 0) await refuseNewServices(before);
