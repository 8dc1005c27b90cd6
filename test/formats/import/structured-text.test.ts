import { describe, expect, it } from 'vitest';
import { textWith } from '../../support/text-like.ts';
import { membersOf, parseToml, parseYaml } from '../../../lib/formats/import/structured-text.ts';

describe('YAML', () => {
  it.each(['1234', 'true', 'null', '1e5', '0x10', '2026-01-01', '~'])(
    'keeps the scalar %s the text that it is',
    (text) => {
      expect(parseYaml(`a: ${text}\n`)).toEqual({ ok: true, value: [{ a: text }] });
    },
  );

  it('reads several documents, and none', () => {
    expect(parseYaml('a: b\n---\nc: d\n')).toEqual({ ok: true, value: [{ a: 'b' }, { c: 'd' }] });
    expect(parseYaml('')).toEqual({ ok: true, value: [] });
  });
});

it('YAML that is long is refused before it is parsed, with what to do', () => {
  expect(parseYaml('- a\n'.repeat(600_000))).toMatchObject({ ok: false, failure: { advice: textWith('-o json') } });
});

it.each([
  { name: 'brackets', text: `a: ${'['.repeat(2_000_000)}` },
  { name: 'braces', text: `a: ${'{b: '.repeat(500_000)}` },
  { name: 'lists in one line', text: '- '.repeat(1_000_000) },
])('YAML that is nested without end is refused before it is parsed: $name', ({ text }) => {
  expect(parseYaml(text)).toEqual({ ok: false, failure: { what: 'it is YAML that is nested too deeply' } });
});

it('YAML with many brackets that are closed again is read', () => {
  expect(parseYaml('- [{}]\n'.repeat(2000))).toMatchObject({ ok: true });
});

describe('what parsers say', () => {
  it.each([
    { name: 'YAML', read: parseYaml, text: 'a: "canary\n', what: 'it is not valid YAML (line 2)' },
    { name: 'TOML', read: parseToml, text: '\na = canary\n', what: 'it is not valid TOML (line 2)' },
  ])('of $name is not handed on but for the line', ({ read, text, what }) => {
    expect(read(text)).toEqual({ ok: false, failure: { what } });
  });
});

describe('the members of an object', () => {
  it('are its own, __proto__ as any other', () => {
    const members = membersOf(JSON.parse('{"__proto__": 1, "a": 2}'));
    expect([...(members ?? [])]).toEqual([
      ['__proto__', 1],
      ['a', 2],
    ]);
    expect(membersOf({})?.get('constructor')).toBeUndefined();
  });

  it.each([[[]], [null], ['text'], [1], [undefined]])('of %j are none', (value) => {
    expect(membersOf(value)).toBeUndefined();
  });
});
