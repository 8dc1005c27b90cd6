/** How soon a change at Pullpass holds on a host, seen by a client that does not stop asking. */
import { waitUntil } from './wait.ts';
import type { Outcome } from './run.ts';

export interface Observation {
  /** How long after the change the last attempt began that did not show it; 0 where there was none. */
  readonly lastUnchangedMs: number;
  /** The first outcome that showed it. */
  readonly outcome: Outcome;
}

const LIMIT_MS = 15_000;

/**
 * Makes a change, and tries until an outcome shows it. Attempts count from their beginning, so that a slow machine cannot
 * make a change look late: what began within the time may end whenever it wants.
 */
export async function changeThenTry(
  change: () => Promise<unknown>,
  attempt: () => Promise<Outcome>,
  shows: (outcome: Outcome) => boolean,
): Promise<Observation> {
  await change();
  const changedAt = Date.now();
  let observation: Observation | undefined;
  let lastUnchangedMs = 0;
  await waitUntil(
    'the change is seen',
    async () => {
      const beganAt = Date.now();
      const outcome = await attempt();
      if (shows(outcome)) observation = { lastUnchangedMs, outcome };
      else lastUnchangedMs = beganAt - changedAt;
      return observation !== undefined;
    },
    LIMIT_MS,
  );
  if (observation === undefined) throw new Error('waited for nothing');
  return observation;
}

export function failed({ exitCode }: Outcome): boolean {
  return exitCode !== 0;
}

export function succeeded({ exitCode }: Outcome): boolean {
  return exitCode === 0;
}
