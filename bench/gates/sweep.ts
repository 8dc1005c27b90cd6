/**
 * The refresher's run over 10,000 registries when 0, 10, 100 and 1,000 of them are due. The source and the registries
 * answer at once and nobody shares a mint, so that what is measured is ours: claims, and durable writes of vault and
 * catalogue. Time is injected, so that each run finds due what it is meant to.
 */
import { refreshDue } from '../../lib/service/refresh.ts';
import type { EmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { compare, inTurns, median } from '../support/comparison.ts';
import type { Finding } from '../support/finding.ts';
import type { Gate } from '../support/gate.ts';
import { instantRefreshDeps, INSTANT_KIND } from '../support/instant-source.ts';
import { addRegistries, openStore } from '../support/seeded-store.ts';

const MANY = 10_000;
const FEW = 10;
const LIMITS = { budgetMilliseconds: 600_000, concurrency: 16 };
const HOUR_MS = 3_600_000;

/** Registries due in one round, in the order in which they come due: an hour between one run and the next. */
const RUNS = [10, 100, 1_000] as const;
const ROUND = RUNS.reduce((sum, due) => sum + due, 0);

export const sweep: Gate = {
  name: 'sweep',
  run: async ({ quick, newDirectory }) => {
    const rounds = quick ? 3 : 8;
    const startedAt = Date.UTC(2026, 0, 1);
    const many = await openStore(await newDirectory());
    const few = await openStore(await newDirectory());
    try {
      const seed = { kind: INSTANT_KIND, now: startedAt };
      await addRegistries(many, { ...seed, count: MANY, dueAt: (index) => startedAt + hourOf(index) * HOUR_MS });
      await addRegistries(few, { ...seed, count: FEW, dueAt: () => startedAt + 1_000 * HOUR_MS });
      const times = new Map<number, number[]>(RUNS.map((due) => [due, []]));
      for (let run = 0; run < rounds * RUNS.length; run += 1) {
        const due = RUNS[run % RUNS.length] ?? 0;
        times.get(due)?.push(await millisecondsToRefresh(many, due, startedAt + run * HOUR_MS));
      }
      const idle = await idleTimes(many, few, startedAt + (rounds * RUNS.length - 1) * HOUR_MS);
      return findings(times, idle);
    } finally {
      await many.close();
      await few.close();
    }
  },
};

/** Registry n's run, counted in hours from the start; what is beyond the last round is due much later. */
function hourOf(index: number): number {
  const round = Math.floor(index / ROUND);
  const place = index % ROUND;
  const run = place < 10 ? 0 : place < 110 ? 1 : 2;
  return round * RUNS.length + run;
}

async function millisecondsToRefresh(store: EmbeddedStore, due: number, now: number): Promise<number> {
  const deps = instantRefreshDeps(store, now);
  const startedAt = performance.now();
  const { refreshed } = await refreshDue(LIMITS, deps);
  const milliseconds = performance.now() - startedAt;
  if (refreshed !== due) throw new Error(`${refreshed} registries were refreshed and not ${due}`);
  return milliseconds;
}

interface IdleTimes {
  readonly many: readonly number[];
  readonly few: readonly number[];
}

/** Runs that find nothing due, with many registries and with few. They are short: a sample is a hundred of them. */
async function idleTimes(many: EmbeddedStore, few: EmbeddedStore, now: number): Promise<IdleTimes> {
  const hundred = async (store: EmbeddedStore): Promise<number> => {
    let milliseconds = 0;
    for (let run = 0; run < 100; run += 1) milliseconds += await millisecondsToRefresh(store, 0, now);
    return milliseconds / 100;
  };
  const samples = [() => hundred(few), () => hundred(many)];
  await inTurns(2, samples);
  const [fewTimes = [], manyTimes = []] = await inTurns(9, samples);
  return { few: fewTimes, many: manyTimes };
}

function findings(times: ReadonlyMap<number, readonly number[]>, idle: IdleTimes): readonly Finding[] {
  const hundred = times.get(100) ?? [];
  const thousand = times.get(1_000) ?? [];
  const each = (due: number): string => `${due}: ${median(times.get(due) ?? []).toFixed(1)} ms`;
  return [
    {
      gate: `sweep of ${MANY}, 1000 due / 10 x 100 due`,
      comparison: compare(
        thousand,
        hundred.map((milliseconds) => milliseconds * 10),
      ),
      limits: { direction: 'at most', target: 1.3, failsAt: 2 },
      figures: `due ${RUNS.map(each).join(', ')}; ${median(thousand).toFixed(0)} us a registry`,
    },
    {
      gate: `sweep with nothing due, ${MANY} registries / ${FEW}`,
      comparison: compare(idle.many, idle.few),
      limits: { direction: 'at most', target: 1.5, failsAt: 3 },
      figures: `${(median(idle.many) * 1000).toFixed(0)} us, with ${FEW} ${(median(idle.few) * 1000).toFixed(0)} us`,
    },
  ];
}
