import { describe, expect, it } from 'vitest';
import { parse } from 'smol-toml';
import * as z from 'zod/mini';
import { splitAddress } from '../../../lib/domain/address.ts';
import { containerdConfig } from '../../../lib/formats/host-config/containerd.ts';
import { dockerConfig } from '../../../lib/formats/host-config/docker.ts';
import { hostFile } from '../../../lib/formats/host-config/host-file.ts';
import { podmanConfig } from '../../../lib/formats/host-config/podman.ts';
import type { HostConfig, HostTls } from '../../../lib/formats/host-config/wanted.ts';
import { address } from '../../domain/parsed.ts';
import { wantedFor } from '../../support/wanted-host-config.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n';
const TLS: readonly HostTls[] = [
  { host: 'ca.example:5000', ca: PEM },
  { host: 'plain.example:5000', plainHttp: true },
  { host: 'skip.example', skipVerify: true },
];
const KNOWN = TLS.map(({ host }) => host);

function contentOf(config: HostConfig, path: string): string {
  const file = config.files.find((each) => each.path === path);
  if (file === undefined) throw new Error(`no ${path} among ${config.files.map((each) => each.path).join(', ')}`);
  return file.content;
}

function pathsOf(config: HostConfig): readonly string[] {
  return config.files.map(({ path }) => path);
}

describe('docker', () => {
  it('gets authorities as files, the rest for daemon.json, and a note that it can hold no policy', () => {
    const config = dockerConfig(wantedFor({ whitelist: ['quay.io'] }, { tls: TLS }));
    expect(config).toMatchObject({ runtime: 'docker', environment: 'prod', enforces: 'nothing' });
    expect(config.files).toEqual([{ path: '/etc/docker/certs.d/ca.example:5000/ca.crt', mode: '0644', content: PEM }]);
    expect(config.daemon).toEqual({ 'insecure-registries': ['plain.example:5000', 'skip.example'] });
    expect(config.notes.join('\n')).toContain('docker cannot hold policy');
  });

  it('gets an IPv6 host with its port, without which it would not start', () => {
    const tls = [
      { host: '[2001:db8::1]', skipVerify: true },
      { host: '[2001:db8::1]:5000', plainHttp: true },
    ] as const;
    const hosts = ['[2001:db8::1]:443', '[2001:db8::1]:5000'];
    expect(dockerConfig(wantedFor({}, { tls })).daemon).toEqual({ 'insecure-registries': hosts });
  });

  it('is not told what it can not do where there is nothing to do', () => {
    expect(dockerConfig(wantedFor({})).notes).toEqual([]);
  });
});

