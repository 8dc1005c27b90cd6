import { describe, expect, it } from 'vitest';
import { readableLine, readableLines } from '../../lib/domain/readable-text.ts';
import { parseDocument } from '../../lib/domain/parse-document.ts';
import { parseExceptions } from '../../lib/domain/policy-exception.ts';
import { registryPatch, registryRequest } from '../../lib/http/request-schemas.ts';

const TURNED = [0x061c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069];
const UNSEEN = [' ', '\u200b', '\u00a0 \u2003', '\u2060\ufeff', '\u00ad', '\u3164', '\u115f\u1160', '\u2800', '\ufe0f'];
const CONTROLS = ['\u001b[31m', '\u0000', '\u007f', '\u009b', '\u2028', '\u2029', '\ud800'];

describe.each([
  ['one line', readableLine],
  ['several lines', readableLines],
])('%s of text that people read', (_name, schema) => {
  const fault = (text: string): string => {
    const parsed = parseDocument(schema, text, 'field');
    return parsed.ok ? '' : parsed.failure.rule;
  };

  it.each(['why', 'Ends with the move to Harbor', 'عربي', 'עברית', 'می‌خواهم', '👩‍👩‍👧 e\u0301', '理由'])(
    'may be %s',
    (text) => {
      expect(fault(text)).toBe('');
    },
  );

  it.each(TURNED.map((code) => [code.toString(16), String.fromCodePoint(code)]))('has no U+%s', (_code, character) => {
    expect(fault(`allow ${character}reve`)).toBe('must not hold characters that turn the direction of writing');
  });

  it.each(UNSEEN.map((text) => [JSON.stringify(text), text]))('is not only %s', (_shown, text) => {
    expect(fault(text)).toBe('must hold something that can be seen');
  });

  it.each(CONTROLS.map((text) => [JSON.stringify(text), text]))('has no %s', (_shown, text) => {
    expect(fault(`a${text}b`)).toContain('control characters');
  });
});

describe('every field that people read', () => {
  const registry = { address: 'quay.io', source: {}, environments: ['prod'] };
  const exception = { entry: 'quay.io', until: '2999-01-01T00:00:00Z' };

  it.each([
    ['reason', (text: string) => parseExceptions([{ ...exception, reason: text }])],
    ['description', (text: string) => parseDocument(registryRequest, { ...registry, description: text })],
    ['new description', (text: string) => parseDocument(registryPatch, { description: text })],
    ['email', (text: string) => parseDocument(registryRequest, { ...registry, email: `a${text}@b.example` })],
    ['new email', (text: string) => parseDocument(registryPatch, { email: `a${text}@b.example` })],
  ])('%s holds no character that turns the direction of writing', (_field, parse) => {
    expect(parse('seen')).toMatchObject({ ok: true });
    expect(parse('seen\u202e')).toMatchObject({ ok: false });
  });

  it.each([
    ['reason', parseExceptions([{ ...exception, reason: '\u200b' }])],
    ['description', parseDocument(registryRequest, { ...registry, description: '\u200b' })],
  ])('%s is not of invisible characters only', (_field, parsed) => {
    expect(parsed).toMatchObject({ ok: false, failure: { rule: 'must hold something that can be seen' } });
  });

  it('a description may be empty, and may have several lines', () => {
    for (const description of ['', 'one\n\ttwo']) {
      expect(parseDocument(registryRequest, { ...registry, description })).toMatchObject({ ok: true });
    }
  });
});
