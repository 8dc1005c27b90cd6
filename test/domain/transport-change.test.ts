import { describe, expect, it } from 'vitest';
import type { Registry } from '../../lib/domain/registry.ts';
import { weakensTransport } from '../../lib/domain/transport-change.ts';

type Transport = Pick<Registry, 'tls' | 'trustedRealms'>;

const SKIP = { skipVerify: true } as const;
const PLAIN = { plainHttp: true } as const;
const CA = { ca: 'one' } as const;
const REALMS = { trustedRealms: ['auth.example.com'] } as const;

describe('a change of transport', () => {
  it.each<[string, Transport, Transport]>([
    ['nothing', { tls: CA, ...REALMS }, { tls: CA, ...REALMS }],
    ['verification where there was none', { tls: SKIP }, { tls: {} }],
    ['TLS where there was none', { tls: PLAIN }, { tls: {} }],
    ['verification by an authority of its own where there was none', { tls: SKIP }, { tls: CA }],
    ['verification by the system’s authorities, with token hosts', { tls: SKIP, ...REALMS }, { tls: {}, ...REALMS }],
    [
      'TLS by the authority that token hosts had already',
      { tls: { ...PLAIN, ...CA }, ...REALMS },
      { tls: CA, ...REALMS },
    ],
    ['a token host less', { tls: CA, ...REALMS }, { tls: CA }],
  ])('needs no secret for %s', (_name, previous, next) => {
    expect(weakensTransport(previous, next)).toBe(false);
  });

  it.each<[string, Transport, Transport]>([
    ['no verification', { tls: {} }, { tls: SKIP }],
    ['no TLS', { tls: {} }, { tls: PLAIN }],
    ['another authority', { tls: CA }, { tls: { ca: 'two' } }],
    ['a token host more', { tls: {} }, { tls: {}, ...REALMS }],
    [
      'an authority that speaks for token hosts, too, after no verification',
      { tls: SKIP, ...REALMS },
      { tls: CA, ...REALMS },
    ],
    ['the same after no TLS', { tls: PLAIN, ...REALMS }, { tls: CA, ...REALMS }],
    [
      'an authority that did not reach token hosts before',
      { tls: { ...CA, ...SKIP }, ...REALMS },
      { tls: CA, ...REALMS },
    ],
    [
      'another authority for them after no TLS',
      { tls: { ...PLAIN, ...CA }, ...REALMS },
      { tls: { ca: 'two' }, ...REALMS },
    ],
  ])('needs the secret for %s', (_name, previous, next) => {
    expect(weakensTransport(previous, next)).toBe(true);
  });
});
