/** Builds shim.c, and tells the processes that it is preloaded into what time it is and how slow their disk is. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface Shim {
  readonly environment: Readonly<Record<string, string>>;
  secondsAhead: number;
  flushMilliseconds: number;
  readonly close: () => void;
}

/** Undefined: there is no C compiler, or it cannot build for this system. */
export function buildShim(directory: string): string | undefined {
  const library = join(directory, 'shim.so');
  const source = join(import.meta.dirname, 'shim.c');
  const built = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source], { stdio: 'ignore' });
  return built.status === 0 ? library : undefined;
}

export function controlShim(library: string, directory: string): Shim {
  const control = join(directory, 'shim-control');
  const file = openSync(control, 'w');
  const values = new Int32Array(2);
  const write = (index: number, value: number): void => {
    values[index] = value;
    writeSync(file, values, 0, values.byteLength, 0);
  };
  write(0, 0);
  return {
    environment: { LD_PRELOAD: library, SOAK_CONTROL: control },
    get secondsAhead() {
      return values[0] ?? 0;
    },
    set secondsAhead(seconds) {
      write(0, seconds);
    },
    get flushMilliseconds() {
      return values[1] ?? 0;
    },
    set flushMilliseconds(milliseconds) {
      write(1, milliseconds);
    },
    close: () => {
      closeSync(file);
    },
  };
}
