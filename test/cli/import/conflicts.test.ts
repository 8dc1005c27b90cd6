/** Somebody else changes things between the plan and what is done: nothing of theirs is lost, and what failed is told. */
import { afterEach, describe, expect, it } from 'vitest';
import { textWith } from '../../support/text-like.ts';
import { policyDocument, registryDocument } from '../api-documents.ts';
import { runCommand, type Ran } from '../run-command.ts';
import { problem, startScriptedApi, type Answer, type Script, type ScriptedApi } from '../scripted-api.ts';

let api: ScriptedApi | undefined;

afterEach(() => api?.close());

const CONFLICT = problem(412, 'revision_conflict', 'it has been changed meanwhile');
const LIST = 'GET /v1/registries?limit=500';
const AT_HARBOR = 'GET /v1/registries?address=harbor.example&limit=500';

const HARBOR = {
  address: 'harbor.example',
  environments: ['prod'],
  source: { kind: 'static', username: 'me', password: 'canary-secret' },
};
const QUAY = {
  id: '01hzregistry1',
  address: 'quay.io',
  environments: ['prod'],
  description: 'new',
  source: { kind: 'static', username: 'team+pull' },
};
const FILE = { pullpass: 1, registries: [QUAY, HARBOR], policies: { organisation: { deny: ['x.example'] } } };

function page(...items: readonly unknown[]): Answer {
  return { body: { items, cursor: null } };
}

const WELL: Script = {
  'GET /v1/policy': { body: policyDocument() },
  'PUT /v1/policy': { body: policyDocument({ revision: 5 }) },
  [LIST]: page(registryDocument()),
  [AT_HARBOR]: page(),
  'PATCH /v1/registries/01hzregistry1': { body: registryDocument({ revision: 4 }) },
  'POST /v1/registries': {
    status: 201,
    body: registryDocument({ id: '01hznew', address: 'harbor.example', revision: 1 }),
  },
};

async function importing(script: Script, file: unknown = FILE): Promise<Ran> {
  api = await startScriptedApi({ ...WELL, ...script });
  const ran = await runCommand(['import', '-', '--apply'], { url: api.url, stdin: JSON.stringify(file) });
  expect(`${ran.stdout}${ran.stderr}`).not.toContain('canary');
  return ran;
}

function changes(): readonly string[] {
  return (api?.asked() ?? []).filter((call) => !call.startsWith('GET ')).map((call) => call.split(' {')[0] ?? '');
}

describe('each step', () => {
  it('is held to the revision that the plan was made from', async () => {
    expect(await importing({})).toMatchObject({ exitCode: 0, stderr: '' });
    const revisions = (api?.calls ?? [])
      .filter(({ method }) => method !== 'GET')
      .map(({ headers }) => headers['if-match']);
    expect(revisions).toEqual(['"4"', '"3"', undefined]);
  });

  it.each([
    { name: 'a policy', script: { 'PUT /v1/policy': CONFLICT }, told: 'failed: policy of the organisation' },
    {
      name: 'a registry',
      script: { 'PATCH /v1/registries/01hzregistry1': CONFLICT },
      told: 'failed: registry quay.io (01hzregistry1)',
    },
  ])('of $name that was changed meanwhile is told and not repeated, and the others go on', async ({ script, told }) => {
    const ran = await importing(script);
    expect(ran).toMatchObject({ exitCode: 6, stderr: textWith(told) });
    expect(ran.stderr).toContain('import again');
    expect(changes()).toEqual(['PUT /v1/policy', 'PATCH /v1/registries/01hzregistry1', 'POST /v1/registries']);
  });

  it('that adds looks once more: a registry that came meanwhile is not overridden', async () => {
    const theirs = registryDocument({ id: '01hztheirs', address: 'harbor.example' });
    const ran = await importing({ [AT_HARBOR]: page(theirs) });
    expect(ran).toMatchObject({
      exitCode: 6,
      stderr: textWith('somebody else has added harbor.example (01hztheirs) meanwhile'),
    });
    expect(changes()).not.toContain('POST /v1/registries');
  });

  it('that adds is not kept by one for other environments', async () => {
    const theirs = registryDocument({ id: '01hztheirs', address: 'harbor.example', environments: ['ci'] });
    expect(await importing({ [AT_HARBOR]: page(theirs) })).toMatchObject({ exitCode: 0 });
  });

  it('that fails in different ways ends with 1', async () => {
    const busy = problem(503, 'store_unavailable', 'the store does not answer');
    const ran = await importing({ 'PUT /v1/policy': CONFLICT, 'POST /v1/registries': busy });
    expect(ran.exitCode).toBe(1);
  });

  it.each([
    { name: 'the token may not', answer: problem(403, 'role_required', 'this takes an admin'), exitCode: 3 },
    { name: 'something else answers', answer: { status: 502, raw: '<html>canary</html>' }, exitCode: 5 },
  ])('after one that shows that $name is left, and told', async ({ answer, exitCode }) => {
    const ran = await importing({ 'PUT /v1/policy': answer });
    expect(changes()).toEqual(['PUT /v1/policy']);
    expect(ran.exitCode).toBe(exitCode);
    expect(ran.stderr.match(/was not tried after that/g)).toHaveLength(2);
  });

  it('that adds one which is to be inactive deactivates it at once, and says when that failed', async () => {
    const file = { pullpass: 1, registries: [{ ...HARBOR, state: 'inactive' }] };
    const ran = await importing({ 'POST /v1/registries/01hznew/deactivate': CONFLICT }, file);
    expect(changes()).toEqual(['POST /v1/registries', 'POST /v1/registries/01hznew/deactivate']);
    expect(ran).toMatchObject({ exitCode: 6, stderr: textWith('harbor.example') });
  });
});

it('sends the secret to Pullpass, and nowhere else', async () => {
  await importing({});
  const bodies = (api?.calls ?? []).filter(({ body }) => JSON.stringify(body ?? '').includes('canary'));
  expect(bodies.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST /v1/registries']);
  expect(bodies[0]?.body).toMatchObject({ source: { kind: 'static', username: 'me', password: 'canary-secret' } });
});
