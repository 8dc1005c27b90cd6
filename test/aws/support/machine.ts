/**
 * What the suite runs that does not come from npm, and which of it this machine has. prepare.ts gets it and writes the
 * manifest; tests read it here. Nothing here installs anything.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import * as z from 'zod/mini';

export const PROJECT_FOLDER = join(import.meta.dirname, '../../..');
export const CACHE_FOLDER = join(PROJECT_FOLDER, '.cache/aws');
export const MANIFEST_PATH = join(CACHE_FOLDER, 'manifest.json');
export const VENV_FOLDER = join(CACHE_FOLDER, 'venv');

/** `ministack`: a Python that has it. `java`: for DynamoDB Local. */
export const NEEDED = ['ministack', 'java'] as const;
export type Needed = (typeof NEEDED)[number];

const MANIFEST = z.object({
  /** Absolute path by name. */
  programs: z.record(z.string(), z.string()),
  /** Why something is not there, by name. */
  missing: z.record(z.string(), z.string()),
});
export type Manifest = z.infer<typeof MANIFEST>;

function readManifest(): Manifest {
  if (!existsSync(MANIFEST_PATH)) throw new Error('run `npm run test:aws`: it prepares the programs these tests use');
  return MANIFEST.parse(JSON.parse(readFileSync(MANIFEST_PATH, 'utf8')));
}

/** For `describe.runIf`: whether all of these are here. What is missing was reported when the suite was prepared. */
export function available(...names: readonly Needed[]): boolean {
  const manifest = readManifest();
  return names.every((name) => name in manifest.programs);
}

/** The absolute path of a program. Throws with the reason where this machine has none. */
export function program(name: Needed): string {
  const manifest = readManifest();
  const path = manifest.programs[name];
  if (path === undefined) {
    throw new Error(`${name} is not on this machine: ${manifest.missing[name] ?? 'unknown reason'}`);
  }
  return path;
}

/** The folder of a Node that runs what is deployed: the one of the packages, else the one that runs this. */
export function nodeFolder(): string {
  const packaged = join(PROJECT_FOLDER, 'node_modules/.bin/node');
  return dirname(existsSync(packaged) ? realpathSync(packaged) : process.execPath);
}
