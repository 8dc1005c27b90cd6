/**
 * How long a Node process takes to load a bundle, against one that loads an empty handler: what a cold start adds to
 * Lambda's own part. From the start of the process until `require` returns; the call that warms the clients up goes on
 * after that, and is not waited for.
 */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { bundleFunctions, type BundleReport } from '../../build/bundle.ts';
import { functionEnvironment } from '../../test/support/function-environment.ts';
import { compare, inTurns, median } from '../support/comparison.ts';
import type { Gate } from '../support/gate.ts';

const LIMITS = {
  resolve: { direction: 'at most', target: 2.7, failsAt: 3.2 },
  'refresh-ecr': { direction: 'at most', target: 3, failsAt: 4 },
} as const;

/** Nobody listens on it: no call gets anywhere. */
const CLOSED = 'http://127.0.0.1:9';

export const bundleLoad: Gate = {
  name: 'bundle-load',
  run: async ({ quick, newDirectory }) => {
    const directory = await newDirectory();
    const report = await bundleFunctions(directory);
    const empty = join(directory, 'empty.js');
    await writeFile(empty, 'exports.handler = async () => undefined;\n');
    const floor = loader(empty, {});
    const subjects = Object.entries(LIMITS).map(([name, limits]) => ({
      ...{ name, limits },
      ...loader(fileOf(report, name), functionEnvironment(name, CLOSED)),
    }));
    const all = [floor.load, ...subjects.map(({ load }) => load)];
    // The first ones fill the system's file cache.
    await inTurns(1, all);
    const [empties = [], ...rows] = await inTurns(quick ? 15 : 41, all);
    return subjects.map(({ name, limits, processorTimes }, index) => {
      const samples = rows[index] ?? [];
      const processorTime = compare(processorTimes, floor.processorTimes).ratio.toFixed(2);
      return {
        gate: `load of ${name} / empty handler`,
        comparison: compare(samples, empties),
        limits,
        figures: `${median(samples).toFixed(0)} ms, empty ${median(empties).toFixed(0)} ms; processor time ${processorTime}x`,
      };
    });
  },
};

function fileOf({ functions }: BundleReport, name: string): string {
  const found = functions.find((bundle) => bundle.name === name);
  if (found === undefined) throw new Error(`there is no function ${name}`);
  return found.file;
}

const LOAD = `
if (typeof require(process.argv[1]).handler !== 'function') process.exit(1);
const { user, system } = process.cpuUsage();
process.stdout.write(String(user + system));
process.exit(0);
`;

interface Loader {
  /** Milliseconds of one load in a process of its own. */
  readonly load: () => number;
  /** Of each load, microseconds on all cores: what a busy machine changes less, and what Lambda's small share of one has to do. */
  readonly processorTimes: readonly number[];
}

function loader(file: string, environment: Readonly<Record<string, string>>): Loader {
  const processorTimes: number[] = [];
  const load = (): number => {
    const startedAt = performance.now();
    const { status, stdout } = spawnSync(process.execPath, ['-e', LOAD, file], {
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
    const milliseconds = performance.now() - startedAt;
    if (status !== 0) throw new Error(`${file} does not load; run it alone to see why`);
    // A function may have written a line of its own before.
    processorTimes.push(Number(stdout.split('\n').at(-1)));
    return milliseconds;
  };
  return { load, processorTimes };
}
