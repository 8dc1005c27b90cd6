import eslint from '@eslint/js';
import prettier from 'eslint-config-prettier';
import { defineConfig, type Config } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Outer layers may import inner ones and never the other way: each folder names what it must not reach. */
const OUTERMOST = ['infra', 'cli', 'serve', 'lambda'];

const LAYERS: Record<string, readonly string[]> = {
  domain: ['sources', 'stores', 'distribution', 'formats', 'service', 'http', ...OUTERMOST],
  sources: ['stores', 'distribution', 'formats', 'service', 'http', ...OUTERMOST],
  stores: ['sources', 'distribution', 'formats', 'service', 'http', ...OUTERMOST],
  distribution: ['sources', 'stores', 'formats', 'service', 'http', ...OUTERMOST],
  formats: ['sources', 'stores', 'distribution', 'service', 'http', ...OUTERMOST],
  service: ['http', ...OUTERMOST],
  http: OUTERMOST,
  // A client of the API, whoever runs it.
  cli: ['stores', 'distribution', 'formats', 'service', 'http', 'infra', 'lambda'],
  lambda: ['infra', 'cli'],
  // Functions are known by their bundles and by the names that both sides use.
  infra: ['domain', 'sources', 'distribution', 'formats', 'service', 'http', 'cli', 'serve'],
};

/** A part of a folder that is open to a layer that must not know the rest: what reads a file is told apart from what writes one. */
const OPEN: Record<string, readonly string[]> = { cli: ['!**/formats/import', '!**/formats/import/**'] };

export default defineConfig(
  { ignores: ['node_modules', 'coverage', 'cdk.out', 'dist', '.cache'] },
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { requireDefaultForNonUnion: true, allowDefaultCaseForExhaustiveSwitch: false },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // Adapters of synchronous stores implement asynchronous interfaces.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      eqeqeq: 'error',
      'max-params': ['error', 3],
      'no-console': 'error',
      'no-restricted-globals': ['error', { name: 'process', message: "Import process from 'node:process'." }],
    },
  },
  ...Object.entries(LAYERS).map(([layer, forbidden]): Config => ({
    files: [`lib/${layer}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          // process.env is read by the entry points only, which hand on a typed configuration.
          paths: [
            { name: 'node:process', message: 'Only entry points read the process: take what you need as an argument.' },
          ],
          patterns: forbidden.map((folder) => ({
            group: [`**/${folder}/**`, ...(OPEN[layer] ?? [])],
            message: `${layer} must not know ${folder}.`,
          })),
        },
      ],
    },
  })),
  // A function composes what lib has for it, and nothing of what deploys it or runs elsewhere.
  {
    files: ['functions/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/infra/**', '**/cli/**', '**/serve/**'], message: 'This is not for functions.' }] },
      ],
    },
  },
  // A local server has to fill in the whole Lambda context, its deprecated members included.
  { files: ['lib/http/local-context.ts'], rules: { '@typescript-eslint/no-deprecated': 'off' } },
  // Read by any Node, however old.
  {
    files: ['bin/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { require: 'readonly', __dirname: 'readonly' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  // Tables of tests take a row's columns as parameters.
  { files: ['test/**', 'bench/**'], rules: { 'no-console': 'off', 'max-params': 'off' } },
  prettier,
);
