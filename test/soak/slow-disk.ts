/** How long hosts wait on a disk that takes 100 ms to flush: while nothing else happens, and while 60 registries are refreshed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod/mini';
import { call, everyPage } from './api.ts';
import { openDiary } from './diary.ts';
import { pull } from './hosts.ts';
import { newRegistry } from './administrator.ts';
import { ecrSource, populate } from './populate.ts';
import { openWorld, type World } from './world.ts';

const FLUSH_MS = 100;
const REGISTRIES = 60;
const HOSTS = 4;
const QUIET_MS = 5_000;
const MOST_MS = 60_000;
/** Everything that expires is due after that: docs/operations.md, clock.stepped. */
const CLOCK_STEP_SECONDS = -70;
/** What is wanted, and what is a fault whatever else the machine has to do. */
const WANTED_MEDIAN_MS = 300;
const WORST_MEDIAN_MS = 2_000;

export async function measureSlowDisk(
  shimLibrary: string,
): Promise<{ readonly failed: boolean; readonly report: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-slow-disk-'));
  const diary = openDiary('slow disk', { verbose: false });
  const world = await openWorld({ directory, shimLibrary, seed: 1, diary });
  try {
    await world.pullpass.start();
    world.access.adminToken = await world.pullpass.adminToken();
    await populate(world.model, world.access, world.standIns);
    await addMany(world);
    const { shim } = world;
    if (shim === undefined) throw new Error('there is no shim');
    shim.flushMilliseconds = FLUSH_MS;
    const quiet = await waits(world, async () => {
      await setTimeout(QUIET_MS);
    });
    const all = { refreshed: false };
    const busy = await waits(world, async () => {
      const before = Date.now() + CLOCK_STEP_SECONDS * 1_000;
      shim.secondsAhead = CLOCK_STEP_SECONDS;
      all.refreshed = await allIssuedSince(before, world);
    });
    const failed = !all.refreshed || busy.median > WORST_MEDIAN_MS;
    return { failed, report: reportOf({ quiet, busy, refreshed: all.refreshed }) };
  } finally {
    await world.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function addMany({ access, standIns }: World): Promise<void> {
  const host = standIns.registries[0]?.wire.address ?? '';
  const [key = ''] = Object.keys(standIns.accessKeys);
  for (let index = 0; index < REGISTRIES; index += 1) {
    const body = newRegistry(`${host}/many-${index}`, ecrSource(standIns, key));
    await call(access.url(), 'POST /v1/registries', { token: access.adminToken, body });
  }
}

interface Waits {
  readonly answers: number;
  readonly median: number;
  readonly worst: number;
}

/** Of hosts that pull all the time while `during` lasts. */
async function waits(world: World, during: () => Promise<void>): Promise<Waits> {
  const over = new AbortController();
  const taken: number[] = [];
  const [registry] = world.model.registries.filter(({ kind }) => kind === 'static');
  if (registry === undefined) throw new Error('there is no static registry');
  const host = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const begun = performance.now();
      await pull(registry, world);
      taken.push(performance.now() - begun);
      await setTimeout(50);
    }
  };
  const hosts = Array.from({ length: HOSTS }, host);
  await during();
  over.abort();
  await Promise.all(hosts);
  const sorted = taken.toSorted((left, right) => left - right);
  return { answers: taken.length, median: sorted[Math.floor(taken.length / 2)] ?? 0, worst: sorted.at(-1) ?? 0 };
}

const issuedItem = z.object({ credential: z.object({ issuedAt: z.nullable(z.string()) }) });

async function allIssuedSince(time: number, { access }: World): Promise<boolean> {
  const until = performance.now() + MOST_MS;
  while (performance.now() < until) {
    await setTimeout(1_000);
    const path = '/v1/registries?kind=ecr';
    const registries = await everyPage(access.url(), { path, token: access.adminToken, item: issuedItem });
    // By the clock that was set back: later than the step, and no later than now.
    const isNew = ({ credential }: z.infer<typeof issuedItem>): boolean => {
      const issuedAt = Date.parse(credential.issuedAt ?? '');
      return issuedAt >= time && issuedAt <= Date.now() + CLOCK_STEP_SECONDS * 1_000;
    };
    if (registries?.every(isNew) === true) return true;
  }
  return false;
}

function reportOf(found: { readonly quiet: Waits; readonly busy: Waits; readonly refreshed: boolean }): string {
  const words = ({ answers, median, worst }: Waits): string =>
    `median ${Math.round(median)} ms, worst ${Math.round(worst)} ms, ${answers} answers`;
  return [
    `a disk that takes ${FLUSH_MS} ms to flush, ${HOSTS} hosts (wanted: median below ${WANTED_MEDIAN_MS} ms; a fault above ${WORST_MEDIAN_MS} ms):`,
    `  nothing is due:                ${words(found.quiet)}`,
    `  ${REGISTRIES} registries are refreshed: ${words(found.busy)}`,
    ...(found.refreshed ? [] : [`  NOT ALL were refreshed within ${MOST_MS / 1000} s`]),
  ].join('\n');
}
