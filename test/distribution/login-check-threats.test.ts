import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createLoginCheck } from '../../lib/distribution/create-login-check.ts';
import type { LoginCheckOutcome } from '../../lib/distribution/login-check.ts';
import {
  basic,
  closedPort,
  LOOPBACK,
  PASSWORD,
  pem,
  registryOf,
  reply,
  requestTo,
  serve,
  serveTcp,
  type ScriptedServer,
} from './scripted-registry.ts';

const check = createLoginCheck({ allowedNetworks: LOOPBACK, resolve: () => Promise.resolve(['127.0.0.1']) });
const PLAIN = { tls: { plainHttp: true } } as const;
const OWN_CA = { tls: { ca: pem('ca.pem') } };

/** Nothing that the check answers may hold the secret, in any of the forms in which it travels. */
function expectNoSecret(outcome: LoginCheckOutcome): void {
  for (const form of [PASSWORD, basic(), basic().slice(6)]) expect(inspect(outcome)).not.toContain(form);
}

function challengeOf(realm: string) {
  return { headers: { 'www-authenticate': `Bearer realm="${realm}",service="s"` } };
}

describe('an address that leads inside', () => {
  const strict = createLoginCheck({ allowedNetworks: [] });

  it.each([
    '127.0.0.1',
    'localhost',
    '169.254.169.254',
    '169.254.169.254.',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[fd00:ec2::254]',
    '127.1',
    '0x7f.1',
    '2130706433',
    '0177.0.0.1',
    '10.0.0.1',
    '0.0.0.0',
    'a b',
  ])('is refused, with and without a port and whatever the transport: %s', async (host) => {
    for (const address of [host, `${host}:5000`, `${host}/team`]) {
      for (const tls of [{}, { plainHttp: true }, { skipVerify: true }] as const) {
        expect(await strict(requestTo(address, { tls }))).toMatchObject({ status: 'refused_address' });
      }
    }
  });

  it.each([['127.0.0.1'], ['169.254.169.254'], ['93.184.216.34', '10.0.0.1'], ['::ffff:127.0.0.1']])(
    'is refused behind a name: %s',
    async (...addresses) => {
      const resolving = createLoginCheck({ allowedNetworks: [], resolve: () => Promise.resolve(addresses) });
      expect(await resolving(requestTo('registry.test'))).toMatchObject({ status: 'refused_address' });
    },
  );

  it('is refused when a name comes to lead there between two requests', async () => {
    const server = await serve(registryOf({ login: [basic()] }));
    const answers = [['127.0.0.1'], ['169.254.169.254']];
    const rebinding = createLoginCheck({ allowedNetworks: LOOPBACK, resolve: async () => answers.shift() ?? [] });
    const outcome = await rebinding(requestTo(`registry.test:${server.port}`, PLAIN));
    expect(outcome).toMatchObject({ status: 'refused_address' });
    expect(server.seen).toMatchObject([{ authorization: undefined }]);
  });

  it('is refused for a token service', async () => {
    const server = await serve((_request, response) => {
      reply(response, 401, challengeOf('https://inside.test/token'));
    });
    const resolve = async (name: string) => [name === 'inside.test' ? '169.254.169.254' : '127.0.0.1'];
    const guarded = createLoginCheck({ allowedNetworks: LOOPBACK, resolve });
    const request = requestTo(`registry.test:${server.port}`, { ...PLAIN, trustedRealms: ['inside.test'] });
    expect(await guarded(request)).toMatchObject({ status: 'refused_address' });
  });

  it('needs networks that can be read', () => {
    expect(() => createLoginCheck({ allowedNetworks: ['10/8'] })).toThrow(RangeError);
  });
});

