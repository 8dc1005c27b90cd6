import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startAwsWireServer, type AwsWireServer } from '../support/aws-wire-server.ts';
import { startBasicRegistry, type BasicRegistry } from '../support/basic-registry.ts';
import {
  createServiceAccount,
  startGoogleTokenServer,
  type GoogleTokenServer,
} from '../support/google-token-server.ts';
import { startPullpass, type Answer, type RunningPullpass } from '../support/running-pullpass.ts';

const SECRET_KEY = 'canary/aws/secret/key/0123456789abcdef0';
const PASSWORD = 'canary-password-1';
const account = createServiceAccount();

let aws: AwsWireServer;
let google: GoogleTokenServer;
let registry: BasicRegistry;
let pullpass: RunningPullpass;
/** Every answer but those that are asked for a credential. */
let answers: Answer[];

beforeEach(async () => {
  answers = [];
  aws = await startAwsWireServer({ accessKeys: { AKIAEXAMPLEEXAMPLE01: SECRET_KEY } });
  google = await startGoogleTokenServer({ accounts: [account] });
  registry = await startBasicRegistry({ puller: PASSWORD });
  pullpass = await startPullpass({
    sources: { ecr: { endpoint: aws.endpoint }, google: { trustedTokenUris: [google.tokenUri] } },
  });
  return async () => {
    await Promise.all([aws.close(), google.close(), registry.close()]);
  };
});

afterEach(async () => {
  await pullpass.close();
});

async function call(what: string, body?: unknown, token?: string): Promise<Answer> {
  const answer = await pullpass.call(what, body, token === undefined ? {} : { token });
  answers.push(answer);
  return answer;
}

const ECR = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

it('shows no secret anywhere but in the answers that are asked for one', async () => {
  const secrets = [SECRET_KEY, PASSWORD, 'canary-wrong', 'canary-mistyped', account.keyFile('x')['private_key'] ?? ''];
  const source = { kind: 'ecr', accessKeyId: 'AKIAEXAMPLEEXAMPLE01', secretAccessKey: SECRET_KEY };
  const everywhere = { environments: ['*'], verify: false };
  const ecr = await call('POST /v1/registries', { address: ECR, source, ...everywhere });
  expect(ecr.status, ecr.text).toBe(201);
  const key = account.keyFile(google.tokenUri);
  const gar = await call('POST /v1/registries', {
    address: 'europe-docker.pkg.dev',
    source: { kind: 'google', key },
    ...everywhere,
  });
  expect(gar.status, gar.text).toBe(201);
  const login = { kind: 'static', username: 'puller', password: PASSWORD };
  const own = { address: registry.address, environments: ['prod'], tls: { plainHttp: true } };
  expect((await call('POST /v1/registries', { ...own, source: login })).status).toBe(201);

  // What goes wrong on the way in.
  await call('POST /v1/registries', { ...own, source: { ...login, password: 'canary-wrong' } });
  await call('POST /v1/registries', `{"source": {"password": "canary-mistyped`);
  await call('POST /v1/registries', {
    ...own,
    source: { kind: 'static', username: 'canary-mistyped:x', password: PASSWORD },
  });
  await call('POST /v1/registries', {
    address: ECR,
    source: { ...source, secretAccessKey: 'canary-wrong' },
    environments: ['*'],
  });
  await call('POST /v1/registries', { address: ECR, source: { kind: 'google', key }, environments: ['*'] });
  await call('PUT /v1/policy', { whitelist: ['canary-mistyped '] });

  // What goes wrong behind it.
  for (const body of [ecr.body, gar.body]) {
    const id = typeof body === 'object' && body !== null && 'id' in body ? String(body.id) : '';
    aws.always('ecr', { kind: 'error', code: 'ThrottlingException', status: 400 });
    google.always({ kind: 'error', status: 400, error: 'invalid_grant' });
    expect((await call(`POST /v1/registries/${id}/refresh`)).body).toMatchObject({ code: 'mint_failed' });
    aws.always('ecr', undefined);
    google.always(undefined);
    expect((await call(`POST /v1/registries/${id}/refresh`)).status).toBe(200);
    await call(`GET /v1/registries/${id}`);
  }

  const token = await pullpass.createAgent({ environments: ['prod'], export: true });
  const released = await pullpass.call('POST /v1/environments/prod/resolve', { image: `${ECR}/app:1` }, { token });
  expect(released.status, released.text).toBe(200);
  expect(aws.secrets.some((secret) => released.text.includes(secret))).toBe(true);
  await call('POST /v1/environments/prod/resolve', { image: `${ECR}/app:1` }, `${token}0`);
  await call('POST /v1/environments/prod/explain', { image: `${ECR}/app:1` }, token);
  await call('GET /v1/registries');
  await call('GET /v1/status');
  await call('GET /v1/audit');
  await call('GET /v1/agents');

  const everySecret = [...secrets, ...aws.secrets, ...google.secrets, token, pullpass.adminToken];
  const shown = `${answers.map(({ text }) => text).join('\n')}${JSON.stringify(pullpass.events)}`;
  expect(pullpass.events.length).toBeGreaterThan(10);
  for (const secret of everySecret) expect(shown.includes(secret), secret.slice(0, 12)).toBe(false);

  for (const name of await readdir(pullpass.directory)) {
    const bytes = await readFile(join(pullpass.directory, name));
    for (const secret of everySecret) expect(bytes.includes(secret), `${secret.slice(0, 12)} in ${name}`).toBe(false);
  }
});

