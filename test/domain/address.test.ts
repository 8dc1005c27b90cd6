import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressCovers,
  DOCKER_HUB_ADDRESS,
  dockerConfigKey,
  parseAddress,
  splitAddress,
} from '../../lib/domain/address.ts';
import { mistakenHost } from '../../lib/domain/registry-host.ts';
import { anyText } from './generators.ts';
import { address, claimsToBeText, reference, ruleOf } from './parsed.ts';

describe('names that people take for Docker Hub', () => {
  it.each(['hub.docker.com', 'docker.com', 'dockerhub.io', 'registry.docker.io', 'index.docker.com'])('%s', (host) => {
    expect(mistakenHost(host)).toMatch(/use docker\.io or docker\.io\/…$/);
    // What is stored under such a name can still be read.
    expect(parseAddress(host).ok).toBe(true);
  });

  it.each(['docker.io', 'hub.docker.com.example', 'quay.io', 'hub.docker.com:5000'])('and not %s', (host) => {
    expect(mistakenHost(host)).toBeUndefined();
  });

  it.each(['index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'])('%s is docker.io', (host) => {
    expect(parseAddress(host)).toMatchObject({ value: { canonical: 'docker.io' } });
  });
});

describe('a registry address', () => {
  it.each([
    ['quay.io', 'quay.io', 'quay.io', ''],
    ['Quay.IO', 'quay.io', 'quay.io', ''],
    ['quay.io/', 'quay.io', 'quay.io', ''],
    ['quay.io:443', 'quay.io', 'quay.io', ''],
    ['quay.io:443/team/', 'quay.io/team', 'quay.io', 'team'],
    ['quay.io/team/x', 'quay.io/team/x', 'quay.io', 'team/x'],
    ['harbor.corp:8443/proxy', 'harbor.corp:8443/proxy', 'harbor.corp:8443', 'proxy'],
    ['docker.io', 'docker.io', 'docker.io', ''],
    ['index.docker.io', 'docker.io', 'docker.io', ''],
    ['registry-1.docker.io:443', 'docker.io', 'docker.io', ''],
    ['REGISTRY.hub.docker.com/team', 'docker.io/team', 'docker.io', 'team'],
    ['localhost', 'localhost', 'localhost', ''],
    ['localhost:5000', 'localhost:5000', 'localhost:5000', ''],
    ['registry:5000', 'registry:5000', 'registry:5000', ''],
    ['Registry:443', 'registry:443', 'registry:443', ''],
    ['10.1.2.3:80', '10.1.2.3:80', '10.1.2.3:80', ''],
    ['[2001:DB8::1]:5000/team', '[2001:db8::1]:5000/team', '[2001:db8::1]:5000', 'team'],
    ['[::1]:443', '[::1]', '[::1]', ''],
    ['quay.io:65535', 'quay.io:65535', 'quay.io:65535', ''],
  ])('%s is %s', (text, canonical, host, path) => {
    expect(parseAddress(text)).toStrictEqual({ ok: true, value: { canonical, host, path } });
    expect(splitAddress(address(text))).toStrictEqual({ canonical, host, path });
  });

  it.each([
    ['https://quay.io', 'leave "http://" or "https://" away'],
    ['http://harbor.corp', 'leave "http://" or "https://" away'],
    ['', 'must not be empty'],
    ['/', 'host'],
    ['/team', 'host'],
    [':5000', 'host'],
    ['quay.io//', 'empty path'],
    ['quay.io//team', 'path'],
    ['quay.io/Team', 'lower case'],
    ['quay.io/team:latest', 'tag'],
    ['quay.io:latest', 'host'],
    [`quay.io/team@sha256:${'a'.repeat(64)}`, '"@"'],
    ['user:pass@quay.io', '"@"'],
    ['quay.io:0', '65535'],
    ['quay.io:65536', '65535'],
    ['quay.io:99999', '65535'],
    ['quay.io:0443', 'leading zeros'],
    ['quay.io:', 'host'],
    ['registry', 'registry:443'],
    ['nginx/foo', 'nginx:443'],
    ['EVILHOST', 'evilhost:443'],
    ['[::1%eth0]', 'IPv6'],
    ['[abc]', ':443'],
    ['quay.io/v2/', 'API'],
    ['index.docker.io/v1/', 'API'],
    ['quay.io ', 'spaces'],
    ['qu ay.io', 'spaces'],
    ['quay.io\n', 'control'],
    ['ｄocker.io', 'non-ASCII'],
    ['docker.io#x', 'host'],
    ['docker.io?x', 'host'],
    ['docker.io\\', 'host'],
    ['docker.io%2eevil.com', 'host'],
    ['*.quay.io', 'host'],
    ['quay.io.', 'host'],
    ['a'.repeat(700), 'at most'],
  ])('%j is refused and told why', (text, word) => {
    expect(ruleOf(parseAddress(text))).toContain(word);
  });

  it.each([[undefined], [null], [7], [{}], [['quay.io']]])(
    '%j, which only claims to be a text, is refused',
    (value) => {
      if (!claimsToBeText(value)) return;
      expect(ruleOf(parseAddress(value))).toBe('must be a text');
    },
  );

  it('is canonical once parsed, and an image below it is on its host, whatever the text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const parsed = parseAddress(text);
        if (!parsed.ok) return;
        const { value } = parsed;
        expect(parseAddress(value.canonical)).toStrictEqual(parsed);
        expect(splitAddress(value.canonical)).toStrictEqual(value);
        if (value.path.length > 200) return;
        expect(addressCovers(value, reference(`${value.canonical}/below/x`))).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('of Docker Hub is there to fall back on', () => {
    expect(splitAddress(DOCKER_HUB_ADDRESS)).toEqual({ canonical: 'docker.io', host: 'docker.io', path: '' });
  });
});

describe('an address covers', () => {
  it.each([
    ['quay.io', 'quay.io/team/app', true],
    ['quay.io', 'QUAY.io:443/team/app:1', true],
    ['quay.io', 'quay.io:8443/team/app', false],
    ['quay.io', 'quay.io.evil.example/team/app', false],
    ['quay.io', 'evil/quay.io', false],
    ['quay.io/team', 'quay.io/team/app', true],
    ['quay.io/team', 'quay.io/team', true],
    ['quay.io/team', 'quay.io/teamx', false],
    ['quay.io/team', 'quay.io/teamx/app', false],
    ['quay.io/team', 'quay.io/other/team', false],
    ['quay.io/team/app', 'quay.io/team', false],
    ['docker.io', 'ubuntu', true],
    ['index.docker.io', 'registry.hub.docker.com/team/app', true],
    ['docker.io/library', 'ubuntu', true],
    ['registry:443', 'REGISTRY/app', true],
    ['registry:443', 'registry/app', false],
  ])('%s: %s -> %s', (text, image, covered) => {
    expect(addressCovers(splitAddress(address(text)), reference(image))).toBe(covered);
  });
});

describe('the key of a host', () => {
  it('in a docker config is the URL for Docker Hub and the host for all others', () => {
    expect(dockerConfigKey('docker.io')).toBe('https://index.docker.io/v1/');
    expect(dockerConfigKey('quay.io:5000')).toBe('quay.io:5000');
  });
});
