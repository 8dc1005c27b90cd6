import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBasicRegistry, type BasicRegistry } from '../support/basic-registry.ts';
import { HOUR } from '../support/registry-fixture.ts';
import { startPullpass, type RunningPullpass } from '../support/running-pullpass.ts';

const PASSWORD = 'canary-password-1';
const DAY = 24 * HOUR;
let registry: BasicRegistry;
let pullpass: RunningPullpass;

beforeAll(async () => {
  registry = await startBasicRegistry({});
});

afterAll(async () => {
  await registry.close();
});

beforeEach(async () => {
  registry.accounts.set('puller', PASSWORD);
  pullpass = await startPullpass();
  return async () => {
    await pullpass.close();
  };
});

async function added(): Promise<string> {
  const { body, text } = await pullpass.call('POST /v1/registries', {
    address: registry.address,
    source: { kind: 'static', username: 'puller', password: PASSWORD },
    environments: ['prod'],
    tls: { plainHttp: true },
  });
  if (typeof body !== 'object' || body === null || !('id' in body)) throw new Error(text);
  return String(body.id);
}

async function bodyOf(what: string): Promise<unknown> {
  return (await pullpass.call(what)).body;
}

async function drifted(): Promise<string> {
  const id = await added();
  registry.accounts.set('puller', 'canary-changed');
  expect(await pullpass.reverifyIn(DAY)).toMatchObject({ verified: 1, drifted: 1 });
  return id;
}

async function driftEntries(): Promise<readonly unknown[]> {
  const body = await bodyOf('GET /v1/audit?type=change&limit=100');
  if (typeof body !== 'object' || body === null || !('items' in body) || !Array.isArray(body.items)) return [];
  const items: readonly unknown[] = body.items;
  return items.filter((item) => JSON.stringify(item).includes('"registry.drift'));
}

const VERIFIED = { status: 'verified', warning: null, drift: null };
const REFUSED = { status: 'unauthorized', warning: null, drift: { from: 'verified' } };

describe('a password that was changed behind', () => {
  it('is found by the background check: shown at the registry, counted in the status, and no more than that', async () => {
    const id = await added();
    expect(await bodyOf(`GET /v1/registries/${id}`)).toMatchObject({ verification: VERIFIED });
    const token = await pullpass.createAgent({ environments: ['prod'] });
    registry.accounts.set('puller', 'canary-changed');
    await pullpass.reverifyIn(DAY);

    expect(await bodyOf(`GET /v1/registries/${id}`)).toMatchObject({
      verification: REFUSED,
      credential: { state: 'fresh', lastError: null },
      revision: 1,
    });
    const attention = [{ id, reason: 'drifted', credential: { state: 'fresh' }, verification: REFUSED }];
    expect(await bodyOf('GET /v1/status')).toMatchObject({ health: 'ok', drifted: 1, attention });
    expect((await pullpass.call('GET /healthz')).status).toBe(200);
    const image = { image: `${registry.address}/app:1` };
    const answer = await pullpass.call('POST /v1/environments/prod/resolve', image, { token });
    expect(answer.body).toMatchObject({ credential: { username: 'puller', password: PASSWORD } });
    const entry = { action: 'registry.drift', actor: 'pullpass', name: null, detail: 'verified -> unauthorized' };
    expect(await driftEntries()).toMatchObject([{ ...entry, subject: id }]);
  });

  it('is over when it is changed back, whoever finds that', async () => {
    const id = await drifted();
    registry.accounts.set('puller', PASSWORD);
    expect(await bodyOf(`POST /v1/registries/${id}/verify`)).toMatchObject({ status: 'verified' });
    expect(await bodyOf(`GET /v1/registries/${id}`)).toMatchObject({ verification: VERIFIED });
    expect(await bodyOf('GET /v1/status')).toMatchObject({ health: 'ok', drifted: 0, attention: [] });
    expect(await driftEntries()).toMatchObject([
      { action: 'registry.drift_ended', detail: 'unauthorized -> verified' },
      { action: 'registry.drift' },
    ]);
  });

  it.each([
    ['verify', ['registry.verify', 'registry.drift']],
    ['refresh', ['registry.refresh', 'registry.drift']],
  ])('is drift, too, when an administrator finds it by %s, beside his own entry', async (call, actions) => {
    const id = await added();
    registry.accounts.set('puller', 'canary-changed');
    await pullpass.call(`POST /v1/registries/${id}/${call}`);
    expect(await bodyOf(`GET /v1/registries/${id}`)).toMatchObject({ verification: REFUSED });
    // It counts like a failed refresh: the credential's state is the reason then.
    expect(await bodyOf('GET /v1/status')).toMatchObject({
      health: 'stale',
      drifted: 1,
      attention: [{ id, reason: 'stale' }],
    });
    const audit = await bodyOf('GET /v1/audit?type=change&limit=2');
    expect(audit).toMatchObject({ items: [{ action: actions[1], actor: 'pullpass' }, { action: actions[0] }] });
    expect(pullpass.events).toContainEqual(expect.objectContaining({ level: 'warn', code: 'registry.drift' }));
  });
});

