import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/domain/secret.ts';
import { REGISTRY_PRESETS } from '../../lib/sources/registry-presets.ts';
import { staticSource } from '../../lib/sources/static.ts';
import { createServiceAccount } from '../support/google-token-server.ts';
import { accept, accepted, address, expectNothingShown, mint, minted, mintFailure, refusal } from './source-calls.ts';

const source = staticSource();
const at = 'quay.io/team';
const input = { kind: 'static', username: 'team+puller', password: 'canary-password' };
const NULL_GUID = '00000000-0000-0000-0000-000000000000';
const keyFile = JSON.stringify(createServiceAccount().keyFile('https://oauth2.googleapis.com/token'), null, 2);

describe('a static source', () => {
  it('gives back the user name and password as they were typed, for ever', async () => {
    const kept = accepted(source, { at, input });
    const credential = await minted(source, { at, source: kept });
    expect(kept.settings).toEqual({ kind: 'static', username: 'team+puller' });
    expect(credential.username).toBe('team+puller');
    expect(credential.password.reveal()).toBe('canary-password');
    expect(credential.expiresAt).toBeUndefined();
  });

  it.each(['pa"ss\\word', 'a:b:c', '$HOME %41 `id`', 'ü🔑', ' spaces ', '{"json":true}'])(
    'keeps the password %j exactly',
    async (password) => {
      const kept = accepted(source, { at, input: { ...input, password } });
      expect((await minted(source, { at, source: kept })).password.reveal()).toBe(password);
    },
  );

  it.each([
    ['an empty user name', { username: '' }, 'source.username'],
    ['a user name with a colon', { username: 'a:b' }, 'source.username'],
    ['a user name with a line break', { username: 'a\nb' }, 'source.username'],
    ['a user name with a C1 control', { username: 'a\u0085b' }, 'source.username'],
    ['a user name that is no text', { username: 1 }, 'source.username'],
    ['no user name', { username: undefined }, 'source.username'],
    ['an empty password', { password: '' }, 'source.password'],
    ['no password', { password: undefined }, 'source.password'],
    ['a password with the line break of its file', { password: 'canary-password\n' }, 'source.password'],
    ['a password with half a character', { password: 'x\ud800' }, 'source.password'],
    ['a password of more than 32 KB', { password: `${'ü'.repeat(16_384)}x` }, 'source.password'],
    ['a password of more than 32 KB as JSON writes it', { password: `${'"'.repeat(16_384)}x` }, 'source.password'],
    ['an unknown field', { pasword: 'x' }, 'source.pasword'],
    ['an unknown preset', { preset: 'nexus' }, 'source.preset'],
    ['the preset of another address', { preset: 'docker-hub' }, 'source.preset'],
  ])('refuses %s', (_name, fields, field) => {
    const refused = refusal(source, { at, input: { ...input, ...fields } });
    expect(refused.field).toBe(field);
    expectNothingShown(refused, ['canary-password']);
  });

  it.each([
    ['AWS on an ECR host', '111122223333.dkr.ecr.eu-west-1.amazonaws.com', { username: 'AWS' }, 'source kind "ecr"'],
    ['AWS on a name of your own', 'docker.corp.example', { username: 'AWS' }, '--upstream'],
    ['_token at Google', 'gcr.io', { username: '_token' }, '--key-file'],
    ['_dcgcr_… at Google', 'gcr.io', { username: '_dcgcr_2_0_0_token' }, '--key-file'],
    ['a token of Azure', 'myreg.azurecr.io', { username: NULL_GUID }, '3 hours: use a service principal'],
    ['a token of Azure in China', 'myreg.azurecr.cn', { username: NULL_GUID }, 'repository-scoped token'],
    ['a token of IBM Cloud', 'de.icr.io', { username: 'iambearer' }, 'iamapikey'],
    ['a token of a workflow', 'ghcr.io', { password: `ghs_${'canary-password'.repeat(3)}` }, 'read:packages'],
    ['the token of a job', 'registry.gitlab.com', { password: 'glcbt-canary-password' }, 'deploy token'],
  ])('refuses a login that expires within hours, and says what to use: %s', (_name, host, fields, instead) => {
    const refused = refusal(source, { at: host, input: { ...input, ...fields } });
    expect(refused.field).toBe(Object.keys(fields).map((field) => `source.${field}`)[0]);
    expect(refused.rule).toContain(instead);
    expectNothingShown(refused, ['canary-password']);
  });

  it.each(['{\n"id":"x"\n}', '{\r\n\t"id": "x"\r\n}'])(
    'keeps a key file in lines, which is the password at cr.yandex, exactly: %j',
    async (password) => {
      const kept = accepted(source, { at: 'cr.yandex', input: { kind: 'static', username: 'json_key', password } });
      expect((await minted(source, { at: 'cr.yandex', source: kept })).password.reveal()).toBe(password);
    },
  );

  it.each(['{"id":"x"}\n', '\n{"id":"x"}', '["x",\n1]', 'a\nb', '{\nx}'])(
    'refuses control characters elsewhere: %j',
    (password) => {
      const refused = refusal(source, { at: 'cr.yandex', input: { kind: 'static', username: 'json_key', password } });
      expect(refused).toMatchObject({ field: 'source.password' });
    },
  );

  it.each(REGISTRY_PRESETS.filter((preset) => preset.source === 'static').map((preset) => [preset.id, preset.address]))(
    'takes the preset %s for its address %s',
    (preset, presetAddress) => {
      expect(accept(source, { at: presetAddress, input: { ...input, preset } }).ok).toBe(true);
    },
  );

  it('has presets whose addresses are canonical', () => {
    for (const preset of REGISTRY_PRESETS) expect(address(preset.address)).toBe(preset.address);
  });

  it.each(['x'.repeat(32_768), 'ü'.repeat(16_384), '"'.repeat(16_384)])(
    'takes a password of exactly 32 KB',
    (password) => {
      expect(accept(source, { at, input: { ...input, password } }).ok).toBe(true);
    },
  );

  it('shares its credential with nobody', () => {
    const { settings } = accepted(source, { at, input });
    expect(source.sharingKey({ address: address(at), settings })).toBeUndefined();
  });

  it.each([
    ['nothing', undefined],
    ['text that is no JSON', new Secret('canary-password')],
    ['another shape', new Secret('{"passphrase":"canary-password"}')],
  ])('answers bad_secret when the vault holds %s', async (_name, secret) => {
    const { settings } = accepted(source, { at, input });
    const failed = await mintFailure(source, {
      at,
      source: secret === undefined ? { settings } : { settings, secret },
    });
    expect(failed.code).toBe('bad_secret');
    expectNothingShown(failed, ['canary-password']);
  });

  it('shows no password in what it keeps and mints', async () => {
    const kept = accepted(source, { at, input });
    expectNothingShown([kept, await mint(source, { at, source: kept })], ['canary-password']);
  });
});

