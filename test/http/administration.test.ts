import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBasicRegistry, type BasicRegistry } from '../support/basic-registry.ts';
import { startPullpass, type Answer, type RunningPullpass } from '../support/running-pullpass.ts';

const PASSWORD = 'canary-password-1';
const [CA, OTHER_CA] = [pem('ca.pem'), pem('root.pem')];
let registry: BasicRegistry;
let pullpass: RunningPullpass;

beforeAll(async () => {
  registry = await startBasicRegistry({ puller: PASSWORD, other: 'canary-password-2' });
});

afterAll(async () => {
  await registry.close();
});

beforeEach(async () => {
  pullpass = await startPullpass();
  return async () => {
    await pullpass.close();
  };
});

function pem(name: string): string {
  return readFileSync(new URL(`../support/certificates/${name}`, import.meta.url), 'utf8');
}

function document(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    address: registry.address,
    source: { kind: 'static', username: 'puller', password: PASSWORD },
    environments: ['prod'],
    tls: { plainHttp: true },
    ...overrides,
  };
}

function add(overrides: Record<string, unknown> = {}): Promise<Answer> {
  return pullpass.call('POST /v1/registries', document(overrides));
}

async function added(overrides: Record<string, unknown> = {}): Promise<{ id: string; revision: number }> {
  const { body, status, text } = await add(overrides);
  expect(status, text).toBe(201);
  if (typeof body !== 'object' || body === null || !('id' in body) || !('revision' in body)) throw new Error(text);
  return { id: String(body.id), revision: Number(body.revision) };
}

async function count(): Promise<number> {
  const { body } = await pullpass.call('GET /v1/registries');
  return typeof body === 'object' && body !== null && 'items' in body && Array.isArray(body.items)
    ? body.items.length
    : -1;
}

/** From the vault's own file: what it holds of a registry's source, whatever the catalogue points at. */
async function sourceVersions(id: string): Promise<string[]> {
  const vault = new DatabaseSync(join(pullpass.directory, 'vault.db'), { readOnly: true });
  const rows = vault.prepare(`SELECT version FROM secrets WHERE registry_id = ? AND kind = 'source'`).all(id);
  vault.close();
  return rows.map((row) => String(row['version']));
}

