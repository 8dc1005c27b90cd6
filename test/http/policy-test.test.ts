/** Pins, exceptions, policy tests and refusals over HTTP. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPullpass, type RunningPullpass } from '../support/running-pullpass.ts';

let pullpass: RunningPullpass;

beforeEach(async () => {
  pullpass = await startPullpass();
});

afterEach(async () => {
  await pullpass.close();
});

const NEXT_YEAR = new Date(Date.now() + 365 * 86_400_000).toISOString();
const EXCEPTION = { entry: 'QUAY.io/team', reason: 'moves to the mirror', until: NEXT_YEAR };
const SHOWN = { entry: 'quay.io/team', reason: 'moves to the mirror', until: NEXT_YEAR, ended: false };

describe('pins and exceptions', () => {
  it('are set and shown, canonical, and recorded with the time as people write it', async () => {
    const set = await pullpass.call('PUT /v1/policy', {
      whitelist: 'ghcr.io',
      alwaysAllow: 'Registry.K8s.io, index.docker.io/library',
      exceptions: [EXCEPTION],
    });
    expect(set.status, set.text).toBe(200);
    const shown = { alwaysAllow: ['registry.k8s.io', 'docker.io/library'], exceptions: [SHOWN] };
    expect(set.body).toMatchObject(shown);
    expect((await pullpass.call('GET /v1/policy')).body).toMatchObject(shown);
    const audit = await pullpass.call('GET /v1/audit?type=change&limit=1');
    expect(audit.text).toContain(NEXT_YEAR);
    expect((await pullpass.call('GET /v1/policy')).text).not.toContain('index.docker.io');
  });

  it('are nothing where a policy does not name them', async () => {
    expect((await pullpass.call('GET /v1/policy')).body).toMatchObject({ alwaysAllow: [], exceptions: [] });
    const set = await pullpass.call('PUT /v1/policy', { exceptions: null, alwaysAllow: null });
    expect(set.body).toMatchObject({ alwaysAllow: [], exceptions: [], revision: 1 });
  });

  it('are told about by explain, with the reason, and by the rule without it', async () => {
    await pullpass.call('PUT /v1/environments/prod/policy', { whitelist: 'ghcr.io', exceptions: [EXCEPTION] });
    const { body } = await pullpass.call('POST /v1/environments/prod/explain', { image: 'quay.io/team/app' });
    expect(body).toMatchObject({
      decision: { allowed: true, rule: `environment exception until ${NEXT_YEAR}: quay.io/team` },
      rules: { organisation: null, environment: { exceptions: [SHOWN] } },
    });
  });

  it.each([
    ['no end', { exceptions: [{ entry: 'quay.io', reason: 'r' }] }, 'exceptions[0].until'],
    ['an end in the past', { exceptions: [{ ...EXCEPTION, until: '2020-01-01T00:00:00Z' }] }, 'exceptions[0].until'],
    ['a bad pin', { alwaysAllow: ['quay.io', 'https://x'] }, 'alwaysAllow[1]'],
    [
      'a default registry by exception',
      { ...{ whitelist: 'ghcr.io', exceptions: [EXCEPTION] }, defaultRegistry: 'quay.io/team' },
      'defaultRegistry',
    ],
  ])('are refused with %s', async (_name, policy, field) => {
    const answer = await pullpass.call('PUT /v1/environments/prod/policy', policy);
    expect(answer.status, answer.text).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid_input', errors: [{ field }] });
  });

  it('may have ended when something else is changed', async () => {
    const until = Date.now() - 1000;
    const ended = { entry: 'quay.io', reason: 'moved', until: new Date(until).toISOString() };
    const document = {
      ...{ whitelist: ['ghcr.io'], deny: [], alwaysAllow: [], defaultRegistry: null, mode: null },
      exceptions: [{ ...ended, until }],
    };
    const change = { type: 'change', at: 0, actor: 'test', action: 'policy.set', subject: 'prod' } as const;
    const write = { scope: 'prod', document, expectedRevision: undefined, updatedAt: 0, change };
    await pullpass.store.catalogue.putPolicy(write);

    expect((await pullpass.call('GET /v1/environments/prod/policy')).body).toMatchObject({
      exceptions: [{ ...ended, ended: true }],
    });
    const kept = await pullpass.call('PUT /v1/environments/prod/policy', { deny: 'x.example', exceptions: [ended] });
    expect(kept.status, kept.text).toBe(200);
    const moved = { ...ended, until: new Date(until - 1).toISOString() };
    const again = await pullpass.call('PUT /v1/environments/prod/policy', { exceptions: [moved] });
    expect(again.body).toMatchObject({ status: 400, errors: [{ field: 'exceptions[0].until' }] });
  });
});

describe('POST /v1/policy/test', () => {
  it('says what holds, what would hold, and how much of each', async () => {
    await pullpass.call('PUT /v1/environments/prod/policy', { whitelist: 'quay.io', mode: 'audit' });
    const answer = await pullpass.call('POST /v1/policy/test', {
      environment: 'prod',
      images: ['nginx:1', 'quay.io/team/app', 'quay.io/Team'],
      hosts: ['ghcr.io'],
      proposed: { environment: { whitelist: ['docker.io'], mode: 'enforce' } },
    });
    expect(answer.status, answer.text).toBe(200);
    const rule = 'not in the environment whitelist';
    expect(answer.body).toMatchObject({
      environment: 'prod',
      revisions: { organisation: 0, environment: 1 },
      items: [
        {
          kind: 'image',
          image: 'nginx:1',
          present: {
            reference: 'docker.io/library/nginx:1',
            allowed: true,
            wouldRefuse: true,
            rule,
            mode: 'audit',
            fault: null,
          },
          proposed: { allowed: true, wouldRefuse: false, rule: 'environment whitelist: docker.io', mode: 'enforce' },
          change: 'would_now_allow',
        },
        { change: 'now_refused', proposed: { allowed: false, wouldRefuse: true, rule } },
        { change: null, present: { reference: null, fault: 'the repository must be lower case' } },
        { kind: 'host', image: 'ghcr.io', change: 'now_refused', present: { reference: 'ghcr.io' } },
      ],
      totals: {
        items: 4,
        present: { allowed: 3, refused: 1, wouldRefuse: 3, notReferences: 1 },
        proposed: { allowed: 1, refused: 3, wouldRefuse: 3, notReferences: 1 },
        changes: { now_refused: 2, now_allowed: 0, would_now_refuse: 0, would_now_allow: 1, other_reference: 0 },
      },
    });
  });

  it('answers for the organisation alone, at another moment', async () => {
    await pullpass.call('PUT /v1/policy', { whitelist: 'ghcr.io', exceptions: [EXCEPTION] });
    const images = ['quay.io/team/app'];
    const now = await pullpass.call('POST /v1/policy/test', { images });
    expect(now.body).toMatchObject({
      environment: null,
      revisions: { organisation: 1, environment: null },
      items: [{ present: { allowed: true }, proposed: null, change: null }],
      totals: { proposed: null, changes: null },
    });
    const later = await pullpass.call('POST /v1/policy/test', { images, at: NEXT_YEAR });
    expect(later.body).toMatchObject({ at: NEXT_YEAR, items: [{ present: { allowed: false } }] });
  });

  it('changes nothing and records nothing', async () => {
    const before = (await pullpass.call('GET /v1/audit')).text;
    await pullpass.call('POST /v1/policy/test', {
      environment: 'prod',
      images: ['nginx'],
      proposed: { organisation: { deny: 'docker.io' }, environment: { deny: 'docker.io' } },
    });
    expect((await pullpass.call('GET /v1/environments/prod/policy')).body).toMatchObject({ revision: 0, deny: [] });
    expect((await pullpass.call('GET /v1/policy')).body).toMatchObject({ revision: 0, deny: [] });
    expect((await pullpass.call('GET /v1/audit')).text).toBe(before);
    expect((await pullpass.call('GET /v1/environments')).body).toEqual({ items: [] });
  });

  it.each<[string, unknown, string]>([
    ['nothing to test', {}, 'images'],
    ['a thousand images and one', { images: Array.from({ length: 1001 }, () => 'nginx') }, 'images'],
    ['an image that is no text', { images: ['nginx', 7] }, 'images[1]'],
    ['a bad environment', { images: ['nginx'], environment: 'Prod' }, 'environment'],
    ['a bad moment', { images: ['nginx'], at: 'tomorrow' }, 'at'],
    ['a field that is not known', { images: ['nginx'], propose: {} }, 'propose'],
    ['a proposal for something else', { images: ['nginx'], proposed: { agent: {} } }, 'proposed.agent'],
    [
      'a proposed entry that is none',
      { images: ['nginx'], environment: 'prod', proposed: { environment: { whitelist: ['a.io', 'b.io', '*'] } } },
      'proposed.environment.whitelist[2]',
    ],
  ])('is refused with %s', async (_name, body, field) => {
    const answer = await pullpass.call('POST /v1/policy/test', body);
    expect(answer.status, answer.text).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid_input', errors: [{ field }] });
  });
});

describe('GET /v1/environments/{environment}/refusals', () => {
  it('counts what audit mode let through and what enforce refused', async () => {
    const token = await pullpass.createAgent({ environments: ['prod'] });
    const ask = (image: string) => pullpass.call('POST /v1/environments/prod/resolve', { image }, { token });
    const askHost = (host: string) => pullpass.call('POST /v1/environments/prod/docker-credential', host, { token });
    await pullpass.call('PUT /v1/environments/prod/policy', { whitelist: 'quay.io', mode: 'audit' });
    await ask('nginx:1');
    await ask('docker.io/library/nginx:1');
    await ask('quay.io/team/app');
    await askHost('ghcr.io');
    await pullpass.call('PUT /v1/environments/prod/policy', { whitelist: 'quay.io' });
    await ask('nginx:1');

    const answer = await pullpass.call('GET /v1/environments/prod/refusals');
    const rule = 'not in the environment whitelist';
    expect(answer.body).toMatchObject({
      decisions: 5,
      items: [
        { outcome: 'let_through', rule, image: 'docker.io/library/nginx:1', count: 2, moreAgents: false },
        { outcome: 'refused', rule, image: 'docker.io/library/nginx:1', count: 1 },
        { outcome: 'let_through', rule, image: 'ghcr.io', count: 1 },
      ],
    });
    expect(answer.body).not.toHaveProperty('cursor');
    const all = await pullpass.call('GET /v1/environments/prod/refusals?all=true');
    expect(all.text).toContain('"outcome":"allowed"');
    const since = new Date(Date.now()).toISOString();
    expect((await pullpass.call(`GET /v1/environments/prod/refusals?since=${since}`)).body).toMatchObject({
      since,
      decisions: 0,
      from: null,
      to: null,
      items: [],
    });
  });

  it.each([
    ['prod/refusals?since=yesterday', 'invalid_input'],
    [`prod/refusals?since=${NEXT_YEAR}`, 'invalid_input'],
    ['prod/refusals?all=1', 'invalid_input'],
    ['prod/refusals?limit=5', 'invalid_input'],
    ['Prod/refusals', 'invalid_input'],
    ['prod/refusals?cursor=nonsense', 'bad_cursor'],
  ])('refuses %s', async (path, code) => {
    expect((await pullpass.call(`GET /v1/environments/${path}`)).body).toMatchObject({ status: 400, code });
  });
});

describe.each([
  ['POST /v1/policy/test', { images: ['nginx'] }],
  ['GET /v1/environments/prod/refusals', undefined],
])('%s', (what, body) => {
  it.each([
    ['viewer', 200],
    ['agent', 403],
  ])('answers a %s with %i', async (role, status) => {
    const token = await pullpass.createAgent({ role, environments: role === 'agent' ? ['prod'] : [] });
    expect((await pullpass.call(what, body, { token })).status).toBe(status);
  });

  it('answers nobody without a token', async () => {
    expect((await pullpass.call(what, body, { token: '' })).status).toBe(401);
  });
});
