import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ECR_ADDRESS, ecrRegistryDocument, registryDocument } from './api-documents.ts';
import { textWith } from '../support/text-like.ts';
import { runCommand } from './run-command.ts';
import { problem, startScriptedApi, type ScriptedApi } from './scripted-api.ts';

const SECRET = 'hunter2:"\\$%é';

let api: ScriptedApi;
let folder: string;

beforeEach(async () => {
  api = await startScriptedApi({ 'POST /v1/registries': { status: 201, body: registryDocument() } });
  folder = await mkdtemp(join(tmpdir(), 'pullpass-cli-'));
  await writeFile(join(folder, 'password'), `${SECRET}\n`);
  await writeFile(join(folder, 'key.json'), '{"type":"service_account","private_key":"canary-key"}');
  await writeFile(join(folder, 'marked.json'), '\uFEFF{"type":"service_account","private_key":"canary-key"}');
  await writeFile(join(folder, 'key.b64'), `${KEY_BASE64.replaceAll(/(.{20})/g, '$1\n')}\n`);
  await writeFile(join(folder, 'ca.pem'), 'the authority');
});

afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

/** `@name` stands for a file in the test's folder. */
function words(line: string): readonly string[] {
  return line.split(' ').map((word) => (word.startsWith('@') ? join(folder, word.slice(1)) : word));
}

const STATIC = { kind: 'static', username: 'bob', password: SECRET };

const KEY_BASE64 = Buffer.from('{"type":"service_account","private_key":"canary-key"}').toString('base64');

describe('a key file as people have it goes as the object that it is', () => {
  it.each(['@key.json', '@marked.json', '@key.b64'])('%s', async (file) => {
    const ran = await runCommand(['registry', 'add', ...words(`gcr.io --key-file ${file}`)], { url: api.url });
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    const [call] = api.calls.filter(({ method }) => method === 'POST');
    expect(call?.body).toMatchObject({ source: { key: { type: 'service_account', private_key: 'canary-key' } } });
  });
});

it('a login that only may expire is sent, with a note that does not show it', async () => {
  const line = 'registry.gitlab.com --username gitlab-ci-token --password-file @password';
  const ran = await runCommand(['registry', 'add', ...words(line)], { url: api.url });
  expect(ran).toMatchObject({ exitCode: 0, stderr: textWith('use a deploy token') });
  expect(ran.stderr).not.toContain(SECRET);
});

