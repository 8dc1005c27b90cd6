/**
 * The processor time of one cached resolve, without HTTP: Pullpass from event to answer (middy, routes, proof, policy,
 * look-up, document) against one hand-written function. The record of the decision and the log line are left out on both
 * sides: they are in the gates of durable writes and of local requests a second.
 */
import { createHash } from 'node:crypto';
import process from 'node:process';
import { LOCAL_CONTEXT } from '../../lib/http/local-context.ts';
import { compose } from '../../lib/serve/compose.ts';
import { compare, inTurns, median } from '../support/comparison.ts';
import type { Gate } from '../support/gate.ts';
import { idealResolve, type IdealRegistry, type IdealState } from '../support/ideal-resolve.ts';
import { postEvent } from '../support/post-event.ts';
import { resolvableStore, RESOLVE_PATH, type ResolvableStore } from '../support/resolvable-store.ts';
import { ENVIRONMENT, openStore, PASSWORD, seededAddress } from '../support/seeded-store.ts';

export const resolveCpu: Gate = {
  name: 'resolve-cpu',
  run: async ({ quick, newDirectory }) => {
    const seeded = await resolvableStore(await newDirectory());
    const store = await openStore(seeded.directory);
    try {
      const { handler } = compose({
        catalogue: { ...store.catalogue, recordDecision: async () => undefined },
        vault: store.vault,
        report: () => undefined,
        allowNetworks: [],
        ecrUpstreamHosts: [],
        sources: {},
        hostScripts: new Map(),
        version: 'bench',
        catalogueCacheMilliseconds: 600_000,
      });
      const events = seeded.bodies.map((body) => postEvent(RESOLVE_PATH, seeded.token, body));
      const pullpass = async (index: number): Promise<void> => {
        const event = events[index % events.length];
        const answer = event === undefined ? undefined : await handler(event, LOCAL_CONTEXT);
        if (answer?.statusCode !== 200) throw new Error(`resolve answered ${answer?.statusCode ?? 'nothing'}`);
      };
      const ideal = idealSubject(seeded);
      const calls = quick ? 5_000 : 10_000;
      const samples = [() => microsecondsEach(calls, ideal), () => microsecondsEach(calls, pullpass)];
      await inTurns(4, samples);
      const [floor = [], subject = []] = await inTurns(quick ? 15 : 41, samples);
      return [
        {
          gate: 'cached resolve, CPU / ideal by hand',
          comparison: compare(subject, floor),
          limits: { direction: 'at most', target: 1.6, failsAt: 2 },
          figures: `${median(subject).toFixed(1)} us, ideal ${median(floor).toFixed(1)} us`,
        },
      ];
    } finally {
      await store.close();
    }
  },
};

/** Of this thread: what the machine does besides does not count. The ideal is awaited, too, so that both pay for that. */
async function microsecondsEach(calls: number, call: (index: number) => Promise<void>): Promise<number> {
  const before = process.threadCpuUsage();
  for (let index = 0; index < calls; index += 1) await call(index);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / calls;
}

function idealSubject({ token, bodies }: ResolvableStore): (index: number) => Promise<void> {
  const credential = { username: 'puller', password: PASSWORD, issuedAt: Date.now() };
  const registries = bodies.map((_, index): [string, IdealRegistry] => [
    seededAddress(index),
    { id: `registry-${index}`, host: seededAddress(index), credential },
  ]);
  const tokenHash = createHash('sha256').update(token).digest();
  const state: IdealState = {
    agents: new Map([[token.split('_')[1] ?? '', { tokenHash, environments: [ENVIRONMENT] }]]),
    registries: new Map(registries),
    allowedSuffix: '.example.test',
  };
  const authorization = `Bearer ${token}`;
  return async (index) => {
    const body = bodies[index % bodies.length] ?? '';
    const answer = idealResolve({ authorization, environment: ENVIRONMENT, body }, state);
    if (answer === undefined) throw new Error('the ideal refused');
  };
}
