/**
 * `npm run soak [-- --minutes N --seed S]`: a real `pullpass serve` under faults, held against a ledger of every credential
 * and a model of every acknowledged write. The same seed gives the same schedule. Exit code 1 with the first violation.
 *
 * It runs in namespaces of its own where the system has them: nothing that it starts or mounts outlives it.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { buildShim } from './shim.ts';
import { measureSlowDisk } from './slow-disk.ts';
import { soak } from './soak.ts';

/** Together they meet every fault in the minutes that they have. */
const DEFAULT_SEEDS = ['1', '6', '10'];
const DEFAULT_MINUTES = '4.5';
const ISOLATION = ['--map-root-user', '--mount', '--mount-proc', '--pid', '--fork', '--kill-child'];

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: DEFAULT_MINUTES },
    seed: { type: 'string', multiple: true, default: DEFAULT_SEEDS },
    verbose: { type: 'boolean', default: false },
    isolated: { type: 'boolean', default: false },
  },
});

if (!values.isolated && spawnSync('unshare', [...ISOLATION, 'true'], { stdio: 'ignore' }).status === 0) {
  const inside = [process.execPath, import.meta.filename, ...process.argv.slice(2), '--isolated'];
  const child = spawn('unshare', [...ISOLATION, ...inside], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill('SIGKILL'));
  process.exitCode = await new Promise<number>((resolve) => {
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
  // What is still under way after a violation is not waited for.
} else process.exit(await soakAll());

/** Seeds at the same time: each of them mostly waits. */
async function soakAll(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'pullpass-soak-shim-'));
  try {
    const shimLibrary = buildShim(directory);
    if (shimLibrary === undefined) loudly('NOT SOAKED with a wrong clock and a slow disk: there is no C compiler (cc)');
    const runs = values.seed.map(async (seed) => {
      const options = { seed: Number(seed), minutes: Number(values.minutes), shimLibrary, verbose: values.verbose };
      const { failed, report } = await soak(options);
      console.log(report);
      return failed;
    });
    if ((await Promise.all(runs)).includes(true)) return 1;
    if (shimLibrary === undefined) return 0;
    // Alone, since it measures.
    const { failed, report } = await measureSlowDisk(shimLibrary);
    console.log(report);
    return failed ? 1 : 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function loudly(what: string): void {
  const line = '!'.repeat(100);
  console.error(`${line}\n${what}\n${line}`);
}
