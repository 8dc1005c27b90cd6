/** What is odd about a registry, and container clients log in there all the same, or do not. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createLoginCheck } from '../../lib/distribution/create-login-check.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { basic, LOOPBACK, reply, requestTo, serve, verdict, type ScriptedServer } from './scripted-registry.ts';

const check = createLoginCheck({ allowedNetworks: LOOPBACK, timeoutMs: 60_000 });
const PLAIN = { tls: { plainHttp: true } } as const;
const VERIFIED = { status: 'verified' };

function heard(server: ScriptedServer): readonly string[] {
  return server.seen.flatMap(({ authorization }) => authorization ?? []);
}

describe('after a challenge that was answered', () => {
  async function login(type: string, body: string, password?: string) {
    const server = await serve((request, response) => {
      const status = request.headers.authorization === basic() ? 200 : 401;
      response.writeHead(status, { 'content-type': type, 'www-authenticate': 'Basic realm="r"' }).end(body);
    });
    return await check(
      requestTo(server.address, { ...PLAIN, ...(password === undefined ? {} : { password: new Secret(password) }) }),
    );
  }

  it.each([
    ['an empty body', 'application/json', ''],
    ['true', 'application/json', 'true'],
    ['a text', 'text/plain', 'OK'],
  ])('200 is a login without a version header, too: %s', async (_name, type, body) => {
    expect(verdict(await login(type, body))).toEqual(VERIFIED);
    expect(verdict(await login(type, body, 'wrong'))).toEqual({ status: 'unauthorized' });
  });

  it.each([
    ['by its type', 'text/html; charset=utf-8', 'Welcome'],
    ['by its body', 'text/plain', '\n<!doctype html>'],
  ])('a page for people is no registry: %s', async (_name, type, body) => {
    expect(verdict(await login(type, body))).toEqual({ status: 'not_a_registry' });
  });
});

describe('a registry that redirects', () => {
  async function redirecting(target: (server: ScriptedServer, path: string) => string | undefined) {
    const server: ScriptedServer = await serve((request, response) => {
      const location = target(server, request.url ?? '');
      if (location !== undefined) response.writeHead(301, { location }).end();
      else if (request.headers.authorization === basic()) reply(response, 200);
      else reply(response, 401, { headers: { 'www-authenticate': 'Basic realm="r"' } });
    });
    return { server, outcome: await check(requestTo(server.address, PLAIN)) };
  }

  it.each([
    ['to /v2', () => '/v2'],
    ['by its whole URL', ({ address }: ScriptedServer) => `http://${address}/v2`],
    ['to itself with a query', () => '/v2/?x=1'],
  ])('/v2/ %s of its own is logged in to, as clients do', async (_name, target) => {
    const { server, outcome } = await redirecting((each, path) => (path === '/v2/' ? target(each) : undefined));
    expect(verdict(outcome)).toEqual(VERIFIED);
    expect(heard(server)).toEqual([basic(), basic()]);
  });

  it.each([
    ['in a circle', () => '/v2/'],
    ['to another page of its own', () => '/login'],
    ['to another path of the API', () => '/v2/team/app/tags/list'],
    ['out of the API by dots', () => '/v2/../login'],
  ])('/v2/ %s is no registry, and hears no credential', async (_name, target) => {
    const { server, outcome } = await redirecting((_each, path) => (path.startsWith('/v2') ? target() : undefined));
    expect(outcome).toMatchObject({ status: 'not_a_registry' });
    expect(outcome.advice).toContain('a path of its own (301)');
    expect(heard(server)).toEqual([]);
    expect(server.seen.every(({ path }) => path.startsWith('/v2'))).toBe(true);
  });

  it.each([
    ['another port', (port: number) => `http://127.0.0.1:${port}/v2/`],
    ['another spelling of its host', (port: number) => `//127.1:${port}/v2/`],
    ['another scheme', (port: number) => `https://127.0.0.1:${port}/v2/`],
    ['a user name before it', (port: number) => `http://registry.test@127.0.0.1:${port}/v2/`],
    ['another host behind a backslash', (port: number) => `\\\\127.0.0.1:${port}\\v2\\`],
  ])('with its login gets no credential there: %s', async (_name, target) => {
    const other = await serve((_request, response) => {
      reply(response, 200);
    });
    const { outcome } = await redirecting((_each, path) => (path === '/v2/' ? target(other.port) : undefined));
    expect(outcome).toMatchObject({ status: 'not_a_registry' });
    expect(outcome.advice).toContain('give the address that it leads to');
    expect(other.connections()).toBe(0);
  });
});

describe('a token service', () => {
  async function answering(answer: (response: ServerResponse) => void, challenge?: (realm: string) => string) {
    const server: ScriptedServer = await serve((request, response) => {
      if (request.url?.startsWith('/token') === true) answer(response);
      else if (request.headers.authorization === 'Bearer t') reply(response, 200);
      else {
        const realm = `http://${server.address}/token`;
        const header = challenge?.(realm) ?? `Bearer realm="${realm}"`;
        reply(response, 401, { headers: { 'www-authenticate': header } });
      }
    });
    return { server, outcome: await check(requestTo(server.address, PLAIN)) };
  }

  const givingToken = (response: ServerResponse): void => {
    reply(response, 200, { body: { token: null, access_token: 't', expires_in: null } });
  };

  it('may leave fields null', async () => {
    expect(verdict((await answering(givingToken)).outcome)).toEqual(VERIFIED);
  });

  it.each(['expires_in', 'issued_at'])('is named with the field that clients cannot read: %s', async (field) => {
    const { outcome, server } = await answering((response) => {
      reply(response, 200, { body: { token: 't', [field]: field === 'expires_in' ? '300' : 1_700_000_000 } });
    });
    expect(verdict(outcome)).toEqual({ status: 'not_a_registry' });
    expect(outcome.advice).toContain(field);
    expect(heard(server)).toEqual([basic()]);
  });

  it.each([
    [400, { error: 'invalid_grant' }],
    [400, { errors: [{ code: 'UNAUTHORIZED' }] }],
    [401, {}],
  ])('that answers %i %o refused the credential', async (status, body) => {
    const { outcome } = await answering((response) => {
      reply(response, status, { body });
    });
    expect(verdict(outcome)).toEqual({ status: 'unauthorized' });
  });

  it.each([400, 404, 405])('that answers %i is named, and not the address', async (status) => {
    const { outcome } = await answering((response) => {
      reply(response, status, { body: { error: 'invalid_request' } });
    });
    expect(verdict(outcome)).toEqual({ status: 'not_a_registry' });
    expect(outcome.advice).toContain(`The token service answered ${status}`);
  });

  it('that forbids the login says nothing certain about the password', async () => {
    const { outcome, server } = await answering((response) => {
      reply(response, 403);
    });
    expect(verdict(outcome)).toEqual({ status: 'forbidden' });
    expect(heard(server)).toEqual([basic()]);
  });

  it.each([
    ['a missing comma', (realm: string) => `Bearer realm="${realm}" service="s"`],
    ['a doubled realm', (realm: string) => `Bearer realm="x",realm="${realm}"`],
  ])('is logged in to as clients do in spite of %s', async (_name, challenge) => {
    expect(verdict((await answering(givingToken, challenge)).outcome)).toEqual(VERIFIED);
  });

  it('of another host hears nothing, though it is the second of two realms', async () => {
    const other = await serve((_request, response) => {
      givingToken(response);
    });
    const evil = `http://localhost:${other.port}/token`;
    const { outcome } = await answering(givingToken, (realm) => `Bearer realm="${realm}",realm="${evil}"`);
    expect(outcome.status).toBe('realm_not_trusted');
    expect(other.connections()).toBe(0);
  });

  it.each([
    ['an unquoted URL', (realm: string) => `Bearer realm=${realm}`],
    ['single quotes', (realm: string) => `Bearer realm='${realm}',service='s'`],
  ])('behind a challenge with %s: the challenge is named', async (_name, challenge) => {
    const { outcome, server } = await answering(givingToken, challenge);
    expect(verdict(outcome)).toEqual({ status: 'not_a_registry' });
    expect(outcome.advice).toContain('WWW-Authenticate header cannot be read');
    expect(heard(server)).toEqual([]);
  });

  it('with a user name in its URL is named as that, and gets no credential', async () => {
    const { outcome, server } = await answering(
      givingToken,
      (realm) => `Bearer realm="${realm.replace('//', '//user@')}"`,
    );
    expect(outcome.status).toBe('realm_not_trusted');
    expect(outcome.advice).toContain('a user name in its URL');
    expect(outcome.advice).not.toContain('trustedRealms');
    expect(heard(server)).toEqual([]);
  });
});

describe('a registry that lets accounts without rights log in', () => {
  async function harbor(probe?: string) {
    const server: ScriptedServer = await serve((request, response) => {
      const { authorization } = request.headers;
      if (request.url?.startsWith('/token') === true) {
        const who = authorization === basic() ? 'robot' : 'anybody';
        reply(response, authorization === undefined || who === 'robot' ? 200 : 401, { body: { token: who } });
      } else if (authorization === 'Bearer robot') reply(response, 200, { body: { tags: ['1'] } });
      else {
        const realm = `http://${server.address}/token`;
        reply(response, 401, {
          headers: { 'www-authenticate': `Bearer realm="${realm}",service="harbor-registry"` },
        });
      }
    });
    return await check(
      requestTo(server.address, { ...PLAIN, ...(probe === undefined ? {} : { probeRepository: probe }) }),
    );
  }

  it('is verified with a warning: login proven, pulling not proven; and asks for a probe', async () => {
    const outcome = await harbor();
    expect(verdict(outcome)).toEqual({ status: 'verified', warning: 'pull_not_proven' });
    expect(outcome.advice).toContain('probe.repository');
  });

  it('is verified without one where the probe may be pulled', async () => {
    expect(verdict(await harbor('team/app'))).toEqual(VERIFIED);
  });
});
