/**
 * The package as somebody else's CDK app has it: built and packed from a copy of the sources, unpacked where there is
 * nothing else of this project, next to the libraries that such an app has itself.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packPackage, PROJECT, run } from '../support/packed-package.ts';

/** What an app brings itself, and what npm would install beside the package. */
const INSTALLED = ['aws-cdk-lib', 'constructs', 'zod', '@types/node'];

const workbench = mkdtempSync(join(tmpdir(), 'pullpass-package-'));
const app = join(workbench, 'app');
const packed = join(app, 'node_modules', 'pullpass');

beforeAll(async () => {
  const tarball = await packPackage(workbench);
  mkdirSync(packed, { recursive: true });
  await run(packed, 'tar', ['-xzf', tarball, '--strip-components', '1']);
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
