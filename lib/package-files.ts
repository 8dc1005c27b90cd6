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

function packageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
