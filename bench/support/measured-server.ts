/** The child's side of a server under load: listens where the system likes and tells its port and its CPU time. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import process from 'node:process';
import * as z from 'zod/mini';
import { answerParent, startChild, type Child } from './child.ts';

const state = z.object({ port: z.number(), cpuMicroseconds: z.number() });

export interface MeasuredServer {
  readonly port: number;
  /** User and system time of the server's process so far. */
  readonly cpuMicroseconds: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

export async function startMeasuredServer(module: URL, parameters: readonly string[]): Promise<MeasuredServer> {
  const child: Child = startChild(module, parameters);
  const { port } = await child.ask({}, state);
  return {
    port,
    cpuMicroseconds: async () => (await child.ask({}, state)).cpuMicroseconds,
    stop: child.stop,
  };
}

export async function serveMeasured(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const { port } = address;
  answerParent(async () => {
    const { user, system } = process.cpuUsage();
    return { port, cpuMicroseconds: user + system };
  });
}
