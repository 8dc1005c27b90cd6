/**
 * What administrators do with registries and policy in an AWS account, call by call: each is one that needs its route, its
 * function's permissions and the store's indexes, which no test on one machine has.
 */
import { readFileSync } from 'node:fs';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { Login } from '../../clients/support/auth-file.ts';
import { startHtpasswdRegistry, type HtpasswdRegistry } from '../../clients/support/registry-htpasswd.ts';
import { newLogin } from '../../clients/support/scene.ts';
import { available as hasTools } from '../../clients/support/tools.ts';
import { waitUntil } from '../../clients/support/wait.ts';
import { ageVerification } from '../support/aged-registry.ts';
import { assumeRole, createRole } from '../support/assumed-role.ts';
import { answerOf, signed } from '../support/aws-call.ts';
import type { Answer, CallApi } from '../support/deployed-api.ts';
import { deployPullpass, type Deployment } from '../support/deployment.ts';
import { ACCOUNT_ID, INSTALLATION, REGION } from '../support/deployment-names.ts';
import { allLogEvents } from '../support/logs.ts';
import { available } from '../support/machine.ts';
import { refusals } from '../support/refusals.ts';
import { runScheduled } from '../support/scheduled.ts';

const DAY_MS = 24 * 60 * 60_000;
const IMAGE = 'team/app:1';
const ALL = available('ministack') && hasTools('unshare', 'docker-registry', 'htpasswd', 'openssl', 'curl');

const CREATED = z.looseObject({ id: z.string() });
const PAGE = z.looseObject({ items: z.array(z.looseObject({})) });

let pullpass: Deployment;
let registry: HtpasswdRegistry;
let login: Login;
let id: string;
let agent: CallApi;

async function add(fields: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const added = await pullpass.api('POST /v1/registries', {
    address: registry.address,
    source: { kind: 'static', ...login },
    environments: ['prod'],
    tls: { plainHttp: true },
    ...fields,
  });
  expect(added.status, added.text).toBe(201);
  return CREATED.parse(added.body).id;
}

