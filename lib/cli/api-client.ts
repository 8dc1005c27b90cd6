/**
 * Calls Pullpass's API: JSON in and out, one request a connection, its own authority where one is named. Follows no
 * redirect, since the token would go with it. Over plain HTTP on this machine each call looks who listens, before it
 * connects and again before it sends. Anything but a success ends the command.
 */
import http from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import * as z from 'zod/mini';
import { CommandFailure } from './command-failure.ts';
import { checkedAddress, type Connection } from './connection.ts';
import { EXIT } from './exit-codes.ts';
import { notPullpass, problemFailure } from './problems.ts';

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Beginning with `/`, its parts already encoded: see `pathOf`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** The revision that the change is meant for. */
  readonly ifMatch?: number | undefined;
}

/** The parsed JSON; undefined for an answer without a body. Throws `CommandFailure`. */
export type CallApi = (call: ApiCall) => Promise<unknown>;

/** Adding a registry asks AWS, Google and the registry itself before the answer. */
const TIMEOUT_MS = 120_000;

export function pathOf(...parts: readonly string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part)}`).join('');
}

export function apiClient(connection: Connection): CallApi {
  return async (call) => {
    const { status, body } = await exchange(call, connection);
    if (status === 204) return undefined;
    const document = parseJson(body);
    if (status >= 200 && status < 300) {
      if (document === undefined) throw notPullpass(status);
      return document;
    }
    throw problemFailure({ status, body: document, tokenSource: connection.tokenSource });
  };
}

/** What the answer must have for this command to print it; more is let pass. */
export function expectAnswer<Schema extends z.core.$ZodType>(schema: Schema, answer: unknown): z.core.output<Schema> {
  const parsed = z.safeParse(schema, answer);
  if (parsed.success) return parsed.data;
  throw notPullpass(200);
}

async function exchange(call: ApiCall, connection: Connection): Promise<{ status: number; body: string }> {
  const { url, ca } = connection;
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  try {
    const address = await checkedAddress(connection);
    const options = {
      method: call.method,
      host: address,
      port: url.port === '' ? undefined : Number(url.port),
      path: `${url.pathname.replace(/\/$/, '')}${call.path}${queryOf(call)}`,
      headers: headersOf(call, body, connection),
      agent: false,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(ca === undefined ? {} : { ca }),
    } as const;
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const request = url.protocol === 'https:' ? https.request(options, resolve) : http.request(options, resolve);
      request.on('error', reject);
      whenConnected(request, async () => {
        await checkedAddress(connection, address);
        request.end(body);
      });
    });
    return { status: response.statusCode ?? 0, body: await text(response) };
  } catch (error) {
    throw error instanceof CommandFailure ? error : unreachable(error, connection);
  }
}

/** Nothing is written before `request.end`, not even the headers. What `send` throws becomes the request's error. */
function whenConnected(request: http.ClientRequest, send: () => Promise<void>): void {
  request.once('socket', (socket) => {
    socket.once('connect', () => {
      send().catch((error: unknown) => request.destroy(error instanceof Error ? error : new Error('not sent')));
    });
  });
}

function headersOf(call: ApiCall, body: string | undefined, { url, token }: Connection): Record<string, string> {
  return {
    host: url.host,
    authorization: `Bearer ${token.reveal()}`,
    accept: 'application/json, application/problem+json',
    'user-agent': 'pullpass-cli',
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    ...(call.ifMatch === undefined ? {} : { 'if-match': `"${call.ifMatch}"` }),
  };
}

function queryOf({ query = {} }: ApiCall): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, value);
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function unreachable(error: unknown, { url, ca }: Connection): CommandFailure {
  const where = `${url.protocol}//${url.host}`;
  const code = codeOf(error);
  if (code === ANSWERS_WITHOUT_TLS) {
    return new CommandFailure({
      exitCode: EXIT.unavailable,
      what: `${where} does not speak TLS`,
      advice: `it seems to speak plain HTTP: use http://${url.host}`,
    });
  }
  return new CommandFailure({ exitCode: EXIT.unavailable, ...explainCode(code, where, ca !== undefined) });
}

const ANSWERS_WITHOUT_TLS = 'ERR_SSL_WRONG_VERSION_NUMBER';

function codeOf(error: unknown): string {
  // Node gives one code for everything OpenSSL refuses while it writes; only the text tells them apart.
  if (error instanceof Error && error.message.includes('wrong version number')) return ANSWERS_WITHOUT_TLS;
  if (error instanceof Error && error.name === 'TimeoutError') return 'TIMEOUT';
  if (error instanceof Error && error.cause instanceof Error && error.cause.name === 'TimeoutError') return 'TIMEOUT';
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);

function explainCode(code: string, where: string, ownCa: boolean): { what: string; advice: string } {
  if (code === 'ECONNREFUSED') {
    return {
      what: `nothing listens at ${where}`,
      advice: 'is it running? Start it with `pullpass serve`, or set PULLPASS_URL',
    };
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return { what: `the name in ${where} cannot be resolved`, advice: 'look whether PULLPASS_URL is right' };
  }
  if (UNTRUSTED.has(code)) {
    const advice = ownCa
      ? 'PULLPASS_CA_FILE holds another authority than the one that signed it'
      : 'set PULLPASS_CA_FILE to the certificate of the authority that signed it';
    return { what: `the certificate of ${where} is not trusted (${code})`, advice };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      what: `the certificate of ${where} is for another name`,
      advice: 'use a name in PULLPASS_URL that it is for',
    };
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return { what: `the certificate of ${where} has run out`, advice: 'have it renewed where Pullpass runs' };
  }
  if (code === 'TIMEOUT') {
    return { what: `${where} did not answer in time`, advice: 'look at its log, and at what stands in between' };
  }
  return {
    what: `${where} cannot be reached (${code})`,
    advice: 'look whether PULLPASS_URL is right: http or https, host, port',
  };
}