describe('what is sent to add a registry', () => {
  it.each([
    {
      name: 'a password from standard input, for every environment by default',
      line: 'quay.io --username bob --password-stdin',
      stdin: SECRET,
      sent: { address: 'quay.io', environments: ['*'], source: STATIC },
    },
    {
      name: 'exactly one line break at the end of standard input is dropped',
      line: 'quay.io --username bob --password-stdin',
      stdin: `${SECRET}\n\r\n`,
      sent: { address: 'quay.io', environments: ['*'], source: { ...STATIC, password: `${SECRET}\n` } },
    },
    {
      name: 'a password from a file, environments with commas and repeated',
      line: 'quay.io --username bob --password-file @password --env prod,ci --env test',
      sent: { address: 'quay.io', environments: ['prod', 'ci', 'test'], source: STATIC },
    },
    {
      name: 'everything else that a registry can have',
      line:
        'harbor.example:5000/team --username bob --password-file @password --ca @ca.pem --probe team/app ' +
        '--trusted-realm auth.example --email ops@example.com --description ours --no-verify',
      sent: {
        address: 'harbor.example:5000/team',
        environments: ['*'],
        source: STATIC,
        tls: { ca: 'the authority' },
        probe: { repository: 'team/app' },
        trustedRealms: ['auth.example'],
        email: 'ops@example.com',
        description: 'ours',
        verify: false,
      },
    },
    {
      name: 'when the password expires',
      line: 'quay.io --username bob --password-file @password --expires-on 2027-01-31',
      sent: { address: 'quay.io', environments: ['*'], source: STATIC, expiresOn: '2027-01-31' },
    },
    {
      name: 'a preset gives the address',
      line: '--preset docker-hub --username bob --password-file @password',
      sent: { address: 'docker.io', environments: ['*'], source: { ...STATIC, preset: 'docker-hub' } },
    },
    {
      name: 'an ECR host is of the kind ecr',
      line: ECR_ADDRESS,
      sent: { address: ECR_ADDRESS, environments: ['*'], source: { kind: 'ecr' } },
    },
    {
      name: 'a look-alike of an ECR host is not',
      line: `${ECR_ADDRESS}.evil.example --username bob --password-file @password`,
      sent: { address: `${ECR_ADDRESS}.evil.example`, environments: ['*'], source: STATIC },
    },
    {
      name: 'an ecr registry with all that it can have',
      line:
        `pull.example --upstream ${ECR_ADDRESS} --role-arn arn:aws:iam::1:role/x --repositories a,b ` +
        '--access-key-id AKIA1 --secret-access-key-file @password --skip-verify',
      sent: {
        address: 'pull.example',
        environments: ['*'],
        source: {
          kind: 'ecr',
          upstream: ECR_ADDRESS,
          roleArn: 'arn:aws:iam::1:role/x',
          repositories: ['a', 'b'],
          accessKeyId: 'AKIA1',
          secretAccessKey: SECRET,
        },
        tls: { skipVerify: true },
      },
    },
    {
      name: 'a key file is of the kind google, and goes as the object that it is',
      line: 'europe-docker.pkg.dev --key-file @key.json --plain-http',
      sent: {
        address: 'europe-docker.pkg.dev',
        environments: ['*'],
        source: { kind: 'google', key: { type: 'service_account', private_key: 'canary-key' } },
        tls: { plainHttp: true },
      },
    },
    {
      name: 'a key file behind a name of your own goes with the host of Google that is behind it',
      line: 'docker.corp.example --upstream europe-docker.pkg.dev --key-file @key.json',
      sent: {
        address: 'docker.corp.example',
        environments: ['*'],
        source: {
          kind: 'google',
          upstream: 'europe-docker.pkg.dev',
          key: { type: 'service_account', private_key: 'canary-key' },
        },
      },
    },
    {
      name: 'an upstream of ECR is of the kind ecr',
      line: `docker.corp.example --upstream ${ECR_ADDRESS}`,
      sent: {
        address: 'docker.corp.example',
        environments: ['*'],
        source: { kind: 'ecr', upstream: ECR_ADDRESS },
      },
    },
    {
      name: 'a key file as the password of _json_key goes as the text that it is',
      line: '--preset google --username _json_key --password-file @key.json',
      sent: {
        address: 'gcr.io',
        environments: ['*'],
        source: {
          kind: 'static',
          username: '_json_key',
          password: '{"type":"service_account","private_key":"canary-key"}',
        },
      },
    },
  ])('$name', async ({ line, stdin, sent }) => {
    const ran = await runCommand(['registry', 'add', ...words(line)], { url: api.url, stdin: stdin ?? '' });

    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(api.calls.filter(({ method }) => method === 'POST').map(({ body }) => body)).toEqual([sent]);
    expect(ran.stdout).not.toContain(SECRET);
  });
});

describe('what is refused before anything is sent', () => {
  it.each([
    {
      line: 'quay.io --username bob --password hunter2',
      says: '--password-stdin, by --password-file FILE, or at the prompt',
    },
    { line: 'quay.io --username bob --password=hunter2', says: '--password is refused' },
    { line: 'quay.io --username bob --pasword=hunter2', says: "unknown option '--pasword'" },
    { line: `${ECR_ADDRESS} --access-key-id A --secret-access-key hunter2`, says: '--secret-access-key-file FILE' },
    { line: 'quay.io --username bob', says: 'no terminal to ask on' },
    { line: 'quay.io --username bob --password-stdin', says: 'the password for quay.io is empty' },
    { line: 'quay.io --username bob --password-stdin --password-file @password', says: 'two ways to give one thing' },
    { line: 'quay.io --username bob --password-file @nothing', says: 'cannot be read' },
    { line: 'quay.io --password-file @password', says: 'the user name for quay.io is missing' },
    { line: '--username bob --password-file @password', says: 'the address is missing' },
    { line: '--preset nothing', says: "option '--preset <name>' argument 'nothing' is invalid" },
    { line: 'quay.io --kind other', says: "argument 'other' is invalid" },
    { line: 'quay.io --kind google', says: 'the service account key is missing' },
    { line: 'gcr.io --key-file @password', says: 'is not JSON' },
    { line: 'quay.io --username bob --role-arn x --password-file @password', says: '--role-arn does not belong to' },
    { line: 'quay.io --username bob --password-file @password --ca @ca.pem --plain-http', says: 'exclude each other' },
  ])('$line: $says', async ({ line, says }) => {
    const ran = await runCommand(['registry', 'add', ...words(line)], { url: api.url });

    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).not.toContain('hunter2');
    expect(ran.stdout).toBe('');
    expect(api.calls).toEqual([]);
  });
});

