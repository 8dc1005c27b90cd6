import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { endianness } from 'node:os';
import process from 'node:process';
import { afterEach, describe, expect, it } from 'vitest';
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
  server.listen({ port: 0, host: process.argv[1] }, () => console.log(server.address().port));
`;

describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)('a server of another user', () => {
  let server: ChildProcess | undefined;
  afterEach(() => server?.kill('SIGKILL'));

  async function startServer(host: string): Promise<{ readonly port: number; readonly said: () => string }> {
    const child = spawn(process.execPath, ['--input-type=module', '-e', SERVER, host]);
    server = child;
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    while (!said.includes('\n')) await once(child.stdout, 'data');
    return { port: Number(said), said: () => said };
  }

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
});
