import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDockerConfig } from '../../../lib/formats/import/docker-config.ts';
import type { LoginOptions, Wanted } from '../../../lib/formats/import/wanted.ts';
import { textWith } from '../../support/text-like.ts';

const OPTIONS: LoginOptions = { environments: ['prod'], tls: new Map() };
const ECR = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const KEY_FILE = JSON.stringify({ type: 'service_account', client_email: 'pull@p.iam.gserviceaccount.com' });

function basic(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

function read(config: unknown, options: Partial<LoginOptions> = {}): Wanted {
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  const wanted = readDockerConfig(text, { ...OPTIONS, ...options });
  if (!wanted.ok) throw new Error(wanted.failure.what);
  return wanted.value;
}

function auths(entries: Record<string, unknown>): { readonly auths: Record<string, unknown> } {
  return { auths: entries };
}

describe('a login becomes a registry', () => {
  it.each([
    { name: "Docker Hub's key", key: 'https://index.docker.io/v1/', address: 'docker.io' },
    { name: 'another name of Docker Hub', key: 'registry-1.docker.io', address: 'docker.io' },
    { name: 'a bare host', key: 'quay.io', address: 'quay.io' },
    { name: 'a host in capitals', key: 'Quay.IO', address: 'quay.io' },
    { name: 'a host with a port', key: 'harbor.example:5000', address: 'harbor.example:5000' },
    { name: 'the default port', key: 'harbor.example:443', address: 'harbor.example' },
    { name: 'a URL', key: 'https://harbor.example', address: 'harbor.example' },
    { name: 'a URL with a slash', key: 'https://harbor.example/', address: 'harbor.example' },
    { name: 'a URL of the API', key: 'https://harbor.example/v2/', address: 'harbor.example' },
    { name: 'a path of containers/image', key: 'quay.io/team/app', address: 'quay.io/team/app' },
    { name: 'a URL of a repository in the API', key: 'https://harbor.example/v2/team/app', address: 'harbor.example' },
    { name: 'a host with the path of the API', key: 'harbor.example/v1', address: 'harbor.example' },
    { name: 'a host with the path of the API and a slash', key: 'harbor.example/v2/', address: 'harbor.example' },
    { name: 'a path that begins with v1', key: 'harbor.example/v1/team/app', address: 'harbor.example/v1/team/app' },
    { name: 'a path with v2 in it', key: 'harbor.example/team/v2/app', address: 'harbor.example/team/v2/app' },
    { name: 'a URL with v1 in its path', key: 'https://harbor.example/a/v1/b', address: 'harbor.example' },
    { name: 'a URL with a path, as docker reads it', key: 'https://harbor.example/team', address: 'harbor.example' },
  ])('at the address of $name', ({ key, address }) => {
    const { registries, findings } = read(auths({ [key]: { auth: basic('me', 'secret') } }));
    expect(findings).toEqual([]);
    expect(registries).toHaveLength(1);
    expect(registries[0]).toMatchObject({ address, environments: ['prod'], says: 'login', state: 'active' });
    expect(registries[0]?.source).toMatchObject({ kind: 'static', settings: { username: 'me' } });
    expect(registries[0]?.source.secret?.reveal()).toBe('secret');
  });

  it.each([
    { name: 'auth alone', entry: { auth: basic('me', 'a:b') }, password: 'a:b' },
    { name: 'user name and password alone', entry: { username: 'me', password: 'p' }, password: 'p' },
    {
      name: 'auth before the others',
      entry: { auth: basic('me', 'new'), username: 'x', password: 'old' },
      password: 'new',
    },
    { name: 'the others where auth is broken', entry: { auth: '%', username: 'me', password: 'p' }, password: 'p' },
    {
      name: 'auth in lines',
      entry: { auth: basic('me', 'x'.repeat(80)).replace(/(.{20})/g, '$1\n') },
      password: 'x'.repeat(80),
    },
    { name: 'NUL bytes at the end dropped, as docker does', entry: { auth: basic('me', 'p\0\0') }, password: 'p' },
    { name: 'a password beside a token', entry: { auth: basic('me', 'p'), identitytoken: 't' }, password: 'p' },
  ])('from $name', ({ entry, password }) => {
    const [registry] = read(auths({ 'quay.io': entry })).registries;
    expect(registry?.source.settings).toEqual({ username: 'me' });
    expect(registry?.source.secret?.reveal()).toBe(password);
  });

  it('with a password of any text, exactly', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.constantFrom('a:b', '"', '\\', 'a\nb', '🔑', '\uFEFFx', ' ', '$%'),
    );
    const passwords = texts.filter((text) => text.isWellFormed() && !text.endsWith('\0'));
    const users = fc
      .oneof(fc.string({ minLength: 1 }), fc.constantFrom('\uFEFFme', 'robot$x', 'Ä'))
      .filter((text) => !text.includes(':') && text !== '<token>');
    fc.assert(
      fc.property(users, passwords, fc.boolean(), (username, password, encoded) => {
        const entry = encoded ? { auth: basic(username, password) } : { username, password };
        const [registry] = read(auths({ 'quay.io': entry })).registries;
        expect(registry?.source.settings).toEqual({ username });
        expect(registry?.source.secret?.reveal()).toBe(password);
      }),
    );
  });
});

