/** From one installation into another, against the real service over the embedded store. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { openInstallation, type Installation } from './installation.ts';
import { textWith } from '../../support/text-like.ts';

const ECR = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const UNTIL = '2999-01-01T00:00:00.000Z';

let from: Installation;
let to: Installation;

beforeEach(async () => {
  [from, to] = await Promise.all([openInstallation(), openInstallation()]);
});

afterEach(async () => {
  await Promise.all([from.close(), to.close()]);
});

const exportDocument = z.looseObject({
  registries: z.array(z.looseObject({ id: z.string(), source: z.looseObject({ kind: z.string() }) })),
});

async function exportOf(installation: Installation): Promise<z.infer<typeof exportDocument>> {
  return exportDocument.parse(JSON.parse((await installation.run(['export'])).stdout));
}

/** As an operator would: the password of each, typed into the file. */
function withPasswords(
  document: z.infer<typeof exportDocument>,
  has: (index: number) => boolean = () => true,
): unknown {
  const registries = document.registries.map((registry, index) =>
    registry.source.kind === 'static' && has(index)
      ? { ...registry, source: { ...registry.source, password: `canary-${index}` } }
      : registry,
  );
  return { ...document, registries };
}

async function add(installation: Installation, registry: Readonly<Record<string, unknown>>): Promise<void> {
  const { state, ...body } = registry;
  const answer = await installation.call('POST /v1/registries', { verify: false, ...body });
  expect(answer.status).toBe(201);
  const { id } = z.looseObject({ id: z.string() }).parse(answer.body);
  if (state === 'inactive') await installation.call(`POST /v1/registries/${id}/deactivate`);
}

function staticSource(username: string): Readonly<Record<string, unknown>> {
  return { kind: 'static', username, password: `canary-password-of-${username}` };
}

async function fill(installation: Installation): Promise<void> {
  await add(installation, {
    address: 'quay.io',
    environments: ['prod', 'ci'],
    source: staticSource('old'),
    description: 'overridden',
  });
  await add(installation, {
    address: 'quay.io',
    environments: ['prod'],
    source: staticSource('new'),
    email: 'a@b.example',
    probe: { repository: 'team/app' },
    expiresOn: '2999-01-31',
  });
  await add(installation, {
    address: 'harbor.example:5000/team',
    environments: ['*'],
    source: staticSource('robot$x'),
    tls: { skipVerify: true },
    trustedRealms: ['auth.example'],
    state: 'inactive',
  });
  await add(installation, {
    address: ECR,
    environments: ['prod'],
    source: { kind: 'ecr', roleArn: 'arn:aws:iam::123456789012:role/pull', repositories: ['team/*'] },
  });
  const policy = {
    whitelist: ['quay.io', ECR],
    deny: ['quay.io/bad'],
    alwaysAllow: ['registry.k8s.io'],
    exceptions: [{ entry: 'a.example', reason: 'the move', until: UNTIL }],
    defaultRegistry: 'quay.io',
    mode: 'audit',
  };
  expect((await installation.call('PUT /v1/policy', { deny: ['evil.example'] })).status).toBe(200);
  expect((await installation.call('PUT /v1/environments/prod/policy', policy)).status).toBe(200);
  await installation.createAgent({ name: 'host-1', environments: ['prod'] });
  await installation.call('POST /v1/agents', {
    name: 'web',
    environments: ['prod'],
    principal: 'arn:aws:iam::123456789012:role/web-*',
  });
}

