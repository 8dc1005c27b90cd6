import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { sdkForLambda } from '../../build/sdk-for-lambda.ts';

const PACKAGES = fileURLToPath(new URL('../../node_modules/@aws-sdk/', import.meta.url));
const CLIENTS = ['dynamodb', 'ecr', 'ecr-public', 'lambda', 'secrets-manager', 'sts'];
/** Every cold start of resolve loads these. */
const HOT = ['dynamodb', 'secrets-manager'];
const PARTITIONS = 'core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pullpass-sdk-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

let loaded = 0;

/** One of the SDK's modules, and the size of its code. */
async function load(module: string, plugins: Plugin[]): Promise<{ exports: Record<string, unknown>; bytes: number }> {
  loaded += 1;
  const outfile = join(folder, `${loaded}.mjs`);
  const { metafile } = await build({
    ...{ entryPoints: [join(PACKAGES, module)], outfile, bundle: true, format: 'esm', platform: 'node' },
    ...{ mainFields: ['module', 'main'], minify: true, metafile: true, plugins },
  });
  const exports: unknown = await import(pathToFileURL(outfile).href);
  const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  return { exports: z.record(z.string(), z.unknown()).parse({ ...Object(exports) }), bytes };
}

async function bothWays(module: string) {
  const [before, after] = [await load(module, []), await load(module, [sdkForLambda])];
  expect(Object.keys(after.exports)).toEqual(Object.keys(before.exports));
  return { before, after };
}

const errorClass = z.custom<new (options: object) => Error>((value) => typeof value === 'function');
const shape = z.object({ shapeId: z.optional(z.string()) });
const awsError = z.object({ $fault: z.string(), $retryable: z.optional(z.object({})) });

/** All that whoever catches an error of the SDK can look at. */
function described(exported: unknown) {
  const Class = errorClass.parse(exported);
  const error = new Class({ message: 'text', $metadata: { httpStatusCode: 400 } });
  const { name, message } = error;
  const { $fault, $retryable } = awsError.parse(error);
  const { shapeId } = shape.parse(Object.assign({}, Class));
  return { shapeId, name, message, $fault, $retryable, isItself: error instanceof Class };
}

describe('the AWS SDK in a bundle', () => {
  it.each(CLIENTS)('%s has the same errors', async (client) => {
    const { before, after } = await bothWays(`client-${client}/dist-es/models/errors.js`);
    for (const [name, original] of Object.entries(before.exports)) {
      expect(described(after.exports[name]), name).toEqual(described(original));
    }
  });

  it.each(HOT)('%s has them in less room', async (client) => {
    const { before, after } = await bothWays(`client-${client}/dist-es/models/errors.js`);
    expect(after.bytes).toBeLessThan(before.bytes - 2_000);
  });

  it.each(CLIENTS)('%s has the same schemas', async (client) => {
    const { before, after } = await bothWays(`client-${client}/dist-es/schemas/schemas_0.js`);
    expect(JSON.stringify(after.exports)).toBe(JSON.stringify(before.exports));
  });

  it('knows the same regions, by their code only', async () => {
    const { before, after } = await bothWays(PARTITIONS);
    const withoutNames = JSON.stringify(before.exports).replace(/"description":"[^"]*"/g, '');
    expect(JSON.stringify(after.exports)).toBe(withoutNames);
    expect(after.bytes).toBeLessThan(before.bytes);
  });
});
