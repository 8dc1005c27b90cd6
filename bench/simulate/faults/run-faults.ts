/** `npm run simulate -- --faults`: many schedules, one seed each, and what they found together. */
import { runSchedule, type ScheduleRun } from './schedule-run.ts';

/** @returns whether all of them held. */
export async function simulateFaults(options: { readonly schedules: number; readonly seed: number }): Promise<boolean> {
  // Stores fail tens of thousands of times, and nobody reads where.
  Error.stackTraceLimit = 0;
  const runs: ScheduleRun[] = [];
  for (let index = 0; index < options.schedules; index += 1) {
    const run = await runSchedule(options.seed + index);
    runs.push(run);
    if (run.violations.length === 0) continue;
    console.log(`seed ${run.seed}: VIOLATION (again: npm run simulate -- --faults --schedules 1 --seed ${run.seed})`);
    for (const violation of run.violations) console.log(`  ${violation}`);
  }
  const sum = (of: (run: ScheduleRun) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const bad = runs.filter(({ violations }) => violations.length > 0).length;
  const leastAlarm = Math.min(...runs.map(({ latestAlarmSecondsLeft }) => latestAlarmSecondsLeft));
  console.log(
    [
      `${runs.length} schedules of 30 days, ${bad} with a violation`,
      `${sum(({ refreshes }) => refreshes)} refreshes, ${sum(({ pulls }) => pulls)} pulls`,
      `${sum(({ unanswered }) => unanswered)} pulls had no credential (outages that outlast it, stores that are down)`,
      `${sum(({ excused }) => excused)} got one that does not work, which nobody could know (wrong clock, or untried at the last moment)`,
      `least that an ECR credential had left when its alarm was first seen: ${(leastAlarm / 3600).toFixed(2)} hours (looked at every 30 minutes, not while the clock is wrong)`,
    ].join('\n'),
  );
  return bad === 0;
}
