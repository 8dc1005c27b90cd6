import { spawn, type ChildProcess } from 'node:child_process';
import dns from 'node:dns';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ownersOf } from '../../lib/cli/listener-owner.ts';
import { runCommand } from './run-command.ts';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';

/** A line as Linux prints it on a little-endian machine. */
function line(local: string, { state = '0A', uid = 1000 } = {}): string {
  const far = local.startsWith('0000000000000000') || local.length > 20 ? '0'.repeat(32) : '00000000';
  return `   0: ${local} ${far}:0000 ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 1841 1 0 100 0 0 10 0`;
}

const LOOPBACK = '0100007F:2124';
const MAPPED = '0000000000000000FFFF00000100007F:2124';
const ALL_IPV4 = '00000000:2124';
const ALL_IPV6 = `${'0'.repeat(32)}:2124`;
const LOOPBACK_IPV6 = `${'0'.repeat(24)}01000000:2124`;

describe.runIf(endianness() === 'LE')('the owner of a listener', () => {
  it.each([
    ['the very address', '127.0.0.1', [line(LOOPBACK)], [1000]],
    ['the same, held by a socket of IPv6', '127.0.0.1', [line(MAPPED)], [1000]],
    ['all addresses of IPv4', '127.0.0.1', [line(ALL_IPV4)], [1000]],
    ['all addresses', '127.0.0.1', [line(ALL_IPV6)], [1000]],
    ['another address of loopback', '127.0.0.2', [line('0200007F:2124')], [1000]],
    ['the address of IPv6', '::1', [line(LOOPBACK_IPV6)], [1000]],
    ['all addresses of IPv6', '::1', [line(ALL_IPV6)], [1000]],
    ['the nearest of several', '127.0.0.1', [line(ALL_IPV6, { uid: 7 }), line(LOOPBACK, { uid: 8 })], [8]],
    ['each that shares the port', '127.0.0.1', [line(LOOPBACK, { uid: 7 }), line(LOOPBACK, { uid: 8 })], [7, 8]],
    ['nobody at another port', '127.0.0.1', [line('0100007F:2125')], []],
    ['nobody at another address', '127.0.0.1', [line('0200007F:2124')], []],
    ['nobody at an address of IPv4, asked for IPv6', '::1', [line(ALL_IPV4)], []],
    ['nobody who only has a connection there', '127.0.0.1', [line(LOOPBACK, { state: '01' })], []],
    ['nobody where there is no table', '127.0.0.1', [], []],
  ])('is found: %s', (_name, address, lines, owners) => {
    expect(ownersOf([HEAD, ...lines].join('\n'), { address, port: 8484 })).toEqual(owners);
  });
});

const SERVER = `
  import { createServer } from 'node:http';
  process.setgid(65534);
  process.setuid(65534);
  const server = createServer((request, response) => {
    console.log(JSON.stringify(request.headers));
    response.setHeader('content-type', 'application/json').end('{"items":[]}');
  });
  server.listen({ port: Number(process.argv[2]), host: process.argv[1] }, () => console.log(server.address().port));
`;

const isLinux = process.platform === 'linux';
let stranger: ChildProcess | undefined;
let own: Server | undefined;

afterEach(() => {
  stranger?.kill('SIGKILL');
  own?.close().closeAllConnections();
});

/** A server of `nobody`, which prints the headers of what it is asked. */
async function startServer(
  host: string,
  wantedPort = 0,
): Promise<{ readonly port: number; readonly said: () => string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SERVER, host, String(wantedPort)]);
  stranger = child;
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (!said.includes('\n')) await once(child.stdout, 'data');
  return { port: Number(said), said: () => said };
}

/** A server of the user who runs the tests. */
async function startOwn(port: number, answer: RequestListener): Promise<{ readonly server: Server; port: number }> {
  const server = createServer(answer);
  own = server;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: portOf(server.address()) };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('it has no port');
  return address.port;
}

function sendItems(response: Parameters<RequestListener>[1], cursor?: string): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ items: [], cursor }));
}

