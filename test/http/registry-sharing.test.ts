/** One registry for several environments, several at one address: what each shows, who answers, what is left of it all. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { startBasicRegistry, type BasicRegistry } from '../support/basic-registry.ts';
import { startPullpass, type Answer, type RunningPullpass } from '../support/running-pullpass.ts';

const PASSWORDS = { first: 'canary-password-1', second: 'canary-password-2' } as const;
const registryAnswer = z.looseObject({ id: z.string(), revision: z.number() });
const historyAnswer = z.looseObject({
  items: z.array(z.looseObject({ action: z.string(), detail: z.optional(z.string()), name: z.nullable(z.string()) })),
  cursor: z.optional(z.string()),
});

let registry: BasicRegistry;
let pullpass: RunningPullpass;
let agents: Record<'prod' | 'ci' | 'dev', string>;

beforeAll(async () => {
  registry = await startBasicRegistry(PASSWORDS);
});

afterAll(async () => {
  await registry.close();
});

beforeEach(async () => {
  pullpass = await startPullpass();
  const agent = (environment: string) => pullpass.createAgent({ environments: [environment] });
  agents = { prod: await agent('prod'), ci: await agent('ci'), dev: await agent('dev') };
  return async () => {
    await pullpass.close();
  };
});

async function add(
  username: keyof typeof PASSWORDS,
  environments: readonly string[],
  more: Record<string, unknown> = {},
): Promise<string> {
  const source = { kind: 'static', username, password: PASSWORDS[username] };
  const body = { address: registry.address, environments, tls: { plainHttp: true }, source, ...more };
  const answer = await pullpass.call('POST /v1/registries', body);
  expect(answer.status, answer.text).toBe(201);
  return registryAnswer.parse(answer.body).id;
}

/** Whose login a host of an environment is given; or the code of the refusal. */
async function answeringIn(environment: keyof typeof agents): Promise<unknown> {
  const token = agents[environment];
  const path = `POST /v1/environments/${environment}/resolve`;
  const { body } = await pullpass.call(path, { image: `${registry.address}/app` }, { token });
  const answer = z.looseObject({
    code: z.optional(z.string()),
    credential: z.optional(z.looseObject({ username: z.string() })),
  });
  const { code, credential } = answer.parse(body);
  return code ?? credential?.username;
}

function show(id: string): Promise<Answer> {
  return pullpass.call(`GET /v1/registries/${id}`);
}

async function historyOf(id: string, query = ''): Promise<z.infer<typeof historyAnswer>> {
  const answer = await pullpass.call(`GET /v1/registries/${id}/history${query}`);
  expect(answer.status, answer.text).toBe(200);
  return historyAnswer.parse(answer.body);
}

describe('a registry for every environment', () => {
  it('serves those that nobody has named yet, and one for several only those', async () => {
    await add('first', ['prod', 'ci']);
    expect([await answeringIn('prod'), await answeringIn('ci'), await answeringIn('dev')]).toEqual([
      'first',
      'first',
      'no_credential',
    ]);
    await add('second', ['*']);
    expect([await answeringIn('prod'), await answeringIn('dev')]).toEqual(['first', 'second']);
  });

  it('never moves to another address, and says what to do instead', async () => {
    const id = await add('first', ['prod']);
    const moved = await pullpass.call(`PATCH /v1/registries/${id}`, { address: 'quay.io' });
    const rule = 'never changes: add a registry at the new address, then delete this one';
    expect(moved.body).toMatchObject({ status: 400, detail: `address ${rule}`, errors: [{ field: 'address', rule }] });
  });
});

