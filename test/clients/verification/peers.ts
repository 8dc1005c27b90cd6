/** Servers that no package has: they misbehave as a test says, and remember who came and with which Authorization. */
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { freePort } from '../support/free-port.ts';
import type { Workspace } from '../support/workspace.ts';

export interface Peer {
  readonly port: number;
  /** How many connections were opened. */
  connections(): number;
  /** Every Authorization header that arrived. */
  readonly authorizations: readonly string[];
  /** Every path that was asked for. */
  readonly paths: readonly string[];
}

export interface PeerOptions {
  readonly host?: string;
  readonly port?: number;
  /** Behind TLS. */
  readonly tls?: TlsOptions;
}

const CERTIFICATES = new URL('../../support/certificates/', import.meta.url);

/** The path of a file of test/support/certificates. */
export function certificateFile(name: string): string {
  return new URL(name, CERTIFICATES).pathname;
}

export function pem(name: string): string {
  return readFileSync(certificateFile(name), 'utf8');
}

/** For `localhost`, `registry.test` and 127.0.0.1, signed by `ca.pem`. */
export const SERVER_TLS = { cert: pem('server.pem'), key: pem('server.key') };
export const SERVER_CA = pem('ca.pem');

export async function startPeer(
  workspace: Workspace,
  answer: RequestListener,
  options: PeerOptions = {},
): Promise<Peer> {
  const authorizations: string[] = [];
  const paths: string[] = [];
  const listener: RequestListener = (request, response) => {
    const { authorization } = request.headers;
    if (authorization !== undefined) authorizations.push(authorization);
    paths.push(request.url ?? '');
    answer(request, response);
  };
  const server = options.tls === undefined ? createHttpServer(listener) : createHttpsServer(options.tls, listener);
  return { ...(await listen(workspace, server, options)), authorizations, paths };
}

/** Speaks no protocol of its own: the test gets the bare connections. */
export async function startTcpPeer(
  workspace: Workspace,
  onConnection: (socket: Socket) => void,
  options: PeerOptions = {},
): Promise<Peer> {
  return { ...(await listen(workspace, createTcpServer(onConnection), options)), authorizations: [], paths: [] };
}

async function listen(
  workspace: Workspace,
  server: Server,
  { host = '127.0.0.1', port }: PeerOptions,
): Promise<Pick<Peer, 'port' | 'connections'>> {
  const sockets = new Set<Socket>();
  let opened = 0;
  server.on('connection', (socket: Socket) => {
    opened += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  const bound = port ?? (await freePort());
  await new Promise<void>((resolve) => server.listen(bound, host, resolve));
  workspace.onEnd(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return { port: bound, connections: () => opened };
}
