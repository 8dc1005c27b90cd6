import { build } from 'esbuild';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const READER = join(import.meta.dirname, '../../../lib/stores/secrets-manager/issued-credentials.ts');

it('bundles the reading of issued credentials without anything that writes', async () => {
  const bundled = await build({
    entryPoints: [READER],
    ...{ bundle: true, minify: true, treeShaking: true, write: false, metafile: true },
    ...{ format: 'cjs', platform: 'node', target: 'node24', mainFields: ['module', 'main'] },
  });
  const code = bundled.outputFiles[0]?.text ?? '';
  const commands = ['GetSecretValue', 'PutSecretValue', 'CreateSecret', 'UpdateSecretVersionStage', 'DeleteSecret'];
  expect(commands.filter((command) => code.includes(command))).toEqual(['GetSecretValue']);
  const ours = Object.keys(bundled.metafile.inputs).filter((path) => path.includes('lib/stores/secrets-manager/'));
  expect(ours.map((path) => path.replace(/^.*\//, '')).toSorted()).toEqual([
    'issued-credentials.ts',
    'read-version.ts',
    'sdk-outcome.ts',
    'secret-names.ts',
    'secret-values.ts',
  ]);
});