describe('an edit of a registry that drifted', () => {
  const source = { kind: 'static', username: 'puller', password: 'canary-changed' };

  it('with a password that works: nothing was known of that one', async () => {
    const id = await drifted();
    expect((await pullpass.call(`PATCH /v1/registries/${id}`, { source })).status).toBe(200);
    expect(await bodyOf(`GET /v1/registries/${id}`)).toMatchObject({ verification: VERIFIED });
    expect(await bodyOf('GET /v1/status')).toMatchObject({ drifted: 0, attention: [] });
    await expectEndTold(id, 'verified');
  });

  it('that is not verified: nothing is known any more, so nothing has drifted', async () => {
    const id = await drifted();
    expect((await pullpass.call(`PATCH /v1/registries/${id}`, { source, verify: false })).status).toBe(200);
    expect(await bodyOf(`GET /v1/registries/${id}`)).toMatchObject({ verification: null });
    expect(await bodyOf('GET /v1/status')).toMatchObject({ drifted: 0, attention: [] });
    await expectEndTold(id, 'not verified');
  });

  it('that changes no more than its description leaves it as it is', async () => {
    const id = await drifted();
    expect((await pullpass.call(`PATCH /v1/registries/${id}`, { description: 'ours' })).status).toBe(200);
    expect(await bodyOf(`GET /v1/registries/${id}`)).toMatchObject({ verification: REFUSED, description: 'ours' });
  });

  it('that only asks for a login, which works again, ends it', async () => {
    const id = await drifted();
    registry.accounts.set('puller', PASSWORD);
    expect((await pullpass.call(`PATCH /v1/registries/${id}`, { verify: true })).status).toBe(200);
    expect(await bodyOf(`GET /v1/registries/${id}`)).toMatchObject({ verification: VERIFIED });
    await expectEndTold(id, 'verified');
  });

  it('is silent about drift where there was none', async () => {
    const id = await added();
    expect((await pullpass.call(`PATCH /v1/registries/${id}`, { verify: true })).status).toBe(200);
    expect(JSON.stringify(await bodyOf(`GET /v1/registries/${id}/history?limit=1`))).not.toContain('drift');
    expect(pullpass.events).not.toContainEqual(expect.objectContaining({ code: 'registry.drift_ended' }));
  });

  /** In the edit's own entry of the registry's history, and in the log. */
  async function expectEndTold(id: string, to: string): Promise<void> {
    const detail: unknown = expect.stringContaining(`; drift ended: unauthorized -> ${to}`);
    const history = await bodyOf(`GET /v1/registries/${id}/history?limit=1`);
    expect(history).toMatchObject({ items: [{ action: 'registry.edit', detail }] });
    const fields: unknown = expect.objectContaining({ registryId: id, from: 'unauthorized', to });
    expect(pullpass.events).toContainEqual({ level: 'info', code: 'registry.drift_ended', fields });
  }
});

describe('the status', () => {
  it('counts no drift of what is inactive', async () => {
    const id = await drifted();
    await pullpass.call(`POST /v1/registries/${id}/deactivate`);
    expect(await bodyOf('GET /v1/status')).toMatchObject({ drifted: 0, attention: [] });
  });

  it('names what its credential needs before what has drifted only', async () => {
    const first = await drifted();
    registry.accounts.set('puller', PASSWORD);
    const second = await added();
    registry.accounts.set('puller', 'canary-changed');
    // Typed first, it is listed last, and would be named last.
    await pullpass.call(`POST /v1/registries/${first}/verify`);
    await pullpass.reverifyIn(DAY);
    expect(await bodyOf('GET /v1/status')).toMatchObject({
      drifted: 2,
      attention: [
        { id: first, reason: 'stale' },
        { id: second, reason: 'drifted' },
      ],
    });
  });
});
