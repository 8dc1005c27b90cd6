/** Where the data may be: nobody else may be able to replace it. */
import { access, chmod, chown, lchown, mkdir, symlink } from 'node:fs/promises';
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

const isRoot = process.getuid?.() === 0;

/** `way/link`, which leads to `place` of a private folder. */
async function linked(owner: number, options: { readonly depth?: number } = {}) {
  const base = await temporaryDirectory();
  await mkdir(join(base, 'place'));
  await mkdir(join(base, 'way'));
  const link = join(base, 'way', 'link');
  await symlink('../place', link);
  await lchown(link, owner, 0);
  let through = link;
  for (let depth = 0; depth < (options.depth ?? 0); depth++) {
    const next = join(base, 'way', `link${depth}`);
    await symlink(through, next);
    through = next;
  }
  return { base, link, through };
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

  it.runIf(isRoot).each([
    ['of another user', { mode: 0o755, owner: NOBODY }],
    ['that another group may write in', { mode: 0o775, group: NOBODY }],
  ])('%s is refused', async (_name, outer) => {
    const { directory } = await nested(outer);

    expect(await openEmbeddedStore({ directory })).toMatchObject({ ok: false, failure: { kind: 'shared_directory' } });
  });
});

describe.runIf(isRoot)('a symbolic link on the way', () => {
  it.each(['', 'data', 'new/data'])(
    'that another user made is not followed to the data folder: link/%s',
    async (rest) => {
      const { base, link } = await linked(NOBODY);
      const opened = await openEmbeddedStore({ directory: join(link, rest) });

      expect(opened).toMatchObject({ ok: false, failure: { kind: 'shared_directory' } });
      expect(opened.ok ? '' : opened.failure.advice).toContain(`${link} is a symbolic link of another user`);
      await expect(access(join(base, 'place', rest === '' ? 'lock.db' : rest))).rejects.toThrow('ENOENT');
    },
  );

  it('that another user made is found behind other links', async () => {
    const { link, through } = await linked(NOBODY, { depth: 3 });
    const opened = await openEmbeddedStore({ directory: join(through, 'data') });

    expect(opened.ok ? '' : opened.failure.advice).toContain(`${link} is a symbolic link`);
  });

  it('that root made is followed', async () => {
    const { base, through } = await linked(0, { depth: 3 });
    await openedStore({ directory: join(through, 'data') });

    await access(join(base, 'place', 'data', 'lock.db'));
  });

  it('that leads to itself is refused', async () => {
    const link = join(await temporaryDirectory(), 'link');
    await symlink(link, link);

    expect(await openEmbeddedStore({ directory: join(link, 'data') })).toMatchObject({ ok: false });
  });

  it('that another user made is not followed to the key file', async () => {
    const { base, link } = await linked(NOBODY);
    const directory = join(base, 'data');
    const opened = await openEmbeddedStore({ directory, keyFile: join(link, 'key') });

    expect(opened.ok ? '' : opened.failure.advice).toContain(`${link} is a symbolic link of another user`);
    await expect(access(directory)).rejects.toThrow('ENOENT');
  });
});

describe('what is refused because of the folders above', () => {
  it('makes no data folder', async () => {
    const { directory } = await nested({ mode: 0o777 });

    expect(await openEmbeddedStore({ directory: join(directory, 'deeper') })).toMatchObject({ ok: false });
    await expect(access(directory)).rejects.toThrow('ENOENT');
  });

  it('is a key file in a folder that others may write in, too', async () => {
    const { outer } = await nested({ mode: 0o777 });
    const directory = join(await temporaryDirectory(), 'data');
    const opened = await openEmbeddedStore({ directory, keyFile: join(outer, 'key') });

    expect(opened.ok ? '' : opened.failure.advice).toContain(`others may write in ${outer}, `);
  });

  it('is no key file in a folder where only owners may replace files', async () => {
    const { outer, directory } = await nested({ mode: 0o1777 });

    await openedStore({ directory, keyFile: join(outer, 'key') });
  });
});
