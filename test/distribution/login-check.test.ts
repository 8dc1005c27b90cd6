import { describe, expect, it, vi } from 'vitest';
import { createLoginCheck } from '../../lib/distribution/create-login-check.ts';
import type { LoginCheckRequest } from '../../lib/distribution/login-check.ts';
import { Secret } from '../../lib/domain/secret.ts';
import {
  basic,
  LOOPBACK,
  PASSWORD,
  registryOf,
  reply,
  requestTo,
  serve,
  USERNAME,
  verdict,
  type RegistryRules,
} from './scripted-registry.ts';

const check = createLoginCheck({ allowedNetworks: LOOPBACK });
const PLAIN = { tls: { plainHttp: true } } as const;
const PROBE = { probeRepository: 'team/app' };

async function checkAgainst(rules: RegistryRules, over: Partial<LoginCheckRequest> = {}) {
  const server = await serve(registryOf(rules));
  return { outcome: await check(requestTo(server.address, { ...PLAIN, ...over })), server };
}

describe('a registry with Basic authentication', () => {
  const login = [basic()];

  it('is asked without the credential first, then verified with it', async () => {
    const { outcome, server } = await checkAgainst({ login });
    expect(verdict(outcome)).toEqual({ status: 'verified' });
    expect(server.seen).toMatchObject([
      { path: '/v2/', authorization: undefined },
      { path: '/v2/', authorization: basic() },
    ]);
  });

  it('refuses a wrong password, which is tried once only', async () => {
    const { outcome, server } = await checkAgainst({ login }, { password: new Secret('wrong'), ...PROBE });
    expect(outcome).toMatchObject({ status: 'unauthorized' });
    expect(server.seen.filter(({ authorization }) => authorization !== undefined)).toHaveLength(1);
  });

  it.each([
    ['may be pulled', { 'team/app': [basic()] }, { status: 'verified' }],
    ['is forbidden', { 'team/app': [] }, { status: 'scope_denied' }],
    ['does not exist', {}, { status: 'scope_denied' }],
  ])('answers for a probe repository that %s', async (_name, repositories, wanted) => {
    expect((await checkAgainst({ login, repositories }, PROBE)).outcome).toMatchObject(wanted);
  });

  it.each([
    ['absent of that tag', 404, 'MANIFEST_UNKNOWN', 'verified'],
    ['forbidden too', 403, 'DENIED', 'scope_denied'],
    ['in no repository of that name', 404, 'NAME_UNKNOWN', 'scope_denied'],
  ])('asks for a manifest where tags may not be listed: one that is %s', async (...[, status, code, wanted]) => {
    const server = await serve((request, response) => {
      if (request.headers.authorization === undefined) {
        reply(response, 401, { headers: { 'www-authenticate': 'Basic realm="r"' } });
      } else if (request.url === '/v2/') reply(response, 200);
      else if (request.url?.includes('/manifests/') === true) reply(response, status, { body: { errors: [{ code }] } });
      else reply(response, 403, { body: { errors: [{ code: 'DENIED' }] } });
    });
    expect(await check(requestTo(server.address, { ...PLAIN, ...PROBE }))).toMatchObject({ status: wanted });
  });

  it('cannot take a user name with a colon', async () => {
    const { outcome, server } = await checkAgainst({ login }, { username: 'a:b' });
    expect(outcome.status).toBe('unauthorized');
    expect(outcome.advice).toContain('colon');
    expect(server.seen).toHaveLength(1);
  });
});