describe('adding a registry', () => {
  it('answers the registry without its secret', async () => {
    const answer = await add({ description: 'ours', email: 'ops@example.org' });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect(answer.body).toMatchObject({
      address: registry.address,
      environments: ['prod'],
      state: 'active',
      overridden: false,
      source: { kind: 'static', username: 'puller' },
      tls: { plainHttp: true },
      email: 'ops@example.org',
      credential: { state: 'fresh', username: 'puller', expiresAt: null, lastError: null },
      verification: { status: 'verified' },
    });
    expect(answer.text).not.toContain(PASSWORD);
  });

  it('says that it cannot log in, and stores nothing', async () => {
    const answer = await add({ source: { kind: 'static', username: 'puller', password: 'canary-wrong' } });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'verification_failed', verification: { status: 'unauthorized' } });
    expect(answer.text).not.toContain('canary');
    expect(await count()).toBe(0);
    expect(await pullpass.store.vault.registryIds()).toEqual([]);
  });

  it('stores it all the same when told not to verify', async () => {
    await added({ source: { kind: 'static', username: 'puller', password: 'canary-wrong' }, verify: false });
    expect(await count()).toBe(1);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['an address with a scheme', { address: 'https://quay.io' }, 'address'],
    ['an empty address', { address: '' }, 'address'],
    ['the web pages of Docker Hub', { address: 'hub.docker.com' }, 'address'],
    ['an address with a tag', { address: 'quay.io/team:1' }, 'address'],
    ['no environment', { environments: [] }, 'environments'],
    ['an environment in upper case', { environments: ['prod', 'Prod'] }, 'environments[1]'],
    ['an unknown field', { colour: 'blue' }, 'colour'],
    ['an unknown kind', { source: { kind: 'gopher' } }, 'source.kind'],
    ['no kind', { source: {} }, 'source.kind'],
    ['an unknown field in the source', { source: { kind: 'static', username: 'u', password: 'p', x: 1 } }, 'source.x'],
    ['no password', { source: { kind: 'static', username: 'u' } }, 'source.password'],
    ['an empty password', { source: { kind: 'static', username: 'u', password: '' } }, 'source.password'],
    [
      'a user name that is the password',
      { source: { kind: 'static', username: 'tok', password: 'tok' } },
      'source.username',
    ],
    ['a colon in the user name', { source: { kind: 'static', username: 'a:b', password: 'p' } }, 'source.username'],
    ['two kinds of TLS at once', { tls: { skipVerify: true, plainHttp: true } }, 'tls'],
    ['a certificate that is none', { tls: { ca: 'hello' } }, 'tls.ca'],
    ['a CA file that is cut off', { tls: { ca: CA + CA.slice(0, 200) } }, 'tls.ca'],
    ['a probe with a tag', { probe: { repository: 'team/app:1' } }, 'probe.repository'],
    ['a probe of another path', { address: 'quay.io/team', probe: { repository: 'other/app' } }, 'probe.repository'],
    ['a realm with a path', { trustedRealms: ['auth.example/x'] }, 'trustedRealms[0]'],
    ['an e-mail address that is none', { email: 'nobody' }, 'email'],
    ['verify as a text', { verify: 'no' }, 'verify'],
    ['a source that is a text', { source: 'static' }, 'source'],
  ])('refuses %s, names the field and changes nothing', async (_name, overrides, field) => {
    const answer = await add(overrides);
    expect(answer.status, answer.text).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid_input', errors: [{ field }] });
    expect(await count()).toBe(0);
    expect(await pullpass.store.vault.registryIds()).toEqual([]);
  });

  it('stores the certificates of a CA file, each on lines of its own', async () => {
    const glued = `made by hand\n${CA.trimEnd()}${OTHER_CA}`;
    const answer = await add({ address: 'registry.test', tls: { ca: glued }, verify: false });
    expect(answer.body).toMatchObject({ tls: { ca: CA + OTHER_CA } });
  });

  it('does not show a mistyped secret in its answer or its log', async () => {
    const answer = await pullpass.call('POST /v1/registries', '{"source": {"password": "canary-mistyped}');
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('canary');
    expect(JSON.stringify(pullpass.events)).not.toContain('canary');
  });
});