it('keeps a credential that works when an edit finds its source ill', async () => {
  const source = { kind: 'ecr', accessKeyId: 'AKIAEXAMPLEEXAMPLE01', secretAccessKey: SECRET_KEY };
  const added = await call('POST /v1/registries', { address: ECR, source, environments: ['prod'], verify: false });
  const id = typeof added.body === 'object' && added.body !== null && 'id' in added.body ? String(added.body.id) : '';
  aws.always('ecr', { kind: 'error', code: 'ThrottlingException', status: 400 });
  const edited = await call(`PATCH /v1/registries/${id}`, { probe: { repository: 'team/app' }, verify: false });
  expect(edited.body).toMatchObject({ credential: { state: 'stale', lastError: { code: 'throttled' } } });
  const token = await pullpass.createAgent({ environments: ['prod'] });
  const answer = await pullpass.call('POST /v1/environments/prod/resolve', { image: `${ECR}/app:1` }, { token });
  expect(answer.status, answer.text).toBe(200);
});

it('takes no credential that lives for ever, or for a time that is none', async () => {
  for (const seconds of ['1e15', '1e400']) {
    google.always({
      kind: 'answer',
      body: `{"access_token":"ya29.canary","expires_in":${seconds},"token_type":"Bearer"}`,
    });
    const key = account.keyFile(google.tokenUri);
    const document = { address: 'gcr.io', source: { kind: 'google', key }, environments: ['prod'], verify: false };
    const added = await call('POST /v1/registries', document);
    expect(added.body, seconds).toMatchObject({ credential: { state: 'pending', lastError: { code: 'bad_answer' } } });
    expect((await call('GET /v1/registries')).status).toBe(200);
  }
});

it('answers an ECR token under its own name and never past its end', async () => {
  const source = { kind: 'ecr', accessKeyId: 'AKIAEXAMPLEEXAMPLE01', secretAccessKey: SECRET_KEY };
  await call('POST /v1/registries', { address: ECR, source, environments: ['prod'], verify: false });
  const token = await pullpass.createAgent({ environments: ['prod'] });
  const answer = await pullpass.call('POST /v1/environments/prod/resolve', { image: `${ECR}/app:1` }, { token });
  expect(answer.body).toMatchObject({ credential: { username: 'AWS', serverAddress: ECR } });
  const registries = await call('GET /v1/registries');
  expect(registries.body).toMatchObject({ items: [{ credential: { state: 'fresh', username: 'AWS' } }] });
});
