import { describe, expect, it } from 'vitest';
import { readRegistriesYaml } from '../../../lib/formats/import/registries-yaml.ts';
import type { LoginOptions, Wanted } from '../../../lib/formats/import/wanted.ts';
import { textWith } from '../../support/text-like.ts';

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const OPTIONS: LoginOptions = {
  environments: ['prod'],
  tls: new Map(),
  readCertificates: (file) => (file === '/etc/ssl/ca.pem' ? PEM : undefined),
};

function read(text: string, options: Partial<LoginOptions> = {}): Wanted {
  const wanted = readRegistriesYaml(text, { ...OPTIONS, ...options });
  if (!wanted.ok) throw new Error(wanted.failure.what);
  return wanted.value;
}

function config(host: string, ...lines: readonly string[]): string {
  return `configs:\n  "${host}":\n${lines.map((line) => `    ${line}\n`).join('')}`;
}

const LOGIN = ['auth:', '  username: me', '  password: 0123'];

describe('a login of registries.yaml becomes a registry', () => {
  it.each([
    ['user name and password, a number as the text it is', 'harbor.example:5000', LOGIN, '0123'],
    ['auth', 'harbor.example:5000', ['auth:', '  auth: bWU6cHcxMg'], 'pw12'],
  ])('%s', (_name, host, lines, password) => {
    const { registries, findings } = read(config(host, ...lines));
    expect(findings).toEqual([]);
    expect(registries).toMatchObject([
      {
        address: host,
        says: 'login',
        environments: ['prod'],
        source: { kind: 'static', settings: { username: 'me' } },
      },
    ]);
    expect(registries[0]?.source.secret?.reveal()).toBe(password);
  });

  it('also of the same file in JSON', () => {
    const text = JSON.stringify({ configs: { 'a.example': { auth: { username: 'me', password: 'p' } } } });
    expect(read(text).registries).toMatchObject([{ address: 'a.example' }]);
  });

  it('Docker Hub by the name of its endpoint', () => {
    expect(read(config('registry-1.docker.io', ...LOGIN)).registries).toMatchObject([{ address: 'docker.io' }]);
  });

  it('tokens of ECR are left, and Pullpass makes its own', () => {
    const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
    const { registries } = read(config(host, 'auth:', '  username: AWS', '  password: canary'));
    expect(registries).toMatchObject([{ address: host, source: { kind: 'ecr' } }]);
    expect(JSON.stringify(registries)).not.toContain('canary');
  });
});

describe('its TLS', () => {
  it.each([
    ['a CA file', ['tls:', '  ca_file: /etc/ssl/ca.pem'], { ca: PEM }, 0],
    ['no verification', ['tls:', '  insecure_skip_verify: true'], { skipVerify: true }, 0],
    ['verification', ['tls:', '  insecure_skip_verify: false'], {}, 0],
    ['a client certificate, which is left', ['tls:', '  cert_file: /a', '  key_file: /b'], {}, 1],
    ['nothing', ['tls:'], {}, 0],
  ])('%s', (_name, lines, tls, notes) => {
    const [registry] = read(config('a.example', ...LOGIN, ...lines)).registries;
    expect(registry?.settings.tls).toEqual(tls);
    expect(registry?.notes).toHaveLength(notes);
  });

  it('a CA file that is not there is named, with the option that gives it', () => {
    const [registry] = read(config('a.example', ...LOGIN, 'tls:', '  ca_file: /missing/ca.pem')).registries;
    expect(registry?.settings.tls).toEqual({});
    expect(registry?.notes).toEqual([textWith('"/missing/ca.pem"')]);
    expect(registry?.notes).toEqual([textWith('--ca a.example=FILE')]);
  });

  it('is what the options say, where they say something', () => {
    const tls = new Map([['a.example', { plainHttp: true }]] as const);
    const [registry] = read(config('a.example', ...LOGIN, 'tls:', '  insecure_skip_verify: true'), { tls }).registries;
    expect(registry?.settings.tls).toEqual({ plainHttp: true });
  });

  it.each([
    ['only by http', ['http://a.example:5000'], { plainHttp: true }],
    ['by https, too', ['http://a.example:5000', 'https://a.example:5000'], {}],
    ['another host by http', ['http://b.example:5000'], {}],
  ])('plain HTTP where its endpoint is reached %s', (_name, endpoints, tls) => {
    const mirrors = `mirrors:\n  "a.example:5000":\n    endpoint: ${JSON.stringify(endpoints)}\n`;
    const [registry] = read(`${mirrors}${config('a.example:5000', ...LOGIN)}`).registries;
    expect(registry?.settings.tls).toEqual(tls);
  });
});

describe('what is told and not imported', () => {
  it.each([
    [
      'a mirror',
      'mirrors:\n  docker.io:\n    endpoint: ["https://m.example:5000"]\n',
      'mirrors["docker.io"].endpoint[0]',
      'registry add m.example:5000 --env prod --username NAME',
    ],
    [
      'a mirror of everything',
      'mirrors:\n  "*":\n    endpoint: ["https://m.example"]\n',
      'mirrors["*"].endpoint[0]',
      'registry add m.example',
    ],
    [
      'renaming',
      'mirrors:\n  docker.io:\n    rewrite:\n      "^x": "y"\n',
      'mirrors["docker.io"].rewrite',
      'on the hosts',
    ],
    [
      'an identity token',
      config('a.example', 'auth:', '  identity_token: canary'),
      'configs["a.example"]',
      '--username NAME',
    ],
    [
      'TLS alone',
      config('a.example', 'tls:', '  insecure_skip_verify: true'),
      'configs["a.example"]',
      '--username NAME --skip-verify',
    ],
    [
      'TLS of an ECR host',
      config('public.ecr.aws', 'tls:', '  ca_file: /a/b.pem'),
      'configs["public.ecr.aws"]',
      'public.ecr.aws --env prod --ca /a/b.pem',
    ],
    ['a host without anything', 'configs:\n  a.example:\n', 'configs["a.example"]', 'registry add a.example'],
    [
      'a login for every host',
      config('*', 'auth:', '  username: me', '  password: canary'),
      'the 1st entry of configs',
      'registry add HOST',
    ],
    ['a key that is no host', config('me:canary@a.example', ...LOGIN), 'the 1st entry of configs', 'registry add HOST'],
    [
      'a token of Azure',
      config('a.azurecr.io', 'auth:', '  username: 00000000-0000-0000-0000-000000000000', '  password: canary'),
      'configs["a.azurecr.io"]',
      'service principal',
    ],
  ])('%s', (_name, text, place, advice) => {
    const { registries, findings } = read(text);
    expect(registries).toEqual([]);
    expect(findings).toMatchObject([{ place, advice: textWith(advice) }]);
    expect(JSON.stringify(findings)).not.toContain('canary');
  });
});

describe('what is no registries.yaml', () => {
  it.each([
    '',
    '[]',
    'a: b',
    'mirrors: text',
    'configs: []',
    'configs:\n---\nmirrors:\n',
    'configs: {a: &a b, c: *a}',
    '"',
  ])('%j is refused', (text) => {
    expect(readRegistriesYaml(text, OPTIONS).ok).toBe(false);
  });

  it('with nothing in it, nothing is asked for', () => {
    expect(read('mirrors:\nconfigs:\n')).toMatchObject({ registries: [], findings: [] });
  });
});
