/**
 * The package as somebody else's CDK app has it: built and packed from a copy of the sources, unpacked where there is
 * nothing else of this project, next to the libraries that such an app has itself.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = ['bin', 'build', 'docs', 'functions', 'host', 'lib', 'README.md', 'LICENSE', 'package.json'];
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json'];
/** What an app brings itself, and what npm would install beside the package. */
const INSTALLED = ['aws-cdk-lib', 'constructs', 'zod', '@types/node'];

const workbench = mkdtempSync(join(tmpdir(), 'pullpass-package-'));
const sources = join(workbench, 'sources');
const app = join(workbench, 'app');
const packed = join(app, 'node_modules', 'pullpass');

beforeAll(async () => {
  for (const name of [...SOURCES, ...SETTINGS]) cpSync(join(PROJECT, name), join(sources, name), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(sources, 'node_modules'));
  await run(sources, 'npm', ['run', 'build']);
  await run(sources, 'npm', ['pack', '--ignore-scripts', '--pack-destination', workbench]);
  const tarball = readdirSync(workbench).find((name) => name.endsWith('.tgz')) ?? 'none';
  mkdirSync(packed, { recursive: true });
  await run(packed, 'tar', ['-xzf', join(workbench, tarball), '--strip-components', '1']);
  for (const name of INSTALLED) {
    const link = join(app, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(PROJECT, 'node_modules', name), link);
  }
});

afterAll(() => {
  rmSync(workbench, { recursive: true, force: true });
});

const STATEMENTS = `
const app = new App({ outdir: process.argv[2], builtinCloudFormationValidation: false });
const stack = new Stack(app, 'platform');
const pullpass = new Pullpass(stack, 'Pullpass', { installation: 'main' });
new CfnOutput(stack, 'Url', { value: pullpass.url });
app.synth();
`;

describe('an app that has the package from a tarball', () => {
  it.each([
    [
      'an ES module',
      'app.mjs',
      "import { App, CfnOutput, Stack } from 'aws-cdk-lib';\nimport { Pullpass } from 'pullpass/cdk';\n",
    ],
    [
      'CommonJS',
      'app.cjs',
      "const { App, CfnOutput, Stack } = require('aws-cdk-lib');\nconst { Pullpass } = require('pullpass/cdk');\n",
    ],
  ])('written as %s synthesises a stack with the packed bundles', async (_, file, imports) => {
    const out = join(app, `out-${file}`);
    writeFileSync(join(app, file), imports + STATEMENTS);
    await run(app, process.execPath, [file, out]);

    const template = readFileSync(join(out, 'platform.template.json'), 'utf8');
    const assets = readdirSync(out).filter((name) => name.startsWith('asset.'));
    const deployed = assets.map((name) => readFileSync(join(out, name, 'index.js'), 'utf8'));
    const bundles = readdirSync(join(packed, 'dist', 'functions'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => readFileSync(join(packed, 'dist', 'functions', name, 'index.js'), 'utf8'));

    expect(template.match(/"Type": "AWS::Lambda::Function"/g)).toHaveLength(bundles.length);
    expect(deployed.sort()).toEqual(bundles.sort());
    expect(template).toContain('"PULLPASS_SECRET_PREFIX": "pullpass-main"');
  });

  it('written in TypeScript is checked: what is missing or not known does not compile', async () => {
    const options = { strict: true, module: 'nodenext', skipLibCheck: false, noEmit: true, types: ['node'] };
    writeFileSync(join(app, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['app.ts'] }));
    writeFileSync(
      join(app, 'app.ts'),
      `import { App, Stack } from 'aws-cdk-lib';
import { Pullpass, PullpassStack, type PullpassProps } from 'pullpass/cdk';
const stack = new Stack(new App(), 'platform');
const props: PullpassProps = { installation: 'main', decisionDays: 7 };
export const url: string = new Pullpass(stack, 'Pullpass', props).url;
export const other = new PullpassStack(new App(), 'other', { stage: { installation: 'main' } });
// @ts-expect-error installation is missing
new Pullpass(stack, 'Wrong', {});
// @ts-expect-error no such setting
new Pullpass(stack, 'Wrong', { installation: 'main', decisionWeeks: 7 });
`,
    );

    await expect(run(app, join(PROJECT, 'node_modules', '.bin', 'tsc'), ['-p', '.'])).resolves.toBe('');
  });

  it('carries no tests and no reports of the bundler', () => {
    const files = readdirSync(packed, { recursive: true }).map(String);

    expect(files.filter((name) => name.endsWith('.meta.json') || /(?:^|\/)test\//.test(name))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['dist/infra/cdk.js', 'dist/infra/cdk.d.ts', 'LICENSE']));
  });
});

/** @returns what it wrote; what it wrote is part of the error as well, where it failed. */
async function run(cwd: string, command: string, parameters: readonly string[]): Promise<string> {
  const PATH = `${join(PROJECT, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`;
  const options = { cwd, env: { ...process.env, PATH }, maxBuffer: 16 * 1024 * 1024 };
  try {
    return (await promisify(execFile)(command, [...parameters], options)).stdout;
  } catch (error) {
    const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    throw new Error(`${command} ${parameters.join(' ')} failed: ${String(error)}\n${output}`, { cause: error });
  }
}