describe('containerd', () => {
  const hosts = (host: string): string => `/etc/containerd/certs.d/${host}/hosts.toml`;

  it('gets a file for each host that is reached otherwise than by HTTPS, and no other, where nothing is refused', () => {
    const config = containerdConfig(wantedFor({}, { tls: TLS, knownHosts: [...KNOWN, 'quay.io'] }));
    expect(pathsOf(config)).toEqual([
      '/etc/containerd/certs.d/ca.example:5000/ca.crt',
      hosts('ca.example:5000'),
      hosts('plain.example:5000'),
      hosts('skip.example'),
      hosts('skip.example:443'),
    ]);
    expect(parse(contentOf(config, hosts('ca.example:5000')))).toEqual({
      server: 'https://ca.example:5000',
      host: {},
      ca: '/etc/containerd/certs.d/ca.example:5000/ca.crt',
    });
    expect(parse(contentOf(config, hosts('plain.example:5000')))).toEqual({
      server: 'http://plain.example:5000',
      host: {},
    });
    for (const spelled of ['skip.example', 'skip.example:443']) {
      expect(parse(contentOf(config, hosts(spelled)))).toEqual({
        server: 'https://skip.example',
        skip_verify: true,
        host: {},
      });
    }
  });

  it('is told every host that a whitelist allows, and leads all others nowhere', () => {
    const config = containerdConfig(wantedFor({ whitelist: ['docker.io', 'quay.io/team', 'harbor.example:5000'] }));
    expect(parse(contentOf(config, hosts('_default')))).toEqual({
      server: 'https://not-allowed-by-pullpass.invalid',
      host: {},
    });
    expect(parse(contentOf(config, hosts('docker.io')))).toEqual({ server: 'https://registry-1.docker.io', host: {} });
    expect(parse(contentOf(config, hosts('harbor.example:5000')))).toEqual({
      server: 'https://harbor.example:5000',
      host: {},
    });
    expect(pathsOf(config)).toEqual(
      [
        ...['_default', 'docker.io', 'docker.io:443', 'harbor.example', 'harbor.example:443', 'harbor.example:5000'],
        ...['quay.io', 'quay.io:443'],
      ].map(hosts),
    );
    expect(contentOf(config, hosts('harbor.example'))).toContain('not-allowed-by-pullpass.invalid');
    expect(config.notes.join('\n')).toContain(
      'everything can be pulled from quay.io, though policy allows only a part',
    );
  });

  it('knows no wildcard: registries below it are written out, the rest stays shut, and a note says so', () => {
    const knownHosts = ['a.corp.example', 'b.corp.example', 'c.corp.example:5000', 'elsewhere.test'];
    const config = containerdConfig(
      wantedFor({ whitelist: ['*.corp.example'], deny: ['b.corp.example'] }, { knownHosts }),
    );
    const open = ['a.corp.example', 'a.corp.example:443'].map(hosts);
    const shut = [
      ...['_default', 'b.corp.example', 'b.corp.example:443', 'c.corp.example:5000'],
      ...['elsewhere.test', 'elsewhere.test:443'],
    ].map(hosts);
    expect([...pathsOf(config)].sort()).toEqual([...open, ...shut].sort());
    for (const path of open) expect(parse(contentOf(config, path))).toMatchObject({ server: 'https://a.corp.example' });
    // Each has its file although `_default` shuts it, too: a folder that is there already would come first.
    for (const path of shut) expect(contentOf(config, path)).toContain('not-allowed-by-pullpass.invalid');
    expect(config.notes.join('\n')).toContain('containerd knows no *.corp.example');
    expect(config.notes.join('\n')).toContain('all others are shut');
  });

  it('leads a denied host nowhere by each of its names and ports that are known', () => {
    const config = containerdConfig(
      wantedFor({ deny: ['docker.io', 'evil.example', 'quay.io/team'] }, { knownHosts: ['evil.example:5000'] }),
    );
    expect(pathsOf(config)).toEqual(
      [
        ...['docker.io', 'docker.io:443', 'index.docker.io', 'index.docker.io:443'],
        ...[
          'registry-1.docker.io',
          'registry-1.docker.io:443',
          'registry.hub.docker.com',
          'registry.hub.docker.com:443',
        ],
        ...['evil.example', 'evil.example:443', 'evil.example:5000'],
      ].map(hosts),
    );
    for (const { content } of config.files)
      expect(parse(content)).toEqual({ server: 'https://not-allowed-by-pullpass.invalid', host: {} });
  });

  it('says that a denied wildcard is shut only where hosts are known', () => {
    const config = containerdConfig(wantedFor({ deny: ['*.evil.example'] }, { knownHosts: ['a.evil.example'] }));
    expect(pathsOf(config)).toEqual([hosts('a.evil.example'), hosts('a.evil.example:443')]);
    expect(config.notes.join('\n')).toContain('all others are open');
  });
});

