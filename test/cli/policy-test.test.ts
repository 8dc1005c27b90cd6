import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { policyDocument } from './api-documents.ts';
import { runCommand } from './run-command.ts';
import { problem, startScriptedApi, type Script, type ScriptedApi } from './scripted-api.ts';

let api: ScriptedApi | undefined;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pullpass-cli-'));
});

afterEach(async () => {
  await api?.close();
  await rm(folder, { recursive: true });
});

async function serving(script: Script): Promise<ScriptedApi> {
  api = await startScriptedApi(script);
  return api;
}

type Fields = Readonly<Record<string, unknown>>;

function verdict(fields: Fields = {}): Fields {
  return {
    reference: 'quay.io/team/app:1',
    fault: null,
    allowed: true,
    rule: 'environment whitelist: quay.io/team',
    mode: 'enforce',
    wouldRefuse: false,
    ...fields,
  };
}

const REFUSED = verdict({
  reference: 'docker.io/library/nginx:1',
  allowed: false,
  rule: 'not in the environment whitelist',
  wouldRefuse: true,
});

function item(fields: Fields = {}): Fields {
  return { kind: 'image', image: 'quay.io/team/app:1', present: verdict(), proposed: null, change: null, ...fields };
}

const NGINX = item({ image: 'nginx:1', present: REFUSED });

function tested(items: readonly Fields[], revision = 4): { readonly body: Fields } {
  return {
    body: { environment: 'prod', at: '', revisions: { organisation: 0, environment: revision }, items, totals: {} },
  };
}

const TEST = 'POST /v1/policy/test';

