/** One row of the data cannot be read, while Pullpass runs: what it takes down is itself, and a command mends it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureAdminToken } from '../../lib/serve/admin-token.ts';
import { sweepVault } from '../../lib/serve/sweep-vault.ts';
import { textLike, textWith } from '../support/text-like.ts';
import { openInstallation, type Installation } from './import/installation.ts';

let pullpass: Installation;
let token: string;
const ids = new Map<string, string>();

beforeEach(async () => {
  pullpass = await openInstallation();
  for (const host of ['a.example', 'b.example', 'b.example/team']) ids.set(host, await addRegistry(host));
  token = await pullpass.createAgent({ environments: ['prod', 'ci'] });
});
afterEach(async () => {
  await pullpass.close();
});

async function addRegistry(address: string): Promise<string> {
  const source = { kind: 'static', username: 'u', password: `password-${address}` };
  const registry = { address, environments: ['prod', 'ci'], source, verify: false };
  const { body } = await pullpass.call('POST /v1/registries', registry);
  return textAt(body, 'id');
}

function textAt(body: unknown, field: string): string {
  return typeof body === 'object' && body !== null ? String(new Map(Object.entries(body)).get(field)) : '';
}

function idOf(host: string): string {
  return ids.get(host) ?? '';
}

/** As a disk or somebody's hand does it, beside the running process; and without what it keeps for two seconds. */
async function damage(file: 'catalogue.db' | 'vault.db', sql: string): Promise<void> {
  const database = new DatabaseSync(join(pullpass.directory, file));
  expect(Number(database.prepare(sql).run().changes)).toBeGreaterThan(0);
  database.close();
  await pullpass.refresh();
}

async function pull(image: string, environment = 'prod') {
  const { status, body } = await pullpass.call(`POST /v1/environments/${environment}/resolve`, { image }, { token });
  return { status, code: textAt(body, 'code') };
}

async function health() {
  const { status, body } = await pullpass.call('GET /healthz', undefined, { token: '' });
  return { status, is: textAt(body, 'status') };
}

const GIVEN = { status: 200 };
const UNREADABLE = { status: 503, code: 'unreadable_row' };

async function expectWell(): Promise<void> {
  expect(await health()).toEqual({ status: 200, is: 'ok' });
  expect(await pullpass.run(['status'])).toMatchObject({ exitCode: 0, stdout: textLike(/^ok: /) });
}

function badRows(): readonly unknown[] {
  return pullpass.events.filter(({ code }) => code === 'catalogue.bad_row').map(({ fields }) => fields);
}

describe('a registry that cannot be read', () => {
  const DAMAGED = `UPDATE registries SET document = '{' WHERE address = 'b.example'`;

  it('refuses its own images and those that it may be for; all others go on', async () => {
    await damage('catalogue.db', DAMAGED);
    expect(await pull('b.example/app')).toEqual(UNREADABLE);
    expect(await pull('b.example/team/app')).toMatchObject(GIVEN);
    expect(await pull('a.example/app')).toMatchObject(GIVEN);
    const named = await pullpass.call('POST /v1/environments/prod/docker-credential', 'b.example', { token });
    expect(named.status).toBe(503);
    const config = 'GET /v1/environments/prod/host-config/podman';
    expect((await pullpass.call(config, undefined, { token })).status).toBe(503);
  });

  it('is told once, named by status, and deleted by its id', async () => {
    await damage('catalogue.db', DAMAGED);
    const { exitCode, stdout } = await pullpass.run(['status']);
    expect([exitCode, stdout]).toEqual([1, textLike(/^damaged: [^]*1 stored row cannot be read/)]);
    expect(stdout).toContain(`pullpass registry delete ${idOf('b.example')}`);
    await pullpass.run(['registry', 'list']);
    expect(badRows()).toEqual([{ table: 'registries', id: idOf('b.example'), reason: 'corrupt_row' }]);
    expect(await health()).toEqual({ status: 503, is: 'damaged' });

    const deleted = await pullpass.run(['registry', 'delete', idOf('b.example'), '--yes']);
    expect(deleted).toMatchObject({ exitCode: 0, stdout: textWith('could not be read') });
    expect(await pullpass.store.vault.registryIds()).not.toContain(idOf('b.example'));
    await expectWell();
    expect(await pull('b.example/app')).toMatchObject({ status: 404, code: 'no_credential' });
  });

  it('does not keep Pullpass from starting, nor the sweep from going on', async () => {
    await damage('catalogue.db', DAMAGED);
    const report = (): void => undefined;
    await sweepVault({ ...pullpass.store, report, now: () => Date.now() + 30 * 86_400_000 });
    expect(await pullpass.store.vault.orphans()).toEqual(new Map());
  });
});

