/** The program as a process: what only shows there. The commands themselves are tested in this process, in the other files. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { registryDocument } from './api-documents.ts';
import type { Ran } from './run-command.ts';
import { startScriptedApi, type ScriptedApi } from './scripted-api.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/pullpass.ts', import.meta.url));

let api: ScriptedApi;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pullpass-cli-'));
  api = await startScriptedApi({
    'GET /v1/registries?limit=500': { body: { items: [registryDocument()] } },
    'POST /v1/registries': { status: 201, body: registryDocument() },
  });
});

afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

async function pullpass(argv: readonly string[], stdin = ''): Promise<Ran & { readonly argv: readonly string[] }> {
  const child = spawn(process.execPath, [PROGRAM, ...argv], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PULLPASS_URL: api.url },
  });
  child.stdin.end(stdin);
  const ended = new Promise<number>((resolve) => {
    child.on('close', (code) => {
      resolve(code ?? -1);
    });
  });
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { stdout, stderr, exitCode, argv: child.spawnargs };
}

it('uses the admin token of the folder it runs in, for a Pullpass on this machine', async () => {
  await mkdir(join(folder, '.pullpass'));
  await writeFile(join(folder, '.pullpass', 'admin-token'), 'pp_admin\n', { mode: 0o600 });
  const quiet = await pullpass(['registry', 'list', '--json']);
  const verbose = await pullpass(['registry', 'list', '--verbose']);

  expect(quiet).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(quiet.stdout)).toEqual([registryDocument()]);
  expect(api.calls[0]?.headers.authorization).toBe('Bearer pp_admin');
  expect(verbose.stderr).toContain(`using the administrator's token in ${join('.pullpass', 'admin-token')}`);
  expect(verbose.stderr).not.toContain('pp_admin');
});

it('takes a secret from standard input, which no list of processes shows', async () => {
  await mkdir(join(folder, '.pullpass'));
  await writeFile(join(folder, '.pullpass', 'admin-token'), 'pp_admin', { mode: 0o600 });
  const words = ['registry', 'add', 'quay.io', '--username', 'bob', '--password-stdin'];
  const ran = await pullpass(words, 'canary-secret\n');

  expect(ran.exitCode).toBe(0);
  expect(api.calls[0]?.body).toMatchObject({ source: { password: 'canary-secret' } });
  expect([...ran.argv, ran.stdout, ran.stderr].join(' ')).not.toContain('canary');
});

it('reads a token from a pipe, which has no mode to look at', async () => {
  const words = [process.execPath, PROGRAM, 'registry', 'list'].join(' ');
  const child = spawn('bash', ['--norc', '-c', `PULLPASS_TOKEN_FILE=<(printf pp_piped) ${words}`], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PULLPASS_URL: api.url },
  });
  const [stderr] = await Promise.all([text(child.stderr), text(child.stdout)]);

  expect(stderr).toBe('');
  expect(api.calls[0]?.headers.authorization).toBe('Bearer pp_piped');
});

it('ends with the exit code of the failure, without a stack', async () => {
  const ran = await pullpass(['registry', 'list']);

  expect(ran).toMatchObject({ exitCode: 2, stdout: '' });
  expect(ran.stderr).toMatch(/^pullpass: there is no token to use\n {2}.*\n$/);
});

it('documents its exit codes and its environment in the help, and refuses to serve on a port that is none', async () => {
  const help = await pullpass(['--help']);
  const serve = await pullpass(['serve', '--port', '70000']);

  expect(help.exitCode).toBe(0);
  for (const word of ['Exit codes:', 'PULLPASS_CA_FILE', 'serve', 'registry', 'policy', 'agent', 'resolve', 'audit']) {
    expect(help.stdout).toContain(word);
  }
  expect(serve.exitCode).toBe(2);
  expect(serve.stderr).toContain('whole number from 0 to 65535');
});