async function get(what: string): Promise<unknown> {
  const answer = await pullpass.api(`GET ${what}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
}

async function itemsOf(what: string): Promise<readonly unknown[]> {
  return PAGE.parse(await get(what)).items;
}

function resolve(): Promise<Answer> {
  return agent('POST /v1/environments/prod/resolve', { image: `${registry.address}/${IMAGE}` });
}

beforeAll(async () => {
  if (!ALL) return;
  pullpass = await deployPullpass(async (ground) => {
    login = newLogin(ground, 'anna');
    registry = await startHtpasswdRegistry(ground.workspace, [login]);
    return {};
  });
  id = await add();
  const { tokenFile } = await pullpass.agent('host', 'prod');
  agent = pullpass.as(readFileSync(tokenFile, 'utf8').trim());
});

afterAll(async () => {
  if (ALL) await pullpass.end();
});

describe.runIf(ALL)('what is described', () => {
  it('is served to anybody: for programs, and to read', async () => {
    const stranger = pullpass.as('');
    const document = await stranger('GET /openapi.json');
    expect(document.status).toBe(200);
    expect(z.looseObject({ openapi: z.string() }).parse(document.body).openapi).toMatch(/^3\.1\./);
    const page = await stranger('GET /reference');
    expect(page.status).toBe(200);
    expect(page.text).toMatch(/^<!doctype html>/i);
    expect(page.text).toContain('/v1/registries/bulk');
  });
});

describe.runIf(ALL)('several registries', () => {
  it('are deactivated in one call, and refuse from then on; deleted they leave their history', async () => {
    const others = [await add({ environments: ['other'] }), await add()];
    const wanted = { action: 'deactivate', registries: [...others, 'none'].map((one) => ({ id: one })) };
    const answer = await pullpass.api('POST /v1/registries/bulk', wanted);
    expect(answer).toMatchObject({ status: 200, body: { done: 2, failed: 1 } });
    // The newest at its address answers, and it is inactive: no earlier one takes its place.
    await waitUntil('it refuses', async () => (await resolve()).status === 403);
    expect(await resolve()).toMatchObject({ body: { code: 'registry_inactive' } });
    for (const one of others) {
      expect(await get(`/v1/registries/${one}`)).toMatchObject({ state: 'inactive' });
      expect(await itemsOf(`/v1/registries/${one}/history`)).toMatchObject([
        { action: 'registry.deactivate', subject: one },
        { action: 'registry.add', subject: one },
      ]);
    }
    const removal = { action: 'delete', registries: others.map((one) => ({ id: one })) };
    expect(await pullpass.api('POST /v1/registries/bulk', removal)).toMatchObject({ body: { done: 2, failed: 0 } });
    await waitUntil('the earlier one answers', async () => (await resolve()).status === 200);
    const [last] = await itemsOf(`/v1/registries/${others[0] ?? ''}/history`);
    expect(last).toMatchObject({ action: 'registry.delete' });
  });
});

describe.runIf(ALL)('a policy', () => {
  it('is tried on a list of images before it is set', async () => {
    const images = [`${registry.address}/${IMAGE}`, 'quay.io/team/app:1'];
    const proposed = { environment: { whitelist: [registry.address], deny: [], defaultRegistry: null, mode: null } };
    const answer = await pullpass.api('POST /v1/policy/test', { environment: 'prod', images, proposed });
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({
      totals: { present: { allowed: 2, refused: 0 }, proposed: { allowed: 1, refused: 1 } },
    });
  });

  it('in audit mode is counted by what it would refuse, as soon as decisions are copied from the log', async () => {
    const policy = { whitelist: ['quay.io'], deny: [], defaultRegistry: null, mode: 'audit' };
    const set = await pullpass.api('PUT /v1/environments/prod/policy', policy);
    expect(set.status, set.text).toBe(200);
    const image = `${registry.address}/${IMAGE}`;
    await waitUntil('what would be refused is counted', async () => {
      expect(await resolve()).toMatchObject({ status: 200 });
      const counted = await itemsOf('/v1/environments/prod/refusals');
      return JSON.stringify(counted).includes(image);
    });
    const open = { ...policy, whitelist: null, mode: null };
    expect((await pullpass.api('PUT /v1/environments/prod/policy', open)).status).toBe(200);
  });
});

describe.runIf(ALL)('the configuration of hosts', () => {
  const path = '/v1/environments/prod/host-config';
  const wanted = (): unknown => ({ 'insecure-registries': [registry.address] });

  it('is for an agent with its token, and for whoever looks after it', async () => {
    for (const call of [agent, pullpass.api]) {
      const answer = await call(`GET ${path}/docker`);
      expect(answer).toMatchObject({ status: 200, body: { runtime: 'docker', daemon: wanted() } });
    }
    const lines = await agent(`GET ${path}/docker?format=lines`);
    expect(lines.text.split('\n')).toContain(`insecure-registry ${registry.address}`);
    expect((await agent('GET /v1/environments/other/host-config/docker')).status).toBe(403);
  });

  it('is for a host by its signature', async () => {
    const [api = ''] = new URL(pullpass.url).hostname.split('.');
    const role = await createRole(pullpass.workspace, pullpass.account, {
      name: 'node-a',
      may: [
        {
          Effect: 'Allow',
          Action: 'execute-api:Invoke',
          Resource: `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${api}/*/GET/iam/*`,
        },
      ],
    });
    const pattern = `arn:aws:iam::${ACCOUNT_ID}:role/node-*`;
    const create = ['agent', 'create', 'nodes', '--env', 'prod', '--principal', pattern];
    expect(await pullpass.cli(create)).toMatchObject({ exitCode: 0 });
    const keys = await assumeRole(pullpass.account, role);
    const request = { url: `${pullpass.url}/iam${path}/podman`, service: 'execute-api', keys };
    const { status, text } = answerOf((await signed(pullpass.workspace, pullpass.account, request)).stdout);
    expect(status, text).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ runtime: 'podman', environment: 'prod' });
  });
});

describe.runIf(ALL)('a password that is changed behind', () => {
  const check = (): Promise<unknown> => runScheduled(pullpass.workspace, pullpass.account, 'reverify');

  async function dayLater(): Promise<void> {
    const table = pullpass.outputs['Table'] ?? '';
    await ageVerification(pullpass.account, { table, id, address: registry.address }, DAY_MS);
  }

  /** What hosts are given, what is known of it, and its secret's version. */
  async function given(): Promise<unknown> {
    expect(await resolve()).toMatchObject({ status: 200, body: { credential: login } });
    const client = new SecretsManagerClient(pullpass.account.clientOptions());
    const SecretId = `pullpass-${INSTALLATION}/${id}/issued`;
    const { VersionId, VersionStages } = await client.send(new GetSecretValueCommand({ SecretId }));
    client.destroy();
    const document = z.looseObject({ credential: z.looseObject({}) }).parse(await get(`/v1/registries/${id}`));
    return { VersionId, VersionStages, record: document.credential };
  }

  it('is found by what its schedule starts, and nothing but that is noted', async () => {
    const before = await given();
    expect(await check()).toEqual({
      verified: 0,
      skipped: 0,
      failed: 0,
      left: 0,
      drifted: 0,
      expiring: 0,
      complete: true,
    });
    await registry.setLogins([{ ...newLogin(pullpass, 'somebody'), username: login.username }]);
    await dayLater();
    expect(await check()).toEqual({
      verified: 1,
      skipped: 0,
      failed: 0,
      left: 0,
      drifted: 1,
      expiring: 0,
      complete: true,
    });
    expect(await given()).toEqual(before);
    expect(await get(`/v1/registries/${id}`)).toMatchObject({
      verification: { status: 'unauthorized', drift: { from: 'verified' } },
    });
    expect(await get('/v1/status')).toMatchObject({ health: 'ok', drifted: 1, attention: [{ id, reason: 'drifted' }] });
    const [entry] = await itemsOf(`/v1/registries/${id}/history`);
    expect(entry).toMatchObject({ action: 'registry.drift', actor: 'pullpass', detail: 'verified -> unauthorized' });
  });

  it('is over when it is changed back', async () => {
    const before = await given();
    await registry.setLogins([login]);
    await dayLater();
    expect(await check()).toEqual({
      verified: 1,
      skipped: 0,
      failed: 0,
      left: 0,
      drifted: 0,
      expiring: 0,
      complete: true,
    });
    expect(await given()).toEqual(before);
    expect(await get('/v1/status')).toMatchObject({ drifted: 0, attention: [] });
  });

  it('is told in the log, and in the figure that the alarm looks at', async () => {
    const messages = (await allLogEvents(pullpass.workspace, pullpass.account)).map(({ message }) => message);
    const told = messages.filter((message) => message.includes('"event":"registry.drift')).map((text) => parsed(text));
    expect(told).toMatchObject([
      { event: 'registry.drift', level: 'warn', registryId: id, from: 'verified', to: 'unauthorized' },
      { event: 'registry.drift_ended', level: 'info', registryId: id, from: 'unauthorized', to: 'verified' },
    ]);
    const measured = messages.filter((message) => message.includes('"DriftedRegistries":1'));
    expect(measured).toHaveLength(1);
  });
});

describe.runIf(ALL)('the functions', () => {
  it('were refused nothing: each role has what its function needs', () => {
    expect(refusals(pullpass.account)).toEqual([]);
  });

  it('brought no secret into a log', async () => {
    const events = await allLogEvents(pullpass.workspace, pullpass.account);
    expect(events.length).toBeGreaterThan(20);
    pullpass.collect('logs.json', JSON.stringify(events, null, 1));
    expect(pullpass.secretsFound()).toEqual([]);
  });
});

function parsed(text: string): unknown {
  const document: unknown = JSON.parse(text);
  return document;
}