describe('editing a registry', () => {
  it('changes what is named and leaves the rest', async () => {
    const { id } = await added({ description: 'old' });
    const answer = await pullpass.call(`PATCH /v1/registries/${id}`, { description: 'new', environments: ['ci', '*'] });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ description: 'new', environments: ['ci', '*'], revision: 2 });
    expect(answer.body).toMatchObject({ source: { username: 'puller' }, verification: { status: 'verified' } });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['the address', { address: 'quay.io' }, 'address'],
    ['the user name without the password', { source: { kind: 'static', username: 'other' } }, 'source.password'],
    ['TLS without the password', { tls: { skipVerify: true } }, 'source'],
    [
      'TLS with half a source',
      { tls: { skipVerify: true }, source: { kind: 'static', username: 'puller' } },
      'source.password',
    ],
    ['the realms without the password', { trustedRealms: ['auth.example'] }, 'source'],
    ['nothing it knows', { state: 'inactive' }, 'state'],
    ['nothing at all', {}, ''],
  ])('refuses to change %s, and changes nothing', async (_name, patch, field) => {
    const { id } = await added();
    const before = await pullpass.call(`GET /v1/registries/${id}`);
    const answer = await pullpass.call(`PATCH /v1/registries/${id}`, patch);
    expect(answer.status, answer.text).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ field }] });
    expect((await pullpass.call(`GET /v1/registries/${id}`)).text).toBe(before.text);
  });

  it('takes a new user and password together, and logs in with them first', async () => {
    const { id } = await added();
    const wrong = { source: { kind: 'static', username: 'other', password: 'canary-wrong' } };
    expect((await pullpass.call(`PATCH /v1/registries/${id}`, wrong)).status).toBe(422);
    const right = { source: { kind: 'static', username: 'other', password: 'canary-password-2' } };
    const answer = await pullpass.call(`PATCH /v1/registries/${id}`, right);
    expect(answer.body).toMatchObject({ source: { username: 'other' }, credential: { username: 'other' } });
    const agent = await pullpass.createAgent({ environments: ['prod'] });
    const resolved = await pullpass.call(
      'POST /v1/environments/prod/resolve',
      { image: `${registry.address}/app` },
      { token: agent },
    );
    expect(resolved.body).toMatchObject({ credential: { username: 'other', password: 'canary-password-2' } });
  });

  it('refuses an edit of something that somebody else changed meanwhile', async () => {
    const { id } = await added();
    await pullpass.call(`PATCH /v1/registries/${id}`, { description: 'first' });
    const late = await pullpass.call(
      `PATCH /v1/registries/${id}`,
      { description: 'late' },
      { headers: { 'if-match': '"1"' } },
    );
    expect(late.status).toBe(412);
    expect(late.body).toMatchObject({ code: 'revision_conflict', currentRevision: 2 });
    const odd = await pullpass.call(
      `PATCH /v1/registries/${id}`,
      { description: 'x' },
      { headers: { 'if-match': '1' } },
    );
    expect(odd.body).toMatchObject({ status: 400, code: 'bad_if_match' });
  });

  it('keeps no password of an edit that lost against another one', async () => {
    const { id } = await added();
    const source = { kind: 'static', username: 'other', password: 'canary-password-2' };
    const answers = await Promise.all([
      pullpass.call(`PATCH /v1/registries/${id}`, { source }),
      pullpass.call(`PATCH /v1/registries/${id}`, { description: 'meanwhile' }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    const stored = await pullpass.store.catalogue.getRegistry(id);
    const versions = await sourceVersions(id);
    expect(versions).toEqual([stored?.sourceVersion]);
  });

  it('logs in again when the probe changes', async () => {
    const { id } = await added();
    registry.accounts.set('puller', 'canary-changed');
    const answer = await pullpass.call(`PATCH /v1/registries/${id}`, { probe: { repository: 'team/app' } });
    registry.accounts.set('puller', PASSWORD);
    expect(answer.body).toMatchObject({ status: 422, verification: { status: 'unauthorized' } });
  });

  it('loses nothing when ten edit at once: one wins for each revision', async () => {
    const { id, revision } = await added();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        pullpass.call(
          `PATCH /v1/registries/${id}`,
          { description: `edit ${index}` },
          { headers: { 'if-match': `"${revision}"` } },
        ),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(9);
  });
});

describe('activate, deactivate, delete, refresh, verify', () => {
  it('needs no password to come back', async () => {
    const { id } = await added();
    expect((await pullpass.call(`POST /v1/registries/${id}/deactivate`)).body).toMatchObject({ state: 'inactive' });
    expect((await pullpass.call(`POST /v1/registries/${id}/deactivate`)).status).toBe(200);
    expect((await pullpass.call(`POST /v1/registries/${id}/activate`)).body).toMatchObject({
      state: 'active',
      credential: { state: 'fresh' },
    });
  });

  it('takes the secrets away with the registry', async () => {
    const { id } = await added();
    expect(await pullpass.store.vault.registryIds()).toEqual([id]);
    expect((await pullpass.call(`DELETE /v1/registries/${id}`)).status).toBe(204);
    expect(await pullpass.store.vault.registryIds()).toEqual([]);
    expect((await pullpass.call(`DELETE /v1/registries/${id}`)).status).toBe(404);
    expect((await pullpass.call(`GET /v1/registries/${id}`)).status).toBe(404);
  });

  it('refreshes on demand, and keeps the credential when the registry refuses it now', async () => {
    registry.accounts.set('changing', 'canary-password-3');
    const source = { kind: 'static', username: 'changing', password: 'canary-password-3' };
    const { id } = await added({ source });
    expect((await pullpass.call(`POST /v1/registries/${id}/refresh`)).status).toBe(200);
    registry.accounts.set('changing', 'canary-password-4');
    const refused = await pullpass.call(`POST /v1/registries/${id}/refresh`);
    expect(refused.body).toMatchObject({ status: 422, code: 'mint_failed', reason: 'login_refused' });
    expect((await pullpass.call(`GET /v1/registries/${id}`)).body).toMatchObject({
      credential: { state: 'stale', lastError: { code: 'login_refused' } },
      verification: { status: 'unauthorized' },
    });
    expect((await pullpass.call(`POST /v1/registries/${id}/verify`)).body).toMatchObject({ status: 'unauthorized' });
    registry.accounts.set('changing', 'canary-password-3');
    expect((await pullpass.call(`POST /v1/registries/${id}/refresh`)).body).toMatchObject({
      credential: { state: 'fresh' },
    });
  });
});

describe('a login that is looked at', () => {
  it('is counted like a failed refresh when it is refused, and taken back when it works again', async () => {
    const { id } = await added();
    registry.accounts.set('puller', 'canary-changed');
    expect((await pullpass.call(`POST /v1/registries/${id}/verify`)).body).toMatchObject({ status: 'unauthorized' });
    expect((await pullpass.call('GET /v1/status')).body).toMatchObject({
      health: 'stale',
      attention: [{ id, credential: { state: 'stale', lastError: { code: 'login_refused' } } }],
    });
    expect((await pullpass.call('GET /healthz')).status).toBe(503);
    registry.accounts.set('puller', PASSWORD);
    expect((await pullpass.call(`POST /v1/registries/${id}/verify`)).body).toMatchObject({ status: 'verified' });
    expect((await pullpass.call('GET /v1/status')).body).toMatchObject({ health: 'ok' });
    expect((await pullpass.call('GET /healthz')).status).toBe(200);
  });

  it('logs where a guessed token came from, by the connection and not by what a header says', async () => {
    const guessed = { token: `pp_${'0'.repeat(16)}_${'0'.repeat(64)}`, headers: { 'x-forwarded-for': '192.0.2.7' } };
    for (const path of ['/v1/registries', '/v1/nothing']) {
      await pullpass.call(`GET ${path}`, undefined, guessed);
      expect(pullpass.events.at(-1)).toMatchObject({ code: 'http.answer', fields: { clientAddress: '127.0.0.1' } });
    }
  });

  it('has the code of a refusal in the log, and the name of who did it in the audit trail', async () => {
    await add({ environments: [] });
    expect(pullpass.events.at(-1)).toMatchObject({ code: 'http.answer', fields: { problem: 'invalid_input' } });
    const { id } = await added();
    await pullpass.call(`DELETE /v1/registries/${id}`);
    expect((await pullpass.call('GET /v1/audit?limit=1')).body).toMatchObject({
      items: [
        {
          ...{ action: 'registry.delete', subject: id, name: 'test admin' },
          detail: `${registry.address} (static) for prod`,
        },
      ],
    });
  });
});

describe('listing', () => {
  it('pages, newest first, and filters', async () => {
    const first = await added({ environments: ['a'] });
    const second = await added({ address: 'quay.io', verify: false, tls: {}, environments: ['b'] });
    const third = await added({ address: 'ghcr.io', verify: false, tls: {}, environments: ['*'] });
    const page = await pullpass.call('GET /v1/registries?limit=2');
    expect(page.body).toMatchObject({ items: [{ id: third.id }, { id: second.id }] });
    if (typeof page.body !== 'object' || page.body === null || !('cursor' in page.body)) throw new Error(page.text);
    const next = await pullpass.call(`GET /v1/registries?limit=2&cursor=${String(page.body.cursor)}`);
    expect(next.body).toMatchObject({ items: [{ id: first.id }] });
    expect(next.body).not.toHaveProperty('cursor');
    expect((await pullpass.call('GET /v1/registries?environment=a')).body).toMatchObject({
      items: [{ id: third.id }, { id: first.id }],
    });
    expect((await pullpass.call('GET /v1/registries?address=QUAY.io')).body).toMatchObject({
      items: [{ id: second.id }],
    });
    expect((await pullpass.call('GET /v1/environments')).body).toEqual({ items: [{ name: 'a' }, { name: 'b' }] });
  });

  it.each([
    'kind=gopher',
    'environment=PROD',
    'state=active&state=inactive',
    'limit=0',
    'limit=501',
    'limit=x',
    'cursor=nonsense',
    'state=asleep',
    'colour=blue',
    'address=https://x',
  ])('refuses the query %s', async (query) => {
    expect((await pullpass.call(`GET /v1/registries?${query}`)).status).toBe(400);
  });
});

describe('policy', () => {
  it('is unset, then set, canonical, with a revision', async () => {
    const unset = await pullpass.call('GET /v1/policy');
    expect(unset.body).toMatchObject({ whitelist: null, deny: [], defaultRegistry: null, revision: 0 });
    const set = await pullpass.call('PUT /v1/policy', {
      whitelist: 'index.docker.io, QUAY.io/team',
      deny: ['*.evil.example'],
    });
    expect(set.status, set.text).toBe(200);
    expect(set.body).toMatchObject({ whitelist: ['docker.io', 'quay.io/team'], deny: ['*.evil.example'], revision: 1 });
    expect(set.headers.get('etag')).toBe('"1"');
  });

  it.each<[string, unknown, string]>([
    ['an empty whitelist', { whitelist: [] }, 'whitelist'],
    ['an empty text', { whitelist: '' }, 'whitelist'],
    ['a bad entry', { whitelist: ['quay.io', 'https://x'] }, 'whitelist[1]'],
    ['an unknown key', { whitlist: ['quay.io'] }, 'whitlist'],
    ['a default that is not whitelisted', { whitelist: ['quay.io'], defaultRegistry: 'ghcr.io' }, 'defaultRegistry'],
    ['an unknown mode', { mode: 'off' }, 'mode'],
  ])('refuses %s', async (_name, policy, field) => {
    const answer = await pullpass.call('PUT /v1/environments/prod/policy', policy);
    expect(answer.status, answer.text).toBe(400);
    expect(answer.body).toMatchObject({ errors: [{ field }] });
    expect((await pullpass.call('GET /v1/environments/prod/policy')).body).toMatchObject({ revision: 0 });
  });

  it('lets an environment have no default registry that the organisation refuses', async () => {
    await pullpass.call('PUT /v1/policy', { whitelist: ['quay.io'] });
    const answer = await pullpass.call('PUT /v1/environments/prod/policy', { defaultRegistry: 'ghcr.io' });
    expect(answer.body).toMatchObject({ status: 400, errors: [{ field: 'defaultRegistry' }] });
  });

  it('honours If-Match, 0 for "there is none yet"', async () => {
    const first = await pullpass.call('PUT /v1/policy', { deny: ['a.example'] }, { headers: { 'if-match': '"0"' } });
    expect(first.status).toBe(200);
    const second = await pullpass.call('PUT /v1/policy', { deny: ['b.example'] }, { headers: { 'if-match': '"0"' } });
    expect(second.status).toBe(412);
  });
});

describe('agents', () => {
  it('shows a token once, and takes it back at once', async () => {
    const created = await pullpass.call('POST /v1/agents', { name: 'web-1', environments: ['prod'] });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ name: 'web-1', role: 'agent', export: false, expiresAt: null });
    if (
      typeof created.body !== 'object' ||
      created.body === null ||
      !('token' in created.body) ||
      !('id' in created.body)
    ) {
      throw new Error('no token');
    }
    const token = String(created.body.token);
    expect(token).toMatch(/^pp_[0-9a-f]+_[0-9a-f]+$/);
    const list = await pullpass.call('GET /v1/agents');
    expect(list.text).not.toContain(token);
    expect(list.text).not.toContain('tokenHash');
    const ask = (): Promise<Answer> =>
      pullpass.call('POST /v1/environments/prod/resolve', { image: 'alpine' }, { token });
    expect((await ask()).status).toBe(404);
    expect((await pullpass.call(`DELETE /v1/agents/${String(created.body.id)}`)).status).toBe(204);
    expect((await ask()).status).toBe(401);
  });

  it.each<[string, unknown, string]>([
    ['no name', { environments: ['prod'] }, 'name'],
    ['no environment', { name: 'x' }, 'environments'],
    ['an unknown role', { name: 'x', role: 'god', environments: ['prod'] }, 'role'],
    ['an end in the past', { name: 'x', environments: ['prod'], expiresAt: '2001-01-01T00:00:00Z' }, 'expiresAt'],
    [
      'an end that is in the year 10000 once it is in UTC',
      { name: 'x', environments: ['prod'], expiresAt: '9999-12-31T23:59:59-01:00' },
      'expiresAt',
    ],
    ['an end that is no time', { name: 'x', environments: ['prod'], expiresAt: 'tomorrow' }, 'expiresAt'],
    ['a name with control characters', { name: 'x\u001b[31m', environments: ['prod'] }, 'name'],
    ['an exporting viewer', { name: 'x', role: 'viewer', export: true }, 'export'],
  ])('refuses %s', async (_name, body, field) => {
    expect((await pullpass.call('POST /v1/agents', body)).body).toMatchObject({ status: 400, errors: [{ field }] });
  });

  it('does not let the last administrator lock himself out', async () => {
    const [, id] = pullpass.adminToken.split('_');
    expect((await pullpass.call(`DELETE /v1/agents/${id ?? ''}`)).body).toMatchObject({
      status: 409,
      code: 'own_identity',
    });
  });
});

