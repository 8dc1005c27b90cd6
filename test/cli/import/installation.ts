/** Commands against a real Pullpass in this process, as its administrator. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { startPullpass, type RunningPullpass } from '../../support/running-pullpass.ts';
import { runCommand, type Ran } from '../run-command.ts';

export interface Installation extends RunningPullpass {
  run(argv: readonly string[], options?: { readonly stdin?: string; readonly columns?: number }): Promise<Ran>;
  /** `export` as a document, without what differs between two installations: ids, times, external ids. */
  exported(): Promise<unknown>;
  /** Writes a document that only its owner may read and imports it, without logging in. */
  import(document: unknown, ...flags: readonly string[]): Promise<Ran>;
  plan(document: unknown, ...flags: readonly string[]): Promise<PlanAnswer>;
  registries(): Promise<readonly RegistryAnswer[]>;
}

const planAnswer = z.looseObject({
  plan: z.looseObject({
    steps: z.array(z.looseObject({ action: z.string(), subject: z.string(), name: z.string() })),
    unchanged: z.array(z.looseObject({ subject: z.string(), name: z.string() })),
    leftOut: z.array(z.looseObject({ place: z.string(), what: z.string(), advice: z.optional(z.string()) })),
  }),
});
export type PlanAnswer = z.infer<typeof planAnswer>['plan'];

const registryAnswer = z.looseObject({
  id: z.string(),
  address: z.string(),
  environments: z.array(z.string()),
  state: z.string(),
  source: z.looseObject({ kind: z.string(), username: z.optional(z.string()) }),
  description: z.nullable(z.string()),
  revision: z.number(),
});
export type RegistryAnswer = z.infer<typeof registryAnswer>;

let count = 0;

export async function openInstallation(): Promise<Installation> {
  const running = await startPullpass();
  const run: Installation['run'] = (argv, options = {}) =>
    runCommand(argv, { ...options, url: running.url, env: { PULLPASS_TOKEN: running.adminToken } });
  const write = async (document: unknown): Promise<string> => {
    count += 1;
    const file = join(running.directory, `import-${count}`);
    await writeFile(file, typeof document === 'string' ? document : JSON.stringify(document), { mode: 0o600 });
    await chmod(file, 0o600);
    return file;
  };
  return {
    ...running,
    run,
    exported: async () => comparable(JSON.parse((await run(['export'])).stdout)),
    import: async (document, ...flags) => run(['import', await write(document), '--apply', '--no-verify', ...flags]),
    plan: async (document, ...flags) => {
      const { stdout, stderr } = await run(['import', await write(document), '--json', ...flags]);
      if (stdout === '') throw new Error(stderr);
      return planAnswer.parse(JSON.parse(stdout)).plan;
    },
    registries: async () => {
      const { body } = await running.call('GET /v1/registries?limit=500');
      return z
        .looseObject({ items: z.array(registryAnswer) })
        .parse(body)
        .items.toReversed();
    },
  };
}

const NOT_COMPARED = new Set(['id', 'exportedAt', 'externalId']);

function comparable(document: unknown): unknown {
  const text = JSON.stringify(document, (key, value: unknown) => (NOT_COMPARED.has(key) ? undefined : value));
  return JSON.parse(text);
}
