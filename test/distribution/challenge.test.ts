import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../lib/distribution/challenge.ts';

type Expected = readonly (readonly [scheme: string, parameters: Readonly<Record<string, string>>])[];

function parsed(...lines: string[]): Expected {
  return parseChallenges(lines).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

describe('a WWW-Authenticate header', () => {
  it.each<[name: string, line: string, wanted: Expected]>([
    [
      'of a token registry',
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"',
      [['bearer', { realm: 'https://auth.docker.io/token', service: 'registry.docker.io' }]],
    ],
    [
      'with commas inside quotes',
      'Bearer realm="https://a/t",scope="repository:x:pull,push",error="e"',
      [['bearer', { realm: 'https://a/t', scope: 'repository:x:pull,push', error: 'e' }]],
    ],
    [
      'with a quoted challenge inside quotes',
      'Basic realm="x, Bearer realm=y"',
      [['basic', { realm: 'x, Bearer realm=y' }]],
    ],
    ['with escapes', String.raw`Basic realm="a \"b\" \\ c"`, [['basic', { realm: String.raw`a "b" \ c` }]]],
    ['of any case', 'bEaReR ReAlM="https://A/t"', [['bearer', { realm: 'https://A/t' }]]],
    [
      'with token values and spaces around =',
      'Basic realm = r , charset= UTF-8',
      [['basic', { realm: 'r', charset: 'UTF-8' }]],
    ],
    [
      'with two challenges in a line',
      'Basic realm="b", Bearer realm="https://a/t",service="s"',
      [
        ['basic', { realm: 'b' }],
        ['bearer', { realm: 'https://a/t', service: 's' }],
      ],
    ],
    [
      'with a scheme alone and a token68 before',
      'Negotiate, NTLM abc/def==, Basic realm="b"',
      [
        ['negotiate', {}],
        ['ntlm', {}],
        ['basic', { realm: 'b' }],
      ],
    ],
    ['with empty list elements', ', ,Basic realm="b",,', [['basic', { realm: 'b' }]]],
    [
      'to where a comma is missing behind quotes',
      'Bearer realm="https://a/t" service="s", Basic realm="b"',
      [['bearer', { realm: 'https://a/t' }]],
    ],
    [
      'with a name given twice, of which the last one holds for clients',
      'Bearer realm="https://a/t",REALM="https://b/t"',
      [['bearer', { realm: 'https://b/t' }]],
    ],
    ['with an empty value', 'Basic realm=""', [['basic', { realm: '' }]]],
    ['with a scheme only', 'Basic', [['basic', {}]]],
    ['that is empty', '', []],
  ])('is read: %s', (_name, line, wanted) => {
    expect(parsed(line)).toEqual(wanted);
  });

  it.each([
    ['an unclosed quote', 'Bearer realm="https://a/t'],
    ['an unquoted URL', 'Bearer realm=https://a/t'],
    ['a missing comma behind a value without quotes', 'Basic realm=a charset="UTF-8"'],
    ['single quotes around a URL', "Bearer realm='https://a/t',service='s'"],
    ['text after the quote', 'Bearer realm="https://a/t"evil'],
    ['a control character', 'Bearer realm="https://a\u0001/t"'],
    ['a parameter without a scheme', '="x"'],
    ['a token68 with more behind it', 'Bearer abc def'],
  ])('yields nothing when it is broken: %s', (_name, line) => {
    expect(parsed(line)).toEqual([]);
    expect(parsed(line, 'Basic realm="b"')).toEqual([['basic', { realm: 'b' }]]);
  });

  it('gives back every value that was quoted by the rules', () => {
    const value = fc.string({
      unit: fc.constantFrom('a', 'Z', '0', ' ', ',', '=', '"', '\\', ':', '/', ';', '\t', '~', 'é'),
    });
    fc.assert(
      fc.property(value, value, (realm, service) => {
        const quote = (text: string) => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
        expect(parsed(`Bearer realm=${quote(realm)}, service=${quote(service)}`)).toEqual([
          ['bearer', { realm, service }],
        ]);
      }),
    );
  });

  it('is read to its end or not at all, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        for (const { scheme } of parseChallenges([line])) expect(line.toLowerCase()).toContain(scheme);
      }),
    );
  });
});