describe('roles', () => {
  const CALLS: readonly (readonly [string, 'admin' | 'viewer'])[] = [
    ['POST /v1/registries', 'admin'],
    ['GET /v1/registries', 'viewer'],
    ['GET /v1/registries/x', 'viewer'],
    ['GET /v1/registries/x/history', 'viewer'],
    ['POST /v1/registries/bulk', 'admin'],
    ['PATCH /v1/registries/x', 'admin'],
    ['DELETE /v1/registries/x', 'admin'],
    ['POST /v1/registries/x/activate', 'admin'],
    ['POST /v1/registries/x/deactivate', 'admin'],
    ['POST /v1/registries/x/verify', 'admin'],
    ['POST /v1/registries/x/refresh', 'admin'],
    ['GET /v1/policy', 'viewer'],
    ['PUT /v1/policy', 'admin'],
    ['GET /v1/environments/prod/policy', 'viewer'],
    ['PUT /v1/environments/prod/policy', 'admin'],
    ['POST /v1/agents', 'admin'],
    ['GET /v1/agents', 'admin'],
    ['DELETE /v1/agents/x', 'admin'],
    ['GET /v1/environments', 'viewer'],
    ['GET /v1/status', 'viewer'],
    ['GET /v1/audit', 'viewer'],
  ];

  it.each(CALLS)('%s is for nobody without a token, not for agents, and from %s on', async (call, role) => {
    const body = call.startsWith('GET') ? undefined : {};
    const agent = await pullpass.createAgent({ environments: ['*'] });
    const viewer = await pullpass.createAgent({ role: 'viewer' });
    expect((await pullpass.call(call, body, { token: '' })).status).toBe(401);
    expect((await pullpass.call(call, body, { token: agent })).body).toMatchObject({
      status: 403,
      code: 'role_required',
    });
    const asViewer = await pullpass.call(call, body, { token: viewer });
    if (role === 'viewer') expect(asViewer.status).not.toBe(403);
    else expect(asViewer.body).toMatchObject({ status: 403, code: 'role_required' });
  });
});

