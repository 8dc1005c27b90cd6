import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHelperKey } from '../../lib/domain/helper-key.ts';
import { parseImageReference } from '../../lib/domain/image-reference.ts';
import { anyText } from './generators.ts';

/** `host …` or `repository …`, canonical; undefined where it is neither. */
function meaningOf(text: string): string | undefined {
  const key = parseHelperKey(text);
  if (!key.ok) return undefined;
  return key.value.kind === 'host' ? `host ${key.value.host}` : `repository ${key.value.reference.canonical}`;
}

describe("a client's key is a host", () => {
  it.each([
    ['quay.io', 'quay.io'],
    ['Quay.io:443', 'quay.io'],
    ['quay.io/', 'quay.io'],
    ['localhost', 'localhost'],
    ['localhost:5000', 'localhost:5000'],
    ['127.0.0.1:45001/', '127.0.0.1:45001'],
    ['registry:5000', 'registry:5000'],
    ['[::1]:5000', '[::1]:5000'],
    ['[2001:DB8::1]', '[2001:db8::1]'],
    ['docker.io', 'docker.io'],
    ['index.docker.io', 'docker.io'],
    ['registry-1.docker.io', 'docker.io'],
    ['https://index.docker.io/v1/', 'docker.io'],
    ['https://index.docker.io/v1', 'docker.io'],
    ['index.docker.io/v1/', 'docker.io'],
    ['harbor.corp/v2/', 'harbor.corp'],
    ['harbor.corp:8443/v2', 'harbor.corp:8443'],
    ['https://quay.io', 'quay.io'],
    ['http://harbor.corp:8080/', 'harbor.corp:8080'],
    ['HTTPS://harbor.corp/v2/', 'harbor.corp'],
    ['https://harbor.corp/artifactory/docker', 'harbor.corp'],
  ])('%s: %s', (text, host) => {
    expect(meaningOf(text)).toBe(`host ${host}`);
  });
});

describe("a client's key is a repository", () => {
  it.each([
    ['quay.io/team/app', 'quay.io/team/app'],
    ['quay.io/team/app/', 'quay.io/team/app'],
    ['QUAY.IO:443/team/app', 'quay.io/team/app'],
    ['127.0.0.1:45001/team/app', '127.0.0.1:45001/team/app'],
    ['localhost/app', 'localhost/app'],
    ['[::1]:5000/team/app', '[::1]:5000/team/app'],
    ['EVILHOST/app', 'evilhost:443/app'],
    ['index.docker.io/library/alpine', 'docker.io/library/alpine'],
    ['index.docker.io/alpine', 'docker.io/library/alpine'],
    ['registry-1.docker.io/team/app', 'docker.io/team/app'],
    ['quay.io/team/app:1', 'quay.io/team/app:1'],
    ['quay.io/v2/app', 'quay.io/v2/app'],
  ])('%s: %s', (text, canonical) => {
    expect(meaningOf(text)).toBe(`repository ${canonical}`);
  });
});

describe("a client's key is of no registry", () => {
  it.each([
    ...['', ' ', '\n', 'quay.io\n', 'quay.io ', '/', '//', 'quay.io//', '/team/app'],
    ...['https://', 'https:///v1/', 'ftp://quay.io', 'https://https://quay.io', '://quay.io', 'oci://quay.io/team/app'],
    ...['user@quay.io', 'https://user:pass@quay.io/', 'user@quay.io/team/app'],
    ...['https://docker.io\\@evil.com/', 'https://docker.io#@evil.com/', 'https://docker.io?x'],
    ...['ｄocker.io', 'docker。io', 'docker.io%2eevil.com', 'docker.io#x', '*', '*.quay.io', ':443', 'https://:443/'],
    ...['quay.io/Team/app', 'quay.io/team//app', 'quay.io/team/../app', 'foo_bar.io/app', 'alpine:latest'],
    ...['a'.repeat(1025), `quay.io/${'a/'.repeat(600)}`],
  ])('%j', (text) => {
    expect(meaningOf(text)).toBeUndefined();
  });

  it.each([
    'https://index.docker.io/v1/access-token',
    'https://index.docker.io/v1/refresh-token',
    'index.docker.io/v1/refresh-token/',
  ])("%s, under which docker keeps a token that it sends to Docker's identity service", (text) => {
    expect(meaningOf(text)).toBeUndefined();
  });

  it.each(['alpine/git', 'library/alpine', 'registry/app'])(
    '%s, which does not name its host: no default registry is put before it',
    (text) => {
      expect(meaningOf(text)).toBeUndefined();
    },
  );
});

describe("whatever text a client's key is", () => {
  it('its host is never empty and has no odd characters, and its repository is a canonical reference', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom('', 'https://', 'http://', 'quay.io/'), (text, before) => {
        const key = parseHelperKey(before + text);
        if (!key.ok) return;
        if (key.value.kind === 'host') {
          expect(key.value.host).toMatch(/^[a-z0-9[][a-z0-9.:[\]-]*$/);
        } else {
          const { reference } = key.value;
          expect(parseImageReference(reference.canonical)).toStrictEqual({ ok: true, value: reference });
        }
      }),
      { numRuns: 3000 },
    );
  });
});
