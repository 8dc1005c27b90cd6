/** What can be wrong with the machine: its disk, its clock, its descriptors, whoever reads the log. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { Fault } from './faults.ts';
import type { World } from './world.ts';

type Rest = Pick<Fault, 'begin' | 'missing'>;

export const fillDisk: Rest = {
  missing: ({ disk }) => (disk === undefined ? 'a file system of its own cannot be mounted' : undefined),
  begin: async ({ disk }) => {
    disk?.fill();
    return async () => disk?.clear();
  },
};

function withoutShim({ shim }: World): string | undefined {
  return shim === undefined ? 'there is no C compiler (cc)' : undefined;
}

export const slowFlushes: Rest = {
  missing: withoutShim,
  begin: async ({ shim }, { random }) => {
    if (shim !== undefined) shim.flushMilliseconds = 30 + Math.floor(170 * random());
    return async () => {
      if (shim !== undefined) shim.flushMilliseconds = 0;
    };
  },
};

export function setClock(secondsAhead: number): Rest {
  return {
    missing: withoutShim,
    begin: async ({ shim }) => {
      if (shim !== undefined) shim.secondsAhead = secondsAhead;
      return async () => {
        if (shim !== undefined) shim.secondsAhead = 0;
      };
    },
  };
}

export const limitDescriptors: Rest = {
  missing: () =>
    spawnSync('prlimit', ['--version'], { stdio: 'ignore' }).status === 0 ? undefined : 'there is no prlimit',
  begin: async ({ pullpass }) => {
    const pid = pullpass.pid();
    const [soft, hard] = limitOf(pid);
    setLimit(pid, `${openDescriptors(pid)}:${hard}`);
    return async () => {
      setLimit(pid, `${soft}:${hard}`);
    };
  },
};

function limitOf(pid: number): readonly [soft: string, hard: string] {
  const shown = spawnSync('prlimit', ['--pid', String(pid), '--nofile', '--noheadings', '--output', 'SOFT,HARD']);
  const [soft = '1024', hard = '4096'] = shown.stdout.toString().trim().split(/\s+/);
  return [soft, hard];
}

function setLimit(pid: number, limit: string): void {
  spawnSync('prlimit', ['--pid', String(pid), `--nofile=${limit}`], { stdio: 'ignore' });
}

function openDescriptors(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}

export async function stickLog({ pullpass }: World): Promise<() => Promise<void>> {
  pullpass.readLog(false);
  return async () => {
    pullpass.readLog(true);
  };
}
