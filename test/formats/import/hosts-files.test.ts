/** What containerd and docker keep beside their logins: hosts.toml and daemon.json. */
import { describe, expect, it } from 'vitest';
import { readDaemonJson } from '../../../lib/formats/import/daemon-json.ts';
import { readHostsToml } from '../../../lib/formats/import/hosts-toml.ts';
import type { LoginOptions, ReadFile, Wanted } from '../../../lib/formats/import/wanted.ts';
import { textWith } from '../../support/text-like.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const OPTIONS: LoginOptions = {
  environments: ['prod'],
  tls: new Map(),
  readCertificates: (file) => (file === 'ca.pem' ? PEM : undefined),
};

function valueOf(read: ReadFile): Wanted {
  if (!read.ok) throw new Error(read.failure.what);
  return read.value;
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

describe('hosts.toml', () => {
  it('with a login in a header becomes a registry with its TLS', () => {
    const text = `server = "https://a.example"\n[host."https://a.example"]\nca = "ca.pem"\n[host."https://a.example".header]\nAuthorization = ["${basic('me', 'secret')}"]`;
    const { registries, findings } = valueOf(readHostsToml(text, OPTIONS));
    expect(findings).toEqual([]);
    expect(registries).toMatchObject([
      {
        address: 'a.example',
        source: { kind: 'static', settings: { username: 'me' } },
        settings: { tls: { ca: PEM } },
      },
    ]);
    expect(registries[0]?.source.secret?.reveal()).toBe('secret');
  });

  it.each([
    [
      'a mirror',
      'server = "https://docker.io"\n[host."https://m.example"]',
      'host["m.example"]',
      'registry add m.example --env prod --username NAME',
    ],
    [
      'a mirror without verified TLS',
      '[host."https://m.example"]\nskip_verify = true',
      'host["m.example"]',
      '--username NAME --skip-verify',
    ],
    [
      'a mirror by plain HTTP',
      '[host."http://m.example:5000"]',
      'host["m.example:5000"]',
      '--username NAME --plain-http',
    ],
    [
      'the CA of the registry itself',
      'server = "https://a.example"\nca = ["/etc/ca.pem"]',
      'server',
      'registry add a.example --env prod --username NAME --ca /etc/ca.pem',
    ],
    [
      'another header',
      '[host."https://m.example".header]\nX-Token = "canary"',
      'host["m.example"]',
      'registry add m.example',
    ],
    [
      'a bearer token',
      '[host."https://m.example".header]\nAuthorization = "Bearer canary"',
      'host["m.example"]',
      'registry add m.example',
    ],
  ])('%s is told, with the options that do it here', (_name, text, place, advice) => {
    const { registries, findings } = valueOf(readHostsToml(text, OPTIONS));
    expect(registries).toEqual([]);
    expect(findings).toMatchObject([{ place, advice: textWith(advice) }]);
    expect(JSON.stringify(findings)).not.toContain('canary');
  });

  it('of a registry that is reached as usual asks for nothing', () => {
    expect(valueOf(readHostsToml('server = "https://quay.io"', OPTIONS))).toMatchObject({
      registries: [],
      findings: [],
    });
  });

  it('with a URL that holds a password tells its place alone', () => {
    const { findings } = valueOf(readHostsToml('[host."https://me:canary@m.example"]', OPTIONS));
    expect(findings).toMatchObject([{ place: 'the 1st entry of host' }]);
    expect(JSON.stringify(findings)).not.toContain('canary');
  });

  it.each(['', 'a = 1', 'host = "x"', 'server = canary'])('%j is none', (text) => {
    const read = readHostsToml(text, OPTIONS);
    expect(read.ok).toBe(false);
    expect(JSON.stringify(read)).not.toContain('canary');
  });
});

describe('daemon.json', () => {
  it.each([
    [
      'a mirror',
      { 'registry-mirrors': ['https://m.example:5000'] },
      'registry-mirrors[0]',
      'registry add m.example:5000 --env prod',
    ],
    [
      'a mirror with a password in its URL',
      { 'registry-mirrors': ['https://me:canary@m.example'] },
      'registry-mirrors[0]',
      'registry add HOST',
    ],
    [
      'a registry without verified TLS',
      { 'insecure-registries': ['a.example:5000'] },
      'insecure-registries[0]',
      'registry edit a.example:5000',
    ],
    [
      'a network without verified TLS',
      { 'insecure-registries': ['10.0.0.0/8'] },
      'insecure-registries[0]',
      '--skip-verify',
    ],
    ['no list', { 'insecure-registries': 'canary' }, 'insecure-registries', ''],
  ])('%s is told', (_name, document, place, advice) => {
    const { registries, policies, findings } = valueOf(readDaemonJson(JSON.stringify(document), ['prod']));
    expect([registries, policies]).toEqual([[], []]);
    expect(findings).toMatchObject([{ place, ...(advice === '' ? {} : { advice: textWith(advice) }) }]);
    expect(JSON.stringify(findings)).not.toContain('canary');
  });

  it.each(['', '{}', '[]', '{"log-driver": "canary"}'])('%j is none', (text) => {
    expect(readDaemonJson(text, ['prod']).ok).toBe(false);
  });
});
