/** Somebody else changes things between the plan and what is done: nothing of theirs is lost, and what failed is told. */
import { afterEach, describe, expect, it } from 'vitest';
import { textWith } from '../../support/text-like.ts';
import { agentDocument, policyDocument, registryDocument } from '../api-documents.ts';
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

  it('of a registry that was changed meanwhile is told and not repeated, and the others go on', async () => {
    const ran = await importing({ 'PATCH /v1/registries/01hzregistry1': CONFLICT });
    expect(ran).toMatchObject({ exitCode: 6, stderr: textWith('failed: registry quay.io (01hzregistry1)') });
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
    const ran = await importing({ 'PATCH /v1/registries/01hzregistry1': CONFLICT, 'POST /v1/registries': busy });
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

  it('that adds one which is to be inactive never has it active', async () => {
    await importing({}, { pullpass: 1, registries: [{ ...HARBOR, state: 'inactive' }] });
    expect(changes()).toEqual(['POST /v1/registries']);
    expect(api?.calls.find(({ method }) => method === 'POST')?.body).toMatchObject({ state: 'inactive' });
  });
});

describe('after a policy that could not be set', () => {
  const PROD = 'PUT /v1/environments/prod/policy';
  const present = {
    'GET /v1/environments/prod/policy': { body: policyDocument() },
    [PROD]: CONFLICT,
    'PUT /v1/policy': CONFLICT,
    'GET /v1/agents?limit=500': page(),
    'POST /v1/agents': { status: 201, body: agentDocument() },
  };
  const agents = [{ name: 'web', environments: ['prod'], principal: 'arn:aws:iam::123456789012:role/web' }];
  const ofProd = { environments: { prod: { deny: ['x.example'] } } };
  const moved = { ...QUAY, environments: ['ci'] };

  it.each([
    {
      name: "the organisation's: none is touched",
      file: { registries: [QUAY, HARBOR], policies: { organisation: { deny: ['x.example'] } } },
      done: ['PUT /v1/policy'],
    },
    {
      name: "an environment's: its own are left",
      file: { registries: [QUAY, HARBOR], policies: ofProd },
      done: [PROD],
    },
    {
      name: "an environment's: one of all environments is left",
      file: { registries: [{ ...HARBOR, environments: ['*'] }], policies: ofProd },
      done: [PROD],
    },
    {
      name: "an environment's: one that is for it now, and in the file for another, is left",
      file: { registries: [moved], policies: ofProd },
      done: [PROD],
    },
    {
      name: "an environment's: those of others go on",
      file: { registries: [QUAY, { ...HARBOR, environments: ['ci'] }], policies: ofProd },
      done: [PROD, 'POST /v1/registries'],
    },
  ])('registries are left and told, and agents come: $name', async ({ file, done }) => {
    const ran = await importing(present, { pullpass: 1, ...file, agents });
    expect(changes()).toEqual([...done, 'POST /v1/agents']);
    const lefts = file.registries.length - done.length + 1;
    expect(ran.stderr.match(/^.*left: registry .*was not tried after that/gm) ?? []).toHaveLength(lefts);
    expect(ran).toMatchObject({ exitCode: 6, stderr: textWith('failed: policy of') });
  });
});

it('sends the secret to Pullpass, and nowhere else', async () => {
  await importing({});
  const bodies = (api?.calls ?? []).filter(({ body }) => JSON.stringify(body ?? '').includes('canary'));
  expect(bodies.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST /v1/registries']);
  expect(bodies[0]?.body).toMatchObject({ source: { kind: 'static', username: 'me', password: 'canary-secret' } });
});
