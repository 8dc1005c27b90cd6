/**
 * An import reads up to 8 MiB that anybody may have written. What takes time by the square of that never comes back. With 1 MiB
 * such a reader takes most of an hour, and a linear one a second: the time-out tells them apart on a machine of any speed.
 */
import { describe, expect, it } from 'vitest';
import { textFromBase64 } from '../../../lib/domain/base64-text.ts';
import { readDockerConfig } from '../../../lib/formats/import/docker-config.ts';
import { recogniseFormat } from '../../../lib/formats/import/file-format.ts';
import { readRancherWhitelist } from '../../../lib/formats/import/rancher-whitelist.ts';
import { readRegistriesConf } from '../../../lib/formats/import/registries-conf.ts';
import { shellWord, shownAddress, shownName, shownPath } from '../../../lib/formats/import/shown.ts';
import { parseYaml } from '../../../lib/formats/import/structured-text.ts';

const LARGE = 1024 * 1024;
const LARGE_YAML = 256 * 1024;
const TIMEOUT = 120_000;

function filled(part: string, length = LARGE): string {
  return part.repeat(Math.floor(length / part.length));
}

const PARTS = [
  ['blank lines', '\n'],
  ['blank lines of Windows', '\r\n'],
  ['lines of blanks', ' \n'],
  ['blanks', ' '],
  ['tabs', '\t'],
  ['NUL bytes', '\0'],
  ['commas', ','],
  ['brackets', '['],
  ['braces', '{'],
  ['quotation marks', '"'],
  ['dashes', '- '],
  ['letters', 'a'],
  ['slashes', '/v1'],
  ['signs', '@'],
  ['padding', '='],
  ['beginnings of lists', 'unqualified-search-registries \n'],
  ['beginnings of tables', '[[registr\n'],
] as const;

describe('a long text ends soon', () => {
  it.each(PARTS)('%s', { timeout: TIMEOUT }, (_name, part) => {
    for (const text of [filled(part), `${filled(part)}x`]) {
      recogniseFormat(text);
      textFromBase64(text);
      readRancherWhitelist(text, { environments: [] });
      readRegistriesConf(text, []);
      readRegistriesConf(`a = [${text}`, []);
      shellWord(text);
      expect([shownAddress(text), shownName(text), shownPath(text)]).toEqual([undefined, undefined, undefined]);
    }
  });

  it.each(PARTS)('%s as the key, the password and the helper of a login', { timeout: TIMEOUT }, (_name, part) => {
    const text = `${filled(part, LARGE)}x`;
    const config = {
      auths: {
        [text]: { auth: 'YTpi' },
        [`https://${text}`]: { auth: 'YTpi' },
        'quay.io': { auth: Buffer.from(`me:${text}`).toString('base64') },
        'gcr.io': { auth: text },
      },
      credHelpers: { 'a.example': text },
    };
    expect(readDockerConfig(JSON.stringify(config), { environments: ['prod'], tls: new Map() }).ok).toBe(true);
  });
});

describe('long YAML ends soon', () => {
  it.each([
    ['keys', 'a: b\n'],
    ['a list', '- a\n'],
    ['documents', '--- a\n'],
    ['a list in one line', '- ? : '],
    ['indicators far apart, just not too many of them in a line', `${`-${' '.repeat(1_000)}`.repeat(490)}\n`],
    ['comments', '# c\n'],
    ['blank lines', '\n'],
    ['broken lines', '}\n'],
  ])('%s', { timeout: TIMEOUT }, (_name, part) => {
    parseYaml(filled(part, LARGE_YAML - 10));
  });

  it.each([
    ['aliases', '- &a x\n', '- *a\n'],
    ['a quoted text over many lines', 'a: "', '\n'],
    ['a plain text over many lines', 'a:\n', '  x\n'],
    ['a block', 'a: |\n', ' x\n'],
    ['a list in brackets', 'a: [', 'x,'],
  ])('%s', { timeout: TIMEOUT }, (_name, start, part) => {
    parseYaml(start + filled(part, LARGE_YAML - 20));
  });

  it('and aliases that multiply are refused', () => {
    const lines = Array.from({ length: 30 }, (_, level) => {
      const before = `*l${level}`;
      return `l${level + 1}: &l${level + 1} [${[before, before, before].join(', ')}]`;
    });
    expect(parseYaml(`l0: &l0 x\n${lines.join('\n')}\n`)).toMatchObject({ ok: false });
  });
});
