/**
 * Local requests a second and their 99th percentile, as many hosts would ask: Pullpass with everything it does for a
 * credential (proof, policy, look-up, durable record of the decision, log line) against node:http that answers a fixed
 * text of the same size. Server and load generator have a process each.
 */
import { compare, inTurns, median } from '../support/comparison.ts';
import type { Finding } from '../support/finding.ts';
import type { BenchContext, Gate } from '../support/gate.ts';
import { startLoadGenerator, type LoadGenerator, type LoadSample } from '../support/load.ts';
import { startMeasuredServer, type MeasuredServer } from '../support/measured-server.ts';
import { askOnce, resolvableStore, type ResolvableStore } from '../support/resolvable-store.ts';

const CONNECTIONS = 32;

interface Subject {
  readonly server: MeasuredServer;
  readonly requests: readonly string[];
  readonly samples: LoadSample[];
}

interface Subjects {
  readonly bare: Subject;
  readonly cached: Subject;
  readonly uncached: Subject;
}

export const localHttp: Gate = {
  name: 'local-http',
  run: async (context) => {
    const load = startLoadGenerator();
    const servers: MeasuredServer[] = [];
    const start = async (module: string, parameters: readonly string[]): Promise<MeasuredServer> => {
      const server = await startMeasuredServer(new URL(`../support/${module}`, import.meta.url), parameters);
      servers.push(server);
      return server;
    };
    const startPullpass = async (cacheMilliseconds: string): Promise<[ResolvableStore, Subject]> => {
      const store = await resolvableStore(await context.newDirectory());
      const server = await start('pullpass-server.ts', [store.directory, cacheMilliseconds]);
      return [store, { server, requests: store.requests, samples: [] }];
    };
    try {
      const [store, cached] = await startPullpass('');
      const [, uncached] = await startPullpass('0');
      const answer = await askOnce(cached.server.port, store);
      const bareServer = await start('bare-server.ts', [String(answer.length)]);
      const bare: Subject = { server: bareServer, requests: store.requests, samples: [] };
      return await measure({ bare, cached, uncached }, load, context);
    } finally {
      await load.stop();
      for (const server of servers) await server.stop();
    }
  },
};

async function measure(subjects: Subjects, load: LoadGenerator, { quick }: BenchContext): Promise<readonly Finding[]> {
  const { bare, cached, uncached } = subjects;
  const sample = async ({ server, requests, samples }: Subject, milliseconds: number): Promise<number> => {
    const job = { port: server.port, connections: CONNECTIONS, warmUpMilliseconds: 150, milliseconds, requests };
    const taken = await load.run(job);
    samples.push(taken);
    return taken.requestsPerSecond;
  };
  // The compiler is done with each server before anything counts.
  for (const subject of [bare, cached, uncached]) {
    await sample(subject, quick ? 600 : 1_500);
    subject.samples.length = 0;
  }
  const milliseconds = quick ? 700 : 1_500;
  await inTurns(
    quick ? 4 : 9,
    [bare, cached, uncached].map((subject) => () => sample(subject, milliseconds)),
  );
  const rate = ({ samples }: Subject): readonly number[] => samples.map(({ requestsPerSecond }) => requestsPerSecond);
  const p99 = ({ samples }: Subject): readonly number[] => samples.map((taken) => taken.p99);
  return [
    {
      gate: 'requests a second, cached / bare node:http',
      comparison: compare(rate(cached), rate(bare)),
      limits: { direction: 'at least', target: 0.45, failsAt: 0.35 },
      figures: `${whole(rate(cached))}/s, bare ${whole(rate(bare))}/s, ${CONNECTIONS} connections`,
    },
    {
      gate: 'requests a second, store read each / bare node:http',
      comparison: compare(rate(uncached), rate(bare)),
      limits: { direction: 'at least', target: 0.13, failsAt: 0.1 },
      figures: `${whole(rate(uncached))}/s, bare ${whole(rate(bare))}/s`,
    },
    {
      gate: 'p99, cached / bare node:http',
      comparison: compare(p99(cached), p99(bare)),
      limits: { direction: 'at most', target: 2.2, failsAt: 3 },
      figures: `${tenths(p99(cached))} ms, bare ${tenths(p99(bare))} ms, store read each ${tenths(p99(uncached))} ms`,
    },
  ];
}

function whole(samples: readonly number[]): string {
  return median(samples).toFixed(0);
}

function tenths(samples: readonly number[]): string {
  return median(samples).toFixed(1);
}
