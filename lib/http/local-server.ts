/**
 * HTTP on this machine: turns a request into the event that API Gateway would send, and the answer back. Nothing else is
 * decided here. Caps on body, headers and time hold before the event exists.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { ApiHandler } from './api.ts';
import { MAX_BODY_BYTES } from './api.ts';
import { LOCAL_CONTEXT } from './local-context.ts';
import { refuse } from './route.ts';

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
    const answer =
      body === undefined
        ? refuse({ kind: 'route_failure', code: 'body_too_large' })
        : await handler(eventOf(request, body), LOCAL_CONTEXT);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(answer.headers ?? {})) headers[name] = String(value);
    // What was not read of an oversize body must not be taken for the next request.
    if (body === undefined) headers['connection'] = 'close';
    const text = answer.body ?? '';
    headers['content-length'] = String(Buffer.byteLength(text));
    response.writeHead(answer.statusCode ?? 200, headers);
    response.end(request.method === 'HEAD' ? undefined : text);
    if (body === undefined) request.destroy();
  } catch {
    // The client went away while it sent or received: there is nobody to answer.
    response.destroy();
  }
}

/** Undefined: too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
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
      resolve(
        chunks.length === 1 && chunks[0] !== undefined
          ? chunks[0].toString('utf8')
          : Buffer.concat(chunks).toString('utf8'),
      );
    });
    request.on('error', reject);
    request.on('close', () => {
      // After 'end' this changes nothing; before it, the client has gone.
      reject(new Error('the request ended early'));
    });
  });
}

function eventOf(request: IncomingMessage, body: string): APIGatewayProxyEventV2 {
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
    ...(rawQueryString === ''
      ? {}
      : { queryStringParameters: Object.fromEntries(new URLSearchParams(rawQueryString)) }),
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
    body,
    isBase64Encoded: false,
  };
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
