/**
 * Who wrote what the bundles hold: name, version, licence and licence text of each package, each text once. The same
 * bundles give the same text.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';

export interface BundledPackage {
  /** `name version` */
  readonly title: string;
  /** As the package's manifest has it (SPDX). */
  readonly license: string;
  readonly text: string;
}

const manifestSchema = z.object({ name: z.string(), version: z.string(), license: z.string() });

/** A module's package: `node_modules/NAME`, also one that is inside another package. */
const PACKAGE_FOLDER = /^(?<folder>(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const LICENSE_FILE = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i;

/** `modules`: paths from `root`, with `/`. Throws where the terms of a package are not to be found. */
export async function packagesOf(modules: Iterable<string>, root: string): Promise<readonly BundledPackage[]> {
  const folders = new Set<string>();
  for (const path of modules) {
    const folder = PACKAGE_FOLDER.exec(path)?.groups?.['folder'];
    if (folder !== undefined) folders.add(folder);
  }
  const packages = await Promise.all([...folders].map((folder) => readPackage(join(root, folder))));
  const byTitle = new Map(packages.map((found) => [found.title, found]));
  return [...byTitle.values()].sort((one, other) => (one.title < other.title ? -1 : 1));
}

async function readPackage(folder: string): Promise<BundledPackage> {
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')));
  const names = (await readdir(folder)).sort();
  const files = names.filter((name) => LICENSE_FILE.test(name));
  const texts = await Promise.all(files.map((name) => textOf(join(folder, name))));
  if (files.length === 0) texts.push(...(await saidInReadme(folder)), await standardTerms(manifest));
  return { title: `${manifest.name} ${manifest.version}`, license: manifest.license, text: texts.join('\n\n') };
}

/** Under a heading of its own, with whoever holds the copyright. */
const LICENSE_SECTION = /^(?:#+ *licen[cs]e|licen[cs]e\n-+)\n(?<said>.*?)(?=^#|(?![^]))/ims;

async function saidInReadme(folder: string): Promise<readonly string[]> {
  const readme = await textOf(join(folder, 'README.md')).catch(() => '');
  const said = LICENSE_SECTION.exec(readme)?.groups?.['said'];
  return said === undefined ? [] : [said.trim()];
}

/** Of a package that comes without them. */
async function standardTerms({ name, license }: { readonly name: string; readonly license: string }): Promise<string> {
  if (license === 'MIT') return MIT_TERMS;
  if (license === 'Apache-2.0') return await textOf(fileURLToPath(new URL('../LICENSE', import.meta.url)));
  throw new Error(`${name} is bundled and has no file with its licence (${license}): add its terms here`);
}

async function textOf(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).replaceAll('\r\n', '\n').trim();
}

const MIT_TERMS = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const LINE = '-'.repeat(80);

export function noticesOf(packages: readonly BundledPackage[]): string {
  const byText = Map.groupBy(packages, ({ text }) => text);
  const sections = [...byText].map(([text, holders]) => {
    const titles = holders.map(({ title, license }) => `${title} (${license})`);
    return `${LINE}\n${titles.join('\n')}\n\n${text}\n`;
  });
  return `The functions in this folder hold code of these packages.\n\n${sections.join('\n')}`;
}