describe('an export', () => {
  it('holds no secret, and nothing that names the installation', async () => {
    await fill(from);
    const { stdout, stderr, exitCode } = await from.run(['export']);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    for (const canary of ['canary', from.adminToken, from.url, 'pp_']) expect(stdout).not.toContain(canary);
  });

  it('is the same twice but for its time, and has the oldest registry first', async () => {
    await fill(from);
    const [one, other] = [await from.run(['export']), await from.run(['export'])];
    expect(other.stdout).toBe(one.stdout);
    const document = await exportOf(from);
    expect(document.registries.map(({ source }) => source['username'] ?? source.kind)).toEqual([
      'old',
      'new',
      'robot$x',
      'ecr',
    ]);
  });

  it('goes into a file that only its owner may read, in place of what was there', async () => {
    await fill(from);
    const file = join(from.directory, 'backup.json');
    await writeFile(file, 'before', { mode: 0o644 });
    const { stdout, exitCode } = await from.run(['export', '--output', file]);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toBe((await from.run(['export'])).stdout);
  });

  it('that cannot be written leaves what was there, and nothing beside it', async () => {
    const { stderr, exitCode } = await from.run(['export', '--output', join(from.directory, 'no/such/folder')]);
    expect({ stderr: stderr.split('\n')[0], exitCode }).toMatchObject({
      stderr: textWith('cannot be written'),
      exitCode: 1,
    });
  });

  it('of one environment has what that one has', async () => {
    await fill(from);
    const document: unknown = JSON.parse((await from.run(['export', '--env', 'ci'])).stdout);
    expect(document).toMatchObject({
      registries: [{ source: { username: 'old' } }, { source: { username: 'robot$x' } }],
      policies: { organisation: null, environments: {} },
      agents: [],
    });
  });

  it('takes an administrator: a viewer may not see agents', async () => {
    const token = await from.createAgent({ name: 'viewer', role: 'viewer' });
    const ran = await from.run(['export']).then(() => from.call('GET /v1/agents', undefined, { token }));
    expect(ran.status).toBe(403);
  });
});

describe('into an empty installation', () => {
  it('comes whole where its secrets are given, and exports the same again', async () => {
    await fill(from);
    const document = withPasswords(await exportOf(from));
    const ran = await to.import(document);
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toContain('agents[1]: host-1 has a token, which is in no export');
    expect(ran.stdout).toContain('pullpass agent create host-1 --env prod');
    expect(ran.stderr).toContain('has to ask for the external id pullpass-');
    const [before, after] = [await from.exported(), await to.exported()];
    const { agents, ...rest } = z.looseObject({ agents: z.array(z.looseObject({ name: z.string() })) }).parse(before);
    expect(after).toEqual({ ...rest, agents: agents.filter(({ name }) => name !== 'host-1') });
    expect(`${ran.stdout}${ran.stderr}`).not.toContain('canary');
  });

  it('is done once: the second time there is nothing to do', async () => {
    await fill(from);
    const document = withPasswords(await exportOf(from));
    await to.import(document);
    const before = await to.run(['export']);
    const again = await to.import(document);
    expect(again).toMatchObject({ exitCode: 0, stdout: textWith('nothing to do: 8 so already') });
    expect((await to.run(['export'])).stdout).toBe(before.stdout);
  });

  it('without secrets has all but the registries that need one, and gets those later', async () => {
    await fill(from);
    const bare = await exportOf(from);
    const ran = await to.import(bare);
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr).toContain('left: registry quay.io for ci, prod: needs its secret');
    expect((await to.registries()).map(({ source }) => source.kind)).toEqual(['ecr']);

    const secrets = join(to.directory, 'secrets.json');
    const [old, young] = bare.registries;
    await writeFile(
      secrets,
      JSON.stringify({
        [old?.id ?? '']: 'canary-1',
        [young?.id ?? '']: 'canary-2',
        'harbor.example:5000/team': 'canary-3',
      }),
      { mode: 0o600 },
    );
    const later = await to.import(bare, '--secrets', secrets);
    expect(later.exitCode).toBe(0);
    expect((await to.registries()).map(({ state, source }) => `${source.username ?? ''} ${state}`)).toEqual([
      ' active',
      'old active',
      'new active',
      'robot$x inactive',
    ]);
    expect(`${later.stdout}${later.stderr}${ran.stdout}${ran.stderr}`).not.toContain('canary');
  });

  it.each([
    { name: 'that others may read', mode: 0o644, content: '{}', says: 'can be read by others' },
    { name: 'that is no JSON', mode: 0o600, content: 'canary', says: 'no JSON object of secrets' },
    { name: 'with an empty secret', mode: 0o600, content: '{"quay.io": ""}', says: 'has no secret for "quay.io"' },
    { name: 'with a number', mode: 0o600, content: '{"quay.io": 4711}', says: 'has no secret for "quay.io"' },
  ])('refuses a file of secrets $name', async ({ mode, content, says }) => {
    const secrets = join(to.directory, 'bad.json');
    await writeFile(secrets, content, { mode });
    const ran = await to.import({ pullpass: 1 }, '--secrets', secrets);
    expect(ran).toMatchObject({ exitCode: 2, stdout: '', stderr: textWith(says) });
    expect(ran.stderr).not.toMatch(/canary|4711/);
  });

  it('never adds the earlier of two where it would now be the later one', async () => {
    await fill(from);
    const bare = await exportOf(from);
    await to.import(withPasswords(bare, (index) => index !== 0));
    const plan = await to.plan(withPasswords(bare));
    expect(plan.steps).toEqual([]);
    expect(plan.leftOut.map(({ what }) => what)).toContainEqual(
      textWith('is the earlier one in the file, and added now would answer instead of quay.io'),
    );
    const override = await to.plan(withPasswords(bare), '--allow-override');
    expect(override.steps).toMatchObject([{ action: 'add', name: 'quay.io' }]);
  });
});

