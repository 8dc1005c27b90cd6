/** The same change to several registries in one call, and two administrators at once. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { startBasicRegistry, type BasicRegistry } from '../support/basic-registry.ts';
import { startPullpass, type Answer, type RunningPullpass } from '../support/running-pullpass.ts';

const PASSWORD = 'canary-password-1';
const bulkAnswer = z.strictObject({
  items: z.array(
    z.strictObject({
      id: z.string(),
      outcome: z.enum(['done', 'failed']),
      registry: z.optional(
        z.looseObject({ id: z.string(), state: z.string(), overriddenBy: z.array(z.unknown()), revision: z.number() }),
      ),
      problem: z.optional(z.looseObject({ status: z.number(), code: z.string(), detail: z.string() })),
    }),
  ),
  done: z.number(),
  failed: z.number(),
});

let registry: BasicRegistry;
let pullpass: RunningPullpass;

beforeAll(async () => {
  registry = await startBasicRegistry({ puller: PASSWORD });
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

async function add(path = '', environments: readonly string[] = ['prod']): Promise<string> {
  const answer = await pullpass.call('POST /v1/registries', {
    address: `${registry.address}${path}`,
    source: { kind: 'static', username: 'puller', password: PASSWORD },
    tls: { plainHttp: true },
    environments,
  });
  expect(answer.status, answer.text).toBe(201);
  return z.looseObject({ id: z.string() }).parse(answer.body).id;
}

async function addAll(count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) ids.push(await add(`/team-${index}`));
  return ids;
}

function call(action: string, registries: readonly unknown[]): Promise<Answer> {
  return pullpass.call('POST /v1/registries/bulk', { action, registries });
}

async function bulk(action: string, registries: readonly unknown[]): Promise<z.infer<typeof bulkAnswer>> {
  const answer = await call(action, registries);
  expect(answer.status, answer.text).toBe(200);
  expect(answer.text).not.toContain('canary');
  return bulkAnswer.parse(answer.body);
}

const states = ({ items }: z.infer<typeof bulkAnswer>) => items.map(({ registry: after }) => after?.state);
const codes = ({ items }: z.infer<typeof bulkAnswer>) => items.map(({ problem }) => problem?.code);
const byId = (ids: readonly string[]) => ids.map((id) => ({ id }));

describe('a change to several registries', () => {
  it('deactivates and activates them, in the order asked, and answers each as it is now', async () => {
    const ids = (await addAll(3)).toReversed();
    const off = await bulk('deactivate', byId(ids));
    expect(off).toMatchObject({ done: 3, failed: 0 });
    expect(off.items.map(({ id, registry: after }) => [id, after?.id, after?.revision])).toEqual(
      ids.map((id) => [id, id, 2]),
    );
    expect(states(off)).toEqual(['inactive', 'inactive', 'inactive']);
    // What is so already is done, and nothing is written.
    expect(await bulk('deactivate', byId(ids))).toEqual(off);
    expect(states(await bulk('activate', byId(ids)))).toEqual(['active', 'active', 'active']);
  });

  it('deletes them with their secrets, and each has its entry', async () => {
    const ids = await addAll(4);
    const [kept = '', ...gone] = ids;
    const deleted = await bulk('delete', byId(gone));
    expect(deleted).toEqual({ items: gone.map((id) => ({ id, outcome: 'done' })), done: 3, failed: 0 });
    expect(await pullpass.store.vault.registryIds()).toEqual([kept]);
    for (const id of gone) {
      const history = await pullpass.call(`GET /v1/registries/${id}/history?limit=1`);
      expect(history.body).toMatchObject({ items: [{ action: 'registry.delete', name: 'test admin' }] });
    }
  });

  it('shows the state after all of them: what answers again, answers', async () => {
    const first = await add();
    const second = await add();
    await bulk('delete', [{ id: second }]);
    const [item] = (await bulk('verify', [{ id: first }])).items;
    expect(item?.registry).toMatchObject({ overriddenBy: [], verification: { status: 'verified' } });
  });

  it('verifies them, and shows what came of it', async () => {
    const ids = await addAll(2);
    registry.accounts.set('puller', 'canary-changed');
    const verified = await bulk('verify', byId(ids));
    registry.accounts.set('puller', PASSWORD);
    expect(verified).toMatchObject({ done: 2, failed: 0 });
    expect(verified.items).toMatchObject(
      ids.map(() => ({ registry: { verification: { status: 'unauthorized' }, credential: { state: 'stale' } } })),
    );
  });

  it('goes on after one that fails, which answers what it would have answered alone', async () => {
    const [old = '', fine = '', busy = ''] = await addAll(3);
    await pullpass.call(`PATCH /v1/registries/${old}`, { description: 'new' });
    const { catalogue } = pullpass.store;
    await catalogue.claimRegistry(busy, { claimId: 'refresh', now: Date.now(), until: Date.now() + 60_000 });
    const wanted = [{ id: 'nobody' }, { id: old, revision: 1 }, { id: busy }, { id: fine, revision: 1 }];
    const changed = await bulk('verify', wanted);
    expect(codes(changed)).toEqual(['not_found', 'revision_conflict', 'registry_busy', undefined]);
    expect(changed).toMatchObject({ done: 1, failed: 3 });
    const alone = await pullpass.call(`POST /v1/registries/${old}/verify`, undefined, {
      headers: { 'if-match': '"1"' },
    });
    expect(changed.items[1]?.problem).toEqual(alone.body);
  });

  it.each<[string, unknown, string]>([
    ['an unknown action', { action: 'refresh', registries: [{ id: 'a' }] }, 'action'],
    ['none', { action: 'delete', registries: [] }, 'registries'],
    [
      'more than a hundred',
      { action: 'delete', registries: byId(Array.from({ length: 101 }, (_, n) => `r${n}`)) },
      'registries',
    ],
    [
      'one twice',
      { action: 'delete', registries: [{ id: 'a' }, { id: 'b' }, { id: 'a', revision: 2 }] },
      'registries[2].id',
    ],
    ['a revision that is none', { action: 'delete', registries: [{ id: 'a', revision: 0 }] }, 'registries[0].revision'],
    ['an id that is none', { action: 'delete', registries: ['a'] }, 'registries[0]'],
    ['an unknown field', { action: 'delete', registries: [{ id: 'a' }], all: true }, 'all'],
    ['all', { action: 'delete' }, 'registries'],
  ])('refuses %s', async (_name, body, field) => {
    const answer = await pullpass.call('POST /v1/registries/bulk', body);
    expect(answer.body).toMatchObject({ status: 400, code: 'invalid_input', errors: [{ field }] });
  });

  it('is for administrators', async () => {
    const id = await add();
    const body = { action: 'delete', registries: [{ id }] };
    const viewer = await pullpass.createAgent({ role: 'viewer' });
    const refused = await pullpass.call('POST /v1/registries/bulk', body, { token: viewer });
    expect(refused.body).toMatchObject({ status: 403, code: 'role_required' });
    expect((await pullpass.call('POST /v1/registries/bulk', body, { token: '' })).status).toBe(401);
    expect((await pullpass.call(`GET /v1/registries/${id}`)).status).toBe(200);
  });
});

describe('two administrators at once', () => {
  interface Change {
    readonly name: string;
    readonly make: (id: string) => Promise<Answer | z.infer<typeof bulkAnswer>>;
  }
  const held = { headers: { 'if-match': '"1"' } };
  const edit: Change = {
    name: 'an edit',
    make: (id) => pullpass.call(`PATCH /v1/registries/${id}`, { description: 'edited' }, held),
  };
  const password: Change = {
    name: 'a new password',
    make: (id) =>
      pullpass.call(
        `PATCH /v1/registries/${id}`,
        { source: { kind: 'static', username: 'puller', password: PASSWORD } },
        held,
      ),
  };
  const remove: Change = { name: 'deleting', make: (id) => bulk('delete', [{ id, revision: 1 }]) };
  const deactivate: Change = { name: 'deactivating', make: (id) => bulk('deactivate', [{ id, revision: 1 }]) };
  const done = (answer: Answer | z.infer<typeof bulkAnswer>): boolean =>
    'status' in answer ? answer.status === 200 : answer.done === 1;

  it.each([
    [edit, remove],
    [edit, deactivate],
    [password, remove],
    [password, deactivate],
    [deactivate, remove],
  ])('who know the same revision: of $0.name and $1.name one is done, and the other is told', async (one, other) => {
    for (let round = 0; round < 5; round += 1) {
      const id = await add();
      const answers = await Promise.all(
        round % 2 === 0 ? [one.make(id), other.make(id)] : [other.make(id), one.make(id)],
      );
      expect(answers.filter(done)).toHaveLength(1);
      const stored = await pullpass.store.catalogue.getRegistry(id);
      // The one that was done is there to see, and nothing of the other.
      if (stored !== undefined) expect(stored.revision).toBe(2);
      const kept = await pullpass.store.vault.registryIds();
      expect(kept.includes(id)).toBe(stored !== undefined);
    }
  });

  it('who name no revision change different things, or are told; nothing that was done is undone', async () => {
    for (let round = 0; round < 5; round += 1) {
      const id = await add();
      const path = `PATCH /v1/registries/${id}`;
      const patches = [{ description: 'one' }, { environments: ['ci'] }, { email: 'ops@example.org' }];
      const answers = await Promise.all([
        ...patches.map((patch) => pullpass.call(path, patch)),
        bulk('deactivate', [{ id }]),
      ]);
      const after = await pullpass.store.catalogue.getRegistry(id);
      const made = answers.map(done);
      expect(after?.revision).toBe(1 + made.filter(Boolean).length);
      expect([
        after?.description === 'one',
        after?.environments.includes('ci'),
        after?.email === 'ops@example.org',
        after?.state === 'inactive',
      ]).toEqual(made);
    }
  });

  it('who change overlapping sets: each registry is changed once by whoever came first', async () => {
    const ids = await addAll(12);
    const known = ids.map((id) => ({ id, revision: 1 }));
    const [off, gone] = await Promise.all([bulk('deactivate', known), bulk('delete', known.toReversed())]);
    const lost = gone.items.toReversed();
    for (const [index, id] of ids.entries()) {
      const outcomes = [off.items[index]?.outcome, lost[index]?.outcome];
      expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
      const stored = await pullpass.store.catalogue.getRegistry(id);
      expect(stored?.state).toBe(outcomes[0] === 'done' ? 'inactive' : undefined);
    }
  });
});
