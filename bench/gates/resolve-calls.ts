/**
 * How many calls of the AWS SDK the deployed function makes for one resolve, counted where they arrive. Secrets Manager's
 * are what Pullpass costs, so they are worth a gate of their own.
 */
import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod/mini';
import { bundleFunctions } from '../../build/bundle.ts';
import { startAwsStoreServer, type StoreCall } from '../../test/support/aws-store-server.ts';
import { functionEnvironment } from '../../test/support/function-environment.ts';
import { ENVIRONMENT, IMAGE, storedInstallation } from '../../test/support/stored-installation.ts';
import { startChild, type Child } from '../support/child.ts';
import { compare } from '../support/comparison.ts';
import type { Finding, Limits } from '../support/finding.ts';
import type { Gate } from '../support/gate.ts';
import { postEvent } from '../support/post-event.ts';
import { PASSWORD } from '../support/seeded-store.ts';

/** Longer than anything that the function keeps of the catalogue. */
const CATALOGUE_FORGOTTEN_MS = 5_000;
/** The calls that the function makes when it is loaded have arrived by then. */
const WARM_MS = 1_500;

export const resolveCalls: Gate = {
  name: 'resolve-calls',
  run: async ({ newDirectory }) => {
    const { functions } = await bundleFunctions(await newDirectory());
    const file = functions.find(({ name }) => name === 'resolve')?.file;
    const installation = storedInstallation(PASSWORD);
    const server = await startAwsStoreServer(installation);
    const child = startChild(new URL('../support/bundle-process.ts', import.meta.url));
    try {
      await child.ask({ load: file, environment: functionEnvironment('resolve', server.endpoint) }, z.object({}));
      await wait(WARM_MS);
      const callsOfOne = async (): Promise<readonly StoreCall[]> => {
        server.calls.length = 0;
        await resolveOnce(child, installation.token);
        return [...server.calls];
      };
      const first = await callsOfOne();
      const cached = await callsOfOne();
      await wait(CATALOGUE_FORGOTTEN_MS);
      const renewed = await callsOfOne();
      return [
        counted('calls to AWS: first resolve', first, { direction: 'at most', target: 2, failsAt: 2 }),
        counted('calls to AWS: cached resolve', cached, { direction: 'at most', target: 0, failsAt: 0 }),
        counted('calls to AWS: catalogue read again', renewed, { direction: 'at most', target: 1, failsAt: 1 }),
      ];
    } finally {
      await child.stop();
      await server.close();
    }
  },
};

const released = z.object({ answer: z.object({ statusCode: z.literal(200) }) });

async function resolveOnce(child: Child, token: string): Promise<void> {
  const event = postEvent(`/v1/environments/${ENVIRONMENT}/resolve`, token, JSON.stringify({ image: IMAGE }));
  await child.ask({ event }, released);
}

/** In series is only what needs the answer before: one call of each service. More of one could have been one. */
function counted(gate: string, calls: readonly StoreCall[], limits: Limits): Finding {
  const operations = calls.map(({ operation }) => operation);
  if (new Set(operations).size < operations.length)
    throw new Error(`${gate}: twice the same: ${operations.join(', ')}`);
  return { gate, comparison: compare([calls.length], [1]), limits, figures: operations.join(', then ') || 'none' };
}