describe('into the installation that it is of', () => {
  it('changes nothing at first', async () => {
    await fill(from);
    const plan = await from.plan(await exportOf(from));
    expect(plan).toMatchObject({ steps: [], leftOut: [] });
    expect(plan.unchanged).toHaveLength(9);
  });

  it('shows what was changed since, field by field, and takes it back', async () => {
    await fill(from);
    const backup = await exportOf(from);
    const before = await from.exported();
    const [first, second, third] = await from.registries();
    await from.call(`PATCH /v1/registries/${first?.id ?? ''}`, { environments: ['ci'], description: 'other' });
    await from.call(`POST /v1/registries/${second?.id ?? ''}/deactivate`);
    await from.call(`POST /v1/registries/${third?.id ?? ''}/activate`);
    await from.call('PUT /v1/environments/prod/policy', {
      whitelist: ['quay.io', 'new.example'],
      defaultRegistry: 'quay.io',
    });
    const plan = await from.plan(backup);
    expect(plan.steps).toMatchObject([
      {
        subject: 'policy',
        changes: [
          { field: 'whitelist', from: ['quay.io', 'new.example'], to: ['quay.io', ECR] },
          { field: 'deny', from: [], to: ['quay.io/bad'] },
          { field: 'alwaysAllow', from: [], to: ['registry.k8s.io'] },
          { field: 'exceptions', from: [], to: [{ entry: 'a.example', reason: 'the move', until: UNTIL }] },
          { field: 'mode', from: null, to: 'audit' },
        ],
      },
      {
        id: first?.id,
        secret: 'none',
        changes: [
          { field: 'environments', from: ['ci'], to: ['ci', 'prod'] },
          { field: 'description', from: 'other', to: 'overridden' },
        ],
      },
      { id: second?.id, changes: [{ field: 'state', from: 'inactive', to: 'active' }] },
      { id: third?.id, changes: [{ field: 'state', from: 'active', to: 'inactive' }] },
    ]);
    expect(await from.import(backup)).toMatchObject({ exitCode: 0 });
    expect(await from.exported()).toEqual(before);
  });

  it('weakens TLS only with the secret', async () => {
    await add(from, { address: 'quay.io', environments: ['prod'], source: staticSource('me') });
    const backup = await exportOf(from);
    const weaker = {
      ...backup,
      registries: backup.registries.map((registry) => ({ ...registry, tls: { plainHttp: true } })),
    };
    expect((await from.plan(weaker)).steps).toMatchObject([{ secret: 'missing', changes: [{ field: 'tls' }] }]);
    expect(await from.import(weaker)).toMatchObject({ exitCode: 1 });
    expect(await from.import(withPasswords(exportDocument.parse(weaker)))).toMatchObject({ exitCode: 0 });
    expect(await from.registries()).toMatchObject([{ tls: { plainHttp: true } }]);
  });

  it('finds no change where a CA file holds the same certificates in other words', async () => {
    const ca = await readFile(new URL('../../support/certificates/ca.pem', import.meta.url), 'utf8');
    await add(from, { address: 'quay.io', environments: ['prod'], source: staticSource('me'), tls: { ca } });
    const backup = await exportOf(from);
    const [registry] = backup.registries;
    const reworded = {
      ...backup,
      registries: [{ ...registry, tls: { ca: `our CA\r\n${ca.replaceAll('\n', '\r\n')}` } }],
    };
    expect((await from.plan(reworded)).steps).toEqual([]);
  });

  it('changes who logs in only on demand', async () => {
    await add(from, { address: 'quay.io', environments: ['prod'], source: staticSource('old') });
    const backup = withPasswords(await exportOf(from));
    const [registry] = await from.registries();
    await from.call(`PATCH /v1/registries/${registry?.id ?? ''}`, { source: staticSource('new'), verify: false });
    const plan = await from.plan(backup);
    expect(plan.steps).toEqual([]);
    expect(plan.leftOut).toMatchObject([{ what: textWith('logs in as new'), advice: textWith('--replace-secrets') }]);
    expect(await from.import(backup, '--replace-secrets')).toMatchObject({ exitCode: 0 });
    expect(await from.registries()).toMatchObject([{ source: { username: 'old' } }]);
  });

  it('keeps an expiry date that is the same where the password is sent again', async () => {
    await add(from, {
      address: 'quay.io',
      environments: ['prod'],
      source: staticSource('me'),
      expiresOn: '2999-01-31',
    });
    const backup = withPasswords(await exportOf(from));
    expect(await from.import(backup, '--replace-secrets')).toMatchObject({ exitCode: 0 });
    expect(await from.registries()).toMatchObject([{ expiresOn: '2999-01-31', revision: 2 }]);
  });

  it('is not refused for an expiry date that is past by now', async () => {
    await add(from, {
      address: 'quay.io',
      environments: ['prod'],
      source: staticSource('me'),
      expiresOn: '2999-01-31',
    });
    const text = JSON.stringify(withPasswords(await exportOf(from))).replace('2999-01-31', '2020-01-31');
    expect((await from.plan(text)).steps).toEqual([]);
    expect(await to.import(text)).toMatchObject({
      exitCode: 0,
      stdout: textWith('2020-01-31 is past, and is left out'),
    });
    expect(await to.registries()).toMatchObject([{ expiresOn: null }]);
  });

  it('does not take an id for another address', async () => {
    await fill(from);
    const backup = await exportOf(from);
    const moved = {
      ...backup,
      registries: backup.registries.map((registry) => ({ ...registry, address: 'elsewhere.example' })),
    };
    const plan = await from.plan(moved);
    expect(plan.steps.filter(({ subject }) => subject === 'registry')).toEqual([]);
    expect(plan.leftOut.map(({ advice }) => advice)).toContain(
      'take the id out of the file to have it added as a new one',
    );
  });
});