it('asks for the password on a terminal, without showing it', async () => {
  const ran = await runCommand(['registry', 'add', 'quay.io', '--username', 'bob'], {
    ...{ url: api.url, columns: 100, stdin: 'typed-canary\r' },
  });

  expect(ran.exitCode).toBe(0);
  expect(api.calls[0]?.body).toMatchObject({ source: { kind: 'static', username: 'bob', password: 'typed-canary' } });
  expect(ran.stderr).toContain('password for quay.io');
  expect(ran.stderr).toContain('logging in to quay.io …');
  expect(ran.stdout + ran.stderr).not.toContain('typed-canary');
});

it('changes nothing when the prompt is interrupted', async () => {
  const ran = await runCommand(['registry', 'add', 'quay.io', '--username', 'bob'], {
    ...{ url: api.url, columns: 100, stdin: '\u0003' },
  });

  expect(ran.exitCode).toBe(130);
  expect(ran.stderr).toContain('pullpass: interrupted: nothing was changed');
  expect(api.calls).toEqual([]);
});

it('says what came of it, and for whom', async () => {
  const ran = await runCommand(
    ['registry', 'add', 'quay.io', ...words('--username bob --password-file @password')],
    api,
  );

  expect(ran.stdout).toBe('added quay.io (01hzregistry1)\n  login: verified; credential: fresh\n  for: prod\n');
});

it('says that pulling is not proven, and how to prove it', async () => {
  const verification = { status: 'verified', at: '2026-03-01T11:00:00.000Z', warning: 'pull_not_proven' };
  const open = await startScriptedApi({
    'POST /v1/registries': { status: 201, body: registryDocument({ verification }) },
  });
  const ran = await runCommand(
    ['registry', 'add', 'quay.io', ...words('--username bob --password-file @password')],
    open,
  );
  await open.close();

  expect(ran.exitCode).toBe(0);
  expect(ran.stderr).toContain('login proven, pulling not proven');
  expect(ran.stderr).toContain('pullpass registry edit 01hzregistry1 --probe REPOSITORY');
});

it('warns when the login proves nothing', async () => {
  const verification = { status: 'verified', at: '2026-03-01T11:00:00.000Z', warning: 'accepts_anyone' };
  const open = await startScriptedApi({
    'POST /v1/registries': { status: 201, body: registryDocument({ verification }) },
  });
  const ran = await runCommand(
    ['registry', 'add', 'quay.io', ...words('--username bob --password-file @password')],
    open,
  );
  await open.close();

  expect(ran.exitCode).toBe(0);
  expect(ran.stderr).toContain('warning: accepts_anyone');
  expect(ran.stderr).toContain('pullpass registry verify 01hzregistry1');
});

it.each([
  { name: 'one for the same environment', other: ['prod'], told: true },
  { name: 'one for every environment', other: ['*'], told: true },
  { name: 'one for another environment', other: ['ci'], told: false },
])('with $name at the same address says which answers from now on: $told', async ({ other, told }) => {
  const items = [registryDocument(), registryDocument({ id: '01hzregistry0', environments: other })];
  const twice = await startScriptedApi({
    'POST /v1/registries': { status: 201, body: registryDocument() },
    'GET /v1/registries?address=quay.io&limit=500': { body: { items } },
  });
  const ran = await runCommand(
    ['registry', 'add', 'quay.io', ...words('--username bob --password-file @password')],
    twice,
  );
  await twice.close();

  const note =
    'it answers instead of 01hzregistry0 from now on; to change that one instead: pullpass registry edit 01hzregistry0\n';
  expect(ran).toMatchObject({ exitCode: 0, stderr: told ? note : '' });
});

it('says which option a refused expiry date was', async () => {
  const errors = [{ field: 'expiresOn', rule: 'must not be in the past' }];
  const detail = 'expiresOn must not be in the past';
  const picky = await startScriptedApi({ 'POST /v1/registries': problem(400, 'invalid_input', { detail, errors }) });
  const line = 'quay.io --username bob --password-file @password --expires-on 2020-01-31';
  const ran = await runCommand(['registry', 'add', ...words(line)], picky);
  await picky.close();

  expect(ran).toMatchObject({ exitCode: 1, stderr: `pullpass: ${detail}\n  that is --expires-on\n` });
});

