import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBasicRegistry, type BasicRegistry } from '../support/basic-registry.ts';
import { startPullpass, type RunningPullpass } from '../support/running-pullpass.ts';

const PASSWORD = 'canary-password-1';
let registry: BasicRegistry;
let pullpass: RunningPullpass;
let agent: string;

beforeAll(async () => {
  registry = await startBasicRegistry({ puller: PASSWORD, other: 'canary-password-2' });
});

afterAll(async () => {
  await registry.close();
});

beforeEach(async () => {
  pullpass = await startPullpass();
  agent = await pullpass.createAgent({ environments: ['prod'] });
  return async () => {
    await pullpass.close();
  };
});

async function addRegistry(overrides: Record<string, unknown> = {}): Promise<string> {
  const { status, body, text } = await pullpass.call('POST /v1/registries', {
    address: registry.address,
    source: { kind: 'static', username: 'puller', password: PASSWORD },
    environments: ['prod'],
    tls: { plainHttp: true },
    ...overrides,
  });
  expect(status, text).toBe(201);
  return idOf(body);
}

function idOf(body: unknown): string {
  if (typeof body !== 'object' || body === null || !('id' in body)) throw new Error('no id');
  return String(body.id);
}

function resolve(image: string, environment = 'prod', token = agent): ReturnType<RunningPullpass['call']> {
  return pullpass.call(`POST /v1/environments/${environment}/resolve`, { image }, { token });
}

function get(server: string, token = agent): ReturnType<RunningPullpass['call']> {
  return pullpass.call('POST /v1/environments/prod/docker-credential', server, { token });
}

describe('resolve', () => {
  it('answers the credential with everything that the client needs', async () => {
    const id = await addRegistry();
    const answer = await resolve(`${registry.address}/team/app:1`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).toMatchObject({
      image: `${registry.address}/team/app:1`,
      reference: {
        registry: registry.address,
        repository: 'team/app',
        tag: '1',
        canonical: `${registry.address}/team/app:1`,
      },
      decision: { allowed: true, mode: 'enforce' },
      credential: {
        username: 'puller',
        password: PASSWORD,
        serverAddress: registry.address,
        expiresAt: null,
        registryId: id,
      },
      tls: { plainHttp: true },
    });
  });

  it.each([
    ['no token', '', 401, 'unauthenticated'],
    ['a token of nobody', `pp_${'0'.repeat(16)}_${'0'.repeat(64)}`, 401, 'unauthenticated'],
    ['something that is no token', 'hello', 401, 'unauthenticated'],
  ])('refuses %s', async (_name, token, status, code) => {
    await addRegistry();
    const answer = await resolve(`${registry.address}/team/app:1`, 'prod', token);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ code });
  });

  it('refuses a token with one digit changed', async () => {
    const changed = `${agent.slice(0, -1)}${agent.endsWith('0') ? '1' : '0'}`;
    expect((await resolve('alpine', 'prod', changed)).status).toBe(401);
  });

  it('refuses another environment in the same words whether it exists or not', async () => {
    await pullpass.createAgent({ name: 'x', environments: ['secret-project'] });
    const existing = await resolve('alpine', 'secret-project');
    const missing = await resolve('alpine', 'no-such-thing');
    expect(existing.status).toBe(403);
    expect(existing.text).toBe(missing.text);
  });

  it('refuses an administrator: it never sees a secret', async () => {
    await addRegistry();
    const answer = await resolve(`${registry.address}/app`, 'prod', pullpass.adminToken);
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'role_required' });
  });

  it('tells the four refusals apart', async () => {
    const id = await addRegistry();
    expect((await resolve('quay.io/other/app:1')).body).toMatchObject({ status: 404, code: 'no_credential' });
    await pullpass.call('PUT /v1/environments/prod/policy', { whitelist: [registry.address] });
    expect((await resolve('quay.io/other/app:1')).body).toMatchObject({ status: 403, code: 'denied' });
    await pullpass.call(`POST /v1/registries/${id}/deactivate`);
    expect((await resolve(`${registry.address}/app`)).body).toMatchObject({ status: 403, code: 'registry_inactive' });
  });

  it('takes an unqualified image from the default registry', async () => {
    await addRegistry();
    await pullpass.call('PUT /v1/environments/prod/policy', { defaultRegistry: registry.address });
    const answer = await resolve('ubuntu:14.04');
    expect(answer.body).toMatchObject({ reference: { canonical: `${registry.address}/ubuntu:14.04` } });
    expect((await resolve('docker.io/library/ubuntu:14.04')).status).toBe(404);
  });

  it('uses the registry that was added last, and the earlier one when that is deleted', async () => {
    const first = await addRegistry();
    const second = await addRegistry({ source: { kind: 'static', username: 'other', password: 'canary-password-2' } });
    expect((await resolve(`${registry.address}/app`)).body).toMatchObject({ credential: { username: 'other' } });
    expect((await pullpass.call(`GET /v1/registries/${first}`)).body).toMatchObject({ overridden: true });
    expect((await pullpass.call(`DELETE /v1/registries/${second}`)).status).toBe(204);
    expect((await resolve(`${registry.address}/app`)).body).toMatchObject({ credential: { username: 'puller' } });
    expect((await pullpass.call(`GET /v1/registries/${first}`)).body).toMatchObject({ overridden: false });
  });

  it('answers as if allowed in audit mode, and records what enforce would have done', async () => {
    await addRegistry();
    await pullpass.call('PUT /v1/environments/prod/policy', { whitelist: ['quay.io'], mode: 'audit' });
    const answer = await resolve(`${registry.address}/app`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ decision: { allowed: true, wouldRefuse: true, mode: 'audit' } });
    const audit = await pullpass.call('GET /v1/audit?type=decision&limit=1');
    expect(audit.body).toMatchObject({ items: [{ wouldRefuse: true, outcome: 'released', environment: 'prod' }] });
  });

  it.each(['', ' alpine', 'https://quay.io/team/app', 'quay.io/Team/app', 'ｄocker.io/app', 'a'.repeat(4000)])(
    'says what is wrong with the image %# and decides nothing',
    async (image) => {
      const answer = await resolve(image);
      expect(answer.status).toBe(400);
      expect(answer.text).toContain('image');
    },
  );

  it('refuses a body that is longer than any image reference', async () => {
    const answer = await resolve('a'.repeat(5000));
    expect(answer.body).toMatchObject({ status: 413, code: 'body_too_large' });
  });

  it.each([
    ['not JSON', '{"image": "alp', 'bad_json'],
    ['another field', { image: 'alpine', extra: 1 }, 'invalid_input'],
    ['no image', {}, 'invalid_input'],
    ['an image that is a number', { image: 5 }, 'invalid_input'],
    ['a list', [], 'invalid_input'],
  ])('refuses a body that is %s', async (_name, body, code) => {
    const answer = await pullpass.call('POST /v1/environments/prod/resolve', body, { token: agent });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code });
  });
});

