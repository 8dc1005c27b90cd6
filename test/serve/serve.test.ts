import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openEmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { change } from '../stores/contract/entries.ts';
import { listenOnLoopback } from '../support/listen-on-loopback.ts';
import { registryFixture } from '../support/registry-fixture.ts';

const PROGRAM = new URL('../../bin/pullpass.ts', import.meta.url).pathname;
let folder: string;
let running: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pullpass-serve-'));
  running = [];
});

afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

interface Serving {
  readonly child: ChildProcess;
  readonly url: string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The exit code; null after a signal. */
  readonly ended: () => Promise<number | null>;
}

function start(parameters: readonly string[], env: Readonly<Record<string, string>> = {}): Omit<Serving, 'url'> {
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--data', join(folder, 'data'), ...parameters], {
    env: { PATH: process.env['PATH'], ...env },
  });
  running.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended: () => ended };
}

async function serve(parameters: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Serving> {
  const started = start(['--port', '0', ...parameters], env);
  for (;;) {
    const url = /listens on (?<url>\S+)/.exec(started.stdout())?.groups?.['url'];
    if (url !== undefined) return { ...started, url };
    if (started.child.exitCode !== null) throw new Error(started.stderr());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function adminToken(): Promise<string> {
  return (await readFile(join(folder, 'data', 'admin-token'), 'utf8')).trim();
}

async function statusWith(url: string, token: string): Promise<number> {
  return (await fetch(`${url}/v1/status`, { headers: { authorization: `Bearer ${token}` } })).status;
}

describe('pullpass serve', () => {
  it('says where it listens, where the token lies and what to type next; the token works', async () => {
    const { url, stdout, stderr } = await serve();
    expect(stdout()).toContain(join(folder, 'data', 'admin-token'));
    for (const command of ['pullpass registry add', 'pullpass agent create', '/install/install.sh | sh']) {
      expect(stdout()).toContain(command);
    }
    expect((await stat(join(folder, 'data', 'admin-token'))).mode & 0o777).toBe(0o600);
    const token = await adminToken();
    expect(await statusWith(url, token)).toBe(200);
    expect(stdout() + stderr()).not.toContain(token);
  });

  it('keeps its token over a restart, and replaces it when its file is deleted', async () => {
    const first = await serve();
    const token = await adminToken();
    first.child.kill('SIGTERM');
    expect(await first.ended()).toBe(0);
    const second = await serve();
    expect(await adminToken()).toBe(token);
    expect(await statusWith(second.url, token)).toBe(200);
    second.child.kill('SIGKILL');
    await second.ended();
    await unlink(join(folder, 'data', 'admin-token'));
    const third = await serve();
    expect(await statusWith(third.url, await adminToken())).toBe(200);
    expect(await statusWith(third.url, token)).toBe(401);
  });

  it('replaces a token that others could read', async () => {
    const first = await serve();
    const token = await adminToken();
    first.child.kill('SIGTERM');
    await first.ended();
    await chmod(join(folder, 'data', 'admin-token'), 0o644);
    const second = await serve();
    expect(await statusWith(second.url, token)).toBe(401);
    expect((await stat(join(folder, 'data', 'admin-token'))).mode & 0o777).toBe(0o600);
  });

  it('refuses a data folder that others may write in', async () => {
    await mkdir(join(folder, 'data'));
    await chmod(join(folder, 'data'), 0o777);
    const started = start(['--port', '0']);
    expect(await started.ended()).toBe(1);
    expect(started.stderr()).toMatch(/others may write in .*chmod go-w/);
  });

  it.each(['catalogue.db', 'vault.db', 'lock.db'])('follows no link in place of %s, and says so', async (name) => {
    await mkdir(join(folder, 'data'), { mode: 0o700 });
    await writeFile(join(folder, 'victim'), 'precious');
    await symlink(join(folder, 'victim'), join(folder, 'data', name));
    const started = start(['--port', '0']);
    expect(await started.ended()).toBe(1);
    expect(started.stderr()).toContain(`${join(folder, 'data', name)} is a symbolic link, which is not followed: `);
    expect(started.stderr()).not.toContain('report');
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('precious');
  });

  it('refuses a second process on the same data, and says what to do', async () => {
    await serve();
    const second = start(['--port', '0']);
    expect(await second.ended()).toBe(1);
    expect(second.stderr()).toMatch(/another process uses the data in .*stop it first/);
  });

  it('ends in order on SIGTERM while a client keeps its connection', async () => {
    const { url, child, ended } = await serve();
    await fetch(`${url}/healthz`);
    child.kill('SIGTERM');
    expect(await ended()).toBe(0);
  });

  it('answers hosts while a refresh is under way, and then ends in order', async () => {
    const asked = Promise.withResolvers<undefined>();
    const hanging = await listenOnLoopback(async () => {
      asked.resolve(undefined);
    });
    const store = await openEmbeddedStore({ directory: join(folder, 'data') });
    if (!store.ok) throw new Error(store.failure.advice);
    const due = registryFixture({ credential: { dueAt: 0, consecutiveFailures: 0 } });
    await store.value.catalogue.addRegistry(due, change({ subject: due.id }));
    await store.value.close();
    const aws = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' };
    const { url, child, ended, stderr } = await serve([], { AWS_ENDPOINT_URL: hanging.endpoint, ...aws });
    await asked.promise;
    child.kill('SIGTERM');
    await vi.waitFor(
      () => {
        expect(stderr()).toContain('serve.stopping');
      },
      { timeout: 15_000 },
    );
    expect(await statusWith(url, await adminToken())).toBe(200);
    expect(await ended()).toBe(0);
    await hanging.close();
  });

  it('answers although nobody reads its log, and ends in order', async () => {
    const started = spawn(process.execPath, [PROGRAM, 'serve', '--data', join(folder, 'data'), '--port', '0'], {
      env: { PATH: process.env['PATH'] },
    });
    running.push(started);
    let greeting = '';
    started.stdout.setEncoding('utf8').on('data', (text: string) => (greeting += text));
    await vi.waitFor(
      () => {
        expect(greeting).toContain('listens on');
      },
      { timeout: 15_000 },
    );
    const url = /listens on (?<url>\S+)/.exec(greeting)?.groups?.['url'] ?? '';
    // Each is a line, and together they are several times what the pipe holds.
    for (let round = 0; round < 40; round += 1) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => fetch(`${url}/nothing`)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
    }
    started.kill('SIGTERM');
    expect(await new Promise((resolve) => started.on('exit', resolve))).toBe(0);
  });

  it.each<[string, readonly string[], RegExp]>([
    [
      'plain HTTP on every address',
      ['--port', '0', '--host', '0.0.0.0'],
      /--tls-cert and --tls-key, or --insecure-http/,
    ],
    ['half a TLS configuration', ['--port', '0', '--tls-cert', 'x.pem'], /go together/],
    ['TLS files that are not there', ['--port', '0', '--tls-cert', 'x.pem', '--tls-key', 'y.pem'], /x\.pem, y\.pem/],
    [
      'TLS files that are none',
      ['--port', '0', '--tls-cert', PROGRAM, '--tls-key', PROGRAM],
      /not a certificate and its/,
    ],
    [
      'an upstream host with a path',
      ['--port', '0', '--ecr-upstream-host', 'a.example/b'],
      /--ecr-upstream-host a.example\/b: must be host or host:port/,
    ],
    ['a network that is none', ['--port', '0', '--allow-network', 'home'], /--allow-network must be a network such as/],
    [
      'an address of another machine',
      ['--port', '0', '--host', '192.0.2.1', '--insecure-http'],
      /not an address of this/,
    ],
  ])('refuses %s', async (_name, parameters, message) => {
    const started = start(parameters);
    expect(await started.ended()).toBe(1);
    expect(started.stderr()).toMatch(message);
    expect(started.stderr()).not.toMatch(/^\s+at /m);
  });

  it('says which port is in use', async () => {
    const { url } = await serve();
    const { port } = new URL(url);
    const other = spawn(process.execPath, [PROGRAM, 'serve', '--data', join(folder, 'other'), '--port', port]);
    running.push(other);
    let stderr = '';
    other.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    expect(await new Promise((resolve) => other.on('close', resolve))).toBe(1);
    expect(stderr).toContain(`127.0.0.1:${port} is in use by another program: give another one with --port`);
  });

  it('speaks TLS when it is given a certificate', async () => {
    const certificates = new URL('../support/certificates/', import.meta.url).pathname;
    const { url } = await serve([
      '--tls-cert',
      join(certificates, 'server.pem'),
      '--tls-key',
      join(certificates, 'server.key'),
    ]);
    expect(url).toMatch(/^https:\/\//);
    await expect(fetch(`${url.replace('https', 'http')}/healthz`)).rejects.toThrow();
  });
});
