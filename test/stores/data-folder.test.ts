/** Where the data may be: nobody else may be able to replace it. */
import { chmod, chown, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { openEmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { openedStore, temporaryDirectory } from './embedded/data-directory.ts';

const NOBODY = 65_534;

/** `outer/inner/data`, of which only `outer` is made otherwise than private. */
async function nested(outer: { readonly mode: number; readonly owner?: number; readonly group?: number }) {
  const folder = join(await temporaryDirectory(), 'outer');
  await mkdir(join(folder, 'inner'), { recursive: true });
  if (outer.owner !== undefined || outer.group !== undefined) await chown(folder, outer.owner ?? 0, outer.group ?? 0);
  await chmod(folder, outer.mode);
  return { outer: folder, directory: join(folder, 'inner', 'data') };
}

describe('a data folder below a folder', () => {
  it.each([0o777, 0o757, 0o733])('that others may write in (%o) is refused, with its name', async (mode) => {
    const { outer, directory } = await nested({ mode });
    const opened = await openEmbeddedStore({ directory });

    expect(opened).toMatchObject({ ok: false, failure: { kind: 'shared_directory', directory } });
    expect(opened.ok ? '' : opened.failure.advice).toContain(`others may write in ${outer}, `);
  });

  it.each([0o755, 0o700, 0o1777, 0o775])('of mode %o, this user its group, is taken', async (mode) => {
    const { directory } = await nested({ mode });

    await openedStore({ directory });
  });

  it('that others may write in is refused behind a link, too', async () => {
    const { directory } = await nested({ mode: 0o777 });
    await mkdir(directory, { mode: 0o700 });
    const link = join(await temporaryDirectory(), 'link');
    await symlink(directory, link);

    expect(await openEmbeddedStore({ directory: link })).toMatchObject({ ok: false });
  });

  it('in which a link to it can be replaced is refused', async () => {
    const { outer } = await nested({ mode: 0o777 });
    const link = join(outer, 'link');
    await symlink(await temporaryDirectory(), link);

    expect(await openEmbeddedStore({ directory: link })).toMatchObject({ ok: false });
  });

  it.runIf(process.getuid?.() === 0).each([
    ['of another user', { mode: 0o755, owner: NOBODY }],
    ['that another group may write in', { mode: 0o775, group: NOBODY }],
  ])('%s is refused', async (_name, outer) => {
    const { directory } = await nested(outer);

    expect(await openEmbeddedStore({ directory })).toMatchObject({ ok: false, failure: { kind: 'shared_directory' } });
  });
});
