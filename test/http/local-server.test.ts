import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { api, type ApiHandler } from '../../lib/http/api.ts';
import { MAX_BODY_BYTES } from '../../lib/http/body-limits.ts';
import { json } from '../../lib/http/api-request.ts';
import { localServer } from '../../lib/http/local-server.ts';
import { listen } from '../../lib/serve/listen.ts';

const QUICK = {
  ...{ requestTimeout: 300, headersTimeout: 300, connectionsCheckingInterval: 50 },
  ...{ sendTimeout: 300, maxConnections: 100 },
};
const TOKEN = `pp_${'0'.repeat(16)}_${'1'.repeat(64)}`;
const AUTHORIZATION = `authorization: Bearer ${TOKEN}\r\n`;
/** More than the system keeps for a client that does not read. */
const LARGE = 'x'.repeat(16 * 1024 * 1024);
let server: Server;
let port: number;
let bodies: string[];

const handler: ApiHandler = api({
  report: () => undefined,
  now: () => 0,
  routes: [
    {
      method: 'POST',
      path: '/echo',
      description: {
        summary: '',
        roles: ['admin'],
        plainBody: 'anything',
        query: z.strictObject({ a: z.optional(z.string()), b: z.optional(z.string()) }),
        answers: {},
        problems: [],
      },
      run: async (request) => {
        bodies.push(request.body);
        const token = request.caller.kind === 'token' ? request.caller.token?.reveal() : 'another proof';
        return json(200, { length: request.body.length, token: token ?? null, query: request.query });
      },
    },
    {
      method: 'GET',
      path: '/large',
      description: { summary: '', roles: [], answers: {}, problems: [] },
      run: async () => json(200, LARGE),
    },
    {
      method: 'GET',
      path: '/bug',
      description: { summary: '', roles: [], answers: {}, problems: [] },
      run: async () => {
        throw new Error('canary-in-a-message');
      },
    },
  ],
});

const bodyLimitOf = async (): Promise<number> => MAX_BODY_BYTES;

beforeEach(async () => {
  bodies = [];
  server = localServer({ handler, bodyLimitOf }, undefined, QUICK);
  const listening = await listen(server, { host: '127.0.0.1', port: 0 });
  if (!listening.ok) throw new Error(listening.failure.code);
  port = listening.value;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** What comes back on a raw connection until the server ends it, which it may do while more is being sent. */
async function raw(parts: readonly string[], pauseMilliseconds = 0): Promise<string> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(answer);
    });
    const send = (index: number): void => {
      const part = parts[index];
      if (part === undefined || socket.destroyed) return;
      socket.write(part, () => setTimeout(send, pauseMilliseconds, index + 1));
    };
    send(0);
  });
}

function connections(): Promise<number> {
  return new Promise((resolve) => {
    server.getConnections((_error, count) => {
      resolve(count);
    });
  });
}

describe('the local server', () => {
  it('passes body, token and query on', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/echo?a=1&b=x%20y`, {
      method: 'POST',
      body: 'héllo',
      headers: { authorization: `bearer ${TOKEN}` },
    });
    expect(await answer.json()).toEqual({ length: 5, token: TOKEN, query: { a: '1', b: 'x y' } });
  });

  it('refuses an announced body that is too large before it is sent', async () => {
    const answer = await raw([
      `POST /echo HTTP/1.1\r\nhost: x\r\n${AUTHORIZATION}content-length: 10000000\r\n\r\n`,
      'x'.repeat(1000),
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('body_too_large');
    expect(bodies).toEqual([]);
  });

  it('refuses an endless chunked body once it is too large', async () => {
    const chunk = `8000\r\n${'x'.repeat(0x8000)}\r\n`;
    const chunks = Array.from({ length: MAX_BODY_BYTES / 0x8000 + 1 }, () => chunk);
    const answer = await raw([
      `POST /echo HTTP/1.1\r\nhost: x\r\n${AUTHORIZATION}transfer-encoding: chunked\r\n\r\n`,
      ...chunks,
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(bodies).toEqual([]);
  });

  it('does not wait for ever for a body or for headers that trickle in', async () => {
    const head = `POST /echo HTTP/1.1\r\nhost: x\r\n${AUTHORIZATION}content-length: 50\r\n\r\n`;
    expect(await raw([head, ...Array<string>(20).fill('y')], 100)).toMatch(/^(?:$|HTTP\/1\.1 408 )/);
    expect(await raw(['GET / HTTP/1.1\r\nx: ', ...Array<string>(20).fill('z')], 60)).toMatch(/^(?:$|HTTP\/1\.1 408 )/);
    expect(bodies).toEqual([]);
  });

  it('does not wait for ever for a client that takes nothing of its answer', async () => {
    const socket = connect(port, '127.0.0.1')
      .on('error', () => undefined)
      .pause();
    socket.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n');
    await expect.poll(connections).toBe(1);
    await expect.poll(connections, { timeout: 10_000 }).toBe(0);
    socket.destroy();
  });

  it('gives a client that takes its answer all of it, and answers the next question on the same connection', async () => {
    for (let times = 0; times < 3; times += 1) {
      const answer = await fetch(`http://127.0.0.1:${port}/large`);
      expect(await answer.json()).toBe(LARGE);
    }
  });

  it('refuses headers without end', async () => {
    expect(await raw([`GET / HTTP/1.1\r\nhost: x\r\nx: ${'z'.repeat(20_000)}\r\n\r\n`])).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('outlives a client that goes away in the middle', async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    await new Promise<void>((resolve) => {
      const request = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: '/echo', headers });
      request.on('error', () => {
        resolve();
      });
      request.write('half');
      setTimeout(() => request.destroy(), 20);
    });
    expect((await fetch(`http://127.0.0.1:${port}/echo`, { method: 'POST', body: 'x', headers })).status).toBe(200);
  });

  it('says internal error, and not which, when a route throws', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/bug`);
    const text = await answer.text();
    expect(answer.status).toBe(500);
    expect(text).toContain('"code":"internal"');
    expect(text).not.toContain('canary');
  });

  it('takes no header for a token that is none', async () => {
    for (const authorization of ['Basic dTpw', 'Bearer', 'Bearer a b', `Bearer ${'a'.repeat(600)}`]) {
      const answer = await fetch(`http://127.0.0.1:${port}/echo`, { method: 'POST', headers: { authorization } });
      expect(await answer.json(), authorization).toMatchObject({ token: null });
    }
  });

  it('speaks TLS with the certificate that it is given', async () => {
    const folder = new URL('../support/certificates/', import.meta.url);
    const read = (name: string): Promise<string> => readFile(new URL(name, folder), 'utf8');
    const tls = { certificate: await read('server.pem'), key: await read('server.key') };
    const secure = localServer({ handler, bodyLimitOf }, tls);
    const listening = await listen(secure, { host: '127.0.0.1', port: 0 });
    if (!listening.ok) throw new Error(listening.failure.code);
    const ca = await read('ca.pem');
    const status = await new Promise((resolve, reject) => {
      const target = { host: 'localhost', port: listening.value, path: '/nothing', ca, agent: false };
      httpsRequest(target, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    secure.closeAllConnections();
    await new Promise((resolve) => secure.close(resolve));
    expect(status).toBe(404);
  });
});
