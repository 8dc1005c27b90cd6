import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startBasicRegistry, type BasicRegistry } from '../support/basic-registry.ts';
import { HOUR } from '../support/registry-fixture.ts';
import { startPullpass, type Answer, type RunningPullpass } from '../support/running-pullpass.ts';

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

/** That many days from now. */
function day(days: number): string {
  return new Date(Date.now() + days * DAY).toISOString().slice(0, 10);
}

async function add(fields: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  return await pullpass.call('POST /v1/registries', {
    address: registry.address,
    source: { kind: 'static', username: 'puller', password: PASSWORD },
    environments: ['prod'],
    tls: { plainHttp: true },
    ...fields,
  });
}

async function added(fields: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const { body, text } = await add(fields);
  if (typeof body !== 'object' || body === null || !('id' in body)) throw new Error(text);
  return String(body.id);
}

async function edit(id: string, fields: Readonly<Record<string, unknown>>): Promise<Answer> {
  return await pullpass.call(`PATCH /v1/registries/${id}`, fields);
}

async function bodyOf(what: string): Promise<unknown> {
  return (await pullpass.call(what)).body;
}

/** Puts the registry where no call can: behind its date. */
async function expire(id: string): Promise<void> {
  const { catalogue } = pullpass.store;
  const stored = await catalogue.getRegistry(id);
  if (stored === undefined) throw new Error('the registry is gone');
  await catalogue.updateRegistry({
    registry: { ...stored, expiresOn: day(-2) },
    expectedRevision: stored.revision,
    replaceCredential: false,
    change: { type: 'change', at: Date.now(), actor: 'test', action: 'registry.edit', subject: id },
  });
}

describe('an expiry date that is given with a registry', () => {
  it('is shown with the days that are left', async () => {
    expect(await add({ expiresOn: day(40) })).toMatchObject({
      status: 201,
      body: { expiresOn: day(40), expiresInDays: 40, credential: { expiresAt: null, state: 'fresh' } },
    });
  });

  it('may be today, whose end is meant', async () => {
    expect((await add({ expiresOn: day(0) })).body).toMatchObject({ expiresInDays: 0 });
  });

  it('is not needed', async () => {
    expect((await add()).body).toMatchObject({ expiresOn: null, expiresInDays: null });
  });

  it.each([
    ['yesterday', day(-1), `must not be in the past: today is ${day(0)} in UTC`],
    ['long ago', '0001-01-01', 'must not be in the past'],
    ['a day that no calendar has', '2030-02-30', 'must be a day of the calendar, written like 2027-01-31'],
    ['29 February of a year without one', '2100-02-29', 'must be a day of the calendar'],
    ['a year of five digits', '10000-01-01', 'must be a day of the calendar'],
    ['a time', '2030-01-31T00:00:00Z', 'must be a day of the calendar'],
    ['another order', '31.01.2030', 'must be a day of the calendar'],
    ['a number', 20_300_131, 'must be a day of the calendar'],
  ])('is refused where it is %s', async (_name, expiresOn, rule) => {
    const refused = await add({ expiresOn });
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_input', errors: [{ field: 'expiresOn' }] } });
    expect(refused.text).toContain(rule);
    expect(await bodyOf('GET /v1/registries')).toEqual({ items: [] });
  });

  it.each([
    ['ecr', '123456789012.dkr.ecr.eu-west-1.amazonaws.com', { kind: 'ecr' }],
    ['an unknown kind', 'quay.io', { kind: 'nope' }],
  ])('is refused with %s, and why is said', async (_name, address, source) => {
    const refused = await add({ address, source, tls: {}, expiresOn: day(40) });
    expect(refused.status).toBe(400);
    const isEcr = source.kind === 'ecr';
    expect(refused.body).toMatchObject({ errors: [{ field: isEcr ? 'expiresOn' : 'source.kind' }] });
    if (isEcr) expect(refused.text).toContain('Pullpass renews credentials of the kind \\"ecr\\" itself');
  });
});

