/** What only the embedded catalogue promises: cost by index, group commit, retention, refusing what it can't read. */
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';

import { StoreUnavailable, type Catalogue } from '../../lib/stores/catalogue.ts';
import { PRINCIPALS_SQL } from '../../lib/stores/embedded/agents.ts';
import { SUBJECT_SQL } from '../../lib/stores/embedded/audit-trail.ts';
import { CATALOGUE_MIGRATIONS } from '../../lib/stores/embedded/catalogue-schema.ts';
import { openEmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { DUE_SQL, NEXT_EXPIRY_SQL } from '../../lib/stores/embedded/refresh-queue.ts';
import { listStatement } from '../../lib/stores/embedded/registry-list.ts';
import { add, pageOf } from './contract/catalogue-under-test.ts';
import { agent, change, decision, policy, principalAgent } from './contract/entries.ts';
import { HOUR, START } from '../support/registry-fixture.ts';
import { openedStore, temporaryDirectory } from './embedded/data-directory.ts';

/** Directly on the file of a store that is closed. */
function onFile<Value>(directory: string, work: (database: DatabaseSync) => Value): Value {
  const database = new DatabaseSync(join(directory, 'catalogue.db'));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

describe('the cost of a read follows what it answers', () => {
  it.each([
    ['what is due', DUE_SQL, 'registries_due (kind=? AND due_at<?)'],
    ['what runs out first', NEXT_EXPIRY_SQL, 'registries_expiring (kind>?)'],
    ['an address', listStatement({ address: 'a' }).sql, 'registries_by_address (address=?'],
    ['a kind', listStatement({ kind: 'ecr' }).sql, 'registries_by_kind (kind=?'],
    ['the inactive', listStatement({ state: 'inactive' }).sql, 'registries_inactive'],
    ['an environment', listStatement({ environment: 'prod' }).sql, 'registry_environments_by_name (environment=?'],
    ['no filter', listStatement({}).sql, 'INTEGER PRIMARY KEY (rowid<?)'],
    ['the changes of a subject', SUBJECT_SQL, 'audit_by_subject (subject=? AND rowid<?)'],
    ['the agents with a principal', PRINCIPALS_SQL, 'SCAN agents USING INDEX agents_with_principal'],
  ])('%s is a range of an index, already in order', async (_name, sql, wanted) => {
    const directory = await temporaryDirectory();
    await (await openedStore({ directory })).close();
    const plan = onFile(directory, (database) => database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all());
    const steps = plan.map(({ detail }) => String(detail)).join('\n');
    expect(steps).toContain(wanted);
    expect(steps).not.toMatch(/^SCAN registries$|TEMP B-TREE FOR ORDER BY/m);
  });
});

describe('a catalogue whose file is replaced while it runs', () => {
  it.each(['moved away', 'replaced by a copy'])('records and reads nothing more: %s', async (what) => {
    const directory = await temporaryDirectory();
    const { catalogue } = await openedStore({ directory });
    const path = join(directory, 'catalogue.db');
    await rename(path, `${path}.away`);
    if (what === 'replaced by a copy') await copyFile(`${path}.away`, path);
    const replaced = { code: 'replaced' };
    await expect(catalogue.recordDecision(decision())).rejects.toMatchObject(replaced);
    await expect(catalogue.firstUrgent()).rejects.toMatchObject(replaced);
    const write = { scope: 'prod', document: policy(), expectedRevision: undefined, updatedAt: START };
    await expect(catalogue.putPolicy({ ...write, change: change() })).rejects.toMatchObject(replaced);
  });
});

describe('claims of a process that is gone', () => {
  it('are dropped at the start', async () => {
    const directory = await temporaryDirectory();
    const first = await openedStore({ directory });
    const { id } = await add(first.catalogue, {});
    const claim = { claimId: 'gone', now: START, until: START + 3_600_000 };
    expect(await first.catalogue.claimRegistry(id, claim)).toMatchObject({ credential: { claim: { id: 'gone' } } });
    await first.close();
    const { catalogue } = await openedStore({ directory });
    const next = { claimId: 'next', now: START, until: START + 60_000 };
    expect(await catalogue.claimRegistry(id, next)).toMatchObject({ credential: { claim: { id: 'next' } } });
  });
});

describe('decisions recorded in one turn of the event loop', () => {
  it('are all durable when the first of them is', async () => {
    const directory = await temporaryDirectory();
    const { catalogue } = await openedStore({ directory });
    const images = ['a', 'b', 'c'];
    const recording = images.map((image) => catalogue.recordDecision(decision({ image })));
    await Promise.race(recording);
    const stored = onFile(directory, (database) => database.prepare('SELECT count(*) AS count FROM audit').get());
    expect(stored).toMatchObject({ count: 3 });
    await Promise.all(recording);
  });

  it('are all refused when they cannot be stored, and the next ones are stored again', async () => {
    const directory = await temporaryDirectory();
    const { catalogue } = await openedStore({ directory });
    const rename = (sql: string): void => {
      onFile(directory, (database) => {
        database.exec(sql);
      });
    };
    rename('ALTER TABLE audit RENAME TO hidden');
    const recording = [decision(), decision()].map((entry) => catalogue.recordDecision(entry));
    const settled = await Promise.allSettled(recording);
    expect(settled.map(({ status }) => status)).toStrictEqual(['rejected', 'rejected']);
    await expect(recording[0]).rejects.toThrow(StoreUnavailable);
    await expect(recording[0]).rejects.toThrow(/^store unavailable: sqlite_1$/);
    rename('ALTER TABLE hidden RENAME TO audit');
    await catalogue.recordDecision(decision());
    expect(pageOf(await catalogue.listAudit({ limit: 5 })).items).toHaveLength(1);
  });

  it('are written by close, and refused after it', async () => {
    const directory = await temporaryDirectory();
    const store = await openedStore({ directory });
    const recording = store.catalogue.recordDecision(decision({ image: 'last' }));
    await store.close();
    await recording;
    await expect(store.catalogue.recordDecision(decision())).rejects.toMatchObject({ code: 'closed' });
    const again = await openedStore({ directory });
    expect(pageOf(await again.catalogue.listAudit({ limit: 5 })).items).toMatchObject([{ image: 'last' }]);
  });
});

describe('a change whose audit entry cannot be stored', () => {
  it.each<[string, (catalogue: Catalogue) => Promise<unknown>]>([
    ['adding a registry', (catalogue) => add(catalogue, { id: 'new', environments: ['new'] })],
    ['editing a registry', (catalogue) => editRegistry(catalogue)],
    [
      'removing a registry',
      (catalogue) => catalogue.removeRegistry({ id: 'registry-1', expectedRevision: 1, change: change() }),
    ],
    ['setting a policy', (catalogue) => catalogue.putPolicy({ ...PUT, document: policy({ mode: 'enforce' }) })],
    ['adding an agent', (catalogue) => catalogue.addAgent(agent({ id: 'new', environments: ['new'] }), change())],
    ['removing an agent', (catalogue) => catalogue.removeAgent('agent-1', change())],
  ])('is not stored either: %s', async (_name, work) => {
    const directory = await temporaryDirectory();
    const { catalogue } = await openedStore({ directory });
    await add(catalogue);
    await catalogue.addAgent(agent(), change());
    await catalogue.putPolicy(PUT);
    const before = await everythingIn(catalogue);
    onFile(directory, (database) => {
      database.exec('ALTER TABLE audit RENAME TO hidden');
    });
    await expect(work(catalogue)).rejects.toThrow(StoreUnavailable);
    expect(await everythingIn(catalogue)).toStrictEqual(before);
  });

  const PUT = { scope: 'prod', document: policy(), expectedRevision: undefined, updatedAt: 1, change: change() };

  async function editRegistry(catalogue: Catalogue): Promise<unknown> {
    const stored = await catalogue.getRegistry('registry-1');
    if (stored === undefined) throw new Error('the registry is gone');
    const registry = { ...stored, environments: ['new'], credential: { consecutiveFailures: 9 } };
    return await catalogue.updateRegistry({ registry, expectedRevision: 1, replaceCredential: true, change: change() });
  }

  async function everythingIn(catalogue: Catalogue): Promise<unknown> {
    return {
      registries: await catalogue.listRegistries({ filter: {}, limit: 10 }),
      agents: await catalogue.listAgents({ limit: 10 }),
      policy: await catalogue.getPolicy('prod'),
      environments: await catalogue.listEnvironments(),
    };
  }
});

describe('the audit trail', () => {
  it('keeps decisions of the newest entries, and every change: no flood of decisions pushes one out', async () => {
    const { catalogue } = await openedStore({ directory: await temporaryDirectory(), auditEntries: 10 });
    for (let index = 0; index < 12; index += 1) {
      await catalogue.recordDecision(decision({ image: `image-${index}` }));
      await catalogue.addAgent(agent({ id: `agent-${index}` }), change({ subject: `agent-${index}` }));
    }
    const decisions = pageOf(await catalogue.listAudit({ limit: 100, type: 'decision' })).items;
    expect(decisions.map((entry) => 'image' in entry && entry.image).reverse()).toEqual(
      [7, 8, 9, 10, 11].map((index) => `image-${index}`),
    );
    expect(pageOf(await catalogue.listAudit({ limit: 100, type: 'change' })).items).toHaveLength(12);
    await Promise.all(Array.from({ length: 3000 }, () => catalogue.recordDecision(decision({}))));
    for (let index = 0; index < 5; index += 1) await catalogue.recordDecision(decision({}));
    const { items } = pageOf(await catalogue.listAudit({ limit: 500, type: 'decision' }));
    expect(items).toHaveLength(10);
    expect(pageOf(await catalogue.listAudit({ limit: 100, type: 'change' })).items).toHaveLength(12);
  });
});

describe('a store that is closed', () => {
  it('answers every call as an outage', async () => {
    const store = await openedStore({ directory: await temporaryDirectory() });
    await store.close();
    await store.close();
    const closed = { name: 'StoreUnavailable', code: 'closed' };
    await expect(store.catalogue.getRegistry('a')).rejects.toMatchObject(closed);
    await expect(add(store.catalogue)).rejects.toMatchObject(closed);
    await expect(store.vault.getIssued('a', 'v')).rejects.toMatchObject(closed);
  });
});

describe('a registry that is not what was written', () => {
  it.each([
    ['no JSON', `UPDATE registries SET document = '{'`],
    ['another shape', `UPDATE registries SET document = '{"id":1}'`],
    ['a field of another type', `UPDATE registries SET document = json_set(document, '$.environments', 'prod')`],
    ['a state that there is not', `UPDATE registries SET document = json_set(document, '$.state', 'asleep')`],
    ['a credential of another shape', `UPDATE registries SET credential = '{}'`],
  ])('is told to a resolve, with its address, and takes down no other: %s', async (_name, sql) => {
    const directory = await temporaryDirectory();
    const store = await openedStore({ directory });
    const bad = await add(store.catalogue, { id: 'bad' });
    const good = await add(store.catalogue, { id: 'good' });
    await store.catalogue.addAgent(agent(), change());
    await store.close();
    onFile(directory, (database) => {
      database.exec(`${sql} WHERE id = 'bad'`);
    });
    const told: unknown[] = [];
    const { catalogue } = await openedStore({ directory, onBadRow: (row) => told.push(row) });
    const query = { caller: { kind: 'agent', id: 'agent-1' }, environment: 'prod', host: bad.address } as const;
    const unreadable = [{ id: 'bad', address: bad.address, environments: ['prod'] }];
    expect(await catalogue.readForResolve(query)).toMatchObject({ registries: [good], unreadable });
    expect(await catalogue.listRegistries({ filter: {}, limit: 5 })).toStrictEqual({ items: [good], unreadable });
    const claim = { claimId: 'c', now: START + 7 * HOUR, until: START + 8 * HOUR };
    expect(await catalogue.claimDue({ claim, kinds: ['ecr'], limit: 1 })).toMatchObject([{ id: 'good' }]);
    const row = { table: 'registries', id: 'bad', reason: 'corrupt_row' };
    expect(told).toStrictEqual([row]);
    expect(await catalogue.badRows()).toStrictEqual([row]);
    const removal = { id: 'bad', expectedRevision: undefined, change: change() };
    expect(await catalogue.removeRegistry(removal)).toStrictEqual({ kind: 'removed' });
    expect(await catalogue.badRows()).toStrictEqual([]);
    expect(await catalogue.readForResolve(query)).toMatchObject({ registries: [{ id: 'good' }] });
  });
});

describe('a row that is not what was written', () => {
  it.each([
    ['a policy whose whitelist is gone', `UPDATE policies SET document = json_remove(document, '$.whitelist')`],
    ['an exception without an end', `UPDATE policies SET document = json_remove(document, '$.exceptions[0].until')`],
    ['a policy of another mode', `UPDATE policies SET document = json_set(document, '$.mode', 'off')`],
    ['an agent with a token and a principal', `UPDATE agents SET document = json_set(document, '$.principal', 'x')`],
    ['an agent with neither', `UPDATE agents SET document = json_remove(document, '$.tokenHash')`],
    ['an agent without environments', `UPDATE agents SET document = json_remove(document, '$.environments')`],
  ])('is an outage for a resolve: %s', async (_name, sql) => {
    const directory = await temporaryDirectory();
    const store = await openedStore({ directory });
    const added = await add(store.catalogue);
    await store.catalogue.addAgent(agent(), change());
    const put = { scope: 'prod', document: policy(), expectedRevision: 0, updatedAt: 1, change: change() };
    await store.catalogue.putPolicy(put);
    await store.close();
    onFile(directory, (database) => {
      database.exec(sql);
    });
    const { catalogue } = await openedStore({ directory });
    const caller = { kind: 'agent', id: 'agent-1' } as const;
    const query = { caller, environment: 'prod', host: added.address };
    await expect(catalogue.readForResolve(query)).rejects.toMatchObject({ code: 'corrupt_row' });
  });
});

it('reads a policy of the version before there were pins and exceptions as one without', async () => {
  const directory = await temporaryDirectory();
  const store = await openedStore({ directory });
  const put = { scope: null, document: policy(), expectedRevision: 0, updatedAt: 1, change: change() };
  await store.catalogue.putPolicy(put);
  await store.close();
  onFile(directory, (database) => {
    database.exec(`UPDATE policies SET document = json_remove(document, '$.alwaysAllow', '$.exceptions')`);
  });
  const { catalogue } = await openedStore({ directory });
  expect((await catalogue.getPolicy(null))?.document).toStrictEqual(policy({ alwaysAllow: [], exceptions: [] }));
});

it('opens data of the version before agents had principals, and takes some', async () => {
  const directory = await temporaryDirectory();
  await (await openedStore({ directory })).close();
  await rm(join(directory, 'catalogue.db'));
  onFile(directory, (database) => {
    database.exec(`${CATALOGUE_MIGRATIONS[0] ?? ''}; PRAGMA user_version = 1`);
    const insert = database.prepare('INSERT INTO agents (id, created_at, document) VALUES (?, ?, ?)');
    insert.run('agent-1', agent().createdAt, JSON.stringify(agent()));
    const entry = database.prepare("INSERT INTO audit (type, environment, entry) VALUES ('decision', 'prod', ?)");
    entry.run(JSON.stringify(decision()));
  });
  const { catalogue } = await openedStore({ directory });
  expect(await catalogue.getAgent('agent-1')).toStrictEqual(agent());
  expect(await catalogue.listPrincipals()).toStrictEqual([]);
  expect(pageOf(await catalogue.listAudit({ limit: 5 })).items).toStrictEqual([{ ...decision(), id: '1' }]);
  await catalogue.addAgent(principalAgent({ id: 'agent-2' }), change());
  expect(await catalogue.listPrincipals()).toStrictEqual([principalAgent({ id: 'agent-2' })]);
});

it('finds what was changed before there were histories by its subject', async () => {
  const directory = await temporaryDirectory();
  await (await openedStore({ directory })).close();
  await rm(join(directory, 'catalogue.db'));
  onFile(directory, (database) => {
    database.exec(`${CATALOGUE_MIGRATIONS.slice(0, 2).join(';')}; PRAGMA user_version = 2`);
    const insert = database.prepare('INSERT INTO audit (type, environment, entry) VALUES (?, ?, ?)');
    insert.run('change', null, JSON.stringify(change({ subject: 'old', detail: `it's "quoted"` })));
    insert.run('decision', 'prod', JSON.stringify(decision()));
    // Nothing can be known of it, and it must not stand in the way of the rest.
    insert.run('change', null, 'no JSON');
  });
  const { catalogue } = await openedStore({ directory });
  await catalogue.addAgent(agent(), change({ subject: 'old', action: 'registry.delete' }));
  const { items } = pageOf(await catalogue.listAudit({ subject: 'old', sort: 'registry', limit: 5 }));
  expect(items).toMatchObject([{ action: 'registry.delete' }, { action: 'registry.add', detail: `it's "quoted"` }]);
  expect(pageOf(await catalogue.listAudit({ type: 'decision', limit: 5 })).items).toMatchObject([{ id: '2' }]);
});

describe('opening data that cannot be used', () => {
  it.each(['catalogue.db', 'vault.db'])('refuses a %s of a later version, and leaves it as it is', async (name) => {
    const directory = await temporaryDirectory();
    await (await openedStore({ directory })).close();
    const path = join(directory, name);
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 999');
    database.close();
    expect(await openEmbeddedStore({ directory })).toMatchObject({
      ok: false,
      failure: { kind: 'newer_schema', path },
    });
    const after = new DatabaseSync(path);
    expect(after.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 999 });
    after.close();
  });

  it.each([
    ['catalogue.db', 'not_a_database', (path: string) => writeFile(path, 'this is text, and no database at all')],
    ['vault.db', 'not_a_database', (path: string) => writeFile(path, 'this is text, and no database at all')],
    ['catalogue.db', 'cannot_open', (path: string) => rm(path).then(() => mkdir(path))],
  ])('refuses a %s that is %s, names it, and lets go of the rest', async (name, code, spoil) => {
    const directory = await temporaryDirectory();
    await (await openedStore({ directory })).close();
    const path = join(directory, name);
    await spoil(path);
    const refused = await openEmbeddedStore({ directory });
    expect(refused).toMatchObject({ ok: false, failure: { kind: 'unreadable', path, code } });
    expect(await openEmbeddedStore({ directory })).toStrictEqual(refused);
  });

  it('refuses a directory that is a file', async () => {
    const directory = join(await temporaryDirectory(), 'file');
    await writeFile(directory, '');
    const refused = await openEmbeddedStore({ directory });
    expect(refused).toMatchObject({ ok: false, failure: { kind: 'unreadable', path: directory, code: 'EEXIST' } });
  });
});
