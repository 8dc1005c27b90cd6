/** A file system of a few MiB in memory, which can be filled. Only who may mount has one. */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SmallDisk {
  /** Until nothing is left. */
  readonly fill: () => void;
  readonly clear: () => void;
  readonly unmount: () => void;
}

const SIZE = '48m';
const CHUNK = Buffer.alloc(64 * 1024);

export function mountSmallDisk(directory: string): SmallDisk | undefined {
  const options = ['-t', 'tmpfs', '-o', `size=${SIZE},mode=0700`, 'tmpfs', directory];
  if (spawnSync('mount', options, { stdio: 'ignore' }).status !== 0) return undefined;
  const filler = join(directory, 'filler');
  return {
    fill: () => {
      // The last bytes one by one: SQLite needs few.
      for (const chunk of [CHUNK, CHUNK.subarray(0, 512)]) {
        try {
          for (;;) writeFileSync(filler, chunk, { flag: 'a' });
        } catch {
          // That is when it is full.
        }
      }
    },
    clear: () => {
      rmSync(filler, { force: true });
    },
    unmount: () => {
      spawnSync('umount', ['-l', directory], { stdio: 'ignore' });
    },
  };
}
