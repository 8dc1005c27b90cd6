import { afterEach, describe, expect, it } from 'vitest';
import { ECR_ADDRESS, ecrRegistryDocument, registryDocument } from './api-documents.ts';
import { runCommand } from './run-command.ts';
import { startScriptedApi, type Script, type ScriptedApi } from './scripted-api.ts';

let api: ScriptedApi | undefined;

afterEach(async () => {
  await api?.close();
});

async function serving(script: Script): Promise<ScriptedApi> {
  api = await startScriptedApi(script);
  return api;
}

const TWO = { 'GET /v1/registries?limit=500': { body: { items: [ecrRegistryDocument(), registryDocument()] } } };
const BY_ADDRESS = { 'GET /v1/registries?address=quay.io&limit=500': { body: { items: [registryDocument()] } } };

describe('registry list', () => {
  it('shows one registry a line, with the time that is left', async () => {
    const ran = await runCommand(['registry', 'list'], await serving(TWO));

    expect(ran).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: [
        'ADDRESS                                          KIND    ENVIRONMENTS  STATE   CREDENTIAL                      ID',
        `${ECR_ADDRESS}  ecr     prod          active  stale, 5h 12m left (throttled)  01hzregistry2`,
        'quay.io                                          static  prod          active  fresh                           01hzregistry1',
        '',
      ].join('\n'),
    });
  });

  it.each([80, 100, 120])('fits a terminal of %i columns', async (columns) => {
    const { url } = await serving(TWO);
    const ran = await runCommand(['registry', 'list'], { url, columns });
    const lines = ran.stdout.trimEnd().split('\n');

    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    // An id that is cut cannot be used.
    expect(lines[1]).toMatch(/ 01hzregistry2$/);
  });

  it.each([
    { status: undefined, shown: 'fresh, not verified' },
    { status: 'unauthorized', shown: 'fresh, unauthorized' },
    { status: 'verified', shown: 'fresh' },
  ])('says of a fresh credential whose login is $status: $shown', async ({ status, shown }) => {
    const verification = status === undefined ? null : { status, at: '2026-03-01T11:00:00.000Z', warning: null };
    const items = [registryDocument({ verification })];
    const ran = await runCommand(
      ['registry', 'list'],
      await serving({ 'GET /v1/registries?limit=500': { body: { items } } }),
    );

    expect(ran.stdout).toContain(`  active  ${shown}  `);
  });

  it.each([
    { expiresInDays: 287, shown: 'fresh, 287d left' },
    { expiresInDays: 1, shown: 'fresh, 1d left' },
    { expiresInDays: 0, shown: 'fresh, expires today' },
    { expiresInDays: -3, shown: 'fresh, expired 3d ago by its date' },
    { expiresInDays: null, shown: 'fresh' },
    { expiresInDays: undefined, shown: 'fresh' },
  ])('says of a typed password with $expiresInDays days left: $shown', async ({ expiresInDays, shown }) => {
    const items = [registryDocument({ expiresOn: '2027-01-31', expiresInDays })];
    const { url } = await serving({ 'GET /v1/registries?limit=500': { body: { items } } });
    const ran = await runCommand(['registry', 'list'], { url });

    expect(ran.stdout).toContain(`  active  ${shown}  `);
  });

  it.each([
    { words: [], query: '', says: 'there is no registry; add one with `pullpass registry add`' },
    { words: ['--env', 'nope'], query: 'environment=nope&', says: 'no registry for the environment nope' },
    {
      words: ['--address', 'quay.io', '--kind', 'ecr', '--state', 'active'],
      query: 'address=quay.io&kind=ecr&state=active&',
      says: 'no registry at quay.io, of the kind ecr, that is active',
    },
  ])('without a result for $words says: $says', async ({ words, query, says }) => {
    const { url } = await serving({ [`GET /v1/registries?${query}limit=500`]: { body: { items: [] } } });

    expect(await runCommand(['registry', 'list', ...words], { url })).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: `${says}\n`,
    });
  });

  it('follows the pages, and prints one array for scripts', async () => {
    const first = { items: [ecrRegistryDocument()], cursor: 'next&page' };
    const { url, asked } = await serving({
      'GET /v1/registries?environment=prod&kind=ecr&state=active&limit=500': { body: first },
      'GET /v1/registries?environment=prod&kind=ecr&state=active&limit=500&cursor=next%26page': {
        body: { items: [registryDocument({ fromTheFuture: 1 })] },
      },
    });
    const words = ['registry', 'list', '--env', 'prod', '--kind', 'ecr', '--state', 'active', '--json'];
    const ran = await runCommand(words, { url });

    expect(ran.exitCode).toBe(0);
    expect(JSON.parse(ran.stdout)).toEqual([ecrRegistryDocument(), registryDocument({ fromTheFuture: 1 })]);
    expect(asked()).toHaveLength(2);
  });

  it('ends when a server gives the same page for ever', async () => {
    const page = { body: { items: [], cursor: 'again' } };
    const { url } = await serving({
      'GET /v1/registries?limit=500': page,
      'GET /v1/registries?limit=500&cursor=again': page,
    });

    expect(await runCommand(['registry', 'list'], { url })).toMatchObject({ exitCode: 5 });
  });

  it('lets nothing through that a terminal would act on', async () => {
    const hostile = registryDocument({
      address: 'quay.io\u001b[2J\u009b31m',
      environments: ['prod\r\nforged'],
      description: 'a\u202eb\u0007\u2028c',
    });
    const script = { ...TWO, 'GET /v1/registries?limit=500': { body: { items: [hostile] } } };
    const { url } = await serving({ ...script, 'GET /v1/registries/id1': { body: hostile } });

    const shown = [
      await runCommand(['registry', 'list'], { url }),
      await runCommand(['registry', 'show', 'id1'], { url }),
      await runCommand(['registry', 'list', '--json'], { url }),
    ];
    for (const { stdout } of shown) expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u);
    expect(shown[0]?.stdout.split('\n')).toHaveLength(3);
    expect(JSON.parse(shown[2]?.stdout ?? '')).toEqual([hostile]);
  });
});