describe('the transport', () => {
  it('refuses parameters and bodies that a call does not take', async () => {
    const mistyped = await pullpass.call('PUT /v1/policy?environment=prod', { whitelist: ['quay.io'] });
    expect(mistyped.body).toMatchObject({ status: 400, errors: [{ field: 'environment' }] });
    expect((await pullpass.call('GET /v1/policy')).body).toMatchObject({ revision: 0 });
    const { id } = await added();
    expect((await pullpass.call(`POST /v1/registries/${id}/deactivate`, { reason: 'x' })).status).toBe(400);
    expect((await pullpass.call(`POST /v1/registries/${id}/deactivate`, {})).status).toBe(200);
  });

  it('says which methods a path takes', async () => {
    const answer = await pullpass.call('PUT /v1/registries', {});
    expect(answer.body).toMatchObject({ status: 405, code: 'method_not_allowed' });
    expect(answer.headers.get('allow')).toBe('GET, POST');
  });

  it('refuses a body that is not UTF-8, instead of storing another password than the one that was sent', async () => {
    const bytes = Buffer.from(
      JSON.stringify(document({ source: { kind: 'static', username: 'u', password: 'pä' } })),
      'latin1',
    );
    const headers = { authorization: `Bearer ${pullpass.adminToken}` };
    const answer = await fetch(`${pullpass.url}/v1/registries`, { method: 'POST', headers, body: bytes });
    expect(await answer.json()).toMatchObject({ status: 400, code: 'bad_encoding' });
    expect(await count()).toBe(0);
  });

  it('answers 404 for what there is not, and 413 for too much', async () => {
    expect((await pullpass.call('GET /v1/nothing')).body).toMatchObject({ status: 404, code: 'route_not_found' });
    const large = await pullpass.call('POST /v1/registries', JSON.stringify({ description: 'x'.repeat(300_000) }));
    expect(large.body).toMatchObject({ status: 413, code: 'body_too_large' });
  });

  it.each(['GET', 'PATCH', 'DELETE'])('takes no word of a path of its own for an id: %s', async (method) => {
    const answer = await pullpass.call(`${method} /v1/registries/bulk`);
    expect(answer.body).toMatchObject({ status: 405, code: 'method_not_allowed' });
    expect(answer.headers.get('allow')).toBe('POST');
  });

  it('is healthy, describes itself and hands out the host scripts to anybody', async () => {
    expect((await pullpass.call('GET /healthz', undefined, { token: '' })).body).toMatchObject({ status: 'ok' });
    const description = await pullpass.call('GET /openapi.json', undefined, { token: '' });
    expect(description.body).toMatchObject({ openapi: '3.1.0', paths: { '/v1/registries': { post: {}, get: {} } } });
    expect((await pullpass.call('GET /install/install.sh', undefined, { token: '' })).text).toContain('#!/bin/sh');
    expect((await pullpass.call('GET /install/..%2fpackage.json', undefined, { token: '' })).status).toBe(404);
  });

  it('says 503 and never an allow when the store cannot be read', async () => {
    const agent = await pullpass.createAgent({ environments: ['prod'] });
    await pullpass.store.close();
    const answer = await pullpass.call('POST /v1/environments/prod/resolve', { image: 'alpine' }, { token: agent });
    expect(answer.body).toMatchObject({ status: 503, code: 'store_unavailable' });
  });

  it('is stale for all to see when a registry is urgent', async () => {
    const { id } = await added();
    expect((await pullpass.call('GET /healthz')).status).toBe(200);
    registry.accounts.set('puller', 'canary-changed');
    expect((await pullpass.call(`POST /v1/registries/${id}/refresh`)).status).toBe(422);
    registry.accounts.set('puller', PASSWORD);
    const health = await pullpass.call('GET /healthz');
    expect(health.status).toBe(503);
    expect(health.body).toMatchObject({ status: 'stale' });
    expect((await pullpass.call(`POST /v1/registries/${id}/refresh`)).status).toBe(200);
    expect((await pullpass.call('GET /healthz')).status).toBe(200);
  });

  it('counts in its status what needs somebody', async () => {
    await added();
    const status = await pullpass.call('GET /v1/status');
    expect(status.body).toMatchObject({
      health: 'ok',
      kinds: [{ kind: 'static', registries: 1, inactive: 0, states: { fresh: 1 }, soonestSecondsLeft: null }],
      environments: 1,
      attention: [],
    });
  });
});
