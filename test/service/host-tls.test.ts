import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TlsSettings } from '../../lib/domain/registry.ts';
import { tlsByHost } from '../../lib/service/host-tls.ts';
import { canonicalAddress } from '../support/registry-fixture.ts';

const pem = (name: string): string =>
  readFileSync(new URL(`../support/certificates/${name}.pem`, import.meta.url), 'utf8');
const [ONE, TWO] = [pem('ca'), pem('root')];

function together(...all: readonly TlsSettings[]) {
  return tlsByHost(all.map((tls, index) => ({ address: canonicalAddress(`harbor.example/team-${index}`), tls })));
}

describe('TLS of a host on which several registries are', () => {
  it.each<[string, readonly TlsSettings[], unknown]>([
    ['nothing special', [{}, {}], []],
    ['one CA, all of them', [{ ca: ONE }, { ca: ONE }], [{ host: 'harbor.example', ca: ONE }]],
    ['two, all of them', [{ ca: ONE + TWO }, { ca: TWO + ONE }], [{ host: 'harbor.example', ca: ONE + TWO }]],
    [
      'the same one with other line ends',
      [{ ca: ONE }, { ca: ONE.replaceAll('\n', '\r\n') }],
      [{ host: 'harbor.example', ca: ONE }],
    ],
    ['words around a certificate', [{ ca: `Subject: x\n${ONE}\nmore` }], [{ host: 'harbor.example', ca: ONE }]],
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

  it.each<[string, readonly TlsSettings[], string | undefined]>([
    ['one has it, the other has none', [{ ca: ONE }, {}], undefined],
    ['each has its own', [{ ca: ONE }, { ca: TWO }], undefined],
    ['one has another in addition', [{ ca: ONE }, { ca: TWO + ONE }], ONE],
    ['of three two agree', [{ ca: ONE }, { ca: ONE }, {}], undefined],
    ['one cannot be read', [{ ca: ONE }, { ca: 'cut off' }], undefined],
  ])('no CA counts that one of them does not have, and a note says so: %s', (_name, settings, ca) => {
    const found = together(...settings);
    expect(found.tls).toEqual(ca === undefined ? [] : [{ host: 'harbor.example', ca }]);
    expect(found.notes).toEqual([expect.stringContaining('harbor.example have different CA certificates')]);
  });

  it.each([{ plainHttp: true }, { skipVerify: true }] as const)(
    'a CA beside %o: verified, without that CA, and notes say both',
    (weak) => {
      const { tls, notes } = together(weak, { ca: ONE });
      expect(tls).toEqual([]);
      expect(notes).toEqual([
        expect.stringContaining('want different things of TLS'),
        expect.stringContaining('different CA certificates'),
      ]);
    },
  );

  it('is of each host and port by itself', () => {
    const addresses = ['b.example:5000', 'b.example', 'a.example'].map(canonicalAddress);
    const { tls } = tlsByHost(addresses.map((address) => ({ address, tls: { skipVerify: true } as const })));
    expect(tls.map(({ host }) => host)).toEqual(['a.example', 'b.example', 'b.example:5000']);
  });
});