describe('a policy that cannot be read', () => {
  it("refuses every host where it is the organisation's, says so at once, and is replaced", async () => {
    await pullpass.run(['policy', 'set', '--deny', 'evil.example']);
    await damage('catalogue.db', `UPDATE policies SET document = '{}' WHERE scope = ''`);
    expect(await health()).toEqual({ status: 503, is: 'damaged' });
    expect([await pull('a.example/app'), await pull('a.example/app', 'ci')]).toEqual([UNREADABLE, UNREADABLE]);
    expect((await pullpass.run(['status'])).stdout).toContain('pullpass policy set --file');
    const file = join(pullpass.directory, 'policy.json');
    await writeFile(
      file,
      JSON.stringify({ whitelist: null, deny: ['evil.example'], defaultRegistry: null, mode: null }),
    );
    expect(await pullpass.run(['policy', 'set', '--file', file])).toMatchObject({ exitCode: 0 });
    await expectWell();
    expect(await pull('a.example/app')).toMatchObject(GIVEN);
  });

  it("refuses one environment where it is that one's", async () => {
    await pullpass.run(['policy', 'set', '--env', 'ci', '--deny', 'evil.example']);
    await damage('catalogue.db', `UPDATE policies SET document = '{}' WHERE scope = 'ci'`);
    expect([await pull('a.example/app', 'ci'), await pull('a.example/app')]).toMatchObject([UNREADABLE, GIVEN]);
    expect((await pullpass.run(['status'])).stdout).toMatch(/policies +ci +corrupt_row/);
  });
});

describe('an agent that cannot be read', () => {
  it('is left out of the list, and deleted by its id', async () => {
    const id = token.split('_')[1] ?? '';
    await damage('catalogue.db', `UPDATE agents SET document = '{' WHERE id = '${id}'`);
    expect(await pull('a.example/app')).toEqual(UNREADABLE);
    expect(await pullpass.run(['agent', 'list'])).toMatchObject({
      exitCode: 0,
      stdout: textWith('test admin'),
    });
    expect(await pullpass.run(['agent', 'delete', id, '--yes'])).toMatchObject({ exitCode: 0 });
    await expectWell();
    expect(await pull('a.example/app')).toMatchObject({ status: 401 });
    expect(await pullpass.run(['agent', 'delete', id, '--yes'])).toMatchObject({ exitCode: 4 });
  });

  it("has its token replaced at the start where it is the administrator's", async () => {
    const deps = { catalogue: pullpass.store.catalogue, now: Date.now };
    const { file } = await ensureAdminToken(pullpass.directory, deps);
    const before = (await readFile(file, 'utf8')).trim();
    await damage('catalogue.db', `UPDATE agents SET document = 'x' WHERE id = '${before.split('_')[1] ?? ''}'`);
    expect(await ensureAdminToken(pullpass.directory, deps)).toEqual({ file, created: true });
    const after = (await readFile(file, 'utf8')).trim();
    expect((await pullpass.call('GET /v1/status', undefined, { token: after })).status).toBe(200);
    expect((await pullpass.call('GET /v1/status', undefined, { token: before })).status).toBe(401);
    await expectWell();
  });
});

it('a line of the audit trail that cannot be read is left out, and hosts do not feel it', async () => {
  await damage('catalogue.db', `UPDATE audit SET entry = '{' WHERE subject = '${idOf('a.example')}'`);
  const audit = await pullpass.run(['audit']);
  expect(audit).toMatchObject({ exitCode: 0, stdout: textWith('b.example') });
  expect(await pullpass.run(['registry', 'history', idOf('a.example')])).toMatchObject({ exitCode: 0 });
  expect(badRows()).toMatchObject([{ table: 'audit' }]);
  await expectWell();
  expect((await pullpass.run(['status'])).stdout).toMatch(/audit +\d+ +corrupt_row/);
});

describe('a secret that cannot be read', () => {
  const secretOf = (host: string, kind: string) => `registry_id = '${idOf(host)}' AND kind = '${kind}'`;

  it('or is gone is made anew from its source at once; until then health is not ok', async () => {
    for (const [host, sql] of [
      ['a.example', `UPDATE secrets SET sealed = x'00' WHERE ${secretOf('a.example', 'issued')}`],
      ['b.example', `DELETE FROM secrets WHERE ${secretOf('b.example', 'issued')}`],
    ] as const) {
      await damage('vault.db', sql);
      expect(await pull(`${host}/app`)).toEqual({ status: 503, code: 'credential_unavailable' });
      expect(await health()).toEqual({ status: 503, is: 'stale' });
      const { exitCode, stdout } = await pullpass.run(['status']);
      expect([exitCode, stdout]).toEqual([1, textWith(idOf(host))]);
    }
    await pullpass.refresh();
    for (const host of ['a.example', 'b.example']) expect(await pull(`${host}/app`)).toMatchObject(GIVEN);
    expect(await health()).toEqual({ status: 200, is: 'ok' });
  });

  it('is replaced by an edit with the password where it is that of the source', async () => {
    await damage('vault.db', `UPDATE secrets SET sealed = x'00' WHERE ${secretOf('a.example', 'source')}`);
    const without = await pullpass.run(['registry', 'edit', idOf('a.example'), '--username', 'u2']);
    expect(without.exitCode).not.toBe(0);
    const source = { password: 'new', kind: 'static' };
    const path = `PATCH /v1/registries/${idOf('a.example')}`;
    expect((await pullpass.call(path, { source, verify: false })).status).toBe(200);
    expect(await pull('a.example/app')).toMatchObject(GIVEN);
  });
});
