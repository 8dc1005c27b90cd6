/** A data directory that is gone after the test, and the embedded store in it. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

import {
  openEmbeddedStore,
  type EmbeddedStore,
  type EmbeddedStoreOptions,
} from '../../../lib/stores/embedded/open-embedded-store.ts';

/** Inside a test; removed when that is over. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-store-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export async function openedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const opened = await openEmbeddedStore(options);
  if (!opened.ok) throw new Error(opened.failure.advice);
  onTestFinished(() => opened.value.close());
  return opened.value;
}

/** Every file below a directory with its bytes. Only of a store that is closed or whose process is dead. */
export async function filesIn(directory: string): Promise<ReadonlyMap<string, Buffer>> {
  const names = await readdir(directory);
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const)));
}
