import { describe, expect, it } from 'vitest';
import type { TlsSettings } from '../../lib/domain/registry.ts';
import { tlsByHost } from '../../lib/service/host-tls.ts';
import { canonicalAddress } from '../support/registry-fixture.ts';

const certificate = (body: string): string => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----`;
const [ONE, TWO] = [certificate('QUJD'), certificate('REVG')];

function together(...all: readonly TlsSettings[]) {
  return tlsByHost(all.map((tls, index) => ({ address: canonicalAddress(`harbor.example/team-${index}`), tls })));
}

describe('TLS of a host on which several registries are', () => {
  it.each<[string, readonly TlsSettings[], unknown]>([
    ['nothing special', [{}, {}], []],
    ['one authority', [{ ca: ONE }, {}], [{ host: 'harbor.example', ca: `${ONE}\n` }]],
    ['two authorities', [{ ca: ONE }, { ca: `${TWO}\n${ONE}` }], [{ host: 'harbor.example', ca: `${ONE}\n${TWO}\n` }]],
    [
      'the same one with other line ends',
      [{ ca: ONE }, { ca: ONE.replaceAll('\n', '\r\n') }],
      [{ host: 'harbor.example', ca: `${ONE}\n` }],
    ],
    ['words around a certificate', [{ ca: `Subject: x\n${ONE}\nmore` }], [{ host: 'harbor.example', ca: `${ONE}\n` }]],
    [
      'not verified, all of them',
      [{ skipVerify: true }, { skipVerify: true }],
      [{ host: 'harbor.example', skipVerify: true }],
    ],
    ['plain HTTP', [{ plainHttp: true }], [{ host: 'harbor.example', plainHttp: true }]],
  ])('%s', (_name, settings, tls) => {
    expect(together(...settings)).toEqual({ tls, notes: [] });
  });

  it.each<[string, readonly TlsSettings[], unknown]>([
    ['verified beside not verified', [{ skipVerify: true }, {}], []],
    [
      'an authority beside plain HTTP',
      [{ plainHttp: true }, { ca: ONE }],
      [{ host: 'harbor.example', ca: `${ONE}\n` }],
    ],
    [
      'not verified beside plain HTTP',
      [{ plainHttp: true }, { skipVerify: true }],
      [{ host: 'harbor.example', skipVerify: true }],
    ],
  ])('%s: the strictest holds, and a note says so', (_name, settings, tls) => {
    const found = together(...settings);
    expect(found.tls).toEqual(tls);
    expect(found.notes).toEqual([
      expect.stringMatching(/^The registries on harbor\.example want different things .* the strictest holds/),
    ]);
  });

  it('is of each host and port by itself', () => {
    const addresses = ['b.example:5000', 'b.example', 'a.example'].map(canonicalAddress);
    const { tls } = tlsByHost(addresses.map((address) => ({ address, tls: { skipVerify: true } as const })));
    expect(tls.map(({ host }) => host)).toEqual(['a.example', 'b.example', 'b.example:5000']);
  });
});