describe('an attacker who wants the credential', () => {
  /** Gives a token to whoever asks, and would remember the credential. */
  async function thief(): Promise<ScriptedServer> {
    return await serve((_request, response) => {
      reply(response, 200, { body: { token: 'bait' } });
    }, 'server');
  }

  it.each([
    ['another host', (port: number) => `https://localhost:${port}/token`],
    ['another host in a user name', (port: number) => `https://registry.test@localhost:${port}/token`],
    ['another host behind a backslash', (port: number) => `https:\\\\\\\\localhost:${port}\\\\@registry.test/token`],
    ['plain HTTP', (port: number) => `http://registry.test:${port}/token`],
    ['no URL', (port: number) => `//localhost:${port}/token`],
  ])('gets nothing through a realm that names %s', async (_name, realm) => {
    const attacker = await thief();
    const registry = await serve((_request, response) => {
      reply(response, 401, challengeOf(realm(attacker.port)));
    }, 'server');
    const outcome = await check(requestTo(`registry.test:${registry.port}`, OWN_CA));
    expect(outcome).toMatchObject({ status: 'realm_not_trusted' });
    expect(attacker.connections()).toBe(0);
    expect([...attacker.seen, ...registry.seen].filter((seen) => seen.authorization !== undefined)).toEqual([]);
    expectNoSecret(outcome);
  });

  it('is the token service only where the operator named it', async () => {
    const service = await thief();
    const registry = await serve((request, response) => {
      const isIn = request.headers.authorization === 'Bearer bait';
      reply(response, isIn ? 200 : 401, challengeOf(`https://localhost:${service.port}/token`));
    }, 'server');
    const trustedRealms = [`localhost:${service.port}`];
    const request = requestTo(`registry.test:${registry.port}`, { ...OWN_CA, trustedRealms });
    expect(await check(request)).toMatchObject({ status: 'verified' });
    expect(service.seen).toMatchObject([{ authorization: basic() }]);
  });

  it('gets nothing from a check that skips verification: that holds for the registry only', async () => {
    const service = await thief();
    const registry = await serve((_request, response) => {
      reply(response, 401, challengeOf(`https://localhost:${service.port}/token`));
    }, 'self-signed');
    const trustedRealms = [`localhost:${service.port}`];
    const request = requestTo(`registry.test:${registry.port}`, { tls: { skipVerify: true }, trustedRealms });
    expect(await check(request)).toMatchObject({ status: 'tls_untrusted' });
    expect(service.seen).toEqual([]);
  });

  it.each(['/v2/', '/token', '/v2/team/app/tags/list?n=1'])('gets nothing through a redirect of %s', async (path) => {
    const attacker = await thief();
    const registry = await serve((request, response) => {
      const { authorization = '' } = request.headers;
      const isRedirected = request.url?.startsWith(path) === true && (authorization !== '' || path !== '/v2/');
      if (isRedirected) reply(response, 307, { headers: { location: `https://localhost:${attacker.port}/` } });
      else if (request.url?.startsWith('/token') === true) reply(response, 200, { body: { token: 't' } });
      else if (authorization.startsWith('Bearer')) reply(response, 200);
      else reply(response, 401, challengeOf(`https://registry.test:${registry.port}/token`));
    }, 'server');
    const request = requestTo(`registry.test:${registry.port}`, { ...OWN_CA, probeRepository: 'team/app' });
    expect((await check(request)).status).toMatch(/^(?:not_a_registry|realm_not_trusted)$/);
    expect(attacker.connections()).toBe(0);
  });

  it.each(['../../admin', 'team/app?x=', 'team/app\r\nx: y', 'Team/app', '/team', ''])(
    'gets no path of his own through a probe repository: %j',
    async (probeRepository) => {
      const server = await serve(registryOf({}));
      expect(await check(requestTo(server.address, { ...PLAIN, probeRepository }))).toMatchObject({
        status: 'scope_denied',
      });
      expect(server.seen).toEqual([]);
    },
  );
});

