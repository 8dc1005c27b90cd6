/** The code of the version before this one, as it is in the repository's history; undefined where there is no history. */
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import type { dynamoCatalogue } from '../../../lib/stores/dynamodb/dynamo-catalogue.ts';
import type { openEmbeddedStore } from '../../../lib/stores/embedded/open-embedded-store.ts';

const run = promisify(execFile);
const PROJECT = new URL('../../../', import.meta.url).pathname;

/** The last version whose readers are strict. */
const EARLIER = '149499bfd46707b1286a675d34d4ebbb895c836f';

/** With the types of today: a test uses what both have. */
export interface EarlierVersion {
  readonly openEmbeddedStore: typeof openEmbeddedStore;
  readonly dynamoCatalogue: typeof dynamoCatalogue;
}

export async function earlierVersion(): Promise<EarlierVersion | undefined> {
  const folder = await earlierFolder();
  if (folder === undefined) return undefined;
  const load = async (path: string): Promise<object> => {
    const loaded: unknown = await import(pathToFileURL(join(folder, 'lib/stores', path)).href);
    return typeof loaded === 'object' && loaded !== null ? loaded : {};
  };
  const both = {
    ...(await load('embedded/open-embedded-store.ts')),
    ...(await load('dynamodb/dynamo-catalogue.ts')),
  };
  if (!isWhole(both)) throw new Error('the version before has other entry points than this test knows');
  return both;
}

function isWhole(loaded: Partial<EarlierVersion>): loaded is EarlierVersion {
  return typeof loaded.openEmbeddedStore === 'function' && typeof loaded.dynamoCatalogue === 'function';
}

/** With its lib/. Made once, and kept with what else is cached. */
async function earlierFolder(): Promise<string | undefined> {
  const folder = join(PROJECT, '.cache', `version-${EARLIER.slice(0, 12)}`);
  if (await isThere(folder)) return folder;
  await mkdir(join(PROJECT, '.cache'), { recursive: true });
  const draft = await mkdtemp(join(PROJECT, '.cache', 'version-'));
  try {
    await run('git', [
      '-C',
      PROJECT,
      'archive',
      '--format=tar',
      `--output=${draft}/code.tar`,
      EARLIER,
      'lib',
      'package.json',
    ]);
    await run('tar', ['-xf', join(draft, 'code.tar'), '-C', draft]);
    await symlink(join(PROJECT, 'node_modules'), join(draft, 'node_modules'));
    await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }));
    return folder;
  } catch {
    await rm(draft, { recursive: true, force: true });
    process.stderr.write(`SKIPPED: the version before (${EARLIER}) is not in this repository's history\n`);
    return undefined;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