describe('docker-credential', () => {
  it("answers a helper's one line of JSON and says until when it may be kept", async () => {
    await addRegistry();
    const answer = await get(registry.address);
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(JSON.stringify({ ServerURL: registry.address, Username: 'puller', Secret: PASSWORD }));
    expect(answer.headers.get('pullpass-refresh-in')).toBe('2');
    expect(answer.headers.get('pullpass-expires-in')).toBe('never');
  });

  it('says exactly that there is none, and only where anonymous is meant', async () => {
    const answer = await get('quay.io');
    expect(answer.status).toBe(404);
    expect(answer.text).toBe('credentials not found in native keychain');
  });

  it('refuses in one line of plain text', async () => {
    await pullpass.call('PUT /v1/policy', { whitelist: ['quay.io'] });
    const answer = await get('ghcr.io');
    expect(answer.status).toBe(403);
    expect(answer.headers.get('content-type')).toContain('text/plain');
    expect(answer.text).toMatch(/^pulling ghcr\.io .*\(denied\)$/);
    expect(answer.text).not.toContain('credentials not found');
  });

  it("knows docker's names for Docker Hub", async () => {
    await addRegistry({ address: 'docker.io', verify: false, tls: {} });
    for (const name of ['docker.io', 'https://index.docker.io/v1/', 'index.docker.io']) {
      const answer = await get(name);
      expect(answer.body, name).toMatchObject({ ServerURL: name, Username: 'puller' });
    }
  });

  it('names the registries where several are for paths on one host', async () => {
    await addRegistry({ address: `${registry.address}/a`, verify: false });
    expect((await get(registry.address)).status).toBe(200);
    await addRegistry({ address: `${registry.address}/b`, verify: false });
    const answer = await get(registry.address);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain(`${registry.address}/a`);
    expect(answer.text).toContain(`${registry.address}/b`);
  });

  it('does in audit mode what enforce does, and more only where enforce leaves nothing', async () => {
    await addRegistry({ address: `${registry.address}/secret`, verify: false });
    const policy = { deny: [`${registry.address}/secret`] };
    await pullpass.call('PUT /v1/environments/prod/policy', policy);
    expect((await get(registry.address)).status).toBe(404);
    await pullpass.call('PUT /v1/environments/prod/policy', { ...policy, mode: 'audit' });
    expect((await get(registry.address)).status).toBe(200);
    const audit = await pullpass.call('GET /v1/audit?type=decision&limit=1');
    expect(audit.body).toMatchObject({ items: [{ outcome: 'released', wouldRefuse: true, mode: 'audit' }] });
    await addRegistry({ address: `${registry.address}/open`, verify: false });
    expect((await get(registry.address)).status).toBe(200);
    expect((await pullpass.call('GET /v1/audit?type=decision&limit=1')).body).toMatchObject({
      items: [{ outcome: 'released', wouldRefuse: false }],
    });
  });

  it('passes any password through untouched', async () => {
    const odd = 'p"a\\s:s $HOME %s \'🐳';
    registry.accounts.set('odd', odd);
    await addRegistry({ source: { kind: 'static', username: 'odd', password: odd } });
    expect((await get(registry.address)).body).toMatchObject({ Username: 'odd', Secret: odd });
  });
});

