/** How soon a change at Pullpass holds, asked of the API itself without a pause. */
import { waitUntil } from '../../clients/support/wait.ts';
import type { Answer } from './deployed-api.ts';

const LIMIT_MS = 15_000;

/**
 * @returns after how many milliseconds the last question was asked that was answered as before the change. Questions count from
 * when they are asked, so that a slow machine cannot make a change look late.
 */
export async function holdsAfter(options: {
  readonly change: () => Promise<unknown>;
  readonly ask: () => Promise<Answer>;
  readonly holds: (answer: Answer) => boolean;
}): Promise<number> {
  if (options.holds(await options.ask())) throw new Error('it held before the change');
  await options.change();
  const changedAt = Date.now();
  let lastUnchangedMs = 0;
  await waitUntil(
    'the change holds',
    async () => {
      const askedAt = Date.now();
      if (options.holds(await options.ask())) return true;
      lastUnchangedMs = askedAt - changedAt;
      return false;
    },
    LIMIT_MS,
  );
  return lastUnchangedMs;
}