describe('a registry with a token service', () => {
  /** Tokens are `<scope or login>-<who>`; a wrong password gets none, nobody gets one as anybody. */
  function tokens(query: URLSearchParams, authorization: string | undefined): string | undefined {
    if (authorization !== undefined && authorization !== basic()) return undefined;
    return `${query.get('scope') ?? 'login'}-${authorization === undefined ? 'anybody' : 'robot'}`;
  }

  const MINE = 'Bearer repository:team/app:pull-robot';
  const ANYBODY = 'Bearer repository:team/app:pull-anybody';

  async function checkWithTokens(rules: Partial<RegistryRules>, over: Partial<LoginCheckRequest> = {}) {
    const server = await serve((request, response) => {
      const challenge = `Bearer realm="http://${server.address}/token?keep=1",service="a \\"service\\", &c"`;
      const login = ['Bearer login-robot', 'Bearer login-anybody'];
      registryOf({ login, token: tokens, challenge, ...rules })(request, response);
    });
    return { outcome: await check(requestTo(server.address, { ...PLAIN, ...over })), server };
  }

  it('is verified by the token it gives, which alone goes back to the registry', async () => {
    const { outcome, server } = await checkWithTokens({});
    expect(verdict(outcome)).toEqual({ status: 'verified' });
    expect(server.seen.map(({ authorization }) => authorization)).toEqual([undefined, basic(), 'Bearer login-robot']);
    const query = new URL(server.seen[1]?.path ?? '', 'http://x').searchParams;
    expect(Object.fromEntries(query)).toEqual({ keep: '1', service: 'a "service", &c', account: USERNAME });
  });

  it('keeps a user name that is the secret out of the URL', async () => {
    const { server } = await checkWithTokens({}, { username: 'tok', password: new Secret('tok') });
    expect(server.seen.map(({ path }) => path).join()).not.toContain('tok&');
    expect(server.seen[1]?.path).not.toContain('account');
  });

  it('refuses a wrong password although it gives anybody a token, and the password is tried once only', async () => {
    const { outcome, server } = await checkWithTokens({}, { password: new Secret('wrong'), ...PROBE });
    expect(outcome).toMatchObject({ status: 'unauthorized' });
    expect(server.seen.filter(({ authorization }) => authorization !== undefined)).toHaveLength(1);
  });

  it.each([
    ['only with the credential', [MINE], { status: 'verified' }],
    ['by anybody with an anonymous token', [MINE, ANYBODY], { status: 'verified', warning: 'accepts_anyone' }],
    ['by nobody', [], { status: 'scope_denied' }],
  ])('answers for a probe repository that is pulled %s', async (_name, readers, wanted) => {
    const { outcome } = await checkWithTokens({ repositories: { 'team/app': readers } }, PROBE);
    expect(verdict(outcome)).toEqual(wanted);
  });

  it('denies a scope for which it gives no token', async () => {
    const token = (query: URLSearchParams) => (query.has('scope') ? undefined : 'login-robot');
    expect((await checkWithTokens({ token }, PROBE)).outcome).toMatchObject({ status: 'scope_denied' });
  });

  it('is not verified when it refuses the token it gave', async () => {
    expect((await checkWithTokens({ login: [] })).outcome).toMatchObject({ status: 'unauthorized' });
  });

  it.each([
    ['an empty token', { token: '' }],
    ['no token', {}],
    ['a token that would end the header', { token: 'a\r\nx: y' }],
    ['a token that is no text', { token: 1 }],
    ['a list', []],
  ])('is not verified by %s', async (_name, body) => {
    const server = await serve((request, response) => {
      if (request.url?.startsWith('/token') === true) reply(response, 200, { body });
      else reply(response, 401, { headers: { 'www-authenticate': `Bearer realm="http://${server.address}/token"` } });
    });
    const outcome = await check(requestTo(server.address, PLAIN));
    expect(outcome.status).toBe('not_a_registry');
    expect(outcome.advice).toContain('token');
    expect(server.seen).toHaveLength(2);
  });

  it('may call its token access_token', async () => {
    const server = await serve((request, response) => {
      if (request.headers.authorization === 'Bearer second') reply(response, 200);
      else if (request.url === '/v2/') {
        reply(response, 401, { headers: { 'www-authenticate': `Bearer realm="http://${server.address}/token"` } });
      } else reply(response, 200, { body: { token: '', access_token: 'second' } });
    });
    expect(await check(requestTo(server.address, PLAIN))).toMatchObject({ status: 'verified' });
  });

  it.each([
    [429, 'rate_limited'],
    [500, 'unreachable'],
    [302, 'realm_not_trusted'],
    [404, 'not_a_registry'],
    [403, 'forbidden'],
  ])('that answers %i ends as %s', async (status, wanted) => {
    const server = await serve((request, response) => {
      if (request.url?.startsWith('/token') === true) reply(response, status, { headers: { location: '/elsewhere' } });
      else reply(response, 401, { headers: { 'www-authenticate': `Bearer realm="http://${server.address}/token"` } });
    });
    expect(await check(requestTo(server.address, PLAIN))).toMatchObject({ status: wanted });
    expect(server.seen.map(({ path }) => path)).not.toContain('/elsewhere');
  });
});