describe('policy test', () => {
  it('shows what is refused first, says what would open it, and exits with 1', async () => {
    const { url, calls } = await serving({ [TEST]: tested([item(), NGINX]) });
    const ran = await runCommand(['policy', 'test', 'quay.io/team/app:1', 'nginx:1', '--env', 'prod'], { url });

    expect(ran.exitCode).toBe(1);
    expect(ran.stdout.split('\n')).toEqual([
      'IMAGE               DECISION  RULE',
      'nginx:1             refused   not in the environment whitelist',
      'quay.io/team/app:1  allowed   environment whitelist: quay.io/team',
      '',
    ]);
    expect(ran.stderr.split('\n')).toEqual([
      '2 tested: 1 allowed, 1 refused',
      'what would open it, if it is to be open:',
      '  pullpass policy allow docker.io/library/nginx --env prod',
      '',
    ]);
    expect(calls.map(({ body }) => body)).toEqual([{ environment: 'prod', images: ['quay.io/team/app:1', 'nginx:1'] }]);
  });

  it('exits with 0 when all is allowed, and prints the items as JSON', async () => {
    const { url, calls } = await serving({ [TEST]: tested([item()]) });
    const ran = await runCommand(['policy', 'test', 'quay.io/team/app:1', '--json', '--at', '2027-01-01T00:00:00Z'], {
      url,
    });

    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(ran.stdout)).toEqual([item()]);
    expect(calls[0]?.body).toEqual({ images: ['quay.io/team/app:1'], at: '2027-01-01T00:00:00Z' });
  });

  it('exits with 1 for what only audit mode lets through', async () => {
    const present = { ...REFUSED, allowed: true, mode: 'audit' };
    const { url } = await serving({ [TEST]: tested([{ ...NGINX, present }]) });
    const ran = await runCommand(['policy', 'test', 'nginx:1', '--env', 'prod'], { url });

    expect(ran.exitCode).toBe(1);
    expect(ran.stdout).toContain('let through');
    expect(ran.stderr).toContain(
      '1 tested: 0 allowed, 0 refused, 1 let through by audit mode that enforce would refuse',
    );
  });

  it.each([
    ['organisation deny: docker.io', 'pullpass policy exception add docker.io/library/nginx --reason WHY --until 30d'],
    [
      'environment deny: docker.io',
      'pullpass policy exception add docker.io/library/nginx --env prod --reason WHY --until 30d',
    ],
    ['not in the organisation whitelist', 'pullpass policy allow docker.io/library/nginx\n'],
  ])('says what would open what is refused by %s', async (rule, advice) => {
    const { url } = await serving({ [TEST]: tested([{ ...NGINX, present: { ...REFUSED, rule } }]) });
    expect((await runCommand(['policy', 'test', 'nginx:1', '--env', 'prod'], { url })).stderr).toContain(advice);
  });

  it('has nothing to open what is no reference', async () => {
    const present = { ...REFUSED, reference: null, fault: 'must be lower case', rule: 'not an image reference: …' };
    const { url } = await serving({ [TEST]: tested([item({ image: 'quay.io/X', present })]) });
    const ran = await runCommand(['policy', 'test', 'quay.io/X'], { url });
    expect(ran).toMatchObject({ exitCode: 1, stderr: '1 tested: 0 allowed, 1 refused\n' });
  });

  it('shows both policies, and what changes', async () => {
    const items = [
      item({ proposed: verdict() }),
      item({ image: 'nginx:1', present: { ...REFUSED, allowed: true }, proposed: REFUSED, change: 'now_refused' }),
      item({ image: 'redis', proposed: verdict({ reference: 'harbor.example/redis' }), change: 'other_reference' }),
    ];
    const { url, calls } = await serving({
      'GET /v1/environments/prod/policy': { body: policyDocument({ environment: 'prod', mode: 'audit' }) },
      [TEST]: tested(items),
    });
    const line = 'policy test a nginx:1 redis --env prod --mode enforce --whitelist quay.io,docker.io';
    const ran = await runCommand(line.split(' '), { url });

    expect(ran.exitCode).toBe(1);
    expect(ran.stdout.split('\n')).toEqual([
      'IMAGE               NOW          PROPOSED  RULE                                 CHANGE',
      'nginx:1             let through  refused   not in the environment whitelist     now refused',
      'redis               allowed      allowed   environment whitelist: quay.io/team  is now harbor.example/redis',
      'quay.io/team/app:1  allowed      allowed   environment whitelist: quay.io/team',
      '',
    ]);
    expect(ran.stderr).toContain('3 tested: 2 allowed, 1 refused; 1 allowed now and refused then\n');
    expect(calls[1]?.body).toEqual({
      environment: 'prod',
      images: ['a', 'nginx:1', 'redis'],
      proposed: {
        environment: {
          whitelist: ['quay.io', 'docker.io'],
          deny: ['evil.example'],
          alwaysAllow: ['registry.k8s.io'],
          exceptions: [{ entry: 'quay.io/old', reason: 'moves to the mirror', until: '2026-04-01T00:00:00.000Z' }],
          defaultRegistry: null,
          mode: 'enforce',
        },
      },
    });
  });

  it('tries whole policies from files', async () => {
    const own = join(folder, 'own.json');
    const organisation = join(folder, 'organisation.json');
    await writeFile(own, JSON.stringify(policyDocument({ environment: 'prod', exceptions: [] })));
    await writeFile(organisation, '{"deny": ["docker.io"]}');
    const { url, calls } = await serving({ [TEST]: tested([item()]) });
    const line = `policy test a --env prod --proposed ${own} --proposed-organisation ${organisation}`;

    expect((await runCommand(line.split(' '), { url })).exitCode).toBe(0);
    const {
      environment: _env,
      revision: _revision,
      updatedAt: _at,
      ...environment
    } = policyDocument({ exceptions: [] });
    expect(calls[0]?.body).toMatchObject({ proposed: { environment, organisation: { deny: ['docker.io'] } } });
  });

  it("tries the organisation's policy where no environment is named", async () => {
    const { url, calls } = await serving({
      'GET /v1/policy': { body: policyDocument({ exceptions: [] }) },
      [TEST]: tested([item()]),
    });
    await runCommand(['policy', 'test', 'a', '--deny', 'ghcr.io'], { url });
    expect(calls[1]?.body).toMatchObject({
      proposed: { organisation: { deny: ['ghcr.io'], whitelist: ['quay.io/team'] } },
    });
    expect(calls[1]?.body).not.toHaveProperty('environment');
  });

  it('takes images from a file and hosts by name, each once', async () => {
    const { url, calls } = await serving({ [TEST]: tested([item()]) });
    const stdin = '# platform\nnginx:1\r\n\n  redis \nnginx:1\n';
    await runCommand('policy test redis --images-file - --host ghcr.io,quay.io --host ghcr.io'.split(' '), {
      url,
      stdin,
    });
    expect(calls.map(({ body }) => body)).toEqual([
      { images: ['redis', 'nginx:1'] },
      { hosts: ['ghcr.io', 'quay.io'] },
    ]);
  });

  it('asks in as many calls as it takes', async () => {
    const { url, calls } = await serving({ [TEST]: tested([item()]) });
    const short = Array.from({ length: 2_001 }, (_, index) => `app-${index}`);
    const long = Array.from({ length: 300 }, (_, index) => `quay.io/${'x'.repeat(1_000)}-${index}`);
    await runCommand(['policy', 'test', '--images-file', '-'], { url, stdin: [...short, ...long].join('\n') });

    expect(calls.map(({ body }) => JSON.stringify(body).length).every((length) => length <= 262_144)).toBe(true);
    const sent = calls.flatMap(({ body }) =>
      typeof body === 'object' && body !== null && 'images' in body && Array.isArray(body.images)
        ? [body.images.length]
        : [],
    );
    expect(sent.reduce((sum, count) => sum + count, 0)).toBe(2_301);
    expect(Math.max(...sent)).toBe(1_000);
  });

  it('is a conflict when the policy changes between two calls', async () => {
    const { url } = await serving({ [TEST]: [tested([item()], 4), tested([item()], 5)] });
    const ran = await runCommand('policy test a --host b --env prod'.split(' '), { url });
    expect(ran).toMatchObject({ exitCode: 6 });
    expect(ran.stderr).toContain('somebody changed the policy during the test');
  });

  it('tells which field of a proposed policy is wrong', async () => {
    const { url } = await serving({
      [TEST]: problem(400, 'invalid_input', 'proposed.organisation.deny[0] must not be empty'),
    });
    const stdin = '{"deny": [""]}';
    const ran = await runCommand(['policy', 'test', 'a', '--proposed', '-'], { url, stdin });
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr).toContain('proposed.organisation.deny[0]');
  });

  it.each([
    { line: '', says: 'there is nothing to test' },
    { line: 'a --since 3d', says: '--since and --max-decisions go with --seen' },
    { line: '--seen', says: '--seen is about one environment' },
    { line: '--seen --env prod --since soon', says: '--since cannot be soon' },
    { line: 'a --proposed - --deny b', says: '--proposed is a whole policy' },
    { line: 'a --proposed-organisation -', says: 'give --proposed' },
    { line: 'a --whitelist ', says: 'an empty whitelist would refuse everything' },
    { line: 'a --proposed /nowhere/policy.json', says: '/nowhere/policy.json cannot be read' },
    { line: '--images-file /nowhere/images', says: '/nowhere/images cannot be read' },
  ])('is wrong as policy test $line', async ({ line, says }) => {
    const { url, calls } = await serving({});
    const ran = await runCommand(['policy', 'test', ...line.split(' ').slice(line === '' ? 1 : 0)], { url });
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain(says);
    expect(calls).toEqual([]);
  });
});