describe.runIf(isLinux && process.getuid?.() === 0)('a server of another user', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1'],
    ['127.0.0.1', 'http://localhost'],
    ['::1', 'http://localhost'],
    ['::1', 'http://[::1]'],
    ['0.0.0.0', 'http://127.0.0.1'],
    ['::', 'http://127.0.0.1'],
  ])('that listens at %s gets no token by %s', async (host, origin) => {
    const { port, said } = await startServer(host);
    const ran = await runCommand(['registry', 'list'], { url: `${origin}:${port}` });

    expect(ran).toMatchObject({ exitCode: 5, stdout: '' });
    expect(ran.stderr).toBe(
      `pullpass: what listens at ${origin}:${port} belongs to the user nobody, so it gets no token\n` +
        '  run Pullpass as root or as yourself, or name the account that it runs as (PULLPASS_SERVER_USER), or use https\n',
    );
    expect(said()).toBe(`${port}\n`);
  });

  it.each(['nobody', '65534'])('gets it where it is named: PULLPASS_SERVER_USER=%s', async (name) => {
    const { port, said } = await startServer('127.0.0.1');
    const surroundings = { url: `http://127.0.0.1:${port}`, env: { PULLPASS_SERVER_USER: name } };

    expect(await runCommand(['registry', 'list'], surroundings)).toMatchObject({ exitCode: 0 });
    expect(said()).toContain('Bearer');
  });

  it('gets it where the system knows the name from a directory, as with LDAP', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pullpass-id-'));
    await writeFile(join(folder, 'id'), '#!/bin/sh\n[ "$*" = "-u -- of-ldap" ] && echo 65534\n');
    await chmod(join(folder, 'id'), 0o755);
    vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
    const { port, said } = await startServer('127.0.0.1');
    const list = (name: string): ReturnType<typeof runCommand> =>
      runCommand(['registry', 'list'], { url: `http://127.0.0.1:${port}`, env: { PULLPASS_SERVER_USER: name } });

    expect(await list('not-there')).toMatchObject({ exitCode: 5 });
    expect(said()).toBe(`${port}\n`);
    expect(await list('of-ldap')).toMatchObject({ exitCode: 0 });
    expect(said()).toContain('Bearer');

    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  it('gets no later request of a command whose first one went to a trusted server', async () => {
    let later: Awaited<ReturnType<typeof startServer>> | undefined;
    const { server, port } = await startOwn(0, (_request, response) => {
      server.close();
      void startServer('127.0.0.1', port).then((started) => {
        later = started;
        sendItems(response, 'next');
      });
    });
    const ran = await runCommand(['registry', 'list'], { url: `http://127.0.0.1:${port}` });

    expect(ran).toMatchObject({ exitCode: 5, stdout: '' });
    expect(ran.stderr).toContain('belongs to the user nobody, so it gets no token');
    expect(later?.said()).toBe(`${port}\n`);
  });

  it('at the other address of localhost is not asked: the resolver has no say', async () => {
    const { port, said } = await startServer('::1');
    const hosts: unknown[] = [];
    await startOwn(port, (request, response) => {
      hosts.push(request.headers.host);
      sendItems(response);
    });
    const resolver = vi.spyOn(dns, 'lookup');
    const ran = await runCommand(['registry', 'list'], { url: `http://localhost:${port}` });

    expect(resolver).not.toHaveBeenCalled();
    resolver.mockRestore();
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(hosts).toEqual([`localhost:${port}`]);
    expect(said()).toBe(`${port}\n`);
  });
});

describe.runIf(isLinux)('a server that stops listening as soon as it is connected to', () => {
  it('gets no token: it counts as a refused connection', async () => {
    const asked: unknown[] = [];
    const { server, port } = await startOwn(0, (request, response) => {
      asked.push(request.headers);
      sendItems(response);
    });
    server.on('connection', () => server.close());
    const url = `http://127.0.0.1:${port}`;

    expect(await runCommand(['registry', 'list'], { url })).toEqual({
      exitCode: 5,
      stdout: '',
      stderr: `pullpass: nothing listens at ${url}\n  is it running? Start it with \`pullpass serve\`, or set PULLPASS_URL\n`,
    });
    expect(asked).toEqual([]);
  });
});
