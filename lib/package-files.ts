/** Where this package's own files are, whether it runs from its sources or compiled. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';

const manifestSchema = z.object({ version: z.string() });

/** The bundles of the functions, as `npm run build` makes them. */
export function packagedBundles(): string {
  return join(packageRoot(), 'dist', 'functions');
}

export function packageVersion(): string {
  return manifestSchema.parse(JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'))).version;
}

/** How a person runs the command line: installed it is on the PATH, a clone's is known to npx in its folder only. */
export function typedCommand(): string {
  return import.meta.filename.endsWith('.ts') ? 'npx --no-install pullpass' : 'pullpass';
}

function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
