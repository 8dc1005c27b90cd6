/** What an import reads, from a file, a pipe or standard input: never more than a limit, whatever size a file says that it has. */
import { constants, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { CommandFailure, usageFailure } from '../command-failure.ts';
import { EXIT } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';

/** An export of 10,000 registries is a third of it. Parsed, a file takes several times as much memory. */
const LARGEST_BYTES = 8 * 1024 * 1024;
const OTHERS_MAY_READ = 0o077;

export interface FileText {
  readonly text: string;
  /** Its mode lets others of this machine read it. */
  readonly isOpenToOthers: boolean;
}

/** `-` is standard input. */
export async function readBounded(file: string, terminal: Terminal): Promise<FileText> {
  if (file === '-') return { text: await textOf(terminal.stdin, 'standard input'), isOpenToOthers: false };
  const handle = await open(file, constants.O_RDONLY).catch(() => {
    throw usageFailure(`${file} cannot be read`);
  });
  try {
    const status = await handle.stat();
    if (status.isDirectory()) throw usageFailure(`${file} is a folder`, 'name the file in it');
    if (status.isFile() && status.size > LARGEST_BYTES) throw tooLarge(file);
    const isOpenToOthers = status.isFile() && (status.mode & OTHERS_MAY_READ) !== 0;
    return { text: await textOf(handle.createReadStream({ autoClose: false }), file), isOpenToOthers };
  } finally {
    await handle.close();
  }
}

async function textOf(stream: Readable, name: string): Promise<string> {
  const bytes = boundedBytes(LARGEST_BYTES);
  for await (const chunk of stream) {
    if (!bytes.add(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)))) throw tooLarge(name);
  }
  try {
    // A byte order mark at the start is an editor's; it is dropped.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.all());
  } catch {
    throw new CommandFailure({ exitCode: EXIT.failed, what: `${name} is not UTF-8 text` });
  }
}

function tooLarge(name: string): CommandFailure {
  const what = `${name} is larger than ${LARGEST_BYTES / 1024 / 1024} MiB, more than is read`;
  return new CommandFailure({ exitCode: EXIT.failed, what, advice: 'import it in parts' });
}

const CHUNK_BYTES = 65_536;

/** All bytes of an open file; undefined where there are more than `largest`, of which at most one byte is read. */
export function readAtMost(descriptor: number, largest: number): Buffer | undefined {
  const bytes = boundedBytes(largest);
  for (;;) {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, bytes.left() + 1));
    const size = readSync(descriptor, chunk, 0, chunk.length, null);
    if (size === 0) return bytes.all();
    if (!bytes.add(chunk.subarray(0, size))) return undefined;
  }
}

interface BoundedBytes {
  /** False: with these there are too many, and they were not added. */
  readonly add: (bytes: Buffer) => boolean;
  readonly left: () => number;
  readonly all: () => Buffer;
}

/** Counts what was read: the size that a file says it has is 0 for many files of /proc, and can grow. */
function boundedBytes(largest: number): BoundedBytes {
  const chunks: Buffer[] = [];
  let left = largest;
  return {
    add: (bytes) => {
      if (bytes.length > left) return false;
      left -= bytes.length;
      chunks.push(bytes);
      return true;
    },
    left: () => left,
    all: () => Buffer.concat(chunks),
  };
}
