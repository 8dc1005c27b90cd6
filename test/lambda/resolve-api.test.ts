import { afterEach, beforeEach, expect, it } from 'vitest';
import { LOCAL_CONTEXT } from '../../lib/http/local-context.ts';
import { resolveApi } from '../../lib/lambda/resolve-api.ts';
import { capturedLog } from '../support/captured-log.ts';
import { apiEvent, startFunctions, type RunningFunctions } from '../support/functions-in-process.ts';

const PASSWORD = 'canary-password';
let functions: RunningFunctions;
let token: string;

beforeEach(async () => {
  functions = await startFunctions({});
  const source = { kind: 'static', username: 'puller', password: PASSWORD };
  const document = { address: 'registry.example.com', source, environments: ['prod'], verify: false };
  const added = await functions.call('POST /v1/registries', document);
  expect(added.status, added.text).toBe(201);
  const { body } = await functions.call('POST /v1/agents', { name: 'host', environments: ['prod'], export: true });
  token = typeof body === 'object' && body !== null && 'token' in body ? String(body.token) : '';
});

afterEach(async () => {
  await functions.close();
});

it.each([
  ['resolve', 'POST /v1/environments/prod/resolve', { image: 'registry.example.com/app:1' }],
  ['docker-credential', 'POST /v1/environments/prod/docker-credential', 'registry.example.com'],
  ['docker-config', 'GET /v1/environments/prod/docker-config', undefined],
])('%s releases nothing whose record could not be written', async (_name, what, body) => {
  const { catalogue, vault } = functions.store;
  const event = apiEvent(what, body, { token });
  const { log, linesOf, text } = capturedLog();
  const written = resolveApi({ ecrUpstreamHosts: [], catalogue, issued: vault, log });
  const released = await written(event, LOCAL_CONTEXT);
  expect(released.statusCode).toBe(200);
  expect(linesOf('decision')).toMatchObject([{ outcome: 'released' }]);
  expect(text()).not.toContain(PASSWORD);

  const record = async (): Promise<never> => await Promise.reject(new Error('EPIPE'));
  const lost = resolveApi({ ecrUpstreamHosts: [], catalogue, issued: vault, log: { ...log, record } });
  const answer = await lost(event, LOCAL_CONTEXT);
  expect(answer.statusCode).toBe(503);
  expect(answer.body).not.toContain(PASSWORD);
});

it('reads what was changed elsewhere within the promised time', async () => {
  const { catalogue, vault } = functions.store;
  const { log } = capturedLog();
  const api = resolveApi({ ecrUpstreamHosts: [], catalogue, issued: vault, log });
  const event = apiEvent('POST /v1/environments/prod/resolve', { image: 'registry.example.com/app:1' }, { token });
  expect((await api(event, LOCAL_CONTEXT)).statusCode).toBe(200);
  const registries = await functions.call('GET /v1/registries');
  const id = /"id":"(?<id>[^"]+)"/.exec(registries.text)?.groups?.['id'] ?? '';
  expect((await functions.call(`POST /v1/registries/${id}/deactivate`)).status).toBe(200);
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  expect((await api(event, LOCAL_CONTEXT)).statusCode).toBe(403);
});

it('answers what a host is to be configured with, which holds no secret and so records nothing', async () => {
  const { catalogue, vault } = functions.store;
  const { log, linesOf, text } = capturedLog();
  const api = resolveApi({ ecrUpstreamHosts: [], catalogue, issued: vault, log });
  const answer = await api(
    apiEvent('GET /v1/environments/prod/host-config/podman', undefined, { token }),
    LOCAL_CONTEXT,
  );
  expect(answer.statusCode).toBe(200);
  expect(answer.body).toContain('"enforces":"repositories"');
  expect(linesOf('decision')).toEqual([]);
  expect(text()).not.toContain(PASSWORD);
});