function refusal(fields: Fields = {}): Fields {
  return {
    outcome: 'let_through',
    rule: 'not in the environment whitelist',
    image: 'docker.io/library/nginx:1@sha256:abc',
    count: 2,
    firstAt: '2026-02-27T00:00:00.000Z',
    lastAt: '2026-02-28T00:00:00.000Z',
    agents: ['a', 'b'],
    moreAgents: false,
    ...fields,
  };
}

function stretch(items: readonly Fields[], fields: Fields = {}): { readonly body: Fields } {
  const span = { since: '2026-02-22T12:00:00.000Z', from: '2026-02-27T00:00:00.000Z', to: '2026-02-28T00:00:00.000Z' };
  return { body: { ...span, decisions: 10, items, ...fields } };
}

const SINCE = 'since=2026-02-22T12%3A00%3A00.000Z';
const REFUSALS = `GET /v1/environments/prod/refusals?${SINCE}`;
const MODE = { 'GET /v1/environments/prod/policy': { body: policyDocument({ environment: 'prod', mode: 'audit' }) } };

describe('policy refusals', () => {
  it('adds up all stretches, and says what to do next', async () => {
    const { url } = await serving({
      ...MODE,
      [REFUSALS]: stretch([refusal(), refusal({ image: 'ghcr.io', count: 5, outcome: 'refused' })], { cursor: 'next' }),
      [`${REFUSALS}&cursor=next`]: stretch(
        [refusal({ count: 7, agents: ['b', 'c'], moreAgents: true, firstAt: '2026-02-23T00:00:00.000Z' })],
        { from: '2026-02-23T00:00:00.000Z', to: '2026-02-26T00:00:00.000Z' },
      ),
      [TEST]: [
        tested([item({ image: 'docker.io/library/nginx:1@sha256:abc' })]),
        tested([{ ...item({ kind: 'host', image: 'ghcr.io' }), present: { ...REFUSED, reference: 'ghcr.io' } }]),
      ],
    });
    const ran = await runCommand(['policy', 'refusals', '--env', 'prod'], { url });

    expect(ran.exitCode).toBe(0);
    expect(ran.stdout.split('\n')).toEqual([
      'COUNT  AGENTS  IMAGE                                 OUTCOME      RULE                              LAST                  NOW',
      '9      3+      docker.io/library/nginx:1@sha256:abc  let through  not in the environment whitelist  2026-02-28T00:00:00Z  allowed',
      '5      2       ghcr.io                               refused      not in the environment whitelist  2026-02-28T00:00:00Z  refused',
      '',
    ]);
    expect(ran.stderr.split('\n')).toEqual([
      'of 20 decisions from 2026-02-23T00:00:00.000Z to 2026-02-28T00:00:00.000Z: 5 refused, 9 let through by audit mode that enforce would have refused',
      'what would open it, if it is to be open:',
      '  pullpass policy allow ghcr.io --env prod',
      'prod is in audit mode: once all that is to be open is open, try enforce on all that hosts asked for, then set it',
      '  pullpass policy test --env prod --seen --mode enforce',
      '  pullpass policy mode enforce --env prod',
      'clients that pull anonymously, without asking a helper, ask Pullpass nothing and are not counted here',
      '',
    ]);
  });

  it('says when it stopped before the end', async () => {
    const { url } = await serving({ ...MODE, [REFUSALS]: stretch([refusal()], { cursor: 'next' }) });
    const ran = await runCommand('policy refusals --env prod --max-decisions 10 --json'.split(' '), { url });

    expect(JSON.parse(ran.stdout)).toEqual([refusal()]);
    expect(ran.stderr).toBe(
      'stopped after the newest 10 decisions, back to 2026-02-27T00:00:00.000Z: --max-decisions looks further back\n',
    );
  });

  it('has nothing more to open when all of it is open by now', async () => {
    const open = tested([item({ image: 'docker.io/library/nginx:1@sha256:abc' })]);
    const { url } = await serving({ ...MODE, [REFUSALS]: stretch([refusal()]), [TEST]: open });
    const ran = await runCommand(['policy', 'refusals', '--env', 'prod'], { url });

    expect(ran.stdout).toContain('allowed');
    expect(ran.stderr).not.toContain('what would open it');
    expect(ran.stderr).toContain('prod is in audit mode: try enforce on all that hosts asked for, then set it\n');
  });

  it('says nothing of modes where enforce is set already', async () => {
    const { url } = await serving({
      'GET /v1/environments/prod/policy': { body: policyDocument({ environment: 'prod' }) },
      'GET /v1/policy': { body: policyDocument({ mode: 'enforce' }) },
      [REFUSALS]: stretch([]),
    });
    const ran = await runCommand(['policy', 'refusals', '--env', 'prod'], { url });
    expect(ran.stderr.split('\n')).toHaveLength(2);
  });

  it('does not call silence a good sign', async () => {
    const none = { decisions: 0, from: null, to: null };
    const { url } = await serving({ ...MODE, [REFUSALS]: stretch([], none) });
    const ran = await runCommand(['policy', 'refusals', '--env', 'prod'], { url });

    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain('no host has asked for anything since 2026-02-22T12:00:00.000Z, so this says nothing');
  });

  it('follows no cursor for ever', async () => {
    const { url } = await serving({
      [REFUSALS]: stretch([], { cursor: 'same' }),
      [`${REFUSALS}&cursor=same`]: stretch([], { cursor: 'same' }),
    });
    expect((await runCommand(['policy', 'refusals', '--env', 'prod'], { url })).exitCode).toBe(5);
  });

  it.each([
    ['another time', '--since 1d', 'since=2026-02-28T12%3A00%3A00.000Z'],
    ['a time as it is', '--since 2026-01-01T00:00:00Z', 'since=2026-01-01T00%3A00%3A00Z'],
  ])('looks back to %s', async (_name, flag, query) => {
    const { url, calls } = await serving({ ...MODE, [`GET /v1/environments/prod/refusals?${query}`]: stretch([]) });
    expect((await runCommand(['policy', 'refusals', '--env', 'prod', ...flag.split(' ')], { url })).exitCode).toBe(0);
    expect(calls[0]?.url).toContain(query);
  });

  it('needs an environment', async () => {
    const { url } = await serving({});
    expect(await runCommand(['policy', 'refusals'], { url })).toMatchObject({ exitCode: 2 });
  });
});

describe('policy test --seen', () => {
  const ALL = `GET /v1/environments/prod/refusals?${SINCE}&all=true`;

  it('is about all images and hosts that were asked for', async () => {
    const { url, calls } = await serving({
      [ALL]: stretch([
        refusal({ image: 'quay.io', outcome: 'allowed' }),
        refusal(),
        refusal({ image: 'quay.io/team/app', outcome: 'allowed' }),
      ]),
      [TEST]: tested([item()]),
    });
    const ran = await runCommand('policy test redis --seen --env prod'.split(' '), { url });
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(calls.slice(1).map(({ body }) => body)).toEqual([
      { environment: 'prod', images: ['redis', 'docker.io/library/nginx:1@sha256:abc', 'quay.io/team/app'] },
      { environment: 'prod', hosts: ['quay.io'] },
    ]);
  });

  it('is no success when nothing was asked for', async () => {
    const { url } = await serving({ [ALL]: stretch([], { decisions: 0, from: null, to: null }) });
    const ran = await runCommand('policy test --seen --env prod'.split(' '), { url });
    expect(ran.exitCode).toBe(4);
    expect(ran.stderr).toContain('no host has asked for anything since');
  });
});
