/** Where the vault's key lies, who may read it, and what happens without the right one. */
import { chmod, copyFile, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';

import { Secret } from '../../lib/domain/secret.ts';
import { createKey, readKey } from '../../lib/stores/embedded/key-file.ts';
import { openEmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { seal, unseal } from '../../lib/stores/embedded/sealing.ts';
import { CANARY } from './embedded/acknowledgement.ts';
import { filesIn, openedStore, temporaryDirectory } from './embedded/data-directory.ts';
import { startProcess } from './embedded/other-process.ts';

const OTHER_KEY = `${Buffer.alloc(32, 7).toString('base64')}\n`;

async function storeWithSecret(): Promise<{ readonly directory: string; readonly keyFile: string }> {
  const directory = await temporaryDirectory();
  const store = await openedStore({ directory });
  await store.vault.putSource('a', 's1', new Secret('secret'));
  await store.close();
  return { directory, keyFile: join(directory, 'vault.key') };
}

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

describe('the files of a store', () => {
  it('are readable by their owner only, in a directory made for him', async () => {
    const directory = join(await temporaryDirectory(), 'made', 'for', 'it');
    const writer = startProcess(directory, 'write');
    await writer.told(20);
    await writer.kill();
    const names = [...(await filesIn(directory)).keys()];
    expect(names).toEqual(
      expect.arrayContaining(['catalogue.db', 'catalogue.db-wal', 'lock.db', 'vault.db', 'vault.db-wal', 'vault.key']),
    );
    expect(await modeOf(directory)).toBe('700');
    for (const name of names) expect([name, await modeOf(join(directory, name))]).toStrictEqual([name, '600']);
  });

  it('hold no secret in the clear, the write-ahead logs included', async () => {
    const directory = await temporaryDirectory();
    const writer = startProcess(directory, 'write');
    await writer.told(40);
    await writer.kill();
    const files = await filesIn(directory);
    const all = Buffer.concat([...files.values()]);
    expect(files.get('vault.db-wal')?.byteLength).toBeGreaterThan(0);
    expect(all.includes('edit 0')).toBe(true);
    for (const encoding of ['utf8', 'base64', 'hex', 'utf16le'] as const) {
      const needle = Buffer.from(CANARY, encoding === 'utf16le' ? 'utf16le' : 'utf8');
      const text = encoding === 'utf8' || encoding === 'utf16le' ? needle : needle.toString(encoding).slice(0, 16);
      expect([encoding, all.includes(text)]).toStrictEqual([encoding, false]);
    }
  });
});

describe('the key file', () => {
  it('is made once: 32 random bytes as base64', async () => {
    const { directory, keyFile } = await storeWithSecret();
    const first = await readFile(keyFile, 'utf8');
    expect(first).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
    await (await openedStore({ directory })).close();
    expect(await readFile(keyFile, 'utf8')).toBe(first);
    expect(await readFile((await storeWithSecret()).keyFile, 'utf8')).not.toBe(first);
  });

  it('may lie elsewhere, and then is not with the data', async () => {
    const directory = await temporaryDirectory();
    const keyFile = join(await temporaryDirectory(), 'elsewhere.key');
    const store = await openedStore({ directory, keyFile });
    await store.vault.putSource('a', 's1', new Secret('secret'));
    await store.close();
    expect(await modeOf(keyFile)).toBe('600');
    expect([...(await filesIn(directory)).keys()]).not.toContain('vault.key');
    const again = await openedStore({ directory, keyFile });
    expect((await again.vault.getSource('a', 's1'))?.reveal()).toBe('secret');
  });

  it('may be stricter than 0600, and reached by a link, as mounted secrets are', async () => {
    const { directory, keyFile } = await storeWithSecret();
    const link = join(directory, 'link.key');
    await chmod(keyFile, 0o400);
    await symlink(keyFile, link);
    const store = await openedStore({ directory, keyFile: link });
    expect((await store.vault.getSource('a', 's1'))?.reveal()).toBe('secret');
  });

  it('is never replaced by a new one', async () => {
    const { keyFile } = await storeWithSecret();
    const before = await readFile(keyFile, 'utf8');
    expect(() => {
      createKey(keyFile);
    }).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(await readFile(keyFile, 'utf8')).toBe(before);
  });

  it.each<[string, string, (keyFile: string) => Promise<unknown>]>([
    ['is gone while there are secrets', 'missing', (keyFile) => rm(keyFile)],
    ['is another one', 'wrong_key', (keyFile) => writeFile(keyFile, OTHER_KEY)],
    ['may be read by the group', 'mode', (keyFile) => chmod(keyFile, 0o640)],
    ['may be read by everybody', 'mode', (keyFile) => chmod(keyFile, 0o604)],
    ['is empty', 'malformed', (keyFile) => writeFile(keyFile, '')],
    ['is too short', 'malformed', (keyFile) => writeFile(keyFile, 'c2hvcnQ=')],
    ['is no text', 'malformed', (keyFile) => writeFile(keyFile, Buffer.alloc(32, 0xff))],
    ['is a directory', 'not_a_file', (keyFile) => rm(keyFile).then(() => mkdir(keyFile, { mode: 0o700 }))],
  ])('is refused when it %s, with what to do; the data stays as it is', async (_name, reason, spoil) => {
    const { directory, keyFile } = await storeWithSecret();
    const kept = join(await temporaryDirectory(), 'kept.key');
    await copyFile(keyFile, kept);
    await spoil(keyFile);
    const refused = await openEmbeddedStore({ directory });
    expect(refused).toMatchObject({ ok: false, failure: { kind: 'bad_key', reason, keyFile } });
    expect(refused.ok ? '' : refused.failure.advice).toContain(keyFile);
    const store = await openedStore({ directory, keyFile: kept });
    expect((await store.vault.getSource('a', 's1'))?.reveal()).toBe('secret');
  });

  it('is still the right one where only the note that proves it is damaged', async () => {
    const { directory } = await storeWithSecret();
    const database = new DatabaseSync(join(directory, 'vault.db'));
    database.exec(`UPDATE key_check SET sealed = x'00'`);
    database.close();
    const store = await openedStore({ directory });
    expect((await store.vault.getSource('a', 's1'))?.reveal()).toBe('secret');
    await store.close();
    await writeFile(join(directory, 'vault.key'), OTHER_KEY);
    expect(await openEmbeddedStore({ directory })).toMatchObject({ ok: false, failure: { reason: 'wrong_key' } });
  });

  it('is refused when it belongs to somebody else', async () => {
    const { keyFile } = await storeWithSecret();
    const { uid } = await stat(keyFile);
    expect(readKey({ path: keyFile, userId: uid })).toMatchObject({ ok: true });
    expect(readKey({ path: keyFile, userId: uid + 1 })).toStrictEqual({ ok: false, failure: 'owner' });
  });
});

describe('a sealed value', () => {
  const key = Buffer.alloc(32, 1);
  const place = ['registry-1', 'issued', 'version-1'];

  it('opens with its key at its place', () => {
    expect(unseal(key, seal(key, 'secret', place), place)).toBe('secret');
  });

  it('never looks the same twice', () => {
    expect(seal(key, 'secret', place)).not.toStrictEqual(seal(key, 'secret', place));
  });

  it.each([
    ['of another registry', ['registry-2', 'issued', 'version-1']],
    ['of another kind', ['registry-1', 'source', 'version-1']],
    ['of another version', ['registry-1', 'issued', 'version-2']],
    ['that only reads the same when run together', ['registry-1issued', '', 'version-1']],
  ])('does not open at a place %s', (_name, elsewhere) => {
    expect(unseal(key, seal(key, 'secret', place), elsewhere)).toBeUndefined();
  });

  it('does not open with another key, nor with any byte changed or cut off', () => {
    const sealed = seal(key, 'secret', place);
    expect(unseal(Buffer.alloc(32, 2), sealed, place)).toBeUndefined();
    for (let index = 0; index < sealed.byteLength; index += 1) {
      const changed = Uint8Array.from(sealed, (byte, at) => (at === index ? byte ^ 1 : byte));
      expect(unseal(key, changed, place)).toBeUndefined();
      expect(unseal(key, sealed.subarray(0, index), place)).toBeUndefined();
    }
  });

  it('is refused by the vault where its row was swapped with that of another registry', async () => {
    const { directory } = await storeWithSecret();
    const store = await openedStore({ directory });
    await store.vault.putSource('b', 's1', new Secret('secret of b'));
    await store.close();
    const database = new DatabaseSync(join(directory, 'vault.db'));
    database.exec(
      `UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE registry_id = 'b') WHERE registry_id = 'a'`,
    );
    database.close();
    const again = await openedStore({ directory });
    await expect(again.vault.getSource('a', 's1')).rejects.toMatchObject({ code: 'corrupt_row' });
    expect((await again.vault.getSource('b', 's1'))?.reveal()).toBe('secret of b');
  });
});
