import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createLoginCheck } from '../../lib/distribution/create-login-check.ts';
import type { LoginCheckRequest } from '../../lib/distribution/login-check.ts';
import { basic, LOOPBACK, registryOf, reply, requestTo, serve, verdict, type Seen } from './scripted-registry.ts';

const check = createLoginCheck({ allowedNetworks: LOOPBACK });
const PLAIN = { plainHttp: true } as const;
const TRYING = { tls: PLAIN, tryStranger: true } as const;
const PROBE = { probeRepository: 'team/app' };
const BASIC = { headers: { 'www-authenticate': 'Basic realm="r"' } };

/** Asks for a login and looks at none. */
const takesAnything: RequestListener = (request, response) => {
  const isIn = request.headers.authorization !== undefined;
  reply(response, isIn ? 200 : 401, isIn ? {} : BASIC);
};

function usernames(seen: readonly Seen[]): string[] {
  return seen.flatMap(({ authorization = '' }) => {
    const encoded = /^Basic (?<credentials>.+)$/.exec(authorization)?.groups?.['credentials'];
    return encoded === undefined ? [] : [Buffer.from(encoded, 'base64').toString().split(':')[0] ?? ''];
  });
}

function strangersAt({ seen }: { readonly seen: readonly Seen[] }): number {
  return usernames(seen).filter((name) => name === 'pullpass-control').length;
}

async function checkAgainst(listener: RequestListener, over: Partial<LoginCheckRequest>) {
  const server = await serve(listener);
  return { outcome: await check(requestTo(server.address, over)), server };
}

describe('a made-up login', () => {
  it.each([
    ['without a probe', {}],
    ['with one', PROBE],
  ])('that is accepted as well gives the warning, %s', async (_name, probe) => {
    const { outcome } = await checkAgainst(takesAnything, { ...TRYING, ...probe });
    expect(verdict(outcome)).toEqual({ status: 'verified', warning: 'accepts_anyone' });
    expect(outcome.advice).toContain('made-up');
  });

  it('is not tried unless it is asked for', async () => {
    const { outcome, server } = await checkAgainst(takesAnything, { tls: PLAIN });
    expect(verdict(outcome)).toEqual({ status: 'verified' });
    expect(usernames(server.seen)).toEqual(['robot$team']);
  });

  it('is never tried after a login that failed', async () => {
    const { outcome, server } = await checkAgainst(registryOf({ login: [] }), TRYING);
    expect(outcome.status).toBe('unauthorized');
    expect(usernames(server.seen)).toEqual(['robot$team']);
  });

  it('that is refused proves the password, and is made under a name that no account has', async () => {
    const { outcome, server } = await checkAgainst(registryOf({ login: [basic()] }), TRYING);
    expect(verdict(outcome)).toEqual({ status: 'verified' });
    expect(usernames(server.seen)).toEqual(['robot$team', 'pullpass-control']);
  });

  it('is another one every time', async () => {
    const { server } = await checkAgainst(takesAnything, TRYING);
    await check(requestTo(server.address, TRYING));
    expect(new Set(server.seen.map(({ authorization }) => authorization)).size).toBe(4);
  });

  it('is not repeated at a host that refused one, however many registries are on it', async () => {
    const refusedStrangers = new Set<string>();
    const patient = createLoginCheck({ allowedNetworks: LOOPBACK, refusedStrangers });
    const readers = [basic()];
    const server = await serve(
      registryOf({ login: readers, repositories: { 'team/app': readers, 'team/b': readers } }),
    );
    for (const probeRepository of [undefined, 'team/app', 'team/b']) {
      const probe = probeRepository === undefined ? {} : { probeRepository };
      expect(await patient(requestTo(server.address, { ...TRYING, ...probe }))).toMatchObject({ status: 'verified' });
    }
    expect(strangersAt(server)).toBe(1);
  });

  it('is made once by many checks at once that one host refuses', async () => {
    const patient = createLoginCheck({ allowedNetworks: LOOPBACK, refusedStrangers: new Set<string>() });
    const server = await serve(registryOf({ login: [basic()] }));
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => patient(requestTo(server.address, TRYING))));
    expect(outcomes.map(verdict)).toEqual(Array.from({ length: 8 }, () => ({ status: 'verified' })));
    expect(strangersAt(server)).toBe(1);
  });

  it('gives the warning to each of many checks at once that one host lets in', async () => {
    const patient = createLoginCheck({ allowedNetworks: LOOPBACK, refusedStrangers: new Set<string>() });
    const server = await serve(takesAnything);
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => patient(requestTo(server.address, TRYING))));
    expect(outcomes.map(({ warning }) => warning)).toEqual(Array.from({ length: 8 }, () => 'accepts_anyone'));
  });

  it('is not waited for by a check that has to end', async () => {
    const patient = createLoginCheck({ allowedNetworks: LOOPBACK, refusedStrangers: new Set<string>() });
    const [first, second] = [new AbortController(), new AbortController()];
    const { promise: tried, resolve } = Promise.withResolvers<undefined>();
    let answered = 0;
    const server = await serve((request, response) => {
      const { authorization } = request.headers;
      if (authorization === undefined) reply(response, 401, BASIC);
      else if (authorization !== basic()) resolve(undefined);
      else {
        reply(response, 200);
        answered += 1;
        // The second one's login has worked, and the first one's control hangs.
        if (answered === 2)
          setTimeout(() => {
            second.abort();
          }, 50);
      }
    });
    const hanging = patient(requestTo(server.address, { ...TRYING, signal: first.signal }));
    await tried;
    expect(await patient(requestTo(server.address, { ...TRYING, signal: second.signal }))).toMatchObject({
      status: 'verified',
    });
    first.abort();
    await hanging;
  });

  it.each([
    [
      'the one with a probe first',
      [PROBE, {}],
      [{ status: 'verified' }, { status: 'verified', warning: 'accepts_anyone' }],
    ],
    [
      'the one with a probe last',
      [{}, PROBE],
      [{ status: 'verified', warning: 'accepts_anyone' }, { status: 'verified' }],
    ],
  ])('that gets in, and may only not pull, is judged alike in every order: %s', async (_name, probes, wanted) => {
    const patient = createLoginCheck({ allowedNetworks: LOOPBACK, refusedStrangers: new Set<string>() });
    const server = await serve((request, response) => {
      const { authorization } = request.headers;
      const mayEnter = request.url === '/v2/' ? authorization !== undefined : authorization === basic();
      reply(response, mayEnter ? 200 : 401, mayEnter ? {} : BASIC);
    });
    for (const round of [1, 2]) {
      const seen = [];
      for (const probe of probes) seen.push(verdict(await patient(requestTo(server.address, { ...TRYING, ...probe }))));
      expect(seen, `round ${round}`).toEqual(wanted);
    }
  });

  it('that may not pull a repository is not made again for that one, where there is no login before it', async () => {
    const patient = createLoginCheck({ allowedNetworks: LOOPBACK, refusedStrangers: new Set<string>() });
    const server = await serve((request, response) => {
      const { url = '', headers } = request;
      const isAny = url.startsWith('/v2/any/') && headers.authorization !== undefined;
      const mayEnter = url === '/v2/' || isAny || headers.authorization === basic();
      reply(response, mayEnter ? 200 : 401, mayEnter ? {} : BASIC);
    });
    const ask = async (probeRepository: string) =>
      verdict(await patient(requestTo(server.address, { ...TRYING, probeRepository })));
    expect(await ask('team/app')).toEqual({ status: 'verified' });
    const made = strangersAt(server);
    expect(made).toBeGreaterThan(0);
    expect(await ask('team/app')).toEqual({ status: 'verified' });
    expect(strangersAt(server)).toBe(made);
    expect(await ask('any/app')).toEqual({ status: 'verified', warning: 'accepts_anyone' });
  });

  it.each([[429], [500], [302], [404]])('that is answered by %i says nothing', async (status) => {
    const { outcome } = await checkAgainst((request, response) => {
      const { authorization } = request.headers;
      if (authorization === undefined) reply(response, 401, BASIC);
      else reply(response, authorization === basic() ? 200 : status);
    }, TRYING);
    expect(verdict(outcome)).toEqual({ status: 'verified' });
  });
});

