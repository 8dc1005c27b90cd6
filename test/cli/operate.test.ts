import { afterEach, describe, expect, it } from 'vitest';
import {
  ECR_ADDRESS,
  ecrRegistryDocument,
  EXCEPTION,
  EXPLANATION,
  registryDocument,
  RESOLUTION,
} from './api-documents.ts';
import { runCommand } from './run-command.ts';
import { problem, startScriptedApi, type Answer, type Script, type ScriptedApi } from './scripted-api.ts';

let api: ScriptedApi | undefined;

afterEach(async () => {
  await api?.close();
});

async function serving(script: Script): Promise<ScriptedApi> {
  api = await startScriptedApi(script);
  return api;
}

const IMAGE = 'quay.io/team/app:1';

describe('resolve', () => {
  const resolving = (answer: Answer): Script => ({ 'POST /v1/environments/prod/resolve': answer });

  it('says who, where and until when, and not the password', async () => {
    const { url, asked } = await serving(resolving({ body: RESOLUTION }));
    const ran = await runCommand(['resolve', IMAGE, '--env', 'prod'], { url });

    expect(asked()).toEqual([`POST /v1/environments/prod/resolve {"image":"${IMAGE}"}`]);
    expect(ran.stdout).toContain('user name  team+pull');
    expect(ran.stdout).toContain('server     quay.io');
    expect(ran.stdout).toContain('runs out   2026-03-01T17:12:00.000Z (in 5h 12m)');
    expect(ran.stdout + ran.stderr).not.toContain('canary');
  });

  it.each(['--show-secret', '--json'])('%s prints the password', async (option) => {
    const { url } = await serving(resolving({ body: RESOLUTION }));
    const ran = await runCommand(['resolve', IMAGE, '--env', 'prod', option], { url });

    expect(ran.stdout).toContain('canary-password');
    if (option === '--json') expect(JSON.parse(ran.stdout)).toEqual(RESOLUTION);
  });

  it.each([
    { name: 'refused by policy', answer: problem(403, 'denied', 'pulling x is refused'), exitCode: 3 },
    { name: 'a deactivated registry', answer: problem(403, 'registry_inactive', 'it is deactivated'), exitCode: 3 },
    { name: 'no registry for it', answer: problem(404, 'no_credential', 'no registry here'), exitCode: 4 },
    { name: 'no credential now', answer: problem(503, 'credential_unavailable', 'it ran out'), exitCode: 5 },
    { name: 'no reference', answer: problem(400, 'bad_reference', 'image: must be'), exitCode: 1 },
  ])('$name is exit code $exitCode', async ({ answer, exitCode }) => {
    const ran = await runCommand(['resolve', IMAGE, '--env', 'prod'], await serving(resolving(answer)));

    expect(ran.exitCode).toBe(exitCode);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toMatch(/^pullpass: /);
  });

  it('keeps what a person typed inside its part of the path', async () => {
    const { calls, url } = await serving({});
    await runCommand(['resolve', IMAGE, '--env', '../../v1/agents?x#y'], { url });

    expect(calls[0]?.url).toBe('/v1/environments/..%2F..%2Fv1%2Fagents%3Fx%23y/resolve');
  });

  it('needs an environment', async () => {
    expect(await runCommand(['resolve', IMAGE])).toMatchObject({ exitCode: 2 });
  });
});

it('explains what would happen, and why', async () => {
  const { url } = await serving({ 'POST /v1/environments/prod/explain': { body: EXPLANATION } });
  const ran = await runCommand(['explain', IMAGE, '--env', 'prod'], { url });

  expect(ran.stdout.split('\n')).toEqual([
    `image       ${IMAGE}`,
    'outcome     registry_inactive',
    'why         the registry that answers for this image is deactivated',
    'policy      allowed (environment whitelist: quay.io/team; mode audit; enforce would refuse it)',
    'registry    quay.io (01hzregistry1)',
    'credential  fresh',
    'overridden  quay.io (01hzregistry0)',
    '',
  ]);
});

it('explains why there is an exception, where it is what allows', async () => {
  const rule = `environment exception until ${EXCEPTION.until}: ${EXCEPTION.entry}`;
  const document = {
    ...EXPLANATION,
    decision: { ...EXPLANATION.decision, rule },
    rules: {
      organisation: { exceptions: [{ ...EXCEPTION, reason: 'another' }] },
      environment: { exceptions: [EXCEPTION] },
    },
  };
  const { url } = await serving({ 'POST /v1/environments/prod/explain': { body: document } });
  const ran = await runCommand(['explain', IMAGE, '--env', 'prod'], { url });

  expect(ran.stdout).toContain('exception   moves to the mirror\n');
});

