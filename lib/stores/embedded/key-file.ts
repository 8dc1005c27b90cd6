/**
 * The vault's key file: 32 random bytes as base64 text, mode 0600. It can lie away from the data, on a volume that is
 * not in the same backup.
 *
 * Made under another name and linked into place, so that a crash leaves either the whole key or none, and an existing
 * one is never replaced.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { failure, success, type Result } from '../../domain/result.ts';
import { isFileError, syncDirectory } from './private-files.ts';
import { KEY_BYTES } from './sealing.ts';

export type KeyProblem = 'missing' | 'not_a_file' | 'mode' | 'owner' | 'malformed';

export interface KeyFile {
  readonly path: string;
  /** Whose file it must be; undefined where files have no owner. */
  readonly userId: number | undefined;
}

const BASE64 = /^[A-Za-z0-9+/]{43}=$/;
const OTHERS = 0o077;

/** A mode stricter than 0600 is fine too: mounted secrets are often 0400. File system errors are thrown. */
export function readKey({ path, userId }: KeyFile): Result<Uint8Array, KeyProblem> {
  const file = openIfThere(path);
  if (file === undefined) return failure('missing');
  try {
    const status = fstatSync(file);
    if (!status.isFile()) return failure('not_a_file');
    if (userId !== undefined && status.uid !== userId) return failure('owner');
    if (userId !== undefined && (status.mode & OTHERS) !== 0) return failure('mode');
    const text = readFileSync(file, 'utf8').trim();
    return BASE64.test(text) ? success(Buffer.from(text, 'base64')) : failure('malformed');
  } finally {
    closeSync(file);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    // Non-blocking: opening a named pipe that nobody writes to would otherwise never end.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Durable when it returns: a key that is lost after its first use loses every secret. */
export function createKey(path: string): void {
  const folder = dirname(path);
  const draft = join(folder, `.vault-key-${randomBytes(8).toString('hex')}`);
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
    fsyncSync(file);
    linkSync(draft, path);
  } finally {
    closeSync(file);
    unlinkSync(draft);
  }
  syncDirectory(folder);
}
