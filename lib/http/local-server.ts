/**
 * HTTP on this machine: turns a request into the event that API Gateway would send, and the answer back. Nothing else is
 * decided here. Caps on connections, headers, body and time hold before the event exists.
 */
import { isUtf8 } from 'node:buffer';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions as TlsServerOptions } from 'node:https';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Secret } from '../domain/secret.ts';
import type { ApiHandler } from './api.ts';
import { LOCAL_CONTEXT } from './local-context.ts';
import { endUnread, readBody } from './request-body.ts';

export interface LocalApi {
  readonly handler: ApiHandler;
  /** How many bytes a request with this token may have; 0 for nobody's. Never rejects. */
  readonly bodyLimitOf: (token: Secret) => Promise<number>;
}

export interface ServerLimits {
  readonly requestTimeout: number;
  readonly headersTimeout: number;
  /** How often the two above are looked at. All in milliseconds. */
  readonly connectionsCheckingInterval: number;
  /** How long a client may take nothing of its answer, in milliseconds. */
  readonly sendTimeout: number;
  readonly maxConnections: number;
}

/** What strangers can make it hold: as many connections as this, each with headers and the body of a host. */
const LIMITS: ServerLimits = {
  requestTimeout: 15_000,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
  sendTimeout: 15_000,
  maxConnections: 2_048,
};
const MAX_HEADERS = { maxHeaderSize: 16_384, keepAliveTimeout: 30_000 };
const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface TlsFiles {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

export function localServer(api: LocalApi, tls: TlsFiles | undefined, limits = LIMITS): Server {
  const { maxConnections, sendTimeout, ...timeouts } = limits;
  const listener: RequestListener = (request, response) => {
    void serve(request, response, { ...api, sendTimeout });
  };
  const options = { ...MAX_HEADERS, ...timeouts };
  const server =
    tls === undefined ? createServer(options, listener) : createTlsServer({ ...options, ...secured(tls) }, listener);
  server.maxRequestsPerSocket = 10_000;
  server.maxConnections = maxConnections;
  return server;
}

function secured({ certificate, key }: TlsFiles): TlsServerOptions {
  return { cert: certificate, key, minVersion: 'TLSv1.2', handshakeTimeout: HANDSHAKE_TIMEOUT_MS };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  api: LocalApi & Pick<ServerLimits, 'sendTimeout'>,
): Promise<void> {
  try {
    const { bytes, complete } = await readBody(request, api.bodyLimitOf);
    const answer = await api.handler(eventOf(request, bytes), LOCAL_CONTEXT);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(answer.headers ?? {})) headers[name] = String(value);
    if (!complete) headers['connection'] = 'close';
    const text = answer.body ?? '';
    const length = Buffer.byteLength(text);
    headers['content-length'] = String(length);
    // Without a listener for it the connection is ended. A request that takes long to answer is no idle connection.
    response.setTimeout(api.sendTimeout);
    response.writeHead(answer.statusCode ?? 200, headers);
    const sent = request.method === 'HEAD' ? '' : text;
    if (!complete) await endUnread(request, response, Buffer.from(sent));
    // Text that is ASCII throughout is written without being encoded.
    else response.end(sent, length === text.length ? 'latin1' : 'utf8');
  } catch {
    // The client went away while it sent or received: there is nobody to answer.
    response.destroy();
  }
}

function eventOf(request: IncomingMessage, body: Buffer): APIGatewayProxyEventV2 {
  const target = request.url ?? '/';
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  const rawQueryString = question < 0 ? '' : target.slice(question + 1);
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString,
    headers,
    ...(rawQueryString === '' ? {} : { queryStringParameters: queryOf(rawQueryString) }),
    requestContext: {
      ...LOCAL_REQUEST_CONTEXT,
      http: {
        method,
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: plainAddress(request.socket.remoteAddress ?? ''),
        userAgent: headers['user-agent'] ?? '',
      },
    },
    ...bodyOf(body),
  };
}

/** A server on `::` sees who comes by IPv4 as `::ffff:192.0.2.1`. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=[0-9.]+$)/i, '');
}

/** Bytes that are no text go as they are, for the API to refuse: decoding them here would change them in silence. */
function bodyOf(body: Buffer): Pick<APIGatewayProxyEventV2, 'body' | 'isBase64Encoded'> {
  return isUtf8(body)
    ? { body: body.toString('utf8'), isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true };
}

/** What is given several times is joined, as API Gateway does it. */
function queryOf(rawQueryString: string): Record<string, string> {
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    const before = query.get(name);
    query.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(query);
}

const LOCAL_REQUEST_CONTEXT = {
  accountId: 'local',
  apiId: 'local',
  domainName: 'localhost',
  domainPrefix: 'local',
  requestId: 'local',
  routeKey: '$default',
  stage: '$default',
  time: '',
  timeEpoch: 0,
};
