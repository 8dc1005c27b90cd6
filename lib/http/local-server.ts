/**
 * HTTP on this machine: turns a request into the event that API Gateway would send, and the answer back. Nothing else is
 * decided here. Caps on body, headers and time hold before the event exists.
 */
import { isUtf8 } from 'node:buffer';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { ApiHandler } from './api.ts';
import { MAX_BODY_BYTES } from './api.ts';
import { LOCAL_CONTEXT } from './local-context.ts';

export interface ServerLimits {
  readonly requestTimeout: number;
  readonly headersTimeout: number;
  /** How often the two above are looked at. All in milliseconds. */
  readonly connectionsCheckingInterval: number;
}

const LIMITS: ServerLimits = { requestTimeout: 15_000, headersTimeout: 10_000, connectionsCheckingInterval: 5_000 };
const MAX_HEADERS = { maxHeaderSize: 16_384, keepAliveTimeout: 30_000 };

export interface TlsFiles {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

export function localServer(handler: ApiHandler, tls: TlsFiles | undefined, limits = LIMITS): Server {
  const listener: RequestListener = (request, response) => {
    void serve(request, response, handler);
  };
  const server =
    tls === undefined
      ? createServer({ ...MAX_HEADERS, ...limits }, listener)
      : createTlsServer(
          { ...MAX_HEADERS, ...limits, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' },
          listener,
        );
  server.maxRequestsPerSocket = 10_000;
  return server;
}

async function serve(request: IncomingMessage, response: ServerResponse, handler: ApiHandler): Promise<void> {
  try {
    const body = await readBody(request);
    const answer = await handler(eventOf(request, body ?? OVERSIZE), LOCAL_CONTEXT);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(answer.headers ?? {})) headers[name] = String(value);
    // What was not read of an oversize body must not be taken for the next request.
    if (body === undefined) headers['connection'] = 'close';
    const text = answer.body ?? '';
    const bytes = Buffer.byteLength(text);
    headers['content-length'] = String(bytes);
    response.writeHead(answer.statusCode ?? 200, headers);
    // Text that is ASCII throughout is written without being encoded.
    response.end(request.method === 'HEAD' ? '' : text, bytes === text.length ? 'latin1' : 'utf8');
    if (body === undefined) request.destroy();
  } catch {
    // The client went away while it sent or received: there is nobody to answer.
    response.destroy();
  }
}

/** Stands for a body that was not read to its end: each route refuses it in its own style. */
const OVERSIZE = Buffer.alloc(MAX_BODY_BYTES + 1);

/** Undefined: too large. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > MAX_BODY_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  return await new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        request.pause();
        resolve(undefined);
        return;
      }
      chunks.push(chunk);
    });
    request.on('end', () => {
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    });
    request.on('error', reject);
    request.on('close', () => {
      // The client has gone. (An error for each whole request would cost a twentieth of it.)
      if (!request.complete) reject(new Error('the request ended early'));
    });
  });
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
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: headers['user-agent'] ?? '',
      },
    },
    ...bodyOf(body),
  };
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
