import { describe, expect, it } from 'vitest';
import { tokenOf } from '../../lib/distribution/token-answer.ts';

function read(body: string | undefined) {
  return tokenOf({ status: 200, headers: {}, body });
}

/** skopeo and crane were given the same answers: what is refused here is what one of them cannot read. */
describe('a token answer', () => {
  it.each([
    ['token alone', '{"token":"t"}'],
    ['access_token alone', '{"access_token":"t"}'],
    ['the other one empty', '{"token":"","access_token":"t"}'],
    ['the other one null', '{"token":null,"access_token":"t","expires_in":null,"issued_at":null}'],
    ['in other case', '{"Token":"t","EXPIRES_IN":300}'],
    ['with a negative time', '{"token":"t","expires_in":-1}'],
    ['with the largest number', '{"token":"t","expires_in":9223372036854775807}'],
    ['with a time in UTC', '{"token":"t","issued_at":"2026-11-30T22:00:00Z"}'],
    ['with a fraction and an offset', '{"token":"t","issued_at":"2026-11-30T22:00:00.123456789+05:30"}'],
    ['with a leap day', '{"token":"t","issued_at":"2028-02-29T00:00:00Z"}'],
    ['with the zero time of Go', '{"token":"t","issued_at":"0001-01-01T00:00:00Z"}'],
    ['with fields that nobody knows', '{"token":"t","scope":["a"],"nested":{"expires_in":"x"}}'],
    ['with blanks around', ' {"token":"t"}\n'],
  ])('is read as clients do: %s', (_name, body) => {
    expect(read(body)).toEqual({ ok: true, value: 't' });
  });

  it.each([
    ['expires_in', 'a text', '{"token":"t","expires_in":"300"}'],
    ['expires_in', 'a fraction', '{"token":"t","expires_in":300.5}'],
    ['expires_in', 'a whole number with a point', '{"token":"t","expires_in":300.0}'],
    ['expires_in', 'an exponent', '{"token":"t","expires_in":3e2}'],
    ['expires_in', 'out of range', '{"token":"t","expires_in":9223372036854775808}'],
    ['expires_in', 'far out of range', `{"token":"t","expires_in":${'9'.repeat(5_000)}}`],
    ['expires_in', 'a boolean', '{"token":"t","expires_in":true}'],
    ['expires_in', 'in other case', '{"token":"t","Expires_In":"300"}'],
    ['issued_at', 'a number', '{"token":"t","issued_at":1700000000}'],
    ['issued_at', 'empty', '{"token":"t","issued_at":""}'],
    ['issued_at', 'without zone', '{"token":"t","issued_at":"2026-11-30T22:00:00"}'],
    ['issued_at', 'without seconds', '{"token":"t","issued_at":"2026-11-30T22:00Z"}'],
    ['issued_at', 'with a blank for T', '{"token":"t","issued_at":"2026-11-30 22:00:00Z"}'],
    ['issued_at', 'of a day that is none', '{"token":"t","issued_at":"2026-02-29T00:00:00Z"}'],
    ['issued_at', 'of a month that is none', '{"token":"t","issued_at":"2026-13-01T00:00:00Z"}'],
    ['issued_at', 'with a leap second', '{"token":"t","issued_at":"2016-12-31T23:59:60Z"}'],
    ['issued_at', 'in words', '{"token":"t","issued_at":"Mon, 30 Nov 2026 22:00:00 GMT"}'],
    ['token', 'a number', '{"token":1,"access_token":"t"}'],
    ['access_token', 'a list', '{"token":"t","access_token":["t"]}'],
    ['refresh_token', 'an object', '{"token":"t","refresh_token":{}}'],
  ])('is refused for %s: %s', (field, _what, body) => {
    expect(read(body)).toEqual({ ok: false, failure: field });
  });

  it.each([
    ['too large to be read', undefined],
    ['nothing', ''],
    ['no JSON', 'token=t'],
    ['more behind it', '{"token":"t"}{}'],
    ['a byte order mark', '\uFEFF{"token":"t"}'],
    ['null', 'null'],
    ['a list', '[{"token":"t"}]'],
    ['no token', '{"expires_in":300}'],
    ['both empty', '{"token":"","access_token":""}'],
    ['both null', '{"token":null,"access_token":null}'],
    ['a line break in it', String.raw`{"token":"a\r\nb"}`],
    ['deeper than a stack', '['.repeat(30_000)],
  ])('holds no token: %s', (_name, body) => {
    expect(read(body)).toEqual({ ok: false, failure: 'no_token' });
  });
});
