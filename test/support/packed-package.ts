/** The package's tarball, made by npm from a copy of the sources: what an earlier build left in this folder is not in it. */
import { execFile } from 'node:child_process';
import { cpSync, readdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = ['bin', 'build', 'docs', 'functions', 'host', 'lib'];
const FILES = ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE', 'package.json', 'tsconfig.json'];

/** @returns the path of the tarball, in `workbench`. */
export async function packPackage(workbench: string): Promise<string> {
  const sources = join(workbench, 'sources');
  for (const name of [...SOURCES, ...FILES, 'tsconfig.build.json']) {
    cpSync(join(PROJECT, name), join(sources, name), { recursive: true });
  }
  symlinkSync(join(PROJECT, 'node_modules'), join(sources, 'node_modules'));
  await run(sources, 'npm', ['pack', '--pack-destination', workbench]);
  const [tarball, ...more] = readdirSync(workbench).filter((name) => name.endsWith('.tgz'));
  if (tarball === undefined || more.length > 0) throw new Error(`not one tarball in ${workbench}`);
  return join(workbench, tarball);
}

/** @returns what it wrote; what it wrote is part of the error as well, where it failed. */
export async function run(cwd: string, command: string, parameters: readonly string[]): Promise<string> {
  const PATH = [join(PROJECT, 'node_modules', '.bin'), process.env['PATH'] ?? ''].join(delimiter);
  const options = { cwd, env: { ...process.env, PATH }, maxBuffer: 16 * 1024 * 1024 };
  try {
    return (await promisify(execFile)(command, [...parameters], options)).stdout;
  } catch (error) {
    const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    throw new Error(`${command} ${parameters.join(' ')} failed: ${String(error)}\n${output}`, { cause: error });
  }
}