describe('an edit', () => {
  it('gives a date without a login, and null takes it away', async () => {
    const id = await added();
    registry.accounts.set('puller', 'canary-changed');
    expect(await edit(id, { expiresOn: day(10) })).toMatchObject({ status: 200, body: { expiresInDays: 10 } });
    expect(await edit(id, { expiresOn: null })).toMatchObject({ status: 200, body: { expiresOn: null } });
    expect(await bodyOf(`GET /v1/registries/${id}/history?limit=2`)).toMatchObject({
      items: [
        { action: 'registry.edit', detail: `expires on: ${day(10)} -> none` },
        { action: 'registry.edit', detail: `expires on: none -> ${day(10)}` },
      ],
    });
  });

  it('leaves the date alone where it does not name it', async () => {
    const id = await added({ expiresOn: day(10) });
    expect((await edit(id, { description: 'robot' })).body).toMatchObject({ expiresOn: day(10) });
    expect((await edit(id, { probe: { repository: 'team/app' }, verify: false })).body).toMatchObject({
      expiresOn: day(10),
    });
  });

  it('refuses a date in the past, unless it is the one that is there', async () => {
    const id = await added({ expiresOn: day(10) });
    expect(await edit(id, { expiresOn: day(-1) })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'expiresOn' }] },
    });
    await expire(id);
    expect(await edit(id, { expiresOn: day(-2), description: 'x' })).toMatchObject({ status: 200 });
  });

  it.each([
    ['drops the old date', {}, null],
    ['takes the date that is given with it', { expiresOn: day(90) }, day(90)],
    ['keeps the old date where it is given again', { expiresOn: day(10) }, day(10)],
  ])('of the password %s', async (_name, fields, expiresOn) => {
    const id = await added({ expiresOn: day(10) });
    registry.accounts.set('puller', 'canary-changed');
    const changed = await edit(id, { source: { password: 'canary-changed' }, ...fields });
    expect(changed).toMatchObject({ status: 200, body: { expiresOn, verification: { status: 'verified' } } });
    expect(await bodyOf(`GET /v1/registries/${id}`)).toMatchObject({ expiresOn });
  });

  it('of the password that is refused leaves the old date', async () => {
    const id = await added({ expiresOn: day(10) });
    expect((await edit(id, { source: { password: 'canary-wrong' } })).status).toBe(422);
    expect(await bodyOf(`GET /v1/registries/${id}`)).toMatchObject({ expiresOn: day(10) });
  });

  it('to a kind that Pullpass renews drops the date', async () => {
    const address = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
    const id = await added({ address, tls: {}, expiresOn: day(10), verify: false });
    const changed = await edit(id, { source: { kind: 'ecr' }, verify: false });
    expect(changed).toMatchObject({ status: 200, body: { source: { kind: 'ecr' }, expiresOn: null } });
  });

  it('of what is not static takes no date', async () => {
    const ecr = { address: '123456789012.dkr.ecr.eu-west-1.amazonaws.com', source: { kind: 'ecr' }, tls: {} };
    const id = await added({ ...ecr, verify: false });
    expect(await edit(id, { expiresOn: day(10) })).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'expiresOn' }] },
    });
    expect(await edit(id, { expiresOn: null })).toMatchObject({ status: 200 });
  });
});

describe('the status', () => {
  it('names what expires within 30 days, soonest first, and is ok until a date is past', async () => {
    const ids = [await added({ expiresOn: day(30) }), await added({ expiresOn: day(0) })];
    await added({ expiresOn: day(31) });
    const expiring = [{ id: ids[1], expiresInDays: 0 }, { id: ids[0] }];
    expect(await bodyOf('GET /v1/status')).toMatchObject({ health: 'ok', attention: [], expiring });
  });

  it('is stale once a date is past; health and what hosts are given go by the login', async () => {
    const id = await added({ expiresOn: day(10) });
    const token = await pullpass.createAgent({ environments: ['prod'] });
    await expire(id);
    const expiring = [{ id, expiresInDays: -2, credential: { state: 'fresh' } }];
    expect(await bodyOf('GET /v1/status')).toMatchObject({ health: 'stale', attention: [], expiring });
    expect((await pullpass.call('GET /healthz')).status).toBe(200);
    const image = { image: `${registry.address}/app:1` };
    const answer = await pullpass.call('POST /v1/environments/prod/resolve', image, { token });
    expect(answer.body).toMatchObject({ credential: { username: 'puller', password: PASSWORD, expiresAt: null } });
  });

  it('says nothing of what is inactive', async () => {
    const id = await added({ expiresOn: day(10) });
    await expire(id);
    await pullpass.call(`POST /v1/registries/${id}/deactivate`);
    expect(await bodyOf('GET /v1/status')).toMatchObject({ health: 'ok', expiring: [] });
  });
});

it('what is reported is in the history, and once', async () => {
  const id = await added({ expiresOn: day(10) });
  expect(await pullpass.reverifyIn(0)).toMatchObject({ expiring: 1 });
  await pullpass.reverifyIn(HOUR);
  const entry = { action: 'registry.password_expires_soon', actor: 'pullpass', name: null, subject: id };
  expect(await bodyOf(`GET /v1/registries/${id}/history?limit=5`)).toMatchObject({
    items: [{ ...entry, detail: `${day(10)}, days left: 10` }, { action: 'registry.add' }],
  });
});
