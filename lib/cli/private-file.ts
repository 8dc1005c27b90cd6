/** Writes a file that only its owner may read, whole or not at all: what was there stays until the new one is complete. */
import { randomUUID } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';

export async function writePrivateFile(file: string, text: string): Promise<void> {
  const beside = join(dirname(file), `.${basename(file)}.${randomUUID()}`);
  try {
    await writeNew(beside, text);
    await rename(beside, file);
  } catch {
    await unlink(beside).catch(() => undefined);
    throw new CommandFailure({
      exitCode: EXIT.failed,
      what: `${file} cannot be written`,
      advice: 'look at the folder and its permissions',
    });
  }
}

async function writeNew(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
