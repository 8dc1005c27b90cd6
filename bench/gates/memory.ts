/**
 * Resident memory of `serve` with 10,000 registries against one with none: when it has started, and when a status and a
 * list of all registries, page by page, have been asked for.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { compare, median } from '../support/comparison.ts';
import type { Finding, Skipped } from '../support/finding.ts';
import type { Gate } from '../support/gate.ts';
import { addRegistries, openStore } from '../support/seeded-store.ts';
import { residentMebibytes, startServe, type ServeProcess } from '../support/serve-process.ts';

const REGISTRIES = 10_000;
const WHEN = { started: 'started', listed: 'all listed' } as const;
const LIMITS = {
  started: { direction: 'at most', target: 1.3, failsAt: 2 },
  listed: { direction: 'at most', target: 1.75, failsAt: 2.5 },
} as const;
const DAY_MS = 24 * 3_600_000;

export const memory: Gate = {
  name: 'memory',
  run: async ({ quick, newDirectory }) => {
    const [none, many] = [await newDirectory(), await newDirectory()];
    const store = await openStore(many);
    try {
      const now = Date.now();
      await addRegistries(store, { count: REGISTRIES, kind: 'ecr', now, dueAt: (index) => now + DAY_MS + index });
    } finally {
      await store.close();
    }
    const rounds: Round[] = [];
    for (let round = 0; round < (quick ? 2 : 5); round += 1) {
      rounds.push({ none: await weigh(none), many: await weigh(many) });
    }
    return [finding('started', rounds), finding('listed', rounds)];
  },
};

interface Weight {
  /** Undefined where the system does not tell. */
  readonly started: number | undefined;
  readonly listed: number | undefined;
  readonly startMilliseconds: number;
}

interface Round {
  readonly none: Weight;
  readonly many: Weight;
}

async function weigh(directory: string): Promise<Weight> {
  const serve = await startServe(directory);
  try {
    const started = await residentMebibytes(serve.pid);
    await listEverything(serve, (await readFile(join(directory, 'admin-token'), 'utf8')).trim());
    return { started, listed: await residentMebibytes(serve.pid), startMilliseconds: serve.startMilliseconds };
  } finally {
    await serve.stop();
  }
}

const page = z.object({ cursor: z.optional(z.string()) });

async function listEverything({ url }: ServeProcess, token: string): Promise<void> {
  const read = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    if (answer.status !== 200) throw new Error(`GET ${path} answered ${answer.status}`);
    return await answer.json();
  };
  await read('/v1/status');
  let cursor: string | undefined;
  do {
    const at = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    ({ cursor } = page.parse(await read(`/v1/registries?limit=500${at}`)));
  } while (cursor !== undefined);
}

function finding(when: 'started' | 'listed', rounds: readonly Round[]): Finding | Skipped {
  const gate = `memory of serve, ${WHEN[when]}, ${REGISTRIES} registries / none`;
  const none = rounds.flatMap((round) => round.none[when] ?? []);
  const many = rounds.flatMap((round) => round.many[when] ?? []);
  if (none.length !== rounds.length || many.length !== rounds.length) {
    return { gate, skipped: 'not measured: this system does not tell the memory of a process in /proc' };
  }
  const start = median(rounds.map((round) => round.many.startMilliseconds)).toFixed(0);
  return {
    gate,
    comparison: compare(many, none),
    limits: LIMITS[when],
    figures:
      `${median(many).toFixed(0)} MiB, with none ${median(none).toFixed(0)} MiB` +
      (when === 'started' ? `; listens after ${start} ms` : ''),
  };
}
