/** Servers on loopback that answer as a test says and remember what they were asked. */
import { readFileSync } from 'node:fs';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { CanonicalAddress } from '../../lib/domain/address.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { LoginCheckOutcome, LoginCheckRequest } from '../../lib/distribution/login-check.ts';

export const LOOPBACK = ['127.0.0.0/8', '::1/128'];
export const USERNAME = 'robot$team';
export const PASSWORD = 'canary pässword: "\\ $%';

const REGISTRY_HEADERS = { 'docker-distribution-api-version': 'registry/2.0', 'content-type': 'application/json' };

export type CertificateName = 'server' | 'wrong-name' | 'expired' | 'self-signed' | 'issued' | 'common-name';

export function pem(name: string): string {
  return readFileSync(new URL(`../support/certificates/${name}`, import.meta.url), 'utf8');
}

export interface Seen {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly host: string | undefined;
}

export interface ScriptedServer {
  readonly port: number;
  /** `127.0.0.1:port`. */
  readonly address: string;
  readonly seen: readonly Seen[];
  /** How many connections were opened. */
  readonly connections: () => number;
}

/** Answers every request by `answer`; HTTPS when a certificate is named, `chain` behind it. Closed with its connections after the test. */
export async function serve(
  answer: RequestListener,
  certificate?: CertificateName,
  chain = '',
): Promise<ScriptedServer> {
  const seen: Seen[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    seen.push({ path: request.url ?? '', authorization: request.headers.authorization, host: request.headers.host });
    answer(request, response);
  };
  const server =
    certificate === undefined
      ? createHttpServer(listener)
      : createHttpsServer({ cert: `${pem(`${certificate}.pem`)}${chain}`, key: pem(`${certificate}.key`) }, listener);
  return { ...(await listen(server)), seen };
}

/** A server that speaks no HTTP of its own: the test gets the bare connections. */
export async function serveTcp(onConnection: (socket: Socket) => void): Promise<ScriptedServer> {
  return { ...(await listen(createTcpServer(onConnection))), seen: [] };
}

async function listen(server: Server): Promise<Omit<ScriptedServer, 'seen'>> {
  const sockets = new Set<Socket>();
  let opened = 0;
  server.on('connection', (socket: Socket) => {
    opened += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const { port } = portOf(server.address());
  return { port, address: `127.0.0.1:${port}`, connections: () => opened };
}

function portOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address;
}

/** A port on which nobody listens (any more). */
export async function closedPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = portOf(server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function basic(username = USERNAME, password = PASSWORD): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

export function reply(response: ServerResponse, status: number, answer: Answered = {}): void {
  response.writeHead(status, { ...REGISTRY_HEADERS, ...answer.headers });
  response.end(JSON.stringify(answer.body ?? {}));
}

interface Answered {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface RegistryRules {
  /** The header values that open `/v2/`; absent: it is open. */
  readonly login?: readonly string[];
  /** By path of a repository: which header values may list its tags, `undefined` among them for anybody. */
  readonly repositories?: Readonly<Record<string, readonly (string | undefined)[]>>;
  readonly challenge?: string;
  /** Answers `/token`; absent: there is no token service here. */
  readonly token?: (query: URLSearchParams, authorization: string | undefined) => string | undefined;
}

/** A registry that keeps to the distribution protocol. */
export function registryOf(rules: RegistryRules): RequestListener {
  return (request, response) => {
    const url = new URL(request.url ?? '/', 'http://registry.test');
    const { authorization } = request.headers;
    const challenge = { headers: { 'www-authenticate': rules.challenge ?? 'Basic realm="r"' } };
    const denied = { body: { errors: [{ code: 'UNAUTHORIZED' }] }, ...challenge };
    if (url.pathname === '/v2/') {
      const isOpen = rules.login === undefined || rules.login.includes(authorization ?? '');
      reply(response, isOpen ? 200 : 401, isOpen ? {} : denied);
      return;
    }
    if (url.pathname === '/token' && rules.token !== undefined) {
      const token = rules.token(url.searchParams, authorization);
      reply(response, token === undefined ? 401 : 200, { body: token === undefined ? {} : { token } });
      return;
    }
    const repository = /^\/v2\/(?<name>.+)\/tags\/list$/.exec(url.pathname)?.groups?.['name'];
    const readers = repository === undefined ? undefined : rules.repositories?.[repository];
    if (readers === undefined) reply(response, 404, { body: { errors: [{ code: 'NAME_UNKNOWN' }] } });
    else if (readers.includes(authorization)) reply(response, 200, { body: { name: repository, tags: [] } });
    else reply(response, 401, denied);
  };
}

function isAddress(text: string): text is CanonicalAddress {
  return text !== '';
}

/** Addresses as they stand, those included that the grammar would never let through. */
export function addressOf(text: string): CanonicalAddress {
  if (!isAddress(text)) throw new Error('an address is not empty');
  return text;
}

export function requestTo(address: string, over: Partial<LoginCheckRequest> = {}): LoginCheckRequest {
  return {
    address: addressOf(address),
    tls: {},
    trustedRealms: [],
    username: USERNAME,
    password: new Secret(PASSWORD),
    signal: new AbortController().signal,
    ...over,
  };
}

/** What an outcome says, without its words. */
export function verdict({ status, warning }: LoginCheckOutcome): Pick<LoginCheckOutcome, 'status' | 'warning'> {
  return { status, ...(warning === undefined ? {} : { warning }) };
}
