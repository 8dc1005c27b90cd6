import { describe, expect, it } from 'vitest';
import { trustRealm } from '../../lib/distribution/token-realm.ts';

function trust(
  realm: string,
  over: { host?: string; hosts?: string[]; secure?: boolean; trustedRealms?: string[] } = {},
) {
  const hosts = over.hosts ?? [over.host ?? 'registry.example'];
  const result = trustRealm(realm, { hosts, secure: over.secure ?? true, trustedRealms: over.trustedRealms ?? [] });
  return result.ok ? result.value.relation : result.failure;
}

describe('a token realm', () => {
  it.each([
    ['of the same host', 'https://registry.example/token', 'registry.example'],
    ['of the same host in capitals', 'https://REGISTRY.example/token', 'registry.example'],
    ['of the same host at another port', 'https://registry.example:8443/token', 'registry.example'],
    ['of the same IPv6 address', 'https://[2606:2800:220:1:0:0:0:1]/t', '2606:2800:220:1::1'],
  ])('is trusted: %s', (_name, realm, host) => {
    expect(trust(realm, { host })).toBe('same_host');
  });

  it.each([
    ['docker.io', 'https://auth.docker.io/token'],
    ['registry.gitlab.com', 'https://gitlab.com/jwt/auth'],
  ])('is trusted as the known one of %s', (host, realm) => {
    expect(trust(realm, { host })).toBe('known');
    expect(trust(realm.replace('https:', 'http:'), { host })).toBe('not_trusted');
  });

  it.each(['quay.io', 'gcr.io', 'europe-docker.pkg.dev', 'ghcr.io', 'public.ecr.aws'])(
    'is trusted on the own host of %s and not on a known one of others',
    (host) => {
      expect(trust(`https://${host}/token`, { host })).toBe('same_host');
      expect(trust('https://auth.docker.io/token', { host })).toBe('not_trusted');
    },
  );

  it.each([
    ['another host', 'https://evil.example/token'],
    ['a subdomain', 'https://auth.registry.example/token'],
    ['a longer name', 'https://registry.example.evil.example/token'],
    ['a root dot', 'https://registry.example./token'],
    ['a backslash', 'https:\\\\evil.example\\registry.example'],
    ['the host in the path', 'https://evil.example/registry.example'],
    ['the host in the fragment', 'https://evil.example/#@registry.example'],
  ])('is refused: %s', (_name, realm) => {
    expect(trust(realm)).toBe('not_trusted');
  });

  it.each([
    ['empty', '', 'not_a_url'],
    ['with the host as user name', 'https://registry.example@evil.example/token', 'with_username'],
    ['with a user name at the right host', 'https://user@registry.example/token', 'with_username'],
    ['with a password at the right host', 'https://user:x@registry.example/token', 'with_username'],
    ['relative', '/token', 'not_a_url'],
    ['without host', 'https://', 'not_a_url'],
    ['a file', 'file://registry.example/token', 'not_https'],
    ['another scheme', 'ftp://registry.example/token', 'not_https'],
    ['plain HTTP for an HTTPS registry', 'http://registry.example/token', 'not_https'],
  ])('is refused: %s', (_name, realm, wanted) => {
    expect(trust(realm)).toBe(wanted);
  });

  it('may be plain HTTP only on the host of a registry that is itself plain HTTP', () => {
    expect(trust('http://registry.example:5001/token', { secure: false })).toBe('same_host');
    expect(trust('https://registry.example/token', { secure: false })).toBe('same_host');
    expect(
      trust('http://auth.example/token', { secure: false, trustedRealms: ['auth.example', 'auth.example:80'] }),
    ).toBe('not_https');
  });

  it('is trusted where the operator named its host, at that very port', () => {
    const trustedRealms = ['auth.example', 'login.example:8443'];
    expect(trust('https://auth.example/token', { trustedRealms })).toBe('named');
    expect(trust('https://auth.example:8443/token', { trustedRealms })).toBe('not_trusted');
    expect(trust('https://login.example:8443/token', { trustedRealms })).toBe('named');
    expect(trust('https://login.example/token', { trustedRealms })).toBe('not_trusted');
    expect(trust('https://x.auth.example/token', { trustedRealms })).toBe('not_trusted');
  });
});
