/** Files and folders that only their owner may open. File system errors are thrown as they are. */
import { chmodSync, closeSync, fsyncSync, lstatSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * An empty file where there is none; mode 0600 either way.
 *
 * An existing file is not opened: closing it again would drop every POSIX lock that this process holds on it, SQLite's
 * among them (https://sqlite.org/howtocorrupt.html, 2.2).
 */
export function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!isFileError(error, 'EEXIST')) throw error;
    if (lstatSync(path).isSymbolicLink()) throw new SymbolicLink(path);
  }
  chmodSync(path, 0o600);
}

/** A link where a file of ours belongs leads to somebody else's. */
export class SymbolicLink extends Error {
  readonly code = 'ELOOP';

  constructor(path: string) {
    super(`${path} is a symbolic link`);
    this.name = 'SymbolicLink';
  }
}

/** May only its owner put files into it? Whoever else may could have put ours there before us. */
export function isSharedDirectory(path: string, userId: number | undefined): boolean {
  const { uid, mode } = statSync(path);
  return userId !== undefined && (uid !== userId || (mode & 0o022) !== 0);
}

/** With all that leads to it. One that exists is left as it is: see `isSharedDirectory`. */
export function createPrivateDirectory(path: string): void {
  const firstMade = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (firstMade !== undefined) syncDirectory(dirname(firstMade));
}

/** Makes a name just created in it last. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

export function isFileError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
