import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { startPullpass, type RunningPullpass } from '../support/running-pullpass.ts';

const BOB = `Basic ${Buffer.from('bob:canary-password').toString('base64')}`;
/** Of the token service, to bob. */
let answers = 200;
let address = '';
let pullpass: RunningPullpass;

const registry = createServer((request, response) => {
  const isToken = request.url?.startsWith('/token') === true;
  const { authorization } = request.headers;
  if (isToken) response.writeHead(authorization === BOB ? answers : 401).end('{"token":"t"}');
  else if (authorization === 'Bearer t') response.writeHead(200).end('{}');
  else response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${address}/token"` }).end();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  const bound = registry.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('not listening');
  address = `127.0.0.1:${bound.port}`;
});

afterAll(async () => {
  registry.closeAllConnections();
  await new Promise((resolve) => registry.close(resolve));
});

beforeEach(async () => {
  answers = 200;
  pullpass = await startPullpass();
});

afterEach(async () => {
  await pullpass.close();
});

async function add(more: Readonly<Record<string, unknown>> = {}) {
  const source = { kind: 'static', username: 'bob', password: 'canary-password' };
  return await pullpass.call('POST /v1/registries', {
    ...{ address, source, environments: ['prod'], tls: { plainHttp: true } },
    ...more,
  });
}

it('a registry whose token service forbids the login is not added, and says that it need not be the password', async () => {
  answers = 403;
  const { status, body } = await add();
  expect(status).toBe(422);
  expect(body).toMatchObject({ code: 'verification_failed', verification: { status: 'forbidden' } });
  expect(JSON.stringify(body)).toContain('need not be the password');
  expect((await add({ verify: false })).status).toBe(201);
});

it('a credential whose login is forbidden afterwards stays fresh, without an error', async () => {
  const added = (await add()).body;
  const id = typeof added === 'object' && added !== null && 'id' in added ? String(added.id) : '';
  answers = 403;
  expect((await pullpass.call(`POST /v1/registries/${id}/verify`)).body).toMatchObject({ status: 'forbidden' });
  expect((await pullpass.call(`GET /v1/registries/${id}`)).body).toMatchObject({
    credential: { state: 'fresh', lastError: null },
    verification: { status: 'forbidden', drift: { from: 'verified' } },
  });
  expect((await pullpass.call('GET /healthz')).status).toBe(200);
  expect((await pullpass.call(`POST /v1/registries/${id}/refresh`)).body).toMatchObject({
    credential: { state: 'fresh', lastError: null },
  });
});
