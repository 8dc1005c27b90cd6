import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkNames, nameProblem } from '../../lib/distribution/certificate-names.ts';
import { pem } from './scripted-registry.ts';

const OTHER = 'ERR_TLS_CERT_ALTNAME_INVALID';

describe('the host’s name in a certificate, as Go reads it', () => {
  it.each([
    ['its name', 'reg.corp.example', 'DNS:reg.corp.example'],
    ['in other case', 'Reg.corp.example', 'DNS:REG.CORP.EXAMPLE'],
    ['one of several', 'reg.corp.example', 'DNS:a.example, IP Address:192.0.2.7, DNS:reg.corp.example'],
    ['with an underscore', 'my_reg.corp.example', 'DNS:my_reg.corp.example'],
    ['a wildcard for its first label', 'reg.corp.example', 'DNS:*.corp.example'],
    ['a wildcard in a domain of one label', 'reg.corp', 'DNS:*.corp'],
    ['its IPv4 address', '192.0.2.7', 'IP Address:192.0.2.7'],
    ['its IPv6 address, spelled in another way', '::1', 'IP Address:0:0:0:0:0:0:0:1'],
  ])('is found: %s', (_name, host, alternativeNames) => {
    expect(nameProblem(host, alternativeNames)).toBeUndefined();
  });

  it.each([
    ['another name', 'reg.corp.example', 'DNS:other.corp.example', OTHER],
    ['a wildcard for a part of a label', 'reg.corp.example', 'DNS:re*.corp.example', OTHER],
    ['a wildcard for two labels', 'a.reg.corp.example', 'DNS:*.corp.example', OTHER],
    ['a wildcard for no label', 'corp.example', 'DNS:*.corp.example', OTHER],
    ['a wildcard alone', 'localhost', 'DNS:*', OTHER],
    ['a wildcard that is not first', 'reg.corp.example', 'DNS:reg.*.example', OTHER],
    ['a name with a dot at its end', 'localhost', 'DNS:localhost.', OTHER],
    ['an address as a name', '192.0.2.7', 'DNS:192.0.2.7', OTHER],
    ['a name as quoted text', 'reg.example', String.raw`DNS:"a\u002c DNS:reg.example"`, 'NO_ALTERNATIVE_NAME'],
    ['another address', '192.0.2.7', 'IP Address:192.0.2.8', OTHER],
    ['an e-mail address only', 'reg.corp.example', 'email:a@reg.corp.example', 'NO_ALTERNATIVE_NAME'],
    ['no alternative name', 'localhost', undefined, 'NO_ALTERNATIVE_NAME'],
  ])('is not found: %s', (_name, host, alternativeNames, problem) => {
    expect(nameProblem(host, alternativeNames)).toBe(problem);
  });

  it('does not help a certificate with a negative serial number, which Go refuses', () => {
    const certificate = new X509Certificate(pem('negative-serial.pem')).toLegacyObject();
    expect(certificate.subjectaltname).toContain('DNS:localhost');
    expect(checkNames('localhost', certificate)).toMatchObject({ code: 'NEGATIVE_SERIAL_NUMBER' });
    expect(checkNames('localhost', new X509Certificate(pem('issued.pem')).toLegacyObject())).toBeUndefined();
  });
});