describe('podman', () => {
  const REGISTRIES = '/etc/containers/registries.conf.d/99-pullpass.conf';
  const POLICY = '/etc/containers/policy.json';
  const ACCEPT = [{ type: 'insecureAcceptAnything' }];
  const REJECT = [{ type: 'reject' }];

  const policySchema = z.object({
    default: z.unknown(),
    transports: z.object({ docker: z.record(z.string(), z.unknown()) }),
  });

  function dockerScopes(config: HostConfig): unknown {
    const document = policySchema.parse(JSON.parse(contentOf(config, POLICY)));
    return { default: document.default, ...document.transports.docker };
  }

  it('gets no policy.json where nothing is refused, and what is insecure by host', () => {
    const config = podmanConfig(wantedFor({}, { tls: TLS, knownHosts: [...KNOWN, 'skip.example:5000'] }));
    expect(pathsOf(config)).toEqual(['/etc/containers/certs.d/ca.example:5000/ca.crt', REGISTRIES]);
    expect(parse(contentOf(config, REGISTRIES))).toEqual({
      registry: [
        { prefix: 'plain.example:5000', location: 'plain.example:5000', insecure: true },
        { prefix: 'skip.example', location: 'skip.example', insecure: true },
        { prefix: 'skip.example:443', location: 'skip.example:443', insecure: true },
        // Without this the table for the bare host would hold for it, too.
        { prefix: 'skip.example:5000', location: 'skip.example:5000', insecure: false },
      ],
    });
  });

  it('finds the authority of a host on the default port by both of its spellings', () => {
    const config = podmanConfig(wantedFor({}, { tls: [{ host: 'ca.example', ca: PEM }] }));
    expect(pathsOf(config)).toEqual([
      '/etc/containers/certs.d/ca.example/ca.crt',
      '/etc/containers/certs.d/ca.example:443/ca.crt',
    ]);
  });

  it('accepts what a whitelist allows by path, and rejects what is denied below', () => {
    const config = podmanConfig(
      wantedFor({ whitelist: ['quay.io/team', 'harbor.example:5000'], deny: ['quay.io/team/bad', 'harbor.example/x'] }),
    );
    expect(dockerScopes(config)).toEqual({
      default: REJECT,
      'quay.io/team': ACCEPT,
      'quay.io/team/bad': REJECT,
      'quay.io:443/team': ACCEPT,
      'quay.io:443/team/bad': REJECT,
      'harbor.example:5000': ACCEPT,
      'harbor.example:5000/x': REJECT,
    });
  });

  it('takes wildcards, and says that it takes them for every port', () => {
    const config = podmanConfig(
      wantedFor({ whitelist: ['*.corp.example'], deny: ['bad.corp.example', '*.lab.corp.example'] }),
    );
    expect(dockerScopes(config)).toEqual({
      default: REJECT,
      '*.corp.example': ACCEPT,
      '*.lab.corp.example': REJECT,
      'bad.corp.example': REJECT,
      'bad.corp.example:443': REJECT,
    });
    expect(config.notes.join('\n')).toContain('podman takes *.corp.example for every port');
  });

  it('blocks a host of which nothing is allowed, on all of its ports', () => {
    const config = podmanConfig(wantedFor({ deny: ['evil.example', 'quay.io/bad'] }));
    expect(parse(contentOf(config, REGISTRIES))).toEqual({
      registry: [{ prefix: 'evil.example', location: 'evil.example', blocked: true }],
    });
    expect(dockerScopes(config)).toMatchObject({ default: ACCEPT, 'evil.example': REJECT, 'quay.io/bad': REJECT });
  });

  it("shuts Docker Hub's other names as soon as anything on it is refused", () => {
    const config = podmanConfig(wantedFor({ deny: ['docker.io/nginx'] }));
    expect(dockerScopes(config)).toMatchObject({
      'docker.io/library/nginx': REJECT,
      'docker.io/nginx': REJECT,
      'registry-1.docker.io': REJECT,
      'registry.hub.docker.com:443': REJECT,
    });
    expect(contentOf(config, REGISTRIES)).toContain('prefix = "registry-1.docker.io"');
  });

  it("lets a registry be that is allowed on a port of one of Docker Hub's other names", () => {
    const config = podmanConfig(wantedFor({ whitelist: ['registry-1.docker.io:5000'] }));
    const tables = z.object({ registry: z.array(z.record(z.string(), z.unknown())) });
    const { registry } = tables.parse(parse(contentOf(config, REGISTRIES)));
    expect(registry.filter(({ prefix }) => String(prefix).startsWith('registry-1.'))).toEqual([
      { prefix: 'registry-1.docker.io', location: 'registry-1.docker.io', blocked: true },
      { prefix: 'registry-1.docker.io:5000', location: 'registry-1.docker.io:5000', insecure: false },
    ]);
    expect(dockerScopes(config)).toMatchObject({ 'registry-1.docker.io:5000': ACCEPT, 'registry-1.docker.io': REJECT });
  });

  it('looks for short names in the default registry only where policy sets one', () => {
    const config = podmanConfig(wantedFor({}, { defaultRegistry: address('harbor.example:5000/proxy') }));
    expect(parse(contentOf(config, REGISTRIES))).toEqual({
      'unqualified-search-registries': ['harbor.example:5000/proxy'],
    });
    expect(pathsOf(podmanConfig(wantedFor({})))).toEqual([]);
  });
});

describe('a file', () => {
  it('says in its first line who wrote it and for whom, where the format has comments', () => {
    const wanted = wantedFor({ whitelist: ['quay.io'] }, { tls: TLS, knownHosts: KNOWN });
    const files = [...containerdConfig(wanted).files, ...podmanConfig(wanted).files];
    const commented = files.filter(({ path }) => /\.(?:toml|conf)$/.test(path));
    expect(commented.length).toBeGreaterThan(2);
    for (const { content } of commented)
      expect(content).toMatch(/^# Written by Pullpass for the environment prod\.\n# Do not edit/);
  });

  it.each([['..'], ['.'], ['a/b'], ['a b'], ['a\nb'], ['$(x)'], ['']])('is not made under the name %j', (name) => {
    expect(() => hostFile(['etc', name, 'ca.crt'], '')).toThrow('outside the folder');
  });

  it.each(['[::1]:5000', 'registry:443', 'a_b.example'.replace('_', '-')])('is made for the host %s', (host) => {
    const { path } = hostFile(['etc', splitAddress(address(host)).host, 'ca.crt'], '');
    expect(path).toBe(`/etc/${host}/ca.crt`);
  });
});
