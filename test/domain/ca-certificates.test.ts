import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canonicalCertificates, readCertificates } from '../../lib/domain/ca-certificates.ts';

function pem(name: string): string {
  return readFileSync(new URL(`../support/certificates/${name}`, import.meta.url), 'utf8');
}

const [ONE, TWO, KEY] = [pem('ca.pem'), pem('root.pem'), pem('server.key')];
const GLUED = `${ONE.trimEnd()}${TWO}`;
const NEITHER = 'must be one or more certificates in PEM, and no private key';

describe('a file of CA certificates', () => {
  it.each([
    ['one', ONE, [ONE]],
    ['two', `${ONE}${TWO}`, [ONE, TWO]],
    ['two, glued without a line break', GLUED, [ONE, TWO]],
    ['with text around', `Subject: CN=one\n${ONE}\n# the other\n${TWO}that is all`, [ONE, TWO]],
    ['with the line ends of Windows', ONE.replaceAll('\n', '\r\n'), [ONE]],
    ['on one line', ONE.replaceAll('\n', ''), [ONE]],
    ['the same one twice', `${ONE}${ONE.replaceAll('\n', '\r\n')}`, [ONE]],
  ])('is read, each certificate on lines of its own: %s', (_name, text, wanted) => {
    expect(readCertificates(text)).toEqual({ ok: true, value: wanted });
    expect(canonicalCertificates(text)).toBe(wanted.join(''));
  });

  it.each([
    ['nothing', '', NEITHER],
    ['a private key', KEY, NEITHER],
    ['a private key beside a certificate', `${ONE}${KEY}`, NEITHER],
    [
      'a whole certificate and one that is cut off',
      `${ONE}${TWO.slice(0, 200)}`,
      'begins 2 certificates and holds 1 whole',
    ],
    ['a cut-off one before a whole one', `${TWO.slice(0, 200)}\n${ONE}`, 'begins 2 certificates and holds 1 whole'],
    [
      'a block that is none',
      `${ONE}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      'certificate 2 of 2',
    ],
  ])('is refused, with what to do: %s', (_name, text, rule) => {
    const read = readCertificates(text);
    expect(read.ok ? '' : read.failure.rule).toContain(rule);
    expect(canonicalCertificates(text)).toBe(text);
  });
});
