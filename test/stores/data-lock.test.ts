/** One process a data directory. */
import { describe, expect, it } from 'vitest';

import { openEmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { openedStore, temporaryDirectory } from './embedded/data-directory.ts';
import { startProcess } from './embedded/other-process.ts';

describe('a second process on the same data', () => {
  it('is refused, told where and what to do, and let in once the first was killed', async () => {
    const directory = await temporaryDirectory();
    const first = startProcess(directory, 'hold');
    expect(await first.told(1)).toStrictEqual([{ kind: 'opened' }]);
    const refused = await openEmbeddedStore({ directory });
    expect(refused).toMatchObject({ ok: false, failure: { kind: 'in_use', directory } });
    expect(refused.ok ? '' : refused.failure.advice).toContain(directory);
    await first.kill();
    const store = await openedStore({ directory });
    expect(await store.vault.registryIds()).toStrictEqual([]);
  });

  it('is still refused after somebody in the first one has tried to open the data again', async () => {
    const directory = await temporaryDirectory();
    const store = await openedStore({ directory });
    expect(await openEmbeddedStore({ directory })).toMatchObject({ ok: false, failure: { kind: 'in_use' } });
    const other = await startProcess(directory, 'hold').told(1);
    expect(other).toMatchObject([{ kind: 'refused', failure: { kind: 'in_use' } }]);
    await store.close();
    expect(await startProcess(directory, 'hold').told(1)).toStrictEqual([{ kind: 'opened' }]);
  });

  it('is let in when its data lies elsewhere', async () => {
    await openedStore({ directory: await temporaryDirectory() });
    const other = await startProcess(await temporaryDirectory(), 'hold').told(1);
    expect(other).toStrictEqual([{ kind: 'opened' }]);
  });
});
