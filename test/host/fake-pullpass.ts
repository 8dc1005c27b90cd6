/** A scripted Pullpass on loopback: says what the test wants said, and keeps what it was asked. */
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { HOST_FOLDER } from './shells.ts';

const CERTIFICATES = join(import.meta.dirname, '../support/certificates');
export const CA_FILE = join(CERTIFICATES, 'ca.pem');
export const OTHER_CA_FILE = join(CERTIFICATES, 'self-signed.pem');
export const NOT_FOUND = 'credentials not found in native keychain';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
  /** Ends the connection in the middle of the body. */
  readonly cut?: true;
}

export interface FakePullpass {
  readonly url: string;
  readonly asked: Asked[];
  /** What is said to every request from now on; `never` lets them hang. */
  answer: Answer | 'never' | ((asked: Asked) => Answer);
  close(): Promise<void>;
}

export function credentialJson(serverKey: string, secret: string): string {
  return JSON.stringify({ ServerURL: serverKey, Username: 'AWS', Secret: secret });
}

/** A credential that is fresh for ten minutes and lives for an hour; null leaves a header out. */
export function credential(
  secret: string,
  headers: { readonly refreshIn?: string | null; readonly expiresIn?: string | null } = {},
): (asked: Asked) => Answer {
  const { refreshIn = '600', expiresIn = '3600' } = headers;
  return ({ body }) => ({
    status: 200,
    body: credentialJson(body, secret),
    headers: {
      ...(refreshIn === null ? {} : { 'pullpass-refresh-in': refreshIn }),
      ...(expiresIn === null ? {} : { 'pullpass-expires-in': expiresIn }),
    },
  });
}

function reply(response: http.ServerResponse, answer: Answer): void {
  const length = Buffer.byteLength(answer.body) + (answer.cut === true ? 10 : 0);
  response.writeHead(answer.status, { 'content-type': 'text/plain', 'content-length': length, ...answer.headers });
  response.write(answer.body, () => {
    if (answer.cut === true) response.destroy();
    else response.end();
  });
}

export async function startFakePullpass(certificate?: 'server' | 'wrong-name'): Promise<FakePullpass> {
  const asked: Asked[] = [];
  const listener: http.RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method === 'GET' && request.url?.startsWith('/v1/') !== true) {
        reply(response, installFile(request.url ?? '', fake));
        return;
      }
      const body = Buffer.concat(chunks).toString('utf8');
      const question = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      asked.push(question);
      if (fake.answer === 'never') return;
      reply(response, typeof fake.answer === 'function' ? fake.answer(question) : fake.answer);
    });
  };
  const server =
    certificate === undefined
      ? http.createServer(listener)
      : https.createServer(
          {
            key: readFileSync(join(CERTIFICATES, `${certificate}.key`)),
            cert: readFileSync(join(CERTIFICATES, `${certificate}.pem`)),
          },
          listener,
        );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port(server.address())}`;
  const fake: FakePullpass = {
    url,
    asked,
    answer: credential('first'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return fake;
}

/** GETs outside the API are for the host's files, unless the test scripted what they say. */
function installFile(path: string, fake: FakePullpass): Answer {
  if (typeof fake.answer === 'object') return fake.answer;
  const name = /^\/install\/(?<name>install\.sh|docker-credential-pullpass|pullpass-host)$/.exec(path)?.groups?.[
    'name'
  ];
  if (name === undefined) return { status: 404, body: 'no such file' };
  return { status: 200, body: readFileSync(join(HOST_FOLDER, name), 'utf8') };
}

function port(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address.port;
}