describe('of two registries at one address', () => {
  it('each says in which environments it answers instead of the other, and the list says the same', async () => {
    const everywhere = await add('first', ['*']);
    const named = await add('second', ['prod', 'ci']);

    const stands = { overridden: false, overrides: [], overriddenBy: [{ id: named, environments: ['ci', 'prod'] }] };
    expect((await show(everywhere)).body).toMatchObject(stands);
    const above = {
      overridden: false,
      overrides: [{ id: everywhere, environments: ['ci', 'prod'] }],
      overriddenBy: [],
    };
    expect((await show(named)).body).toMatchObject(above);
    expect((await pullpass.call('GET /v1/registries')).body).toMatchObject({ items: [above, stands] });
    expect([await answeringIn('prod'), await answeringIn('ci'), await answeringIn('dev')]).toEqual([
      'second',
      'second',
      'first',
    ]);
  });

  it('an edit of the environments takes one over, and gives it back', async () => {
    const first = await add('first', ['prod', 'ci']);
    const second = await add('second', ['dev']);
    await pullpass.call(`PATCH /v1/registries/${second}`, { environments: ['dev', 'prod'] });
    expect((await show(first)).body).toMatchObject({ overriddenBy: [{ id: second, environments: ['prod'] }] });
    expect(await answeringIn('prod')).toBe('second');
    await pullpass.call(`PATCH /v1/registries/${second}`, { environments: ['dev'] });
    expect((await show(first)).body).toMatchObject({ overriddenBy: [] });
    expect(await answeringIn('prod')).toBe('first');
  });

  it('the deactivated one refuses and never gives way; deleted, it does', async () => {
    const first = await add('first', ['prod']);
    const second = await add('second', ['prod']);
    await pullpass.call(`POST /v1/registries/${second}/deactivate`);
    expect(await answeringIn('prod')).toBe('registry_inactive');
    expect((await show(first)).body).toMatchObject({
      overridden: true,
      overriddenBy: [{ id: second, environments: ['prod'] }],
    });
    await pullpass.call(`DELETE /v1/registries/${second}`);
    expect(await answeringIn('prod')).toBe('first');
    expect((await show(first)).body).toMatchObject({ overridden: false, overriddenBy: [] });
    await pullpass.call(`DELETE /v1/registries/${first}`);
    expect(await answeringIn('prod')).toBe('no_credential');
  });

  it('both are read for a page with one look at their host', async () => {
    await add('first', ['prod']);
    await add('second', ['prod']);
    await add('first', ['prod'], { address: `${registry.address}/team` });
    const hosts: string[] = [];
    const { catalogue } = pullpass.store;
    const look = catalogue.registriesOnHost.bind(catalogue);
    catalogue.registriesOnHost = async (host) => {
      hosts.push(host);
      return await look(host);
    };
    expect((await pullpass.call('GET /v1/registries')).status).toBe(200);
    expect(hosts).toEqual([registry.address]);
  });
});

describe('a change that names an old revision', () => {
  it.each([
    ['PATCH', '', { description: 'late' }],
    ['PATCH', '', { source: { kind: 'static', username: 'first', password: PASSWORDS.first } }],
    ['DELETE', '', undefined],
    ['POST', '/activate', undefined],
    ['POST', '/deactivate', undefined],
    ['POST', '/refresh', undefined],
    ['POST', '/verify', undefined],
  ])('%s%s %j is refused, and nothing is another', async (method, path, body) => {
    const id = await add('first', ['prod']);
    await pullpass.call(`PATCH /v1/registries/${id}`, { description: 'first' });
    const before = (await show(id)).text;
    const headers = { 'if-match': '"1"' };
    const late = await pullpass.call(`${method} /v1/registries/${id}${path}`, body, { headers });
    expect(late.body).toMatchObject({ status: 412, code: 'revision_conflict', currentRevision: 2 });
    expect((await show(id)).text).toBe(before);
    const known = await pullpass.call(`${method} /v1/registries/${id}${path}`, body, {
      headers: { 'if-match': '"2"' },
    });
    expect(known.status, known.text).toBeLessThan(300);
  });
});

