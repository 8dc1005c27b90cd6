/** What somebody who has no token can make the local server hold: connections up to its limit, and no bodies. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiHandler } from '../../lib/http/api.ts';
import { MAX_BODY_BYTES, MAX_HOST_BODY_BYTES } from '../../lib/http/body-limits.ts';
import { localServer } from '../../lib/http/local-server.ts';
import { listen, reportRefusedConnections } from '../../lib/serve/listen.ts';
import type { ServiceEvent } from '../../lib/service/events.ts';

/** So long that no connection of a test is ended by them. */
const LONG = 60_000;
const PATIENT = {
  requestTimeout: LONG,
  headersTimeout: LONG,
  connectionsCheckingInterval: LONG,
  sendTimeout: LONG,
};
const MAX_CONNECTIONS = 64;

const ADMIN = `pp_${'a'.repeat(16)}_${'1'.repeat(64)}`;
const HOST = `pp_${'b'.repeat(16)}_${'2'.repeat(64)}`;
const NOBODY = `pp_${'c'.repeat(16)}_${'3'.repeat(64)}`;
const LIMITS = new Map([
  [ADMIN, MAX_BODY_BYTES],
  [HOST, MAX_HOST_BODY_BYTES],
]);

let server: Server;
let port: number;
/** Of each request that came to a route: how many bytes of its body did. */
let handed: number[];
let asked: number;

const handler: ApiHandler = async (event) => {
  const length = event.body?.length ?? 0;
  handed.push(length);
  return { statusCode: length > MAX_BODY_BYTES ? 413 : length === 0 ? 401 : 200, body: '' };
};

beforeEach(async () => {
  handed = [];
  asked = 0;
  const bodyLimitOf = async (token: { reveal: () => string }): Promise<number> => {
    asked += 1;
    return LIMITS.get(token.reveal()) ?? 0;
  };
  server = localServer({ handler, bodyLimitOf }, undefined, { ...PATIENT, maxConnections: MAX_CONNECTIONS });
  const listening = await listen(server, { host: '127.0.0.1', port: 0 });
  if (!listening.ok) throw new Error(listening.failure.code);
  port = listening.value;
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
});

const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function open(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Sends headers and a part of a body, and then nothing. What the server answers until it ends the connection. */
async function sendAndStay(authorization: string | undefined, announced: number | 'chunked', sent: number) {
  const socket = await open();
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  const length = announced === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${announced}`;
  const head = [
    'POST /v1/x HTTP/1.1',
    'host: x',
    length,
    ...(authorization ? [`authorization: ${authorization}`] : []),
  ];
  const body = announced === 'chunked' ? `${sent.toString(16)}\r\n${'x'.repeat(sent)}\r\n` : 'x'.repeat(sent);
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  await once(socket, 'close');
  return answer;
}

const MANY = Array.from({ length: 40 });

describe('a connection with a body and then silence', () => {
  it.each([
    ['without a token', undefined],
    ['with a token of another form', 'Bearer hello'],
    ['with another scheme', 'Basic dTpw'],
    ['with a token of nobody', `Bearer ${NOBODY}`],
  ])('%s is answered 401 and ended, and nothing of its body is kept', async (_, authorization) => {
    const answers = await Promise.all(MANY.map(() => sendAndStay(authorization, MAX_BODY_BYTES, MAX_BODY_BYTES - 1)));
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 401 [^]*connection: close/i);
    expect(handed).toEqual(MANY.map(() => 0));
    expect(await connections()).toBe(0);
  });

  it.each([
    ['without a token', undefined],
    ['with a token of nobody', `Bearer ${NOBODY}`],
  ])('%s is ended in the same way where it does not announce its length', async (_, authorization) => {
    const answers = await Promise.all(MANY.map(() => sendAndStay(authorization, 'chunked', 8192)));
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(handed).toEqual(MANY.map(() => 0));
  });

  it('without a token is ended though its body is small', async () => {
    expect(await sendAndStay(undefined, 50, 10)).toMatch(/^HTTP\/1\.1 401 /);
    expect(asked).toBe(0);
  });

  it("with a host's token is answered 413 and ended as soon as it is longer than hosts send", async () => {
    expect(await sendAndStay(`Bearer ${HOST}`, MAX_HOST_BODY_BYTES + 1, 10)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await sendAndStay(`Bearer ${HOST}`, 'chunked', MAX_HOST_BODY_BYTES + 1)).toMatch(/^HTTP\/1\.1 413 /);
  });
});

describe('a whole body', () => {
  const send = (token: string, size: number): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: 'x'.repeat(size),
      headers: { authorization: `Bearer ${token}` },
    });

  it.each([
    ['of a host', HOST, MAX_HOST_BODY_BYTES, 0],
    ['of an administrator', ADMIN, MAX_BODY_BYTES, 1],
  ])('%s is read up to its limit', async (_, token, size, times) => {
    expect((await send(token, size)).status).toBe(200);
    expect(handed).toEqual([size]);
    expect(asked).toBe(times);
    expect((await send(token, size + 1)).status).toBe(413);
  });

  it('that comes in chunks of a byte is read whole', async () => {
    const socket = await open();
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ADMIN}\r\ntransfer-encoding: chunked\r\n\r\n`);
    socket.write(`${'1\r\nx\r\n'.repeat(10_000)}0\r\n\r\n`);
    const answer: unknown[] = await once(socket, 'data');
    expect(String(answer[0])).toMatch(/^HTTP\/1\.1 200 /);
    expect(handed).toEqual([10_000]);
  });

  it('without a token is answered 401, whatever its size, and the answer arrives', async () => {
    for (const size of [1, 5_000, 1_000_000]) {
      const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x'.repeat(size) });
      expect(answer.status).toBe(401);
    }
  });
});

describe('connections', () => {
  it('beyond the limit are ended at once and reported once, and room is made by those that end', async () => {
    const held = await Promise.all(Array.from({ length: MAX_CONNECTIONS }, open));
    const events: ServiceEvent[] = [];
    reportRefusedConnections(server, { report: (event) => events.push(event), now: () => 0 });
    for (const refused of [await open(), await open()]) await once(refused, 'close');
    expect(events).toMatchObject([{ code: 'serve.connections_full', fields: { limit: MAX_CONNECTIONS } }]);
    held[0]?.destroy();
    await expect.poll(connections).toBe(MAX_CONNECTIONS - 1);
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(answer.status).toBe(401);
  });
});

async function connections(): Promise<number> {
  return await new Promise((resolve, reject) => {
    server.getConnections((error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}
