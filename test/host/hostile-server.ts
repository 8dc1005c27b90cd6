/** Servers that no host should trust: one that never stops, and one that belongs to another user of this machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import process from 'node:process';

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;
const GOOD = `content-length: 2\r\n\r\n{}`;

/** What is said once, and what is said again and again for as long as somebody listens. */
export const ENDLESS: readonly (readonly [name: string, once: string, again: string])[] = [
  ['an endless chunked body', CHUNKED, `8000\r\n${'x'.repeat(0x8000)}\r\n`],
  ['an endless chunked body of empty lines', CHUNKED, `8000\r\n${'\n'.repeat(0x8000)}\r\n`],
  ['an endless body without a length', `${OK}\r\n`, 'x'.repeat(0x8000)],
  ['endless 103 answers', '', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(500)],
  ['endless headers', OK, 'x-a: b\r\n'.repeat(2000)],
  ['endless trailers', `${CHUNKED}1\r\nx\r\n0\r\n`, 'x-t: y\r\n'.repeat(2000)],
  ['100,000 header lines', `${OK}${'x-a: b\r\n'.repeat(100_000)}${GOOD}`, ''],
  ['two headers of 90 kB', `${OK}x-a: ${'a'.repeat(90_000)}\r\nx-b: ${'b'.repeat(90_000)}\r\n${GOOD}`, ''],
];

export interface HostileServer {
  readonly url: string;
  close(): void;
}

export async function startEndlessServer(begin: string, again: string): Promise<HostileServer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    const goOn = (): void => {
      if (again === '') return;
      let more = true;
      while (more && !socket.destroyed) more = socket.write(again);
    };
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(begin);
      socket.on('drain', goOn);
      goOn();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

export const NOBODY = 65534;
export const MAY_BE_ANOTHER_USER = process.getuid?.() === 0;

export interface ForeignServer {
  readonly port: number;
  /** All that it was sent. */
  heard(): string;
  close(): Promise<void>;
}

/** Says of itself which port it has, then what it hears. */
const LISTENER = `
const [, address, port, v6Only, answer] = process.argv;
const server = require('node:net').createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('data', (data) => { process.stdout.write(data); socket.end(answer); });
});
server.listen({ host: address, port: Number(port), ipv6Only: v6Only === 'true' }, () => console.log(server.address().port));
`;

/** A server of the user nobody. Only root can start one. */
export async function startForeignServer(
  address: string,
  { port = 0, ipv6Only = false, answer = '' } = {},
): Promise<ForeignServer> {
  const words = ['-e', LISTENER, address, String(port), String(ipv6Only), answer];
  const child = spawn(process.execPath, words, {
    ...{ uid: NOBODY, gid: NOBODY, cwd: '/' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: Buffer[] = [];
  child.stdout.on('data', (data: Buffer) => said.push(data));
  const text = (): string => Buffer.concat(said).toString('utf8');
  await once(child.stdout, 'data');
  const ended = once(child, 'close');
  return {
    port: Number.parseInt(text(), 10),
    heard: () => text().slice(text().indexOf('\n') + 1),
    close: async () => {
      child.kill();
      await ended;
    },
  };
}