it('says why Pullpass refused, and which option that was', async () => {
  const errors = [{ field: 'environments[0]', rule: 'must be a slug' }];
  const picky = await startScriptedApi({
    'POST /v1/registries': problem(400, 'invalid_input', { detail: 'environments[0] must be a slug', errors }),
  });
  const ran = await runCommand(
    ['registry', 'add', 'quay.io', ...words('--username bob --password-file @password')],
    picky,
  );
  await picky.close();

  expect(ran).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'pullpass: environments[0] must be a slug\n  that is --env\n',
  });
});

describe('editing', () => {
  const found = { 'GET /v1/registries?address=quay.io&limit=500': { body: { items: [registryDocument()] } } };
  const ecrFound = { 'GET /v1/registries/01hzregistry2': { body: ecrRegistryDocument() } };

  it.each([
    {
      name: 'only what is named',
      line: 'quay.io --description new --env ci',
      sent: { description: 'new', environments: ['ci'] },
    },
    {
      name: 'an empty value takes a setting away',
      line: ['quay.io', '--description', '', '--email', '', '--probe', '', '--trusted-realm', ''],
      sent: { description: null, email: null, probe: null, trustedRealms: [] },
    },
    {
      name: 'a new password for the same user name',
      line: 'quay.io --password-file @password',
      sent: { source: { kind: 'static', password: SECRET } },
    },
    { name: 'an expiry date', line: 'quay.io --expires-on 2027-01-31', sent: { expiresOn: '2027-01-31' } },
    { name: 'no expiry date any more', line: 'quay.io --expires-on none', sent: { expiresOn: null } },
    { name: "the system's authorities again", line: 'quay.io --system-ca', sent: { tls: {} } },
    {
      name: 'a role is taken away, the rest of the source stays',
      line: ['01hzregistry2', '--role-arn', ''],
      sent: { source: { kind: 'ecr', roleArn: null } },
    },
  ])('$name', async ({ line, sent }) => {
    const edited = await startScriptedApi({
      ...found,
      ...ecrFound,
      'PATCH /v1/registries/01hzregistry1': { body: registryDocument() },
      'PATCH /v1/registries/01hzregistry2': { body: ecrRegistryDocument() },
    });
    const ran = await runCommand(['registry', 'edit', ...(typeof line === 'string' ? words(line) : line)], edited);
    await edited.close();

    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(edited.calls[1]?.body).toEqual(sent);
    // Nobody else's change is overwritten.
    expect(edited.calls[1]?.headers['if-match']).toBe('"3"');
  });

  it.each([
    {
      name: 'is said to be dropped with the old password',
      words: '--password-file @password',
      after: null,
      told: true,
    },
    { name: 'is not mentioned where it stays', words: '--description new', after: '2027-01-31', told: false },
    { name: 'is not mentioned where it was to go', words: '--expires-on none', after: null, told: false },
    {
      name: 'is not mentioned where a new one was given',
      words: '--password-file @password --expires-on 2028-01-31',
      ...{ after: '2028-01-31', told: false },
    },
  ])('an expiry date $name', async ({ words: line, after, told }) => {
    const items = [registryDocument({ expiresOn: '2027-01-31', expiresInDays: 336 })];
    const edited = await startScriptedApi({
      'GET /v1/registries?address=quay.io&limit=500': { body: { items } },
      'PATCH /v1/registries/01hzregistry1': { body: registryDocument({ expiresOn: after }) },
    });
    const ran = await runCommand(['registry', 'edit', 'quay.io', ...words(line)], edited);
    await edited.close();

    const note =
      "the expiry date 2027-01-31 was the old password's and is dropped; to give the new one: pullpass registry edit 01hzregistry1 --expires-on DATE\n";
    expect(ran).toMatchObject({ exitCode: 0, stderr: told ? note : '' });
  });

  it.each([
    { line: 'quay.io', says: 'there is nothing to change' },
    { line: 'quay.io --no-verify', says: 'there is nothing to change' },
    { line: 'quay.io --username carol', says: 'the password for quay.io is missing' },
    { line: 'quay.io --role-arn x', says: '--role-arn does not belong to a registry of the kind static' },
  ])('refuses $line', async ({ line, says }) => {
    const edited = await startScriptedApi(found);
    const ran = await runCommand(['registry', 'edit', ...words(line)], edited);
    await edited.close();

    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain(says);
    expect(edited.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});
