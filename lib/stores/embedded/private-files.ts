/** Files and folders that only their owner may open. File system errors are thrown as they are. */
import { chmodSync, closeSync, fsyncSync, lstatSync, mkdirSync, openSync, readlinkSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, parse, sep } from 'node:path';

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

export interface UnsafeStep {
  readonly kind: 'folder' | 'link';
  readonly path: string;
}

type User = { readonly uid: number; readonly gid: number };

/**
 * The first folder or symbolic link on the way to an absolute path by which somebody else could put another file or folder
 * in its place. Resolved one name at a time, because only `lstat` sees who made a link. What is missing ends the way: look
 * again after it was made.
 */
export function unsafeStepTo(path: string, user: User): UnsafeStep | undefined {
  const names = path.split(sep);
  let folder = parse(path).root;
  for (let links = 0; ;) {
    const name = names.shift();
    if (name === undefined) return undefined;
    if (name === '' || name === '.') continue;
    if (isUnsafeFolder(folder, user)) return { kind: 'folder', path: folder };
    // `folder` has no links in it any more, so that `join` may resolve a `..`.
    const step = join(folder, name);
    const status = lstatSync(step, { throwIfNoEntry: false });
    if (status === undefined) return undefined;
    if (!status.isSymbolicLink()) {
      folder = step;
      continue;
    }
    links++;
    // The system itself follows no more.
    if (isForeign(status.uid, user) || links > MOST_LINKS) return { kind: 'link', path: step };
    const target = readlinkSync(step);
    if (isAbsolute(target)) folder = parse(target).root;
    names.unshift(...target.split(sep));
  }
}

const MOST_LINKS = 40;
const STICKY = 0o1000;

/**
 * A sticky folder is safe, since only the owners of what is in it may move that. The user's own group counts as the user:
 * many systems give each user one, and make all folders writable for it.
 */
function isUnsafeFolder(folder: string, user: User): boolean {
  const { uid, gid, mode } = statSync(folder);
  const othersMayWrite = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0 && gid !== user.gid);
  return isForeign(uid, user) || (othersMayWrite && (mode & STICKY) === 0);
}

function isForeign(owner: number, user: User): boolean {
  return owner !== 0 && owner !== user.uid;
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
