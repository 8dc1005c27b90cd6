/**
 * Bundles every function into one file that Lambda loads as it is: `<out>/<name>/index.js`, handler `index.handler`. How
 * esbuild read it (`<out>/<name>.meta.json`) lies beside the folder and not in it, since the folder is what is deployed. Beside
 * them is THIRD-PARTY-NOTICES.txt, for whoever is given the bundles.
 *
 * The same sources give the same bytes on every machine and in every folder, so that a deployment changes only the
 * functions that changed. Not its job: which functions there are (a folder with a handler.ts is one) and what they are given.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { sdkForLambda } from './sdk-for-lambda.ts';
import { noticesOf, packagesOf } from './third-party-notices.ts';

export interface BundledFunction {
  readonly name: string;
  /** What is deployed: it holds the bundle and nothing else. */
  readonly folder: string;
  readonly file: string;
  readonly bytes: number;
  readonly gzipBytes: number;
  /** What is in the bundle, by path from the project's root with `/`: how many of its bytes are from there. */
  readonly modules: ReadonlyMap<string, number>;
}

export interface BundleReport {
  /** By name. */
  readonly functions: readonly BundledFunction[];
}

export interface BundleOptions {
  /** Where `functions/` and `node_modules/` are; left out: this project. */
  readonly root?: string;
}

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

export async function bundleFunctions(outDirectory: string, options: BundleOptions = {}): Promise<BundleReport> {
  const root = resolve(options.root ?? PROJECT);
  const out = resolve(outDirectory);
  const names = await functionNames(join(root, 'functions'));
  await mkdir(out, { recursive: true });
  // Beside the folders, too: this project's own package.json says that its .js files are ES modules.
  await writeFile(join(out, 'package.json'), '{ "type": "commonjs" }\n');
  const functions = await Promise.all(names.map((name) => bundleFunction({ name, root, out })));
  const packages = await packagesOf(
    functions.flatMap(({ modules }) => [...modules.keys()]),
    root,
  );
  await writeFile(join(out, 'THIRD-PARTY-NOTICES.txt'), noticesOf(packages));
  return { functions };
}

async function functionNames(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const names = folders.filter((name) => existsSync(join(folder, name, 'handler.ts'))).sort();
  if (names.length === 0) throw new Error('there is no function: functions/<name>/handler.ts');
  return names;
}

interface Assignment {
  readonly name: string;
  readonly root: string;
  readonly out: string;
}

async function bundleFunction({ name, root, out }: Assignment): Promise<BundledFunction> {
  const folder = join(out, name);
  const file = join(folder, 'index.js');
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`functions/${name}/handler.ts`],
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node24',
    // An ES module that imports node:http loads undici, which costs as much as all the rest of the load.
    format: 'cjs',
    // The other way round every package comes as CommonJS, of which nothing can be left out.
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    // The host scripts; one of them has no extension.
    loader: { '.sh': 'text', '': 'text' },
    // Whether a tsconfig.json lies above the sources must not matter.
    tsconfigRaw: {},
    plugins: [sdkForLambda],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const [code] = outputFiles;
  if (code === undefined || outputFiles.length !== 1) throw new Error(`${name}: not one file`);
  // Whatever an earlier run left in it would be deployed.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(file, code.contents);
  await writeFile(join(out, `${name}.meta.json`), JSON.stringify(metafile));
  const { length: gzipBytes } = await promisify(gzip)(code.contents);
  return { name, folder, file, bytes: code.contents.length, gzipBytes, modules: modulesIn(metafile) };
}

/** Modules of which nothing was kept are left out. */
function modulesIn({ outputs }: Metafile): ReadonlyMap<string, number> {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  return new Map(
    inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path, kept]) => [path, kept.bytesInOutput]),
  );
}

/** `node build/bundle.ts [DIRECTORY]`: bundles into dist/functions, and says how large each became. */
if (import.meta.main) {
  const out = resolve(process.argv[2] ?? join(PROJECT, 'dist', 'functions'));
  const { functions } = await bundleFunctions(out);
  const width = Math.max(...functions.map(({ name }) => name.length));
  for (const { name, bytes, gzipBytes, file } of functions) {
    const sizes = `${kilobytes(bytes)} KB, gzip ${kilobytes(gzipBytes)} KB`;
    process.stdout.write(`${name.padEnd(width)}  ${sizes}  ${relative(process.cwd(), file)}\n`);
  }
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1).padStart(6);
}