describe('editing a static source', () => {
  const previous = accepted(source, { at, input });

  it('keeps the password when nothing is changed', async () => {
    const kept = accepted(source, { at, input: { kind: 'static' }, previous });
    expect((await minted(source, { at, source: kept })).password.reveal()).toBe('canary-password');
  });

  it('takes a new password for the same user', async () => {
    const kept = accepted(source, { at, input: { password: 'new' }, previous });
    expect(kept.settings).toEqual(previous.settings);
    expect((await minted(source, { at, source: kept })).password.reveal()).toBe('new');
  });

  it('wants the password again for another user', () => {
    expect(refusal(source, { at, input: { username: 'other' }, previous }).field).toBe('source.password');
    expect(accept(source, { at, input: { username: 'other', password: 'new' }, previous }).ok).toBe(true);
  });

  it('wants the password where the stored one may not be used', () => {
    const { settings } = previous;
    expect(refusal(source, { at, input: { kind: 'static' }, previous: { settings } }).field).toBe('source.password');
  });

  it('wants everything when the source was of another kind', () => {
    const other = { settings: { kind: 'ecr', username: 'x' }, secret: new Secret('{"password":"canary"}') };
    expect(refusal(source, { at, input: { kind: 'static', username: 'x' }, previous: other }).field).toBe(
      'source.password',
    );
  });
});

describe("a static source for Google's hosts", () => {
  const google = 'europe-docker.pkg.dev/project/images';
  const base64 = Buffer.from(keyFile).toString('base64');

  it.each([
    ['_json_key', keyFile],
    ['_json_key_base64', base64],
  ])(
    'takes a whole key file with %s and gives it back unchanged, also behind a name of your own',
    async (username, password) => {
      for (const host of [google, 'docker.corp.example:5000']) {
        const kept = accepted(source, { at: host, input: { kind: 'static', username, password } });
        expect((await minted(source, { at: host, source: kept })).password.reveal()).toBe(password);
        expect(refusal(source, { at: host, input: { kind: 'static', username, password: 'hunter2' } }).field).toBe(
          'source.password',
        );
      }
    },
  );

  it.each([
    ['_json_key', 'a password that is no JSON', 'hunter2', 'source.password'],
    ['_json_key', 'the base64 form', base64, 'source.password'],
    ['_json_key', 'a byte order mark, which hosts would send', `\uFEFF${keyFile}`, 'source.password'],
    ['_json_key', "a user's credentials", '{"type":"authorized_user"}', 'source.password.type'],
    ['_json_key', 'a cut-off private key', keyFile.replace(/MII.{40}/, 'MII'), 'source.password.private_key'],
    ['_json_key_base64', 'the plain form', keyFile, 'source.password'],
    ['_json_key_base64', 'base64 of something else', Buffer.from('hunter2').toString('base64'), 'source.password'],
    ['oauth2accesstoken', 'a token that lives for an hour', 'ya29.x', 'source.username'],
  ])('refuses %s with %s', (username, _name, password, field) => {
    expect(refusal(source, { at: google, input: { kind: 'static', username, password } }).field).toBe(field);
  });

  it('takes base64 as `base64 FILE` prints it, and hosts get it as one line', async () => {
    const password = base64.replaceAll(/(.{76})/g, '$1\n');
    expect(password).toContain('\n');
    const kept = accepted(source, { at: google, input: { kind: 'static', username: '_json_key_base64', password } });
    expect((await minted(source, { at: google, source: kept })).password.reveal()).toBe(base64);
  });
});