describe('a peer that cannot be talked to', () => {
  it.each([
    { problem: 'expired', certificate: 'expired', ca: 'ca.pem', advice: 'expired' },
    { problem: 'for another name', certificate: 'wrong-name', ca: 'ca.pem', advice: 'another name' },
    { problem: 'self-signed', certificate: 'self-signed', ca: undefined, advice: 'tls.ca' },
    { problem: 'of an unknown authority', certificate: 'server', ca: undefined, advice: 'tls.ca' },
  ] as const)('is not trusted, with the reason, when its certificate is $problem', async (row) => {
    const server = await serve(registryOf({}), row.certificate);
    const tls = row.ca === undefined ? {} : { ca: pem(row.ca) };
    const outcome = await check(requestTo(`registry.test:${server.port}`, { tls }));
    expect(outcome.status).toBe('tls_untrusted');
    expect(outcome.advice).toContain(row.advice);
    expect(server.seen).toEqual([]);
  });

  it('is not trusted when the given CA is none', async () => {
    const ca = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(await check(requestTo('registry.test', { tls: { ca } }))).toMatchObject({ status: 'tls_untrusted' });
  });

  it('is verified over TLS with its own authority, or with verification skipped', async () => {
    const server = await serve(registryOf({ login: [basic()] }), 'server');
    const address = `registry.test:${server.port}`;
    expect(await check(requestTo(address, OWN_CA))).toMatchObject({ status: 'verified' });
    expect(await check(requestTo(address, { tls: { skipVerify: true } }))).toMatchObject({ status: 'verified' });
  });

  it('is http_only when it speaks plain HTTP where HTTPS was expected, and never sees the credential', async () => {
    const server = await serve(registryOf({ login: [basic()] }));
    expect(await check(requestTo(server.address))).toMatchObject({ status: 'http_only' });
    expect(server.seen).toMatchObject([{ path: '/v2/', authorization: undefined }]);
  });

  it('is no registry when it speaks TLS where plain HTTP was declared', async () => {
    const server = await serve(registryOf({}), 'server');
    const outcome = await check(requestTo(server.address, PLAIN));
    expect(['not_a_registry', 'unreachable']).toContain(outcome.status);
  });

  it('is told to want HTTPS when it refuses plain HTTP', async () => {
    const server = await serve((_request, response) => response.writeHead(400).end('HTTP request to an HTTPS server'));
    const outcome = await check(requestTo(server.address, PLAIN));
    expect(outcome.status).toBe('not_a_registry');
    expect(outcome.advice).toContain('HTTPS');
  });

  it('is unreachable when nobody listens or the connection is broken off', async () => {
    const resets = await serveTcp((socket) => socket.resetAndDestroy());
    for (const port of [await closedPort(), resets.port]) {
      for (const tls of [{}, { plainHttp: true }] as const) {
        expect(await check(requestTo(`127.0.0.1:${port}`, { tls }))).toMatchObject({ status: 'unreachable' });
      }
    }
  });

  it('ends as dns when its name does not resolve', async () => {
    const unknown = createLoginCheck({ allowedNetworks: [], resolve: () => Promise.reject(new Error('ENOTFOUND')) });
    expect(await unknown(requestTo('registry.test'))).toMatchObject({ status: 'dns' });
  });

  const hasty = createLoginCheck({ allowedNetworks: LOOPBACK, timeoutMs: 100 });

  it('ends as a timeout when it hangs, by the check’s own time', async () => {
    const server = await serveTcp(() => undefined);
    expect(await hasty(requestTo(server.address, PLAIN))).toMatchObject({ status: 'timeout' });
    expect(await hasty(requestTo(server.address))).toMatchObject({ status: 'timeout' });
  });

  it('ends as a timeout when it hangs within its answer', async () => {
    const server = await serveTcp((socket) => socket.write('HTTP/1.1 401 Unauthorized\r\nx: '));
    expect(await hasty(requestTo(server.address, PLAIN))).toMatchObject({ status: 'timeout' });
  });

  it('ends as a timeout when the caller’s time is used up', async () => {
    const budget = new AbortController();
    const server = await serveTcp(() => {
      budget.abort();
    });
    expect(await check(requestTo(server.address, { ...PLAIN, signal: budget.signal }))).toMatchObject({
      status: 'timeout',
    });
    expect(await check(requestTo(server.address, { signal: budget.signal }))).toMatchObject({ status: 'timeout' });
  });

  it('is judged by its status when its body is beyond the cap', async () => {
    const server = await serve((_request, response) => response.end(Buffer.alloc(10_000_000, '{}')));
    expect(await check(requestTo(server.address, PLAIN))).toMatchObject({ status: 'not_a_registry' });
  });

  it('puts nothing of what it says into the outcome', async () => {
    const echo = 'canary-of-the-registry';
    const server = await serve((_request, response) => {
      reply(response, 403, { body: { errors: [{ code: echo, message: `${echo} ${PASSWORD}` }] } });
    });
    const outcome = await check(requestTo(server.address, PLAIN));
    expect(inspect(outcome)).not.toContain(echo);
    expectNoSecret(outcome);
  });
});
