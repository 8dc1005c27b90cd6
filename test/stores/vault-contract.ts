/**
 * What every vault must do. `open` gives a new, empty one for each test; nothing here knows what is behind it, so the same
 * suite runs against every implementation.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Credential } from '../../lib/domain/credential.ts';
import { isWithinSecretLimit, SECRET_LIMIT_BYTES } from '../../lib/domain/secret-limit.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { Vault } from '../../lib/stores/vault.ts';
import { HOUR, START } from '../support/registry-fixture.ts';

export interface OpenedVault {
  readonly vault: Vault;
  readonly close: () => Promise<void>;
}

const AWKWARD_SECRETS: readonly (readonly [string, string])[] = [
  ['quotes', `"double" and 'single'`],
  ['backslashes', String.raw`\ \\ \n \u0041`],
  ['colons', ':user:pass:'],
  ['newlines', 'line\nline\r\n\tline\n'],
  ['dollars', '$HOME ${HOME} $(id) `id`'],
  ['percents', '%s %d %00 %n 100%'],
  ['emoji', '🔑🇪🇺👩‍💻'],
  ['control characters', '\u0000\u0001\u007f\u2028'],
  ['spaces at both ends', '  secret  '],
  ['half a surrogate pair', '\ud83d'],
  ['something like JSON', '{"__proto__":{"password":"x"}}'],
];

/** As long as they are let in. */
const LONGEST_SECRETS: readonly (readonly [string, string])[] = [
  ['letters', 'k'.repeat(SECRET_LIMIT_BYTES)],
  ['quotation marks', '"'.repeat(SECRET_LIMIT_BYTES / 2)],
  ['backslashes', '\\'.repeat(SECRET_LIMIT_BYTES / 2)],
  ['line breaks', '\n'.repeat(SECRET_LIMIT_BYTES / 2)],
  ['control characters', '\u0001'.repeat(Math.floor(SECRET_LIMIT_BYTES / 6))],
  ['characters of three bytes', '€'.repeat(Math.floor(SECRET_LIMIT_BYTES / 3))],
];