describe('a made-up login at a token service', () => {
  async function checkWithTokens(gives: (who: 'robot' | 'stranger') => string | undefined, opens: readonly string[]) {
    const server = await serve((request, response) => {
      const { authorization = '' } = request.headers;
      const url = new URL(request.url ?? '/', 'http://registry.test');
      if (url.pathname === '/token') {
        const token = gives(authorization === basic() ? 'robot' : 'stranger');
        reply(response, token === undefined ? 401 : 200, { body: { token } });
      } else if (url.pathname === '/v2/' ? authorization !== '' : opens.includes(authorization)) reply(response, 200);
      else reply(response, 401, { headers: { 'www-authenticate': `Bearer realm="http://${server.address}/token"` } });
    });
    return {
      server,
      login: await check(requestTo(server.address, TRYING)),
      pull: await check(requestTo(server.address, { ...TRYING, ...PROBE })),
    };
  }

  it('that gives anybody who has a name the same gives the warning', async () => {
    const { login, pull } = await checkWithTokens(() => 'same', ['Bearer same']);
    expect([login, pull].map(verdict)).toEqual([
      { status: 'verified', warning: 'accepts_anyone' },
      { status: 'verified', warning: 'accepts_anyone' },
    ]);
  });

  it('that gives strangers a token which pulls nothing proves nothing by a login, and everything by a probe', async () => {
    const { login, pull } = await checkWithTokens((who) => who, ['Bearer robot']);
    expect(verdict(login)).toEqual({ status: 'verified', warning: 'accepts_anyone' });
    expect(verdict(pull)).toEqual({ status: 'verified' });
  });

  it('does not name the stranger’s account in the URL', async () => {
    const { server } = await checkWithTokens(() => 'same', []);
    expect(server.seen.filter(({ path }) => path.includes('pullpass-control'))).toEqual([]);
  });
});
