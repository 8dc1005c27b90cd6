/**
 * One HTTP request over a guarded connection: no redirects, no reuse, no proxy, no agent, everything capped. What a peer
 * sends beyond the caps is not read. Usable for every outbound call to a host from user input.
 */
import { request as send, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { failure, success, type Result } from '../domain/result.ts';
import { errorCode } from './error-code.ts';
import { openConnection, type ConnectFailure, type Guard } from './guarded-connection.ts';
import { startTls, type HandshakeFailure, type TlsTrust } from './tls-handshake.ts';

export interface Endpoint {
  readonly secure: boolean;
  /** Without brackets where it is an IPv6 address. */
  readonly host: string;
  readonly port: number;
}

export interface GuardedRequest {
  readonly endpoint: Endpoint;
  readonly trust: TlsTrust;
  /** GET unless told otherwise. */
  readonly method?: 'HEAD';
  /** Path and query, already encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface GuardedResponse {
  readonly status: number;
  /** By lower-case name, one element a header line. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  /** Undefined where it was larger than the cap. */
  readonly body: string | undefined;
}

export type RequestFailure =
  ConnectFailure | HandshakeFailure | { readonly kind: 'not_http' } | { readonly kind: 'unreachable'; code: string };

const MAXIMUM_BODY_BYTES = 64 * 1024;
const MAXIMUM_HEADER_BYTES = 16 * 1024;
const MAXIMUM_HEADERS = 100;
/**
 * Of everything that a peer sends, interim answers (1xx) and the framing of chunks included, which no other cap counts. A
 * body of the largest size in chunks of one byte stays below it.
 */
const MAXIMUM_ANSWER_BYTES = 512 * 1024;

/** The signal is the deadline for all of it: resolving, connecting, the handshake, headers and body. */
export async function askGuarded(
  request: GuardedRequest,
  guard: Guard,
  signal: AbortSignal,
): Promise<Result<GuardedResponse, RequestFailure>> {
  const opened = await openConnection(request.endpoint, guard, signal);
  if (!opened.ok) return opened;
  try {
    if (!request.endpoint.secure) return await exchange(opened.value, request, signal);
    const peer = { host: request.endpoint.host, trust: request.trust };
    const secured = await startTls(opened.value, peer, signal);
    return secured.ok ? await exchange(secured.value, request, signal) : secured;
  } finally {
    opened.value.destroy();
  }
}

function exchange(
  socket: Socket,
  request: GuardedRequest,
  signal: AbortSignal,
): Promise<Result<GuardedResponse, RequestFailure>> {
  const { promise, resolve } = Promise.withResolvers<Result<GuardedResponse, RequestFailure>>();
  const outgoing = send({
    // With a connection of our own no agent takes part: no pool, and no proxy from the environment.
    createConnection: () => socket,
    method: request.method ?? 'GET',
    path: request.path,
    setHost: false,
    headers: { ...OWN_HEADERS, ...request.headers, host: hostHeader(request.endpoint) },
    maxHeaderSize: MAXIMUM_HEADER_BYTES,
    signal,
  });
  outgoing.maxHeadersCount = MAXIMUM_HEADERS;
  let ended: string | undefined;
  endAtCap(outgoing, () => {
    ended = OVER_THE_CAP;
  });
  outgoing.on('error', (error) => {
    resolve(failure(failureOf(ended ?? errorCode(error), signal)));
  });
  let answered = false;
  outgoing.once('close', () => {
    // What has come of an answer may still be read when its connection is closed.
    if (!answered) resolve(failure(failureOf(ended ?? 'ECONNRESET', signal)));
  });
  outgoing.once('response', (incoming) => {
    answered = true;
    void readBody(incoming).then((body) => {
      if (body === 'cut_off') resolve(failure(failureOf(ended ?? 'ECONNRESET', signal)));
      else resolve(success({ status: incoming.statusCode ?? 0, headers: incoming.headersDistinct, body: body.text }));
      outgoing.destroy();
    });
  });
  outgoing.end();
  return promise;
}

/** Nothing compressed is asked for, so that a small answer stays small; what comes compressed all the same is not unpacked. */
const OWN_HEADERS = { 'user-agent': 'pullpass', connection: 'close', 'accept-encoding': 'identity' } as const;

/** The parser's codes start like this, too. */
const OVER_THE_CAP = 'HPE_ANSWER_OVERFLOW';

/** Counted from when the request has its socket: what listens earlier takes the first bytes away from the parser. */
function endAtCap(outgoing: ClientRequest, note: () => void): void {
  outgoing.once('socket', (socket) => {
    let received = 0;
    socket.on('data', (chunk: Uint8Array) => {
      received += chunk.length;
      if (received <= MAXIMUM_ANSWER_BYTES) return;
      note();
      outgoing.destroy();
    });
  });
}

async function readBody(incoming: IncomingMessage): Promise<{ readonly text: string | undefined } | 'cut_off'> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of incoming) {
      if (!(chunk instanceof Uint8Array)) continue;
      size += chunk.length;
      if (size > MAXIMUM_BODY_BYTES) return { text: undefined };
      chunks.push(chunk);
    }
  } catch {
    return 'cut_off';
  }
  return { text: Buffer.concat(chunks).toString('utf8') };
}

function failureOf(code: string, signal: AbortSignal): RequestFailure {
  if (signal.aborted) return { kind: 'timeout' };
  if (code.startsWith('HPE_')) return { kind: 'not_http' };
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) return { kind: 'no_handshake' };
  return { kind: 'unreachable', code };
}

function hostHeader({ secure, host, port }: Endpoint): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === (secure ? 443 : 80) ? name : `${name}:${port}`;
}