describe('the history of a registry', () => {
  it('says who did what, the newest first, and outlives the registry', async () => {
    const id = await add('first', ['prod']);
    const edits = [
      { environments: ['ci', 'prod'] },
      { description: 'canary-description', email: 'canary@example.org' },
      { source: { kind: 'static', username: 'second', password: PASSWORDS.second } },
      { source: { kind: 'static', username: 'first', password: PASSWORDS.first }, tls: { plainHttp: true } },
      { probe: { repository: 'team/app' }, verify: false },
      { environments: ['ci', 'prod'] },
    ];
    for (const edit of edits) {
      const answer = await pullpass.call(`PATCH /v1/registries/${id}`, edit);
      expect(answer.status, answer.text).toBe(200);
    }
    for (const change of ['deactivate', 'activate', 'refresh', 'verify']) {
      expect((await pullpass.call(`POST /v1/registries/${id}/${change}`)).status).toBe(200);
    }
    expect((await pullpass.call(`DELETE /v1/registries/${id}`)).status).toBe(204);

    const { items } = await historyOf(id);
    expect(items.map(({ action, detail = '' }) => `${action}: ${detail}`)).toEqual([
      `registry.delete: ${registry.address} (static) for ci, prod`,
      'registry.verify: verified',
      `registry.refresh: ${registry.address}`,
      `registry.activate: ${registry.address}`,
      `registry.deactivate: ${registry.address}`,
      'registry.edit: nothing is another',
      'registry.edit: probe: none -> team/app; not logged in',
      'registry.edit: source (username, password)',
      'registry.edit: source (username, password)',
      'registry.edit: e-mail; description',
      'registry.edit: environments: prod -> ci, prod',
      `registry.add: ${registry.address} (static) for prod`,
    ]);
    expect(new Set(items.map(({ name }) => name))).toEqual(new Set(['test admin']));
    const text = JSON.stringify(items);
    expect(text).not.toContain('canary');
    // In whose place a password is typed every now and then; and changes stay for good.
    expect(text).not.toContain('second');
  });

  it('comes in pages', async () => {
    const id = await add('first', ['prod']);
    for (const description of ['a', 'b', 'c']) await pullpass.call(`PATCH /v1/registries/${id}`, { description });
    const first = await historyOf(id, '?limit=3');
    expect(first.items.map(({ action }) => action)).toEqual(Array(3).fill('registry.edit'));
    const rest = await historyOf(id, `?limit=3&cursor=${first.cursor ?? ''}`);
    expect(rest.items.map(({ action }) => action)).toEqual(['registry.add']);
    expect(rest.cursor).toBeUndefined();
    expect(await historyOf(id, `?limit=3&cursor=${first.cursor ?? ''}`)).toEqual(rest);
  });

  it.each([
    ['an id that nothing ever had', 'GET /v1/registries/01hnothing/history', 404],
    ['a cursor that is none', 'GET /v1/registries/x/history?cursor=nonsense', 400],
    ['a limit that is none', 'GET /v1/registries/x/history?limit=0', 400],
    ['a filter that it does not have', 'GET /v1/registries/x/history?type=change', 400],
  ])('refuses %s', async (_name, call, status) => {
    expect((await pullpass.call(call)).status).toBe(status);
  });

  it('is nothing for an id that nothing ever had, also from the middle of another list', async () => {
    await add('first', ['prod']);
    const { cursor = '' } = historyAnswer.parse((await pullpass.call('GET /v1/audit?limit=1')).body);
    expect(cursor).not.toBe('');
    expect((await pullpass.call(`GET /v1/registries/01hnothing/history?cursor=${cursor}`)).status).toBe(404);
  });

  it('is not that of an environment or an agent of the same name', async () => {
    const id = await add('first', ['prod']);
    const token = await pullpass.createAgent({ environments: [id] });
    const [, agentId = ''] = token.split('_');
    expect((await pullpass.call(`PUT /v1/environments/${id}/policy`, { deny: ['a.example'] })).status).toBe(200);
    expect((await historyOf(id)).items.map(({ action }) => action)).toEqual(['registry.add']);
    expect((await pullpass.call(`GET /v1/registries/${agentId}/history`)).status).toBe(404);
    const all = historyAnswer.parse((await pullpass.call(`GET /v1/audit?subject=${id}`)).body);
    expect(all.items.map(({ action }) => action)).toEqual(['policy.set', 'registry.add']);
  });

  it('names nobody for what no agent did', async () => {
    const id = await add('first', ['prod']);
    const { catalogue } = pullpass.store;
    const claimed = await catalogue.claimRegistry(id, { claimId: 'c', now: 0, until: 1 });
    if (claimed === 'missing' || claimed === 'busy') throw new Error(claimed);
    const drift = { type: 'change', at: 1, actor: 'pullpass', action: 'registry.drift', subject: id } as const;
    const { sourceVersion } = claimed;
    await catalogue.finishRefresh({ registryId: id, claimId: 'c', sourceVersion, changes: [drift] });
    expect((await historyOf(id)).items[0]).toMatchObject({ actor: 'pullpass', name: null, action: 'registry.drift' });
  });
});

describe('the audit trail by subject', () => {
  it('tells the policy of the organisation from that of an environment that is called so', async () => {
    await pullpass.call('PUT /v1/policy', { deny: ['a.example'] });
    await pullpass.call('PUT /v1/environments/organisation/policy', { deny: ['b.example'] });
    await pullpass.call('PUT /v1/environments/prod/policy', { deny: ['c.example'] });
    const denied = async (subject: string): Promise<readonly (string | undefined)[]> => {
      const answer = await pullpass.call(`GET /v1/audit?subject=${encodeURIComponent(subject)}`);
      return historyAnswer.parse(answer.body).items.map(({ detail = '' }) => /[abc]\.example/.exec(detail)?.[0]);
    };
    expect(await denied('organisation')).toEqual(['a.example']);
    expect(await denied('environment/organisation')).toEqual(['b.example']);
    expect(await denied('prod')).toEqual(['c.example']);
  });

  it('refuses an empty one, and one that is too long to be any', async () => {
    expect((await pullpass.call('GET /v1/audit?subject=')).status).toBe(400);
    expect((await pullpass.call(`GET /v1/audit?subject=${'x'.repeat(129)}`)).status).toBe(400);
  });
});

describe('names of environments', () => {
  const named = (count: number) => Array.from({ length: count }, (_, index) => `env-${index}`);

  it('may be 48, and no more, for a registry and for an agent', async () => {
    const id = await add('first', named(48));
    const refused = {
      status: 400,
      errors: [{ field: 'environments', rule: 'must name at most 48 environments; "*" stands for every one' }],
    };
    expect((await pullpass.call(`PATCH /v1/registries/${id}`, { environments: named(49) })).body).toMatchObject(
      refused,
    );
    expect((await pullpass.call('POST /v1/agents', { name: 'x', environments: named(49) })).body).toMatchObject(
      refused,
    );
  });
});