describe('registry show', () => {
  it('shows everything, times in both readings', async () => {
    const { url } = await serving({ 'GET /v1/registries/01hzregistry2': { body: ecrRegistryDocument() } });
    const ran = await runCommand(['registry', 'show', '01hzregistry2'], { url });

    expect(ran.stdout.split('\n')).toEqual(
      expect.arrayContaining([
        'source externalId  ext-1',
        'runs out           2026-03-01T17:12:00.000Z (in 5h 12m)',
        'last error         throttled, 2026-03-01T11:58:00.000Z (2m ago)',
      ]),
    );
  });

  it.each([
    { fields: { expiresOn: '2027-01-31', expiresInDays: 12 }, line: /^expires on +2027-01-31 \(12d left\)$/m },
    { fields: { expiresOn: '2027-01-31', expiresInDays: -1 }, line: /^expires on +2027-01-31 \(expired 1d ago by/m },
    { fields: {}, line: /^runs out +never$/m },
  ])('says once when a typed password expires: $line', async ({ fields, line }) => {
    const { url } = await serving({ 'GET /v1/registries/id1': { body: registryDocument(fields) } });
    const { stdout } = await runCommand(['registry', 'show', 'id1'], { url });

    expect(stdout).toMatch(line);
    expect(stdout.match(/^(?:expires on|runs out)/gm)).toHaveLength(1);
  });

  it.each([
    { verification: null, line: /^login +never tried$/m },
    {
      verification: { status: 'unauthorized', at: '2026-03-01T11:00:00.000Z', warning: null },
      line: /^login +unauthorized, 2026-03-01T11:00:00.000Z \(1h ago\)$/m,
    },
    {
      verification: {
        status: 'unauthorized',
        at: '2026-03-01T11:00:00.000Z',
        warning: null,
        drift: { from: 'verified', at: '2026-03-01T10:00:00.000Z' },
      },
      line: /^drift +was verified, found otherwise 2026-03-01T10:00:00.000Z \(2h ago\)$/m,
    },
  ])('says how the last login went: $line', async ({ verification, line }) => {
    const { url } = await serving({ 'GET /v1/registries/id1': { body: registryDocument({ verification }) } });

    expect((await runCommand(['registry', 'show', 'id1'], { url })).stdout).toMatch(line);
  });

  it('finds by address, and prints exactly what the API said', async () => {
    const ran = await runCommand(['registry', 'show', 'quay.io', '--json'], await serving(BY_ADDRESS));

    expect(JSON.parse(ran.stdout)).toEqual(registryDocument());
  });

  it.each([
    { name: 'none has it', items: [], exitCode: 4, says: 'there is no registry at quay.io' },
    {
      name: 'several have it',
      items: [registryDocument({ id: 'a1' }), registryDocument({ id: 'b2', environments: ['ci'] })],
      exitCode: 2,
      says: 'a1 (prod), b2 (ci)',
    },
  ])('by an address that $name', async ({ items, exitCode, says }) => {
    const { url } = await serving({ 'GET /v1/registries?address=quay.io&limit=500': { body: { items } } });
    const ran = await runCommand(['registry', 'show', 'quay.io'], { url });

    expect(ran.exitCode).toBe(exitCode);
    expect(ran.stderr).toContain(says);
  });
});

describe('registry activate, deactivate, refresh', () => {
  it.each([
    { verb: 'activate', state: 'active', says: 'quay.io is active (credential: fresh)' },
    { verb: 'deactivate', state: 'inactive', says: 'quay.io is inactive: new pulls are refused' },
    { verb: 'refresh', state: 'active', says: 'quay.io has a new credential (credential: fresh)' },
  ])('$verb', async ({ verb, state, says }) => {
    const changed = { [`POST /v1/registries/01hzregistry1/${verb}`]: { body: registryDocument({ state }) } };
    const { url, asked } = await serving({ ...BY_ADDRESS, ...changed });

    const ran = await runCommand(['registry', verb, 'quay.io'], { url });

    expect(ran).toEqual({ exitCode: 0, stdout: `${says}\n`, stderr: '' });
    expect(asked()[1]).toBe(`POST /v1/registries/01hzregistry1/${verb}`);
  });
});

describe('registry verify', () => {
  it.each([
    { status: 'verified', advice: 'The login works.', exitCode: 0 },
    { status: 'unauthorized', advice: 'The registry refused the password.', exitCode: 1 },
  ])('$status is exit code $exitCode', async ({ status, advice, exitCode }) => {
    const answer = { body: { status, warning: null, advice } };
    const { url } = await serving({ ...BY_ADDRESS, 'POST /v1/registries/01hzregistry1/verify': answer });

    expect(await runCommand(['registry', 'verify', 'quay.io'], { url })).toEqual({
      exitCode,
      stdout: `quay.io: ${status}\n`,
      stderr: `${advice}\n`,
    });
  });

  it.each([
    {
      status: 'http_only',
      advice: 'It did not work.',
      option: 'if that is what you want: pullpass registry edit 01hzregistry1 --plain-http',
    },
    {
      status: 'tls_untrusted',
      advice: 'Give tls.ca.',
      option: 'to trust its certificate: pullpass registry edit 01hzregistry1 --ca FILE (or --skip-verify)',
    },
    {
      status: 'realm_not_trusted',
      advice: 'Add it to trustedRealms.',
      option: 'to trust that host: pullpass registry edit 01hzregistry1 --trusted-realm HOST',
    },
    {
      status: 'scope_denied',
      advice: 'It did not work.',
      option: 'to ask for another repository: pullpass registry edit 01hzregistry1 --probe REPOSITORY',
    },
  ])('$status names the command that may help', async ({ status, advice, option }) => {
    const answer = { body: { status, warning: null, advice } };
    const { url } = await serving({ ...BY_ADDRESS, 'POST /v1/registries/01hzregistry1/verify': answer });
    const { stderr } = await runCommand(['registry', 'verify', 'quay.io'], { url });
    expect(stderr).toBe(`${advice}\n${option}\n`);
  });
});

describe('registry delete', () => {
  const gone = { ...BY_ADDRESS, 'DELETE /v1/registries/01hzregistry1': { status: 204 } };

  it.each([
    { name: 'a script is not asked', words: [], columns: {} },
    { name: '--yes is not asked', words: ['--yes'], columns: { columns: 80 } },
    { name: 'a person who says yes', words: [], columns: { columns: 80, stdin: 'y\n' } },
  ])('$name', async ({ words, columns }) => {
    const { url, calls } = await serving(gone);
    const ran = await runCommand(['registry', 'delete', 'quay.io', ...words], { url, ...columns });

    expect(ran).toMatchObject({ exitCode: 0, stdout: 'deleted quay.io (01hzregistry1)\n' });
    const last = calls.at(-1);
    expect(last).toMatchObject({ method: 'DELETE', url: '/v1/registries/01hzregistry1' });
    // What somebody has changed since it was looked at is not deleted.
    expect(last?.headers['if-match']).toBe('"3"');
  });

  it.each([
    { name: 'no', keys: 'n\n', exitCode: 1 },
    { name: 'nothing', keys: '\n', exitCode: 1 },
    { name: 'by hanging up', keys: '', exitCode: 1 },
  ])('a person who answers $name keeps it', async ({ keys, exitCode }) => {
    const { url, calls } = await serving(gone);
    const ran = await runCommand(['registry', 'delete', 'quay.io'], { url, columns: 80, stdin: keys });

    expect(ran.exitCode).toBe(exitCode);
    expect(ran.stderr).toContain('Delete quay.io (01hzregistry1), used by prod? [y/N]');
    expect(ran.stderr).toContain('nothing was changed');
    expect(calls.map(({ method }) => method)).not.toContain('DELETE');
  });
});
