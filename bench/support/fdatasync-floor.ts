/** What a durable write costs at least: some bytes and one fdatasync, in a file that has its size already, as a log has. */
import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';

const FILE_BYTES = 4 * 1024 * 1024;

export interface FdatasyncFloor {
  write(bytes: number): void;
  close(): void;
}

export function openFdatasyncFloor(path: string): FdatasyncFloor {
  const file = openSync(path, 'w', 0o600);
  const content = Buffer.alloc(FILE_BYTES, 'x');
  writeSync(file, content, 0, FILE_BYTES, 0);
  fsyncSync(file);
  let position = 0;
  return {
    write: (bytes) => {
      if (position + bytes > FILE_BYTES) position = 0;
      writeSync(file, content, 0, bytes, position);
      fdatasyncSync(file);
      position += bytes;
    },
    close: () => {
      closeSync(file);
    },
  };
}
