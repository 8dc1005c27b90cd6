/** A Go program in the project's cache, at the version and with the checksums of a go.mod and go.sum beside this file. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** `module`: the folder of the go.mod. Answers what was said, for the reader of the report. */
export function goBuild(module: string, wanted: { readonly program: string; readonly into: string }): string {
  mkdirSync(wanted.into, { recursive: true });
  const output = join(wanted.into, wanted.program.slice(wanted.program.lastIndexOf('/') + 1));
  const parameters = ['build', '-trimpath', '-mod=readonly', '-o', output, wanted.program];
  const child = spawnSync('go', parameters, { cwd: module, encoding: 'utf8' });
  if (child.error !== undefined) return 'it is built from source, and `go` does not run here';
  return child.stderr.trim().split('\n').slice(-3).join(' | ');
}