export function describeVaultContract(name: string, open: () => Promise<OpenedVault>): void {
  describe(name, () => {
    let opened: OpenedVault;
    let vault: Vault;
    beforeEach(async () => {
      opened = await open();
      vault = opened.vault;
    });
    afterEach(async () => {
      await opened.close();
    });

    function issued(version: string, fields: Partial<Credential> = {}): Credential {
      return { version, username: 'AWS', password: new Secret(`secret of ${version}`), issuedAt: START, ...fields };
    }
    async function passwordOf(version: string, registryId = 'a'): Promise<string | undefined> {
      return (await vault.getIssued(registryId, version))?.password.reveal();
    }
    async function sourceOf(version: string, registryId = 'a'): Promise<string | undefined> {
      return (await vault.getSource(registryId, version))?.reveal();
    }

    describe('secrets', () => {
      it.each(AWKWARD_SECRETS)('come back as they were put: %s', async (_name, text) => {
        await vault.putSource('a', 's1', new Secret(text));
        await vault.putIssued('a', issued('v1', { username: text.slice(0, 100), password: new Secret(text) }));
        expect(await sourceOf('s1')).toBe(text);
        expect(await passwordOf('v1')).toBe(text);
        expect((await vault.getIssued('a', 'v1'))?.username).toBe(text.slice(0, 100));
      });

      it.each(LONGEST_SECRETS)('come back at their longest: %s', async (_name, text) => {
        expect([isWithinSecretLimit(text), isWithinSecretLimit(`${text}aaaaaa`)]).toEqual([true, false]);
        // What source kinds keep is JSON of their own, so that all of it is escaped twice where it is put in as a text.
        const source = JSON.stringify({ password: text });
        await vault.putSource('a', 's1', new Secret(source));
        await vault.putIssued('a', issued('v1', { username: '"'.repeat(255), password: new Secret(text) }));
        expect(await sourceOf('s1')).toBe(source);
        expect(await passwordOf('v1')).toBe(text);
      });

      it.each([
        ['that runs out', { expiresAt: START + 12 * HOUR }],
        ['that does not', {}],
      ])('keep all of a credential %s', async (_name, fields) => {
        await vault.putIssued('a', issued('v1', fields));
        const read = await vault.getIssued('a', 'v1');
        expect({ ...read, password: undefined }).toStrictEqual({ ...issued('v1', fields), password: undefined });
        expect(read?.password).toBeInstanceOf(Secret);
        expect(await passwordOf('v1')).toBe('secret of v1');
      });

      it('are found by exactly their registry, kind and version', async () => {
        await vault.putSource('a', 's1', new Secret('source of a'));
        await vault.putIssued('a', issued('v1'));
        expect(await sourceOf('v1')).toBeUndefined();
        expect(await passwordOf('s1')).toBeUndefined();
        expect(await sourceOf('s1', 'b')).toBeUndefined();
        expect(await passwordOf('v1', 'b')).toBeUndefined();
        expect(await passwordOf('v')).toBeUndefined();
        expect(await passwordOf('V1')).toBeUndefined();
      });

      it('can be written twice', async () => {
        for (let count = 0; count < 2; count += 1) {
          await vault.putSource('a', 's1', new Secret('same'));
          await vault.putIssued('a', issued('v1'));
        }
        expect(await sourceOf('s1')).toBe('same');
        expect(await passwordOf('v1')).toBe('secret of v1');
      });

      it('are read while the next version is written beside them', async () => {
        await vault.putIssued('a', issued('v1'));
        await vault.settle('a', { issuedVersion: 'v1' });
        await vault.putIssued('a', issued('v2'));
        expect(await passwordOf('v1')).toBe('secret of v1');
        expect(await passwordOf('v2')).toBe('secret of v2');
      });
    });

    describe('settling', () => {
      async function issueAndSettle(...versions: readonly string[]): Promise<void> {
        for (const version of versions) {
          await vault.putIssued('a', issued(version));
          await vault.settle('a', { issuedVersion: version });
        }
      }

      it('keeps the current credential and the one before, and forgets older ones', async () => {
        await issueAndSettle('v1', 'v2', 'v3');
        expect(await passwordOf('v1')).toBeUndefined();
        expect(await passwordOf('v2')).toBe('secret of v2');
        expect(await passwordOf('v3')).toBe('secret of v3');
      });

      it('keeps what readers may still ask for when a version between was never settled', async () => {
        await issueAndSettle('v1');
        await vault.putIssued('a', issued('v2'));
        await issueAndSettle('v3');
        expect(await passwordOf('v1')).toBe('secret of v1');
        expect(await passwordOf('v2')).toBeUndefined();
        expect(await passwordOf('v3')).toBe('secret of v3');
      });

      it('is the same done twice', async () => {
        await issueAndSettle('v1', 'v2');
        await vault.settle('a', { issuedVersion: 'v2' });
        expect(await passwordOf('v1')).toBe('secret of v1');
        expect(await passwordOf('v2')).toBe('secret of v2');
      });

      it('leaves a version that was put after it, which somebody is about to point at', async () => {
        await vault.putIssued('a', issued('v1'));
        await vault.putIssued('a', issued('v2'));
        await vault.settle('a', { issuedVersion: 'v1' });
        expect(await passwordOf('v1')).toBe('secret of v1');
        expect(await passwordOf('v2')).toBe('secret of v2');
      });

      it('changes nothing for a version that is not there', async () => {
        await issueAndSettle('v1', 'v2');
        await vault.settle('a', { issuedVersion: 'v9', sourceVersion: 's9' });
        expect(await passwordOf('v1')).toBe('secret of v1');
        expect(await passwordOf('v2')).toBe('secret of v2');
      });

      it('keeps the current source and the one before, for a catalogue that was copied before the vault', async () => {
        await vault.putSource('a', 's1', new Secret('one'));
        await vault.settle('a', { sourceVersion: 's1' });
        await vault.putSource('a', 's2', new Secret('two'));
        expect(await sourceOf('s1')).toBe('one');
        await vault.settle('a', { sourceVersion: 's2' });
        expect(await sourceOf('s1')).toBe('one');
        expect(await sourceOf('s2')).toBe('two');
        await vault.putSource('a', 's3', new Secret('three'));
        await vault.settle('a', { sourceVersion: 's3' });
        expect([await sourceOf('s1'), await sourceOf('s2')]).toStrictEqual([undefined, 'two']);
      });

      it('leaves the kind that it does not name, and other registries, alone', async () => {
        await vault.putSource('a', 's1', new Secret('one'));
        await vault.putSource('a', 's2', new Secret('two'));
        await vault.putIssued('b', issued('v1'));
        await issueAndSettle('v1', 'v2', 'v3');
        expect(await sourceOf('s1')).toBe('one');
        expect(await sourceOf('s2')).toBe('two');
        expect(await passwordOf('v1', 'b')).toBe('secret of v1');
      });
    });

    describe('removing', () => {
      it('forgets every version of both kinds, and nothing of other registries', async () => {
        await vault.putSource('a', 's1', new Secret('one'));
        await vault.putIssued('a', issued('v1'));
        await vault.putIssued('a', issued('v2'));
        await vault.putIssued('b', issued('v1'));
        await vault.remove('a');
        expect(await sourceOf('s1')).toBeUndefined();
        expect(await passwordOf('v1')).toBeUndefined();
        expect(await passwordOf('v2')).toBeUndefined();
        expect(await passwordOf('v1', 'b')).toBe('secret of v1');
        expect(await vault.registryIds()).toStrictEqual(['b']);
      });

      it('prunes what is not named, but for the ones before', async () => {
        for (const version of ['s0', 's1', 's2', 's3']) {
          await vault.putSource('a', version, new Secret(version));
          if (version === 's0' || version === 's1') await vault.settle('a', { sourceVersion: version });
        }
        for (const version of ['v1', 'v2', 'v3', 'v4']) await vault.putIssued('a', issued(version));
        await vault.settle('a', { sourceVersion: 's2', issuedVersion: 'v2' });
        await vault.settle('a', { issuedVersion: 'v3' });
        await vault.putSource('b', 's1', new Secret('of b'));
        await vault.prune('a', { sourceVersion: 's2', issuedVersion: 'v3' });
        const sources = await Promise.all(['s0', 's1', 's2', 's3'].map((version) => sourceOf(version)));
        expect(sources).toEqual([undefined, 's1', 's2', undefined]);
        expect(await passwordOf('v1')).toBeUndefined();
        expect(await passwordOf('v2')).toBe('secret of v2');
        expect(await passwordOf('v3')).toBe('secret of v3');
        expect(await passwordOf('v4')).toBeUndefined();
        expect((await vault.getSource('b', 's1'))?.reveal()).toBe('of b');
      });

      it('prunes every source secret where none is named', async () => {
        await vault.putSource('a', 's1', new Secret('one'));
        await vault.putIssued('a', issued('v1'));
        await vault.settle('a', { sourceVersion: 's1', issuedVersion: 'v1' });
        await vault.prune('a', { issuedVersion: 'v1' });
        expect(await sourceOf('s1')).toBeUndefined();
        expect(await passwordOf('v1')).toBe('secret of v1');
        await expect(vault.prune('none', {})).resolves.toBeUndefined();
      });

      it('is no error where there is nothing', async () => {
        await expect(vault.remove('none')).resolves.toBeUndefined();
      });

      it('notes what is set aside, and since when, and reads it as before until it is taken back or removed', async () => {
        await vault.putSource('a', 's1', new Secret('one'));
        await vault.putIssued('a', issued('v1'));
        await vault.putIssued('b', issued('v1'));
        expect(await vault.orphans()).toStrictEqual(new Map());
        await vault.setAside('a', START);
        await vault.setAside('b', START + HOUR);
        expect(await vault.orphans()).toStrictEqual(
          new Map([
            ['a', START],
            ['b', START + HOUR],
          ]),
        );
        expect([await sourceOf('s1'), await passwordOf('v1')]).toStrictEqual(['one', 'secret of v1']);
        await vault.takeBack('a');
        await vault.remove('b');
        expect(await vault.orphans()).toStrictEqual(new Map());
        expect(await vault.registryIds()).toStrictEqual(['a']);
        await expect(vault.takeBack('none')).resolves.toBeUndefined();
      });

      it('names each registry that has anything here, once', async () => {
        expect(await vault.registryIds()).toStrictEqual([]);
        await vault.putSource('a', 's1', new Secret('one'));
        await vault.putIssued('a', issued('v1'));
        await vault.putIssued('b', issued('v1'));
        expect((await vault.registryIds()).toSorted()).toStrictEqual(['a', 'b']);
      });
    });
  });
}
