import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXCEPTION, policyDocument } from './api-documents.ts';
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

const { ended: _shown, ...KEPT } = EXCEPTION;
const FIELDS = {
  whitelist: ['quay.io/team'],
  deny: ['evil.example'],
  alwaysAllow: ['registry.k8s.io'],
  exceptions: [KEPT],
  defaultRegistry: null,
  mode: null,
};
const CONFLICT = problem(412, 'revision_conflict', 'it has been changed meanwhile');

function holding(fields: Record<string, unknown> = {}): Script {
  return { 'GET /v1/policy': { body: policyDocument(fields) }, 'PUT /v1/policy': { body: policyDocument(fields) } };
}

describe('what a change writes', () => {
  it.each([
    {
      line: 'allow index.docker.io Quay.io',
      put: { ...FIELDS, whitelist: ['quay.io/team', 'docker.io', 'quay.io'] },
    },
    { line: 'deny *.bad.example', put: { ...FIELDS, deny: ['evil.example', '*.bad.example'] } },
    { line: 'remove EVIL.example', put: { ...FIELDS, deny: [] } },
    {
      line: 'always-allow Quay.io:443',
      put: { ...FIELDS, alwaysAllow: ['registry.k8s.io', 'quay.io'] },
    },
    { line: 'remove registry.k8s.io', put: { ...FIELDS, alwaysAllow: [] } },
    { line: 'set --always-allow a.example,b.example', put: { ...FIELDS, alwaysAllow: ['a.example', 'b.example'] } },
    {
      line: 'exception add GHCR.io docker.io --reason moves --until 2026-05-01T00:00:00Z',
      put: {
        ...FIELDS,
        exceptions: [
          KEPT,
          { entry: 'ghcr.io', reason: 'moves', until: '2026-05-01T00:00:00Z' },
          { entry: 'docker.io', reason: 'moves', until: '2026-05-01T00:00:00Z' },
        ],
      },
    },
    {
      line: 'exception add ghcr.io --reason moves --until 30d',
      put: { ...FIELDS, exceptions: [KEPT, { entry: 'ghcr.io', reason: 'moves', until: '2026-03-31T12:00:00.000Z' }] },
    },
    { line: 'exception remove QUAY.io/old', put: { ...FIELDS, exceptions: [] } },
    { line: 'default quay.io/team', put: { ...FIELDS, defaultRegistry: 'quay.io/team' } },
    { line: 'mode audit', put: { ...FIELDS, mode: 'audit' } },
    { line: 'set --no-whitelist', put: { ...FIELDS, whitelist: null } },
    {
      line: 'set --whitelist a.example,b.example --deny c.example --default a.example --mode enforce',
      put: {
        ...FIELDS,
        whitelist: ['a.example', 'b.example'],
        deny: ['c.example'],
        defaultRegistry: 'a.example',
        mode: 'enforce',
      },
    },
  ])('policy $line', async ({ line, put }) => {
    const { url, calls } = await serving(holding());
    const ran = await runCommand(['policy', ...line.split(' ')], { url });

    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    expect(calls[1]).toMatchObject({ method: 'PUT', url: '/v1/policy', body: put });
    expect(calls[1]?.headers['if-match']).toBe('"4"');
  });

  it.each([
    { line: 'default --none', held: { defaultRegistry: 'quay.io' }, put: { ...FIELDS, defaultRegistry: null } },
    { line: 'mode inherit', held: { mode: 'audit' }, put: { ...FIELDS, mode: null } },
    {
      line: 'exception remove --ended',
      held: { exceptions: [{ ...KEPT, until: '2026-03-01T12:00:00.000Z', ended: true }, EXCEPTION] },
      put: FIELDS,
    },
  ])('policy $line takes it away', async ({ line, held, put }) => {
    const { url, calls } = await serving(holding(held));
    await runCommand(['policy', ...line.split(' ')], { url });

    expect(calls[1]?.body).toEqual(put);
  });

  it("goes to the environment's policy with --env", async () => {
    const { url, asked } = await serving({
      'GET /v1/environments/prod/policy': { body: policyDocument({ environment: 'prod', revision: 0 }) },
      'PUT /v1/environments/prod/policy': { body: policyDocument({ environment: 'prod', revision: 1 }) },
    });
    const ran = await runCommand(['policy', 'deny', 'b.example', '--env', 'prod', '--json'], { url });

    expect(JSON.parse(ran.stdout)).toEqual(policyDocument({ environment: 'prod', revision: 1 }));
    expect(asked().map((call) => call.split(' {')[0])).toEqual([
      'GET /v1/environments/prod/policy',
      'PUT /v1/environments/prod/policy',
    ]);
  });
});

