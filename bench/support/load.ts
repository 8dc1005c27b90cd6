/** The parent's side of the load generator. An answer that is not 200 breaks the benchmark: its speed would say nothing. */
import * as z from 'zod/mini';
import { startChild } from './child.ts';

const outcome = z.object({
  answered: z.number(),
  refused: z.number(),
  requestsPerSecond: z.number(),
  p50: z.number(),
  p99: z.number(),
});

export type LoadSample = z.infer<typeof outcome>;

export interface LoadJob {
  readonly port: number;
  readonly connections: number;
  readonly warmUpMilliseconds: number;
  readonly milliseconds: number;
  readonly requests: readonly string[];
}

export interface LoadGenerator {
  readonly run: (job: LoadJob) => Promise<LoadSample>;
  readonly stop: () => Promise<void>;
}

export function startLoadGenerator(): LoadGenerator {
  const child = startChild(new URL('load-generator.ts', import.meta.url));
  return {
    run: async (job) => {
      const sample = await child.ask(job, outcome);
      if (sample.refused > 0 || sample.answered === 0) {
        throw new Error(`${sample.refused} answers were not 200, ${sample.answered} came in time`);
      }
      return sample;
    },
    stop: child.stop,
  };
}