describe('logins that are no user name and password', () => {
  it.each(['AWS', 'anybody'])('a token of ECR is left and made by Pullpass: user %s', (username) => {
    const [registry] = read(auths({ [ECR]: { auth: basic(username, 'token') } })).registries;
    expect(registry?.source.kind).toBe(username === 'AWS' ? 'ecr' : 'static');
    expect(registry?.source.secret === undefined).toBe(username === 'AWS');
  });

  it.each([
    { username: '_json_key', password: KEY_FILE },
    { username: '_json_key_base64', password: Buffer.from(KEY_FILE).toString('base64') },
  ])('$username at Google becomes a key', ({ username, password }) => {
    const [registry] = read(auths({ 'https://eu.gcr.io': { auth: basic(username, password) } })).registries;
    expect(registry?.source).toMatchObject({
      kind: 'google',
      settings: { clientEmail: 'pull@p.iam.gserviceaccount.com' },
    });
    expect(registry?.source.secret?.reveal()).toBe(KEY_FILE);
  });

  it('_json_key elsewhere stays what it is', () => {
    const [registry] = read(auths({ 'quay.io': { auth: basic('_json_key', KEY_FILE) } })).registries;
    expect(registry?.source).toMatchObject({ kind: 'static', settings: { username: '_json_key' } });
  });

  it.each([
    {
      name: "Google's access token",
      key: 'gcr.io',
      entry: { auth: basic('oauth2accesstoken', 'canary') },
      what: /expires within an hour/,
    },
    {
      name: 'an identity token',
      key: 'a.azurecr.io',
      entry: { auth: basic('0000', ''), identitytoken: 'canary' },
      what: /token that only the docker client/,
    },
    {
      name: 'a registry token',
      key: 'quay.io',
      entry: { registrytoken: 'canary' },
      what: /token that only the docker client/,
    },
    {
      name: 'the marker of a token',
      key: 'quay.io',
      entry: { username: '<token>', password: 'canary' },
      what: /token that only the docker client/,
    },
    { name: 'nothing', key: 'quay.io', entry: {}, what: /holds no login/ },
    { name: 'no password', key: 'quay.io', entry: { auth: basic('me', '') }, what: /no password/ },
    { name: 'no user name', key: 'quay.io', entry: { auth: basic('', 'canary') }, what: /no user name/ },
    {
      name: 'auth without a colon',
      key: 'quay.io',
      entry: { auth: Buffer.from('canary').toString('base64') },
      what: /not base64 of user name/,
    },
    { name: 'auth that is not base64', key: 'quay.io', entry: { auth: 'canary!' }, what: /not base64/ },
    {
      name: 'auth that is not UTF-8',
      key: 'quay.io',
      entry: { auth: Buffer.from([0x61, 0x3a, 0xff]).toString('base64') },
      what: /not base64/,
    },
    { name: 'a number for a password', key: 'quay.io', entry: { username: 'me', password: 1 }, what: /not texts/ },
    { name: 'a list', key: 'quay.io', entry: ['canary'], what: /not an object/ },
    { name: 'null', key: 'quay.io', entry: null, what: /holds no login/ },
    {
      name: 'a key with a login in it',
      key: 'https://me:canary@quay.io',
      entry: { auth: basic('me', 'p') },
      what: /no registry's address/,
    },
    {
      name: "the docker client's own token",
      key: 'https://index.docker.io/v1/refresh-token',
      entry: { auth: basic('me', 'p') },
      what: /docker client itself/,
    },
    { name: '__proto__', key: '__proto__', entry: { auth: basic('me', 'p') }, what: /no registry's address/ },
    { name: 'an empty key', key: '', entry: { auth: basic('me', 'p') }, what: /no registry's address/ },
  ])('$name is told, the others come, and nothing is shown of it', ({ key, entry, what }) => {
    const good = { 'harbor.example': { auth: basic('me', 'p') } };
    const text = JSON.stringify(auths(good)).replace(
      '{"auths":{',
      `{"auths":{${JSON.stringify(key)}:${JSON.stringify(entry)},`,
    );
    const { registries, findings } = read(text);
    expect(registries.map(({ address }) => address)).toEqual(['harbor.example']);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.what).toMatch(what);
    expect(JSON.stringify(findings)).not.toContain('canary');
  });
});

describe('a key that is no address may be a secret, so its place is told and not its text', () => {
  const GOOD = { 'harbor.example': { auth: basic('me', 'p') } };

  it.each(['host?x=canary', 'me:canary word', 'canary', 'canary/v1/refresh-token', 'canary:099999', 'Canary/team'])(
    '%j',
    (key) => {
      const login = { auth: basic('me', 'p') };
      const told = [
        [{ auths: { ...GOOD, [key]: login } }, 'the 2nd entry of auths'],
        [{ auths: GOOD, credHelpers: { [key]: 'gcloud' } }, 'the 1st entry of credHelpers'],
        [{ ...GOOD, [key]: login }, 'the 2nd entry of the file'],
      ] as const;
      for (const [config, place] of told) {
        const { registries, findings } = read(config);
        expect(findings.map((finding) => finding.place)).toEqual([place]);
        expect(JSON.stringify([registries, findings]).toLowerCase()).not.toContain('canary');
      }
    },
  );
});

describe('credential helpers', () => {
  it("an ECR host of ecr-login becomes one of Pullpass's own, once", () => {
    const { registries, findings } = read({
      ...auths({ [ECR]: {} }),
      credHelpers: { [ECR]: 'ecr-login', 'public.ecr.aws': 'ecr-login' },
      credsStore: 'ecr-login',
    });
    expect(findings).toEqual([]);
    expect(registries.map(({ address, source }) => `${address} ${source.kind}`)).toEqual([
      `${ECR} ecr`,
      'public.ecr.aws ecr',
    ]);
  });

  it.each([
    {
      name: 'gcloud',
      config: { credHelpers: { 'gcr.io': 'gcloud' } },
      advice: 'pullpass registry add gcr.io --env prod --key-file FILE',
    },
    {
      name: 'another',
      config: { credHelpers: { 'quay.io': 'desktop' } },
      advice: 'pullpass registry add quay.io --env prod --username NAME',
    },
    {
      name: 'ecr-login elsewhere',
      config: { credHelpers: { 'quay.io': 'ecr-login' } },
      advice: 'registry add quay.io',
    },
    {
      name: 'the store of an empty entry',
      config: { auths: { 'quay.io': {} }, credsStore: 'desktop' },
      advice: 'registry add quay.io',
    },
    { name: 'a store by itself', config: { credsStore: 'desktop' }, advice: 'registry add HOST' },
  ])('$name is told with the command', ({ config, advice }) => {
    const { registries, findings } = read(config);
    expect(registries).toEqual([]);
    expect(findings.map((finding) => finding.advice)).toEqual([textWith(advice)]);
  });

  it("Pullpass's own is passed over, and a login beside a helper is taken", () => {
    const config = {
      ...auths({ 'quay.io': { auth: basic('me', 'p') } }),
      credHelpers: { 'quay.io': 'desktop', 'harbor.example': 'pullpass' },
      credsStore: 'pullpass',
    };
    expect(read(config)).toMatchObject({ registries: [{ address: 'quay.io' }], findings: [] });
  });
});

describe('an ECR host needs nothing that a helper has', () => {
  it.each([
    ['the store of Docker Desktop', { auths: { [ECR]: {} }, credsStore: 'desktop' }],
    ['the keychain', { auths: { [ECR]: {} }, credsStore: 'osxkeychain' }],
    ['a helper of its own', { credHelpers: { [ECR]: 'secretservice' } }],
  ])('%s', (_name, config) => {
    const { registries, findings } = read(config);
    expect(findings).toEqual([]);
    expect(registries).toMatchObject([{ address: ECR, source: { kind: 'ecr' } }]);
    expect(registries[0]?.source.secret).toBeUndefined();
  });
});

describe('what to do instead follows from the host', () => {
  const identity = { auth: basic('00000000-0000-0000-0000-000000000000', ''), identitytoken: 'canary' };

  it.each([
    [
      'Google behind any store',
      { auths: { 'gcr.io': {} }, credsStore: 'osxkeychain' },
      'gcr.io --env prod --key-file FILE',
    ],
    ['a token of gcloud', auths({ 'gcr.io': { auth: basic('_token', 'canary') } }), '--key-file FILE'],
    ['an old token of gcloud', auths({ 'eu.gcr.io': { auth: basic('_dcgcr_1_token', 'canary') } }), '--key-file FILE'],
    ['an identity token of Azure', auths({ 'a.azurecr.io': identity }), 'a service principal'],
    [
      'a token of Azure',
      auths({ 'a.azurecr.io': { auth: basic('00000000-0000-0000-0000-000000000000', 'canary') } }),
      'a service principal',
    ],
    [
      'ECR behind a name of its own',
      auths({ 'docker.corp.example': { auth: basic('AWS', 'canary') } }),
      'registry add docker.corp.example --env prod --upstream ECR_HOST',
    ],
    [
      'a token of a workflow',
      auths({ 'ghcr.io': { auth: basic('me', `ghs_${'canary'.repeat(9)}`) } }),
      'read:packages',
    ],
    ['an ECR host without a login', auths({ [ECR]: {} }), `registry add ${ECR} --env prod`],
    ['ecr-login by itself', { credsStore: 'ecr-login' }, 'registry add HOST --env prod'],
    ['gcloud by itself', { credsStore: 'gcloud' }, 'registry add HOST --env prod --key-file FILE'],
    [
      'a password as the user name',
      auths({ 'ghcr.io': { auth: basic('canary', 'canary') } }),
      'registry add ghcr.io --env prod --username NAME',
    ],
  ])('%s', (name, config, advice) => {
    const { registries, findings } = read(config);
    expect(registries).toEqual([]);
    expect(findings.map((finding) => finding.advice)).toEqual([textWith(advice)]);
    const asksForName = /azure|workflow|user name/i.test(name);
    expect(findings[0]?.advice?.includes('--username')).toBe(asksForName);
    expect(JSON.stringify(findings)).not.toContain('canary');
  });

  it('a login that only may expire is taken, with a note', () => {
    const { registries, findings } = read(auths({ 'registry.gitlab.com': { auth: basic('gitlab-ci-token', 'p') } }));
    expect(findings).toEqual([]);
    expect(registries).toMatchObject([{ source: { kind: 'static' }, notes: [textWith('expires with the job')] }]);
  });
});

describe('what Go reads', () => {
  it.each([
    ['auth without padding', { auths: { 'b.example': { auth: 'Ym9iOnB3MTI' } } }],
    ['a store that is null', { ...auths({ 'b.example': { auth: 'Ym9iOnB3MTI=' } }), credsStore: null }],
    ['helpers that are null', { ...auths({ 'b.example': { auth: 'Ym9iOnB3MTI=' } }), credHelpers: null }],
    [
      'a helper that is null',
      { ...auths({ 'b.example': { auth: 'Ym9iOnB3MTI=' } }), credHelpers: { 'a.example': null } },
    ],
    [
      'fields that are null',
      auths({ 'b.example': { auth: null, username: 'bob', password: 'pw12', identitytoken: null } }),
    ],
    ['names in capitals', { Auths: { 'b.example': { Username: 'bob', Password: 'pw12' } } }],
    ['auth in capitals', { AUTHS: { 'b.example': { AUTH: 'Ym9iOnB3MTI=' } } }],
    ['the last of two spellings', auths({ 'b.example': { Auth: 'eDp5', auth: 'Ym9iOnB3MTI=' } })],
    ['the form before 1.7 in capitals', { 'b.example': { Auth: 'Ym9iOnB3MTI=' } }],
  ])('%s', (_name, config) => {
    const { registries, findings } = read(config);
    expect(findings).toEqual([]);
    expect(registries).toMatchObject([{ address: 'b.example', source: { settings: { username: 'bob' } } }]);
    expect(registries[0]?.source.secret?.reveal()).toBe('pw12');
  });

  it.each(['Ym9iOnB3MTI=x', 'Ym9iOnB3MTI==', 'Ym9i OnB3MTI=', 'Ym9iOnB3MTI-', 'Ym9iOnB3M', '='])(
    'and not %j',
    (auth) => {
      expect(read(auths({ 'b.example': { auth } })).registries).toEqual([]);
    },
  );
});

it('of a URL with a path, the host is imported, and a note has the other reading', () => {
  const { registries } = read(auths({ 'https://h.example/artifactory/docker': { auth: basic('me', 'p') } }));
  expect(registries).toMatchObject([
    {
      address: 'h.example',
      notes: [
        textWith(
          'docker uses this login for all of h.example, Kubernetes only for images below h.example/artifactory/docker',
        ),
      ],
    },
  ]);
});

describe('two logins for one address', () => {
  const first = { auth: basic('me', 'p') };

  it.each([
    { name: 'the same login under two names is one', second: first, told: 0 },
    { name: 'another login is told, and the first is taken', second: { auth: basic('you', 'canary') }, told: 1 },
    { name: 'another password is told as well', second: { auth: basic('me', 'canary') }, told: 1 },
  ])('$name', ({ second, told }) => {
    const { registries, findings } = read(auths({ 'https://index.docker.io/v1/': first, 'docker.io': second }));
    expect(registries.map(({ source }) => source.settings)).toEqual([{ username: 'me' }]);
    expect(findings).toHaveLength(told);
    expect(JSON.stringify(findings)).not.toContain('canary');
  });
});

describe('TLS', () => {
  it('comes from the options, by host; http:// in the file is only noted', () => {
    const config = auths({
      'http://a.example:5000': { auth: basic('me', 'p') },
      'http://b.example': { auth: basic('me', 'p') },
    });
    const { registries, findings } = read(config, { tls: new Map([['b.example', { plainHttp: true }]]) });
    expect(findings).toEqual([]);
    expect(registries.map(({ settings, notes }) => [settings.tls, notes.length])).toEqual([
      [{}, 1],
      [{ plainHttp: true }, 0],
    ]);
  });

  it('for a host that the file does not have is told', () => {
    const { findings } = read(auths({ 'a.example': { auth: basic('me', 'p') } }), {
      tls: new Map([['typo.example', { skipVerify: true }]]),
    });
    expect(findings).toEqual([{ place: 'TLS for typo.example', what: textWith('no login') }]);
  });
});

describe('what is no docker config', () => {
  it.each([
    { name: 'no JSON', text: '{"auths": {canary' },
    { name: 'a list', text: '[]' },
    { name: 'a text', text: '"canary"' },
    { name: 'null', text: 'null' },
    { name: 'an empty object', text: '{}' },
    { name: 'something else', text: '{"canary": 1}' },
    { name: 'auths that are a list', text: '{"auths": ["canary"]}' },
    { name: 'a store that is a number', text: '{"credsStore": 1}' },
    { name: 'helpers that are a text', text: '{"credHelpers": "canary"}' },
  ])('$name is refused as a whole, without its text', ({ text }) => {
    const wanted = readDockerConfig(text, OPTIONS);
    expect(wanted.ok).toBe(false);
    expect(JSON.stringify(wanted)).not.toContain('canary');
  });

  it('the form before 1.7, without auths around it, is read', () => {
    expect(read({ 'quay.io': { auth: basic('me', 'p'), email: 'a@b.example' } }).registries).toMatchObject([
      { address: 'quay.io' },
    ]);
  });

  it('members called __proto__ change nothing', () => {
    read(
      `{"__proto__": {"polluted": 1}, "auths": {"quay.io": {"__proto__": {"auth": "x"}, "auth": "${basic('me', 'p')}"}}}`,
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });
});
