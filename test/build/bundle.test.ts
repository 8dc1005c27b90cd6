import { cp, mkdtemp, readFile, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleFunctions, type BundleReport } from '../../build/bundle.ts';
import { packagesOf } from '../../build/third-party-notices.ts';
import { unwantedIn } from '../../build/unwanted-modules.ts';
import { FUNCTION_NAMES } from '../support/function-environment.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** Asked for within `try`: what asks does without. */
const OPTIONAL: ReadonlySet<string> = new Set(['@aws-sdk/signature-v4-crt', 'supports-color']);

/** Licences that ask for no more than their notice of who hands on a bundle. */
const ALLOWED_LICENSES = new Set(['Apache-2.0', 'MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD']);
const NOTICES = 'THIRD-PARTY-NOTICES.txt';

let folder = '';
let report: BundleReport = { functions: [] };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pullpass-bundles-'));
  report = await bundleFunctions(join(folder, 'here'));
}, 60_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function bundleOf(name: string) {
  const found = report.functions.find((bundle) => bundle.name === name);
  if (found === undefined) throw new Error(`no bundle ${name}`);
  return found;
}

describe('bundles', () => {
  it('are made of every function, and of nothing else', () => {
    expect(report.functions.map(({ name }) => name)).toEqual([...FUNCTION_NAMES].sort());
  });

  it.each(FUNCTION_NAMES)('%s is one file that is deployed', async (name) => {
    expect(await readdir(bundleOf(name).folder)).toEqual(['index.js']);
  });

  it.each(FUNCTION_NAMES)('%s holds no library that it does not need', (name) => {
    expect(unwantedIn(bundleOf(name))).toEqual([]);
  });

  it.each(FUNCTION_NAMES)('%s needs nothing but what Node has', async (name) => {
    const code = await readFile(bundleOf(name).file, 'utf8');
    const asked = [...code.matchAll(/\brequire\("(?<module>[^"]+)"\)/g)].map(({ groups }) => groups?.['module'] ?? '');
    expect(asked.filter((module) => !isBuiltin(module) && !OPTIONAL.has(module))).toEqual([]);
  });

  it('resolve is small enough to start quickly', () => {
    expect(bundleOf('resolve').bytes).toBeLessThanOrEqual(300_000);
  });

  it('are the same bytes wherever the project lies', async () => {
    const copy = join(folder, 'a copy', 'of the project');
    for (const part of ['functions', 'lib', 'host', 'package.json']) {
      await cp(join(PROJECT, part), join(copy, part), { recursive: true });
    }
    await symlink(join(PROJECT, 'node_modules'), join(copy, 'node_modules'));
    const again = await bundleFunctions(join(folder, 'there'), { root: copy });
    for (const { name, file } of again.functions) {
      expect((await readFile(file)).equals(await readFile(bundleOf(name).file)), name).toBe(true);
    }
    const notices = ['here', 'there'].map((place) => readFile(join(folder, place, NOTICES), 'utf8'));
    expect(await notices[0]).toBe(await notices[1]);
  }, 60_000);

  it.each(FUNCTION_NAMES)('%s names no folder of this machine', async (name) => {
    expect(await readFile(bundleOf(name).file, 'utf8')).not.toContain(PROJECT);
  });
});

describe('the notices beside the bundles', () => {
  const notices = (): Promise<string> => readFile(join(folder, 'here', NOTICES), 'utf8');
  const modules = (): readonly string[] => report.functions.flatMap((bundle) => [...bundle.modules.keys()]);

  it('name every package that a bundle holds code of', async () => {
    const held = new Set(
      modules()
        .filter((path) => path.includes('node_modules/'))
        .map(packageIn),
    );
    const titles = (await notices()).matchAll(/^(?<name>\S+) \d\S* \(/gm);
    const named = new Set([...titles].map(({ groups }) => groups?.['name']));

    expect([...held]).toEqual(expect.arrayContaining(['zod', '@aws-sdk/client-ecr', 'google-auth-library']));
    expect([...held].filter((name) => !named.has(name))).toEqual([]);
  });

  it('have the licence text of each package, with whoever holds the copyright', async () => {
    const text = await notices();
    const packages = await packagesOf(modules(), PROJECT);

    expect(packages.filter((held) => !text.includes(held.text))).toEqual([]);
    expect(packages.filter((held) => held.license !== 'Apache-2.0' && !/copyright/i.test(held.text))).toEqual([]);
  });

  it('name no licence that asks for more than a notice', async () => {
    const packages = await packagesOf(modules(), PROJECT);

    expect(packages.filter(({ license }) => !ALLOWED_LICENSES.has(license)).map(({ title }) => title)).toEqual([]);
  });

  it('give a package without a licence file the terms that its manifest names', async () => {
    const [middy] = await packagesOf(['node_modules/@middy/core/index.js'], PROJECT);

    expect(middy?.text).toMatch(/^Licensed under \[MIT License\].*Copyright \(c\)[^]*Permission is hereby granted/);
  });
});

/** `@scope/name` or `name`. */
function packageIn(path: string): string {
  const [first = '', second = ''] = (path.split('node_modules/').at(-1) ?? '').split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}
