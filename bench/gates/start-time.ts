/** How long `serve` takes from its start until it listens, on data that is there, against a Node process that does nothing. */
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { compare, inTurns, median } from '../support/comparison.ts';
import type { Gate } from '../support/gate.ts';
import { startServe } from '../support/serve-process.ts';

export const startTime: Gate = {
  name: 'start-time',
  run: async ({ quick, newDirectory }) => {
    const directory = await newDirectory();
    const serve = async (): Promise<number> => {
      const { startMilliseconds, stop } = await startServe(directory);
      await stop();
      return startMilliseconds;
    };
    // The first start makes the data and fills the system's file cache.
    await serve();
    const [floor = [], starts = []] = await inTurns(quick ? 5 : 15, [emptyNode, serve]);
    return [
      {
        gate: 'start of serve / node -e 0',
        comparison: compare(starts, floor),
        limits: { direction: 'at most', target: 12, failsAt: 20 },
        figures: `${median(starts).toFixed(0)} ms until it listens, node ${median(floor).toFixed(0)} ms`,
      },
    ];
  },
};

function emptyNode(): number {
  const startedAt = performance.now();
  const { status } = spawnSync(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  if (status !== 0) throw new Error('node -e 0 failed');
  return performance.now() - startedAt;
}