it('explains an exception to an agent, who is not told its reason', async () => {
  const { reason: _, ...exception } = EXCEPTION;
  const rule = `environment exception until ${exception.until}: ${exception.entry}`;
  const document = {
    ...EXPLANATION,
    decision: { ...EXPLANATION.decision, rule },
    rules: { organisation: null, environment: { exceptions: [exception] } },
  };
  const { url } = await serving({ 'POST /v1/environments/prod/explain': { body: document } });
  const ran = await runCommand(['explain', IMAGE, '--env', 'prod'], { url });

  expect(ran.exitCode).toBe(0);
  expect(ran.stdout).toContain(rule);
  expect(ran.stdout).not.toContain('exception   ');
});

describe('status', () => {
  const states = { fresh: 3, stale: 0, expired: 0, pending: 0 };
  const kind = { kind: 'ecr', registries: 4, inactive: 1, states, soonestSecondsLeft: 18_720 };
  const fine = { health: 'ok', environments: 2, kinds: [kind], attention: [], time: '2026-03-01T12:00:00.000Z' };

  it('is exit code 0 when all is well', async () => {
    const ran = await runCommand(['status'], await serving({ 'GET /v1/status': { body: fine } }));

    expect(ran).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: [
        'ok: 4 registries, 2 environments',
        'KIND  REGISTRIES  FRESH  STALE  EXPIRED  PENDING  INACTIVE  FIRST TO RUN OUT',
        'ecr   4           3      0      0        0        1         5h 12m left',
        '',
      ].join('\n'),
    });
  });

  it('counts one as one', async () => {
    const one = { ...fine, environments: 1, kinds: [{ ...kind, registries: 1 }] };
    const ran = await runCommand(['status'], await serving({ 'GET /v1/status': { body: one } }));

    expect(ran.stdout.split('\n')[0]).toBe('ok: 1 registry, 1 environment');
  });

  it.each([['--json'], []])('is exit code 1 when a credential is stale (%s)', async (...options) => {
    const late = {
      ...fine,
      health: 'stale',
      kinds: [{ ...kind, soonestSecondsLeft: -90 }],
      attention: [ecrRegistryDocument()],
    };
    const ran = await runCommand(['status', ...options], await serving({ 'GET /v1/status': { body: late } }));

    expect(ran.exitCode).toBe(1);
    if (options.length > 0) {
      expect(JSON.parse(ran.stdout)).toEqual(late);
      return;
    }
    expect(ran.stdout).toContain('ran out 1m 30s ago');
    expect(ran.stdout).toContain(`${ECR_ADDRESS}  stale, 5h 12m left (throttled)  01hzregistry2`);
  });
});

describe('status of what has drifted', () => {
  const states = { fresh: 1, stale: 0, expired: 0, pending: 0 };
  const kinds = [{ kind: 'static', registries: 1, inactive: 0, states, soonestSecondsLeft: null }];
  const drift = { from: 'verified', at: '2026-03-01T09:00:00.000Z' };
  const verification = { status: 'unauthorized', at: '2026-03-01T11:00:00.000Z', warning: null, drift };
  const open = { ...verification, status: 'verified', warning: 'accepts_anyone' };

  it.each([
    { of: verification, says: 'fresh, drifted from verified to unauthorized' },
    { of: open, says: 'fresh, drifted from verified to accepts_anyone' },
  ])('says $says, and stays exit code 0: credentials are as they were', async ({ of, says }) => {
    const attention = [{ ...registryDocument({ verification: of }), reason: 'drifted' }];
    const body = { health: 'ok', environments: 1, kinds, drifted: 1, attention, time: '2026-03-01T12:00:00.000Z' };
    const ran = await runCommand(['status'], await serving({ 'GET /v1/status': { body } }));

    expect(ran.exitCode).toBe(0);
    expect(ran.stdout).toContain('\n1 registry has drifted\n');
    expect(ran.stdout).toContain(`quay.io  ${says}  01hzregistry1`);
  });
});

