/** What npm installs for this project is what was looked at when the lock file was written. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';

const manifestSchema = z.object({ allowScripts: z.record(z.string(), z.boolean()) });
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.optional(z.string()),
      integrity: z.optional(z.string()),
      resolved: z.optional(z.string()),
      link: z.optional(z.boolean()),
      inBundle: z.optional(z.boolean()),
      hasInstallScript: z.optional(z.boolean()),
    }),
  ),
});

async function read<Schema extends z.core.$ZodType>(name: string, schema: Schema): Promise<z.core.output<Schema>> {
  return z.parse(schema, JSON.parse(await readFile(new URL(`../../${name}`, import.meta.url), 'utf8')));
}

const nodeVersion = (await readFile(new URL('../../.nvmrc', import.meta.url), 'utf8')).trim();
const { packages } = await read('package-lock.json', lockSchema);
const { allowScripts } = await read('package.json', manifestSchema);
const installed = Object.entries(packages).filter(([path]) => path.startsWith('node_modules/'));

describe('package-lock.json', () => {
  it('has the hash of every package, but of those that are in the archive of another, and of our own', () => {
    const unchecked = installed.filter(([, { integrity, inBundle, link }]) => !integrity && !inBundle && !link);

    expect(installed.length).toBeGreaterThan(300);
    expect(unchecked.map(([path]) => path)).toEqual([]);
  });

  it.each(['x64', 'arm64'])('has the hash of the Node that scripts run on, for Linux on %s', (cpu) => {
    expect(packages[`node_modules/node-linux-${cpu}`]).toMatchObject({ version: nodeVersion });
    expect(packages[`node_modules/node-linux-${cpu}`]?.integrity).toMatch(/^sha512-/);
  });

  it('names no address to download from', () => {
    expect(installed.flatMap(([, { resolved }]) => resolved ?? [])).toEqual(['build/node']);
  });

  it('has no package whose install script may run', () => {
    const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true);

    expect(scripted.map(([path]) => path.split('node_modules/').at(-1)).sort()).toEqual(
      Object.keys(allowScripts).sort(),
    );
    expect(Object.values(allowScripts)).not.toContain(true);
  });
});
