import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentDocument } from './api-documents.ts';
import { runCommand } from './run-command.ts';
import { problem, startScriptedApi, type Script, type ScriptedApi } from './scripted-api.ts';

const NEW_TOKEN = 'pp_0123456789abcdef_canary-new-token';

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

const PRINCIPAL = 'arn:aws:iam::123456789012:role/node-*';

const CREATED: Script = { 'POST /v1/agents': { status: 201, body: { ...agentDocument(), token: NEW_TOKEN } } };

describe('agent create', () => {
  it.each([
    { line: '--env prod --env ci', sent: { environments: ['prod', 'ci'], role: 'agent' } },
    { line: '--env * --export', sent: { environments: ['*'], role: 'agent', export: true } },
    { line: '--role viewer', sent: { environments: [], role: 'viewer' } },
    {
      line: '--env prod --expires-in 90d',
      sent: { environments: ['prod'], role: 'agent', expiresAt: '2026-05-30T12:00:00.000Z' },
    },
    {
      line: '--env prod --expires-at 2027-01-31T00:00:00Z',
      sent: { environments: ['prod'], role: 'agent', expiresAt: '2027-01-31T00:00:00Z' },
    },
  ])('$line', async ({ line, sent }) => {
    const { url, calls } = await serving(CREATED);
    const ran = await runCommand(['agent', 'create', 'host-1', ...line.split(' ')], { url });

    expect(ran.exitCode).toBe(0);
    expect(calls.map(({ body }) => body)).toEqual([{ name: 'host-1', ...sent }]);
  });

  it('prints nothing but the token on standard output', async () => {
    const ran = await runCommand(['agent', 'create', 'host-1', '--env', 'prod'], await serving(CREATED));

    expect(ran.stdout).toBe(`${NEW_TOKEN}\n`);
    expect(ran.stderr).toContain('shown only this once');
  });

  it('writes the token to a file of the owner alone, and nowhere else', async () => {
    const file = join(folder, 'host.token');
    const words = ['agent', 'create', 'host-1', '--env', 'prod', '--token-file', file];
    const ran = await runCommand([...words, '--json'], await serving(CREATED));

    expect(await readFile(file, 'utf8')).toBe(`${NEW_TOKEN}\n`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(ran.stdout)).toEqual(agentDocument());
    expect(ran.stdout + ran.stderr).not.toContain('canary');
  });

  it('creates no agent when the file is there already, and leaves the file as it was', async () => {
    const file = join(folder, 'host.token');
    await writeFile(file, 'another');
    const { url, calls } = await serving(CREATED);
    const ran = await runCommand(['agent', 'create', 'host-1', '--env', 'prod', '--token-file', file], { url });

    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('is there already');
    expect(await readFile(file, 'utf8')).toBe('another');
    expect(calls).toEqual([]);
  });

  it('leaves no file behind when Pullpass refuses', async () => {
    const { url } = await serving({ 'POST /v1/agents': problem(400, 'invalid_input', 'name must be …') });
    const file = join(folder, 'host.token');
    const ran = await runCommand(['agent', 'create', '!', '--env', 'prod', '--token-file', file], { url });

    expect(ran.exitCode).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('binds a principal in place of a token, and prints the id', async () => {
    const bound = { status: 201, body: agentDocument({ principal: PRINCIPAL }) };
    const { url, calls } = await serving({ 'POST /v1/agents': bound });
    const words = ['agent', 'create', 'host-1', '--env', 'prod', '--principal', PRINCIPAL];
    const ran = await runCommand(words, { url });

    expect(ran.exitCode).toBe(0);
    expect(calls.map(({ body }) => body)).toEqual([
      { name: 'host-1', environments: ['prod'], role: 'agent', principal: PRINCIPAL },
    ]);
    expect(ran.stdout).toBe('0123456789abcdef\n');
    expect(ran.stderr).toContain(`opens prod, bound to ${PRINCIPAL}`);
    const json = await runCommand([...words, '--json'], { url });
    expect(JSON.parse(json.stdout)).toEqual(bound.body);
  });

  it.each([
    { line: '', says: 'the environments are missing' },
    { line: `--env prod --principal ${PRINCIPAL} --token-file x`, says: 'an agent with a principal has no token' },
    { line: '--env prod --role king', says: "argument 'king' is invalid" },
    { line: '--env prod --expires-in soon', says: '--expires-in cannot be soon' },
    { line: '--env prod --expires-in 1d --expires-at 2027-01-31T00:00:00Z', says: 'say the same thing' },
    { line: '--env prod --token pp_x', says: '--token is refused' },
    { line: '--env prod --token-file /nowhere/host.token', says: '/nowhere/host.token cannot be written' },
  ])('refuses $line', async ({ line, says }) => {
    const { url, calls } = await serving(CREATED);
    const words = line.split(' ').filter((word) => word !== '');
    const ran = await runCommand(['agent', 'create', 'host-1', ...words], { url });

    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain(says);
    expect(calls).toEqual([]);
  });
});

const LIST = {
  'GET /v1/agents?limit=500': { body: { items: [agentDocument()], cursor: 'more' } },
  'GET /v1/agents?limit=500&cursor=more': {
    body: {
      items: [
        agentDocument({ id: 'bbbb', name: 'twin', expiresAt: '2026-03-02T14:00:00.000Z' }),
        agentDocument({ id: 'cccc', name: 'twin', role: 'admin', environments: [] }),
        // Its name is another one's id.
        agentDocument({ id: 'dddd', name: 'bbbb', principal: PRINCIPAL }),
      ],
    },
  },
};

it('lists agents over all pages', async () => {
  const ran = await runCommand(['agent', 'list'], await serving(LIST));

  expect(ran.stdout.split('\n')).toEqual([
    'NAME    ROLE   ENVIRONMENTS  EXPORT  EXPIRES   ID                KNOWN BY',
    'host-1  agent  prod          no      never     0123456789abcdef  token',
    'twin    agent  prod          no      in 1d 2h  bbbb              token',
    'twin    admin  all           no      never     cccc              token',
    `bbbb    agent  prod          no      never     dddd              ${PRINCIPAL}`,
    '',
  ]);
});

describe('agent delete', () => {
  it.each([
    { which: 'host-1', deleted: '0123456789abcdef' },
    { which: 'bbbb', deleted: 'bbbb' },
  ])('$which is $deleted', async ({ which, deleted }) => {
    const { url, asked } = await serving({ ...LIST, [`DELETE /v1/agents/${deleted}`]: { status: 204 } });
    const ran = await runCommand(['agent', 'delete', which], { url });

    expect(ran.exitCode).toBe(0);
    expect(asked().at(-1)).toBe(`DELETE /v1/agents/${deleted}`);
  });

  it.each([
    { which: 'twin', exitCode: 2, says: 'bbbb, cccc' },
    { which: 'nobody', exitCode: 4, says: 'there is no agent nobody' },
  ])('$which is refused', async ({ which, exitCode, says }) => {
    const { url, calls } = await serving(LIST);
    const ran = await runCommand(['agent', 'delete', which], { url });

    expect(ran.exitCode).toBe(exitCode);
    expect(ran.stderr).toContain(says);
    expect(calls.filter(({ method }) => method === 'DELETE')).toEqual([]);
  });
});
