/** Several registries on one command line: what is said before, what is sent, and what comes back when some fail. */
import { afterEach, describe, expect, it } from 'vitest';
import { registryDocument } from './api-documents.ts';
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

type Fields = Readonly<Record<string, unknown>>;

/** Newest first, as the API lists them. */
function registries(...all: readonly (Fields & { readonly id: string })[]): readonly Fields[] {
  return all.map((fields) => registryDocument(fields));
}

/** A Pullpass that has these: each by its id, all at one address in the list of that address. */
function holding(documents: readonly Fields[]): Script {
  const script: Record<string, Answer> = {};
  const addresses = new Set(documents.flatMap(({ address }) => prefixesOf(String(address))));
  for (const address of addresses) {
    const items = documents.filter((document) => document['address'] === address);
    script[`GET /v1/registries?address=${encodeURIComponent(address)}&limit=500`] = { body: { items } };
  }
  for (const document of documents) script[`GET /v1/registries/${String(document['id'])}`] = { body: document };
  return script;
}

function prefixesOf(address: string): readonly string[] {
  const parts = address.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function bulk(...items: readonly Fields[]): Answer {
  const failed = items.filter(({ outcome }) => outcome === 'failed').length;
  return { body: { items, done: items.length - failed, failed } };
}

const BULK = 'POST /v1/registries/bulk';
const done = (id: string, fields?: Fields): Fields => ({
  ...{ id, outcome: 'done' },
  ...(fields === undefined ? {} : { registry: registryDocument({ id, ...fields }) }),
});
const failed = (id: string, answer: Answer): Fields => ({ id, outcome: 'failed', problem: answer.body });
const CONFLICT = problem(412, 'revision_conflict', 'it has been changed meanwhile: read it again, then decide');
const NOT_BEGUN = problem(503, 'not_begun', 'its turn did not come: send it again');

const newest = { id: 'new1', environments: ['*'] };
const named = { id: 'named1', environments: ['prod', 'ci'] };
const oldest = { id: 'old1', environments: ['*'] };

describe('registry delete', () => {
  it.each<[string, readonly (Fields & { readonly id: string })[], readonly string[], readonly string[]]>([
    [
      'an earlier one comes back',
      [newest, oldest],
      ['new1'],
      ['without quay.io (new1):', '  in every environment: quay.io (old1) answers'],
    ],
    [
      'nobody is left',
      [newest],
      ['new1'],
      [
        'without quay.io (new1):',
        '  in every environment: no registry is left for it: what policy allows is pulled anonymously',
      ],
    ],
    [
      'an inactive one comes back',
      [newest, { ...oldest, state: 'inactive' }],
      ['new1'],
      ['without quay.io (new1):', '  in every environment: quay.io (old1) answers, and refuses: it is inactive'],
    ],
    [
      'it did not answer anyway',
      [newest, oldest],
      ['old1'],
      ['without quay.io (old1):', '  in every environment: nothing changes: quay.io (new1) answers'],
    ],
    [
      'it answers here and there',
      [newest, named],
      ['new1'],
      [
        'without quay.io (new1):',
        '  in ci, prod: nothing changes: quay.io (named1) answers',
        '  in every other environment: no registry is left for it: what policy allows is pulled anonymously',
      ],
    ],
    [
      'only its own environments are concerned',
      [newest, named],
      ['named1'],
      ['without quay.io (named1):', '  in ci, prod: quay.io (new1) answers'],
    ],
    [
      'a shorter address takes over',
      [{ id: 'team1', address: 'quay.io/team/app', environments: ['prod'] }, oldest],
      ['team1'],
      ['without quay.io/team/app (team1):', '  in prod: quay.io (old1) answers'],
    ],
    [
      'those that go together do not answer for one another',
      [newest, named, oldest],
      ['new1', 'named1'],
      [
        'without quay.io (new1):',
        '  in ci, prod and every other: quay.io (old1) answers',
        'without quay.io (named1):',
        '  in ci, prod: quay.io (old1) answers',
      ],
    ],
  ])('says what answers where %s', async (_name, all, which, lines) => {
    const { url, calls } = await serving(holding(registries(...all)));
    const ran = await runCommand(['registry', 'delete', ...which], { url, columns: 200, stdin: 'n\n' });
    expect(ran.exitCode).toBe(1);
    expect(ran.stderr.split('\n').slice(0, lines.length)).toEqual(lines);
    expect(calls.map(({ method }) => method)).not.toContain('DELETE');
    expect(calls.map(({ method }) => method)).not.toContain('POST');
  });

  const two = holding(registries(newest, named));
  const answer = bulk(done('new1'), done('named1'));

  it.each([
    { name: 'a script', words: [], terminal: {}, asked: false },
    { name: '--yes', words: ['--yes'], terminal: { columns: 80 }, asked: false },
    { name: 'a person who says yes', words: [], terminal: { columns: 80, stdin: 'y\n' }, asked: true },
  ])('deletes several for $name, each at the revision that was looked at', async ({ words, terminal, asked }) => {
    const { url, calls } = await serving({ ...two, [BULK]: answer });
    const ran = await runCommand(['registry', 'delete', 'new1', 'named1', 'new1', ...words], { url, ...terminal });
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'deleted quay.io (new1)\ndeleted quay.io (named1)\n' });
    expect(ran.stderr.includes('Delete 2 registries with their secrets? [y/N]')).toBe(asked);
    const body = {
      action: 'delete',
      registries: [
        { id: 'new1', revision: 3 },
        { id: 'named1', revision: 3 },
      ],
    };
    expect(calls.filter(({ method }) => method === 'POST').map((call) => call.body)).toEqual([body]);
  });

  it('changes nothing when one of them is not there', async () => {
    const { url, calls } = await serving({ ...two, [BULK]: answer });
    const script = await runCommand(['registry', 'delete', 'new1', 'nobody1'], { url });
    expect(script.exitCode).toBe(4);
    expect(calls.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('goes on where nobody can say what answers', async () => {
    const { 'GET /v1/registries?address=quay.io&limit=500': _list, ...rest } = two;
    const { url } = await serving({ ...rest, [BULK]: answer });
    expect(await runCommand(['registry', 'delete', 'new1', 'named1'], { url })).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
  });
});

describe('of several, some of which fail,', () => {
  const three = holding(registries({ id: 'a1' }, { id: 'b1' }, { id: 'c1' }));
  const words = ['registry', 'deactivate', 'a1', 'b1', 'c1'];

  it.each([
    {
      name: 'all were changed by somebody else',
      items: ['a1', 'b1', 'c1'].map((id) => failed(id, CONFLICT)),
      exitCode: 6,
      says: '3 of 3 failed',
    },
    {
      name: 'one was',
      items: [done('a1', { state: 'inactive' }), failed('b1', CONFLICT), done('c1', { state: 'inactive' })],
      exitCode: 6,
      says: 'quay.io (b1): it has been changed meanwhile: read it again, then decide\n1 of 3 failed\n',
    },
    {
      name: 'they fail in different ways',
      items: [failed('a1', CONFLICT), failed('b1', problem(404, 'not_found', 'gone')), done('c1')],
      exitCode: 1,
      says: '2 of 3 failed',
    },
  ])('$name', async ({ items, exitCode, says }) => {
    const { url } = await serving({ ...three, [BULK]: bulk(...items) });
    const ran = await runCommand(words, { url });
    expect(ran.exitCode).toBe(exitCode);
    expect(ran.stderr).toContain(says);
    const script = await runCommand([...words, '--json'], { url });
    expect(script.exitCode).toBe(exitCode);
    const count = items.filter(({ outcome }) => outcome === 'failed').length;
    expect(JSON.parse(script.stdout)).toEqual({ items, done: 3 - count, failed: count });
  });

  it('those that had no turn are sent again, as long as any has one', async () => {
    const off = { state: 'inactive' };
    const { url, calls } = await serving({
      ...three,
      [BULK]: [
        bulk(done('a1', off), failed('b1', NOT_BEGUN), failed('c1', NOT_BEGUN)),
        bulk(failed('b1', CONFLICT), failed('c1', NOT_BEGUN)),
        bulk(failed('c1', NOT_BEGUN)),
      ],
    });
    const ran = await runCommand(words, { url });
    expect(ran.stdout).toBe('quay.io (a1) is inactive: new pulls are refused\n');
    expect(ran.stderr).toContain('quay.io (c1): its turn did not come: send it again');
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(3);
  });

  it('more than a hundred are sent a hundred at a time', async () => {
    const ids = Array.from({ length: 101 }, (_, index) => `r${index}`);
    const all = holding(registries(...ids.map((id) => ({ id }))));
    const { url, calls } = await serving({
      ...all,
      [BULK]: [bulk(...ids.slice(0, 100).map((id) => done(id))), bulk(done('r100'))],
    });
    const ran = await runCommand(['registry', 'activate', ...ids, '--json'], { url });
    expect(JSON.parse(ran.stdout)).toMatchObject({ done: 101, failed: 0 });
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(2);
  });
});

describe('registry deactivate', () => {
  const both = registries(
    { id: 'a1', environments: ['ci', 'prod'], overriddenBy: [{ id: 'x1', environments: ['ci'] }] },
    { id: 'b1', overridden: true, overriddenBy: [{ id: 'x1', environments: ['prod'] }] },
  );

  it('asks once about several, and says which pulls are refused', async () => {
    const off = { state: 'inactive' };
    const { url, calls } = await serving({ ...holding(both), [BULK]: bulk(done('a1', off), done('b1', off)) });
    const words = ['registry', 'deactivate', 'a1', 'b1'];
    const kept = await runCommand(words, { url, columns: 200, stdin: '\n' });
    expect(kept.exitCode).toBe(1);
    expect(kept.stderr.split('\n').slice(0, 2)).toEqual([
      'quay.io (a1): new pulls in ci, prod are refused, but for x1 in ci',
      'quay.io (b1): nothing changes: others answer in prod',
    ]);
    expect(calls.every(({ method }) => method === 'GET')).toBe(true);
    expect(await runCommand([...words, '--yes'], { url, columns: 200 })).toMatchObject({ exitCode: 0 });
  });
});

describe('registry verify', () => {
  it('of several is exit code 1 when one does not log in', async () => {
    const all = holding(registries({ id: 'a1' }, { id: 'b1' }));
    const at = '2026-03-01T12:00:00.000Z';
    const bad = { verification: { status: 'unauthorized', at, warning: null } };
    const { url } = await serving({ ...all, [BULK]: bulk(done('a1', {}), done('b1', bad)) });
    expect(await runCommand(['registry', 'verify', 'a1', 'b1'], { url })).toEqual({
      exitCode: 1,
      stdout: 'quay.io (a1): verified\nquay.io (b1): unauthorized\n',
      stderr: '',
    });
  });
});

describe('registry history', () => {
  const entry = (fields: Fields): Fields => ({
    ...{ type: 'change', id: '1', at: '2026-03-01T11:00:00.123Z', actor: 'admin1', name: 'ops', subject: 'a1' },
    ...{ action: 'registry.edit', detail: 'environments: prod -> ci, prod' },
    ...fields,
  });
  const items = [entry({}), entry({ name: null, actor: 'pullpass', action: 'registry.drift', detail: undefined })];

  it('is found by an id that no registry has any more', async () => {
    const { url, calls } = await serving({ 'GET /v1/registries/a1/history?limit=50': { body: { items } } });
    expect(await runCommand(['registry', 'history', 'a1'], { url })).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: [
        'TIME                  BY        WHAT            HOW',
        '2026-03-01T11:00:00Z  ops       registry.edit   environments: prod -> ci, prod',
        '2026-03-01T11:00:00Z  pullpass  registry.drift',
        '',
      ].join('\n'),
    });
    expect(calls).toHaveLength(1);
  });

  it('is found by the address where only one has it, and printed as it came for scripts', async () => {
    const script = holding(registries({ id: 'a1' }));
    const { url } = await serving({ ...script, 'GET /v1/registries/a1/history?limit=2': { body: { items } } });
    const ran = await runCommand(['registry', 'history', 'quay.io', '--limit', '2', '--json'], { url });
    expect(JSON.parse(ran.stdout)).toEqual(JSON.parse(JSON.stringify(items)));
  });

  it('says that there is none', async () => {
    const { url } = await serving({ 'GET /v1/registries/a1/history?limit=50': { body: { items: [] } } });
    const ran = await runCommand(['registry', 'history', 'a1'], { url });
    expect(ran).toEqual({ exitCode: 0, stdout: '', stderr: 'nothing is recorded of it\n' });
    expect(await runCommand(['registry', 'history', 'nobody1'], { url })).toMatchObject({ exitCode: 4 });
  });

  it('ends what is shown of one registry, beside the others at its address', async () => {
    const document = registryDocument({
      id: 'a1',
      overrides: [{ id: 'old1', environments: ['ci', '*'] }],
      overriddenBy: [{ id: 'new1', environments: ['prod'] }],
    });
    const script = { 'GET /v1/registries/a1': { body: document } };
    const { url } = await serving({ ...script, 'GET /v1/registries/a1/history?limit=5': { body: { items } } });
    const { stdout } = await runCommand(['registry', 'show', 'a1'], { url });
    expect(stdout).toMatch(/^state +active, partly overridden$/m);
    expect(stdout).toMatch(/^overrides +old1 in ci and every other$/m);
    expect(stdout).toMatch(/^overridden by +new1 in prod$/m);
    expect(stdout.split('\n').slice(-3, -1)).toEqual([
      expect.stringMatching(/^last changes +2026-03-01T11:00:00Z ops: registry.edit, environments: prod -> ci, prod$/),
      expect.stringMatching(/^ +2026-03-01T11:00:00Z pullpass: registry.drift$/),
    ]);
  });
});

it('audit is narrowed to a subject', async () => {
  const { url, asked } = await serving({
    'GET /v1/audit?subject=environment%2Forganisation&limit=50': { body: { items: [] } },
  });
  const ran = await runCommand(['audit', '--subject', 'environment/organisation'], { url });
  expect(ran).toMatchObject({ exitCode: 0, stderr: 'nothing like that is recorded\n' });
  expect(asked()).toHaveLength(1);
});
