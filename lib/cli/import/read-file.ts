/** An imported file's text, from a file, a pipe or standard input: bounded, and all of it text. */
import { constants } from 'node:fs';
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
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > LARGEST_BYTES) throw tooLarge(name);
    chunks.push(bytes);
  }
  try {
    // A byte order mark at the start is an editor's; it is dropped.
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new CommandFailure({ exitCode: EXIT.failed, what: `${name} is not UTF-8 text` });
  }
}

function tooLarge(name: string): CommandFailure {
  const what = `${name} is larger than ${LARGEST_BYTES / 1024 / 1024} MiB, more than is read`;
  return new CommandFailure({ exitCode: EXIT.failed, what, advice: 'import it in parts' });
}