const ENVIRONMENTS = ['prod', 'ci', '*'] as const;
const registryArbitrary = fc.record({
  address: fc.constantFrom('a.example', 'b.example/team'),
  environments: fc.uniqueArray(fc.constantFrom(...ENVIRONMENTS), { minLength: 1 }),
  username: fc.constantFrom('anna', 'bert'),
  state: fc.constantFrom('active', 'inactive'),
});

describe('any registries at all', () => {
  it('come over in the order that counts, and only once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(registryArbitrary, { maxLength: 6 }),
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        async (registries, has) => {
          const [one, other] = await Promise.all([openInstallation(), openInstallation()]);
          try {
            for (const [index, { username, ...registry }] of registries.entries()) {
              await add(one, { ...registry, source: staticSource(username), description: String(index) });
            }
            const bare = await exportOf(one);
            expect((await one.plan(bare)).steps).toEqual([]);
            // Some of the secrets at first, then all: whatever could not come at first must not answer instead of what did.
            await other.import(withPasswords(bare, (index) => has[index] === true));
            await other.import(withPasswords(bare));
            const there = await other.registries();
            for (const [index, earlier] of there.entries()) {
              for (const later of there.slice(index + 1)) {
                const shares =
                  earlier.address === later.address &&
                  earlier.environments.some((name) => later.environments.includes(name));
                if (shares) expect(Number(earlier.description)).toBeLessThan(Number(later.description));
              }
            }
            const again = await other.import(withPasswords(bare));
            expect(again.stdout).toContain('nothing to do');
            expect(again.exitCode).toBe(0);
            if (has.every(Boolean)) expect(there).toHaveLength(registries.length);
          } finally {
            await Promise.all([one.close(), other.close()]);
          }
        },
      ),
      { numRuns: 8 },
    );
  }, 60_000);
});