it('says that the first allowed entry turns the restriction on', async () => {
  const { url, calls } = await serving(holding({ whitelist: null }));
  const ran = await runCommand(['policy', 'allow', 'quay.io'], { url });

  expect(ran.stderr).toBe('there was no whitelist: from now on only these are allowed: quay.io\n');
  expect(calls[1]?.body).toMatchObject({ whitelist: ['quay.io'] });
});

describe('an entry with a path', () => {
  const NOTE =
    'a path is enforced when a client names the image (resolve); docker, podman and skopeo ask their helper for the host ' +
    'only and get its credential if anything on it is allowed\n';

  it.each([
    { line: 'allow quay.io/other', stderr: NOTE },
    { line: 'deny quay.io/other', stderr: NOTE },
    { line: 'set --whitelist a.example,quay.io/other', stderr: NOTE },
    { line: 'set --deny quay.io/other', stderr: NOTE },
    { line: 'set --file -', stderr: NOTE },
    { line: 'always-allow quay.io/other', stderr: NOTE },
    { line: 'exception add quay.io/other --reason moves --until 30d', stderr: NOTE },
    { line: 'set --deny quay.io', stderr: '' },
    { line: 'set --default quay.io/team', stderr: '' },
    { line: 'remove evil.example', stderr: '' },
  ])('policy $line says for whom it holds: $stderr', async ({ line, stderr }) => {
    const { url } = await serving(holding());
    const ran = await runCommand(['policy', ...line.split(' ')], { url, stdin: JSON.stringify(FIELDS) });

    expect(ran).toMatchObject({ exitCode: 0, stderr });
  });
});

it('writes nothing when it is so already', async () => {
  const { url, calls } = await serving(holding());
  const ran = await runCommand(['policy', 'allow', 'quay.io/team'], { url });

  expect(ran).toMatchObject({ exitCode: 0, stderr: 'nothing to change: it is so already\n' });
  expect(calls).toHaveLength(1);
});

describe('when somebody else changes it at the same time', () => {
  it('reads again and keeps both changes', async () => {
    const { url, calls } = await serving({
      'GET /v1/policy': [
        { body: policyDocument() },
        { body: policyDocument({ deny: ['theirs.example'], revision: 5 }) },
      ],
      'PUT /v1/policy': [CONFLICT, { body: policyDocument({ revision: 6 }) }],
    });
    const ran = await runCommand(['policy', 'deny', 'mine.example'], { url });

    expect(ran.exitCode).toBe(0);
    expect(calls[3]).toMatchObject({ method: 'PUT', body: { deny: ['theirs.example', 'mine.example'] } });
    expect(calls[3]?.headers['if-match']).toBe('"5"');
  });

  it('gives up after a few times, as a conflict', async () => {
    const { url, calls } = await serving({ 'GET /v1/policy': { body: policyDocument() }, 'PUT /v1/policy': CONFLICT });
    const ran = await runCommand(['policy', 'deny', 'mine.example'], { url });

    expect(ran.exitCode).toBe(6);
    expect(calls.filter(({ method }) => method === 'PUT')).toHaveLength(5);
  });

  it('does not repeat a change that was refused for another reason', async () => {
    const { url, calls } = await serving({
      ...holding(),
      'PUT /v1/policy': problem(400, 'invalid_input', 'defaultRegistry must be a registry that the whitelist allows'),
    });
    const ran = await runCommand(['policy', 'default', 'other.example'], { url });

    expect(ran.exitCode).toBe(1);
    expect(ran.stderr).toContain('defaultRegistry must be');
    expect(calls).toHaveLength(2);
  });
});