describe('explain', () => {
  it('says when a client that names only the host is given what the image is denied', async () => {
    await addRegistry();
    await pullpass.call('PUT /v1/environments/prod/policy', { whitelist: [`${registry.address}/team`] });
    const image = `${registry.address}/other/app`;
    const answer = await pullpass.call('POST /v1/environments/prod/explain', { image }, { token: agent });
    expect(answer.body).toMatchObject({ outcome: 'denied', decision: { allowed: false } });
    expect(answer.text).toContain('asks its helper for the host only is given this credential');
    expect((await get(registry.address)).status).toBe(200);
  });
});

describe('explain, of a policy with an exception,', () => {
  const REASON = 'contract with ACME runs until June';

  it.each([
    ['an agent', () => agent, false],
    ['an administrator', () => pullpass.adminToken, true],
    ['a viewer', () => pullpass.createAgent({ role: 'viewer', environments: [] }), true],
  ] as const)('tells %s which rules hold, and only viewers and administrators the reason', async (_, who, told) => {
    const exception = { entry: 'quay.io/acme', reason: REASON, until: '2099-01-01T00:00:00.000Z' };
    await pullpass.call('PUT /v1/policy', { whitelist: ['ghcr.io'], exceptions: [exception] });
    await pullpass.call('PUT /v1/environments/prod/policy', { deny: ['quay.io'], exceptions: [exception] });
    const image = 'quay.io/acme/app:1';
    const answer = await pullpass.call('POST /v1/environments/prod/explain', { image }, { token: await who() });
    const { reason, ...always } = { ...exception, ended: false };
    const shown = told ? { ...always, reason } : always;
    const wanted = { organisation: { exceptions: [shown] }, environment: { exceptions: [shown] } };
    expect(answer.body).toMatchObject({ rules: wanted, decision: { allowed: true } });
    expect(answer.text.includes(REASON)).toBe(told);
  });
});

describe('docker-config', () => {
  it('is for tokens that may export, and for no others', async () => {
    await addRegistry();
    expect(
      (await pullpass.call('GET /v1/environments/prod/docker-config', undefined, { token: agent })).body,
    ).toMatchObject({
      status: 403,
      code: 'export_not_allowed',
    });
    const exporter = await pullpass.createAgent({ environments: ['prod'], export: true });
    const config = await pullpass.call('GET /v1/environments/prod/docker-config', undefined, { token: exporter });
    const auth = Buffer.from(`puller:${PASSWORD}`).toString('base64');
    await addRegistry({ address: `${registry.address}/path`, verify: false });
    const whole = await pullpass.call('GET /v1/environments/prod/docker-config', undefined, { token: exporter });
    expect(whole.text).toBe(config.text);
    const paths = await pullpass.call('GET /v1/environments/prod/docker-config?paths=true', undefined, {
      token: exporter,
    });
    expect(paths.text).toContain(`"${registry.address}/path"`);
    expect(config.body).toEqual({ auths: { [registry.address]: { username: 'puller', password: PASSWORD, auth } } });
  });
});

describe('the record', () => {
  it('has every decision with who and why, and no secret', async () => {
    const id = await addRegistry();
    await resolve(`${registry.address}/app:1`);
    await resolve('quay.io/x/y');
    const audit = await pullpass.call('GET /v1/audit');
    expect(audit.body).toMatchObject({
      items: [
        { type: 'decision', image: 'quay.io/x/y', outcome: 'no_credential' },
        { type: 'decision', image: `${registry.address}/app:1`, outcome: 'released', registryId: id },
        { type: 'change', action: 'registry.add', subject: id },
        { type: 'change', action: 'agent.create' },
        { type: 'change', action: 'agent.create' },
      ],
    });
    expect(audit.text).not.toContain('canary');
    expect(JSON.stringify(pullpass.events)).not.toContain('canary');
    expect(JSON.stringify(pullpass.events)).not.toContain(agent);
  });
});
