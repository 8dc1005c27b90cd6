/** From how many registries on it does not hold: doubled until credentials run out, then halved in. */
import type { Scenario } from './scenario.ts';
import { simulate, type Simulated } from './simulate.ts';

/** Found when what fails is no more than a tenth larger than what holds. */
const PRECISION = 1.1;
const MOST = 2_000_000;

export interface Largest {
  /** Undefined: not even the size begun with holds. */
  readonly holds: Simulated | undefined;
  /** Undefined: nothing ran out up to the largest size tried. */
  readonly fails: Simulated | undefined;
}

/** `sized`: the scenario at a number of registries. */
export async function findLargest(
  begin: number,
  sized: (registries: number) => Scenario,
  onRun: (registries: number, run: Simulated) => void,
): Promise<Largest> {
  const atSize = async (registries: number): Promise<Simulated> => {
    const run = await simulate(sized(registries));
    onRun(registries, run);
    return run;
  };
  const held = { size: begin, run: await atSize(begin) };
  if (ranOut(held.run)) return { holds: undefined, fails: held.run };
  const failed: { size: number; run: Simulated | undefined } = { size: begin, run: undefined };
  while (failed.run === undefined && failed.size < MOST) {
    const size = Math.min(MOST, failed.size * 2);
    const run = await atSize(size);
    failed.size = size;
    if (ranOut(run)) failed.run = run;
    else Object.assign(held, { size, run });
  }
  while (failed.run !== undefined && failed.size > held.size * PRECISION) {
    const size = Math.round(Math.sqrt(held.size * failed.size));
    const run = await atSize(size);
    Object.assign(ranOut(run) ? failed : held, { size, run });
  }
  return { holds: held.run, fails: failed.run };
}

function ranOut(run: Simulated): boolean {
  return run.expired > 0;
}
