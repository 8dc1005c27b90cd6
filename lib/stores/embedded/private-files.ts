/** Files and folders that only their owner may open. File system errors are thrown as they are. */
import { chmodSync, closeSync, fsyncSync, lstatSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs';
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
  readonly path: string;

  constructor(path: string) {
    super(`${path} is a symbolic link`);
    this.name = 'SymbolicLink';
    this.path = path;
  }
}

/** May only its owner put files into it? Whoever else may could have put ours there before us. */
export function isSharedDirectory(path: string, userId: number | undefined): boolean {
  const { uid, mode } = statSync(path);
  return userId !== undefined && (uid !== userId || (mode & 0o022) !== 0);
}

/**
 * The first folder above it in which somebody else could move it away and put another in its place. A sticky one is safe,
 * since only the owners of what is in it may move that. The user's own group counts as the user: many systems give each user
 * one, and make all folders writable for it.
 */
export function sharedFolderAbove(
  path: string,
  user: { readonly uid: number; readonly gid: number },
): string | undefined {
  // By the name that was given and by where that leads: a link on the way is somebody's choice, too.
  for (const start of new Set([path, realpathSync(path)])) {
    for (let child = start, folder = dirname(start); folder !== child; child = folder, folder = dirname(folder)) {
      const { uid, gid, mode } = statSync(folder);
      const isForeign = uid !== 0 && uid !== user.uid;
      const othersMayWrite = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0 && gid !== user.gid);
      if (isForeign || (othersMayWrite && (mode & STICKY) === 0)) return folder;
    }
  }
  return undefined;
}

const STICKY = 0o1000;

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