describe('what is refused without a change', () => {
  it.each([
    { line: 'remove nothing.example', exitCode: 4, says: 'neither in the whitelist nor in the deny list' },
    { line: 'remove quay.io/old', exitCode: 4, says: '`pullpass policy exception remove` ends that' },
    { line: 'exception remove ghcr.io', exitCode: 4, says: 'there is no exception for ghcr.io' },
    { line: 'exception remove', exitCode: 2, says: 'give entries, or --ended' },
    { line: 'exception remove quay.io/old --ended', exitCode: 2, says: 'give entries, or --ended' },
    { line: 'exception add ghcr.io --until 30d', exitCode: 2, says: '--reason' },
    { line: 'exception add ghcr.io --reason moves', exitCode: 2, says: '--until' },
    { line: 'exception add ghcr.io --reason moves --until soon', exitCode: 2, says: '--until cannot be soon' },
    { line: 'exception add * --reason moves --until 30d', exitCode: 2, says: 'the entry * must not be "*" alone' },
    { line: 'always-allow *', exitCode: 2, says: 'the entry * must not be "*" alone' },
    { line: 'remove quay.io/team', exitCode: 2, says: 'empty whitelist' },
    { line: 'allow *', exitCode: 2, says: 'the entry * must not be "*" alone' },
    { line: 'allow', exitCode: 2, says: "missing required argument 'entry'" },
    { line: 'set', exitCode: 2, says: 'there is nothing to set' },
    { line: 'set --whitelist ', exitCode: 2, says: 'for no restriction: --no-whitelist' },
    { line: 'default', exitCode: 2, says: 'give an address, or --none' },
    { line: 'default quay.io --none', exitCode: 2, says: 'give an address, or --none' },
    { line: 'mode strict', exitCode: 2, says: 'strict' },
    { line: 'set --file /nowhere/policy.json', exitCode: 2, says: '/nowhere/policy.json cannot be read' },
    { line: 'set --file - --deny a.example', exitCode: 2, says: '--file sets the whole policy' },
    { line: 'set --file -', exitCode: 2, says: 'is not a policy in JSON' },
  ])('policy $line', async ({ line, exitCode, says }) => {
    const { url, calls } = await serving(holding());
    const ran = await runCommand(['policy', ...line.split(' ')], { url });

    expect(ran.exitCode).toBe(exitCode);
    expect(ran.stderr).toContain(says);
    expect(calls.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});

describe('policy set --file', () => {
  it.each([
    { name: 'what show printed replaces that very revision', document: policyDocument(), ifMatch: '"4"' },
    { name: 'a bare document replaces whatever there is', document: FIELDS, ifMatch: undefined },
  ])('$name', async ({ document, ifMatch }) => {
    const file = join(folder, 'policy.json');
    await writeFile(file, JSON.stringify(document));
    const { url, calls } = await serving(holding());

    expect(await runCommand(['policy', 'set', '--file', file], { url })).toMatchObject({ exitCode: 0 });
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ method: 'PUT', body: FIELDS });
    expect(calls[0]?.headers['if-match']).toBe(ifMatch);
  });

  it('reads standard input, and leaves unknown fields for Pullpass to refuse', async () => {
    const { url, calls } = await serving(holding());
    await runCommand(['policy', 'set', '--file', '-'], { url, stdin: '{"whitelist":null,"whitlist":[]}' });

    expect(calls[0]?.body).toEqual({ whitelist: null, whitlist: [] });
  });

  it("refuses one environment's policy for another by accident", async () => {
    const { url, calls } = await serving(holding());
    const stdin = JSON.stringify(policyDocument({ environment: 'prod' }));
    const ran = await runCommand(['policy', 'set', '--file', '-', '--env', 'ci'], { url, stdin });

    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('holds the policy of prod, not of ci');
    expect(calls).toEqual([]);
  });
});

it('says which exception an added one replaces', async () => {
  const { url, calls } = await serving(holding());
  const line = 'policy exception add quay.io/old --reason again --until 2026-05-01T00:00:00Z';
  const ran = await runCommand(line.split(' '), { url });

  expect(ran.stderr).toContain(
    'replaces the exception for quay.io/old until 2026-04-01T00:00:00.000Z (in 30d 12h): moves',
  );
  expect(calls[1]?.body).toMatchObject({
    exceptions: [{ entry: 'quay.io/old', reason: 'again', until: '2026-05-01T00:00:00Z' }],
  });
});

it('shows what holds, and what is only inherited', async () => {
  const ended = { entry: 'ghcr.io', reason: 'was needed', until: '2026-02-28T12:00:00.000Z', ended: true };
  const { url } = await serving({
    'GET /v1/environments/prod/policy': {
      body: policyDocument({ environment: 'prod', whitelist: null, deny: [], exceptions: [EXCEPTION, ended] }),
    },
  });
  const ran = await runCommand(['policy', 'show', '--env', 'prod'], { url });

  expect(ran.stdout.split('\n')).toEqual([
    'policy of the environment prod',
    'whitelist         none: no restriction',
    'deny              nothing',
    'always allowed    registry.k8s.io',
    'exceptions        quay.io/old until 2026-04-01T00:00:00.000Z (in 30d 12h): moves to the mirror',
    '                  ghcr.io ended 2026-02-28T12:00:00.000Z (1d ago): was needed',
    'default registry  as the organisation',
    'mode              as the organisation',
    'changed           2026-03-01T11:00:00.000Z (1h ago)',
    'revision          4',
    '',
  ]);
});