describe('status of passwords that expire', () => {
  const states = { fresh: 2, stale: 0, expired: 0, pending: 0 };
  const kinds = [{ kind: 'static', registries: 2, inactive: 0, states, soonestSecondsLeft: null }];
  const soon = registryDocument({ expiresOn: '2026-03-11', expiresInDays: 10 });
  const past = registryDocument({ id: '01hzregistry3', expiresOn: '2026-02-28', expiresInDays: -1 });
  const body = { environments: 1, kinds, attention: [], time: '2026-03-01T12:00:00.000Z' };

  it.each([
    { health: 'ok', expiring: [soon], exitCode: 0 },
    { health: 'stale', expiring: [past, soon], exitCode: 1 },
  ])('names them in their order; $health is exit code $exitCode', async ({ health, expiring, exitCode }) => {
    const ran = await runCommand(
      ['status'],
      await serving({ 'GET /v1/status': { body: { ...body, health, expiring } } }),
    );

    expect(ran.exitCode).toBe(exitCode);
    const [, table = ''] = ran.stdout.split('\n\n');
    expect(table.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, '  '))).toEqual([
      'Passwords that expire within 30 days by their date, or have expired:',
      'ADDRESS  EXPIRES ON  LEFT  ID',
      ...(exitCode === 1 ? ['quay.io  2026-02-28  expired 1d ago by its date  01hzregistry3'] : []),
      'quay.io  2026-03-11  10d left  01hzregistry1',
      '',
    ]);
  });
});

describe('audit', () => {
  const decision = {
    ...{ id: '2', type: 'decision', at: '2026-03-01T11:59:58.123Z', environment: 'prod', agentId: 'agent1' },
    ...{ image: IMAGE, outcome: 'released', rule: 'not in the whitelist', mode: 'audit', wouldRefuse: true },
  };
  const change = {
    ...{ id: '1', type: 'change', at: '2026-03-01T11:00:00.000Z', actor: 'admin1' },
    ...{ action: 'registry.add', subject: '01hz', detail: 'quay.io' },
  };

  it('shows decisions and changes in one table', async () => {
    const { url } = await serving({ 'GET /v1/audit?limit=50': { body: { items: [decision, change] } } });
    const ran = await runCommand(['audit'], { url });

    expect(ran.stdout.split('\n')).toEqual([
      'TIME                  BY      ENVIRONMENT  WHAT          ON                  WHY',
      `2026-03-01T11:59:58Z  agent1  prod         released      ${IMAGE}  not in the whitelist (enforce would refuse it)`,
      '2026-03-01T11:00:00Z  admin1               registry.add  01hz                quay.io',
      '',
    ]);
  });

  it('names who it was, by the id where the name is gone', async () => {
    const items = [
      { ...decision, name: 'host-1' },
      { ...change, name: 'ops' },
      { ...decision, name: null },
    ];
    const { url } = await serving({ 'GET /v1/audit?limit=50': { body: { items } } });
    const [, ...rows] = (await runCommand(['audit'], { url })).stdout.trimEnd().split('\n');

    expect(rows.map((row) => row.split(/ +/)[1])).toEqual(['host-1', 'ops', 'agent1']);
  });

  it('tells apart the hosts that are one agent', async () => {
    const principal = 'arn:aws:sts::123456789012:assumed-role/node-web/i-0123456789abcdef0';
    const items = [
      { ...decision, name: 'nodes', principal },
      { ...decision, name: null, principal: 'arn:aws:iam::123456789012:user/ci' },
    ];
    const { url } = await serving({ 'GET /v1/audit?limit=50': { body: { items } } });
    const [, ...rows] = (await runCommand(['audit'], { url })).stdout.trimEnd().split('\n');

    expect(rows.map((row) => row.split(/ {2,}/)[1])).toEqual(['nodes (node-web/i-0123456789abcdef0)', 'agent1 (ci)']);
  });

  it('asks for no more than is wanted, over several pages', async () => {
    const page = (cursor?: string): Answer => ({ body: { items: Array(500).fill(decision), cursor } });
    const { url, asked } = await serving({
      'GET /v1/audit?environment=prod&type=decision&limit=500': page('next'),
      'GET /v1/audit?environment=prod&type=decision&limit=100&cursor=next': {
        body: { items: Array(100).fill(decision), cursor: 'there-is-more' },
      },
    });
    const words = ['audit', '--env', 'prod', '--type', 'decision', '--limit', '600', '--json'];
    const ran = await runCommand(words, { url });

    expect(JSON.parse(ran.stdout)).toHaveLength(600);
    expect(asked()).toHaveLength(2);
  });

  it('refuses a limit that is none', async () => {
    expect(await runCommand(['audit', '--limit', '0'])).toMatchObject({ exitCode: 2 });
  });
});