describe('a registry that needs no login', () => {
  it('is verified with a warning, and is never shown the credential', async () => {
    const { outcome, server } = await checkAgainst({});
    expect(outcome).toMatchObject({ status: 'verified', warning: 'accepts_anyone' });
    expect(server.seen).toMatchObject([{ authorization: undefined }]);
  });

  it.each([
    ['anybody may pull', [undefined], PASSWORD, { status: 'verified', warning: 'accepts_anyone' }],
    ['the credential is needed for', [basic()], PASSWORD, { status: 'verified' }],
    ['a wrong password does not open', [basic()], 'wrong', { status: 'unauthorized' }],
    ['nobody may pull', [], PASSWORD, { status: 'unauthorized' }],
  ] as const)('is judged by a probe repository that %s', async (...[, readers, password, wanted]) => {
    const repositories = { 'team/app': readers };
    const { outcome } = await checkAgainst({ repositories }, { ...PROBE, password: new Secret(password) });
    expect(verdict(outcome)).toEqual(wanted);
  });
});

describe('a registry that needs no login, whose probe repository asks for none either', () => {
  it.each([404, 403, 400])('(%i): says that none was tried, and shows the credential to nobody', async (status) => {
    const server = await serve((request, response) => {
      reply(response, request.url === '/v2/' ? 200 : status);
    });
    const outcome = await check(requestTo(server.address, { ...PLAIN, ...PROBE }));
    expect(verdict(outcome)).toEqual({ status: 'not_a_registry' });
    expect(outcome.advice).toContain('none was tried');
    expect(server.seen.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
  });
});

describe('a host that is no registry, or does not answer as one', () => {
  it.each([
    ['a web page', 200, 'text/html', '<html>', 'not_a_registry'],
    ['JSON of another kind', 200, 'application/json', '{"status":"ok"}', 'not_a_registry'],
    ['nothing at all', 200, 'text/plain', '', 'not_a_registry'],
    ['not found', 404, 'text/html', 'no', 'not_a_registry'],
    ['a bad request', 400, 'text/html', 'Client sent an HTTP request to an HTTPS server.', 'not_a_registry'],
    ['a login of another kind', 401, 'text/html', '', 'not_a_registry'],
    ['a firewall', 403, 'text/html', 'no', 'not_a_registry'],
    ['too many requests', 429, 'text/html', '', 'rate_limited'],
    ['a bad gateway', 502, 'text/html', '', 'unreachable'],
  ])('%s', async (...[, status, type, body, wanted]) => {
    const server = await serve((_request, response) => {
      response.writeHead(status, { 'content-type': type, 'www-authenticate': 'Digest realm="r"' });
      response.end(body);
    });
    const outcome = await check(requestTo(server.address, PLAIN));
    expect(verdict(outcome)).toEqual({ status: wanted });
    expect(server.seen).toHaveLength(1);
  });

  it('a registry that refuses this machine before any login says nothing of the credential', async () => {
    const server = await serve((_request, response) => {
      reply(response, 403, { body: { errors: [{ code: 'DENIED' }] } });
    });
    expect(await check(requestTo(server.address, PLAIN))).toMatchObject({ status: 'unreachable' });
  });

  it('a login page in front: Basic accepted, and then no registry behind it', async () => {
    const server = await serve((request, response) => {
      response.writeHead(request.headers.authorization === undefined ? 401 : 200, {
        'www-authenticate': 'Basic realm="r"',
      });
      response.end('<html>');
    });
    expect(await check(requestTo(server.address, PLAIN))).toMatchObject({ status: 'not_a_registry' });
  });
});

describe('Docker Hub', () => {
  it('is asked on the host of its API', async () => {
    const resolve = vi.fn<(name: string) => Promise<string[]>>().mockResolvedValue([]);
    const hub = createLoginCheck({ allowedNetworks: [], resolve });
    expect(await hub(requestTo('docker.io/team'))).toMatchObject({ status: 'dns' });
    expect(resolve.mock.calls).toEqual([['registry-1.docker.io']]);
  });
});
