/** One seed: a Pullpass under faults for some minutes, with hosts that pull and an administrator who changes things. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { seededRandom } from '../../bench/simulate/seeded-random.ts';
import { administrator, type Administrator } from './administrator.ts';
import { checkAtTheEnd } from './at-the-end.ts';
import { openDiary, type Diary } from './diary.ts';
import { FAULTS } from './faults.ts';
import { pullForEver } from './hosts.ts';
import { populate } from './populate.ts';
import { recover } from './recovery.ts';
import { planRounds, roundInWords, type PlannedFault, type Round } from './schedule.ts';
import { openWorld, type World } from './world.ts';

export interface SoakOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly shimLibrary: string | undefined;
  readonly verbose: boolean;
}

const HOSTS = 2;
const ADMINISTRATOR_PAUSE_MS = 1_200;
/** More than fit into any run. */
const ROUNDS_A_MINUTE = 6;

export async function soak(options: SoakOptions): Promise<{ readonly failed: boolean; readonly report: string }> {
  const { seed } = options;
  const diary = openDiary(`seed ${seed}`, options);
  const rounds = planRounds(seed, Math.ceil(options.minutes * ROUNDS_A_MINUTE));
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-soak-'));
  const world = await openWorld({ ...options, directory, diary });
  const stop = new AbortController();
  let done = 0;
  try {
    await world.pullpass.start();
    world.access.adminToken = await world.pullpass.adminToken();
    await populate(world.model, world.access, world.standIns);
    await recover(world);
    const admin = administrator(world);
    const live = async (): Promise<void> => {
      const until = performance.now() + options.minutes * 60_000;
      const hosts = Array.from({ length: HOSTS }, (_, index) =>
        pullForEver(world, seededRandom(seed + 10 + index), stop.signal),
      );
      for (const round of rounds) {
        if (performance.now() > until || diary.isOver()) break;
        await runRound(round, admin, world);
        done += 1;
      }
      stop.abort();
      await Promise.all(hosts);
      await checkAtTheEnd(world);
    };
    await Promise.race([live(), diary.firstViolation]);
    if (!diary.isOver()) return { failed: false, report: heldReport({ ...options, done, world }) };
    const violation = await diary.firstViolation;
    return { failed: true, report: failureReport({ ...options, rounds, done, violation, world }) };
  } finally {
    stop.abort();
    await world.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function runRound(round: Round, admin: Administrator, world: World): Promise<void> {
  const { diary } = world;
  const over = new AbortController();
  const writing = changeThings(admin, { world, over: over.signal });
  await Promise.all(round.faults.map((planned) => suffer(planned, world)));
  over.abort();
  await writing;
  if (diary.isOver()) return;
  await recover(world);
  diary.note('recovered');
  await setTimeout(round.calmSeconds * 1_000);
}

/** In rounds only: what is compared afterwards must not change meanwhile. */
async function changeThings(
  admin: Administrator,
  { world, over }: { readonly world: World; readonly over: AbortSignal },
): Promise<void> {
  while (!over.aborted && !world.diary.isOver()) {
    await admin.changeSomething();
    await setTimeout(ADMINISTRATOR_PAUSE_MS * (0.5 + world.random()));
  }
}

async function suffer({ fault, afterSeconds, seconds, seed }: PlannedFault, world: World): Promise<void> {
  const { diary, groups } = world;
  await setTimeout(afterSeconds * 1_000);
  if (diary.isOver()) return;
  const missing = fault.missing?.(world);
  if (missing !== undefined) {
    diary.note(`${fault.name}: SKIPPED, ${missing}`);
    diary.count('SKIPPED faults');
    return;
  }
  groups.add(fault.group);
  diary.note(`${fault.name} begins, for ${seconds} s`);
  diary.count(`fault ${fault.name}`);
  const end = await fault.begin(world, { seconds, random: seededRandom(seed) });
  await setTimeout(seconds * 1_000);
  await end();
  diary.note(`${fault.name} is over`);
}

function figures(diary: Diary): string {
  return Object.entries(diary.figures())
    .map(([what, value]) => `  ${String(value).padStart(7)}  ${what}`)
    .join('\n');
}

function heldReport({
  seed,
  done,
  world,
}: {
  readonly seed: number;
  readonly done: number;
  readonly world: World;
}): string {
  const missing = FAULTS.flatMap(({ name, missing: why }) => {
    const said = why?.(world);
    return said === undefined ? [] : [`  !!! NOT DONE here: ${name}: ${said}`];
  });
  return [`seed ${seed}: held in ${done} rounds`, ...missing, figures(world.diary)].join('\n');
}

function failureReport(failed: {
  readonly seed: number;
  readonly minutes: number;
  readonly rounds: readonly Round[];
  readonly done: number;
  readonly violation: Error;
  readonly world: World;
}): string {
  const { seed, minutes, rounds, done, violation, world } = failed;
  const { diary } = world;
  const schedule = rounds.slice(0, done + 1).map((round, index) => `  ${index + 1}. ${roundInWords(round)}`);
  return [
    `seed ${seed}: VIOLATION in round ${done + 1}`,
    `  ${violation.message}`,
    `again: node test/soak/run.ts --minutes ${minutes} --seed ${seed}`,
    'the schedule so far:',
    ...schedule,
    'the last faults:',
    ...diary.lastNotes().map((note) => `  ${note}`),
    'the last writes:',
    ...diary.lastWrites().map((write) => `  ${write}`),
    'the last lines of its log:',
    ...world.pullpass.lastLines().map((line) => `  ${line}`),
    'figures:',
    figures(diary),
  ].join('\n');
}
