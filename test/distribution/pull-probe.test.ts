import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createLoginCheck } from '../../lib/distribution/create-login-check.ts';
import { basic, LOOPBACK, reply, requestTo, serve, verdict } from './scripted-registry.ts';

const check = createLoginCheck({ allowedNetworks: LOOPBACK });
const PROBE = { tls: { plainHttp: true }, probeRepository: 'team/app' } as const;
const BASIC = { headers: { 'www-authenticate': 'Basic realm="r"' } };
const TAGS = '/v2/team/app/tags/list?n=1';

interface Script {
  readonly list: number;
  readonly tags?: unknown;
  readonly manifest: number;
  readonly code?: string;
}

/** Logs everybody in who brings a credential; then as the script says. */
function scripted({ list, tags, manifest, code = 'DENIED' }: Script): RequestListener {
  return (request, response) => {
    if (request.headers.authorization === undefined) reply(response, 401, BASIC);
    else if (request.url === '/v2/') reply(response, 200);
    else if (request.url === TAGS) reply(response, list, { body: list === 200 ? { tags } : { errors: [{ code }] } });
    else reply(response, manifest, { body: { errors: [{ code }] }, headers: { location: '/elsewhere' } });
  };
}

async function probe(script: Script) {
  const server = await serve(scripted(script));
  const outcome = await check(requestTo(server.address, PROBE));
  return { verdict: verdict(outcome), paths: server.seen.map(({ path }) => path) };
}

describe('a probe', () => {
  it.each([
    ['pulled', { list: 200, tags: ['1.2'], manifest: 200 }, 'verified'],
    [
      'listed, not pulled (ECR: ListImages without BatchGetImage)',
      { list: 200, tags: ['1.2'], manifest: 403 },
      'scope_denied',
    ],
    ['listed, and refused by 401', { list: 200, tags: ['1.2'], manifest: 401 }, 'scope_denied'],
    ['listed by a registry that knows no HEAD', { list: 200, tags: ['1.2'], manifest: 405 }, 'verified'],
    ['listed, and gone in between', { list: 200, tags: ['1.2'], manifest: 404 }, 'verified'],
    ['empty', { list: 200, tags: [], manifest: 404 }, 'verified'],
    ['empty, and not to be pulled', { list: 200, tags: null, manifest: 403 }, 'scope_denied'],
    ['redirected', { list: 200, tags: ['1.2'], manifest: 307 }, 'not_a_registry'],
    ['rate limited', { list: 200, tags: ['1.2'], manifest: 429 }, 'rate_limited'],
    ['not listed, but pulled', { list: 403, manifest: 200 }, 'verified'],
    ['not listed, and without that tag', { list: 401, manifest: 404, code: 'MANIFEST_UNKNOWN' }, 'verified'],
    ['not listed, and unknown', { list: 403, manifest: 404, code: 'NAME_UNKNOWN' }, 'scope_denied'],
    ['not listed, not pulled', { list: 403, manifest: 403 }, 'scope_denied'],
    ['unknown', { list: 404, manifest: 404, code: 'NAME_UNKNOWN' }, 'scope_denied'],
    ['a bad name to the registry', { list: 400, manifest: 400, code: 'NAME_INVALID' }, 'scope_denied'],
  ] as const)('of a repository that is %s', async (_name, script, wanted) => {
    const { verdict: seen, paths } = await probe(script);
    expect(seen).toEqual({ status: wanted });
    expect(paths).not.toContain('/elsewhere');
  });

  it.each([['../../../admin'], ['a/b'], ['a?b'], ['a b'], [''], ['a'.repeat(129)], ['.hidden'], [1]])(
    'asks for no path that a tag list makes up: %j',
    async (tag) => {
      const { paths } = await probe({ list: 200, tags: [tag], manifest: 404 });
      expect(paths.at(2)).toBe(TAGS);
      expect(paths.at(3)).toBe('/v2/team/app/manifests/latest');
    },
  );

  it('asks for a tag that the registry lists', async () => {
    const { paths } = await probe({ list: 200, tags: ['../x', 'v1.2_3-rc'], manifest: 200 });
    expect(paths.at(3)).toBe('/v2/team/app/manifests/v1.2_3-rc');
  });

  it('tells of a repository that is open although the registry asks for a login', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/v2/' && request.headers.authorization !== basic()) reply(response, 401, BASIC);
      else reply(response, 200, { body: { tags: ['1'] } });
    });
    expect(verdict(await check(requestTo(server.address, PROBE)))).toEqual({
      status: 'verified',
      warning: 'accepts_anyone',
    });
  });

  it.each([400, 401, 403, 404])('is denied where the token service answers %i for its scope only', async (status) => {
    const server = await serve((request, response) => {
      const url = new URL(request.url ?? '/', 'http://registry.test');
      if (url.pathname === '/token')
        reply(response, url.searchParams.has('scope') ? status : 200, { body: { token: 't' } });
      else if (request.headers.authorization === 'Bearer t') reply(response, 200);
      else reply(response, 401, { headers: { 'www-authenticate': `Bearer realm="http://${server.address}/token"` } });
    });
    expect(await check(requestTo(server.address, PROBE))).toMatchObject({ status: 'scope_denied' });
  });
});
