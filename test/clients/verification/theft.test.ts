/**
 * Those who want the credential that is being verified: by redirects, by the realm of a challenge, by a name that comes to
 * lead elsewhere, by weaker TLS, by a proxy. Each of them listens, and never hears it.
 */
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Login } from '../support/auth-file.ts';
import { startTlsRegistry, type TlsRegistry } from '../support/registry-tls.ts';
import { newLogin, openScene, type Scene } from '../support/scene.ts';
import { available } from '../support/tools.ts';
import { addRegistry } from './administrator.ts';
import { SERVER_CA, SERVER_TLS, startPeer, type Peer } from './peers.ts';

const ALL = available('unshare', 'docker-registry', 'htpasswd', 'openssl');
const STRANGER = 'xn--rgistry-bya.test';
const HOST_NAMES = {
  'registry.test': '127.0.0.1',
  'elsewhere.test': '127.0.0.1',
  'moving.test': '127.0.0.1',
  'metadata.test': '169.254.169.254',
  [STRANGER]: '127.0.0.1',
};
const PROBE = 'team/app';
const TRUSTING = { ca: SERVER_CA } as const;
const REGISTRY = { 'docker-distribution-api-version': 'registry/2.0', 'content-type': 'application/json' };

let scene: Scene;
let login: Login;
let thief: Peer;
let proxy: Peer;
let real: TlsRegistry;

beforeAll(async () => {
  scene = await openScene(async ({ workspace }) => {
    // Gives a token to whoever asks.
    const bait: RequestListener = (_request, response) => {
      response.writeHead(200, REGISTRY).end('{"token":"bait"}');
    };
    thief = await startPeer(workspace, bait, { tls: SERVER_TLS });
    proxy = await startPeer(workspace, bait);
    const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
    const proxies = Object.fromEntries(names.map((name) => [name, `http://127.0.0.1:${proxy.port}`]));
    return { hostNames: HOST_NAMES, environment: { ...proxies, NODE_USE_ENV_PROXY: '1' } };
  });
  login = newLogin(scene, 'anna');
  real = await startTlsRegistry(scene.workspace, [login]);
});

afterAll(() => scene.end());

function challenge(realm: string): Readonly<Record<string, string>> {
  return { ...REGISTRY, 'www-authenticate': `Bearer realm="${realm}",service="s"` };
}

/** The Basic credentials of the login itself. */
function secretHeader(): string {
  return `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
}

/** A registry whose challenge names that realm, and a token service at `/token`. */
async function registryNaming(realm: (port: number) => string, tls = true): Promise<Peer> {
  let port = 0;
  const peer = await startPeer(
    scene.workspace,
    ({ url = '', headers: { authorization = '' } }, response) => {
      if (url.startsWith('/token')) response.writeHead(200, REGISTRY).end('{"token":"mine"}');
      else if (authorization === 'Bearer mine') response.writeHead(200, REGISTRY).end('{}');
      else response.writeHead(401, challenge(realm(port))).end('{}');
    },
    tls ? { tls: SERVER_TLS } : {},
  );
  ({ port } = peer);
  return peer;
}

describe.runIf(ALL)('a realm', () => {
  const refused: readonly [string, (port: number, thief: number) => string][] = [
    ['on another host', (_port, other) => `https://elsewhere.test:${other}/token`],
    ['on another host by its address', (_port, other) => `https://127.0.0.1:${other}/token`],
    ['on another host by its address as a number', (_port, other) => `https://2130706433:${other}/token`],
    ['on the host with a root dot', (_port, other) => `https://registry.test.:${other}/token`],
    ['on the host below it', (_port, other) => `https://auth.registry.test:${other}/token`],
    ['on a look-alike, in its ASCII form', (_port, other) => `https://${STRANGER}:${other}/token`],
    ['behind a user name that looks like the host', (_port, other) => `https://registry.test@elsewhere.test:${other}/`],
    ['with a user name at the right host', (_port, other) => `https://user@registry.test:${other}/token`],
    ['behind a backslash', (_port, other) => `https:\\\\\\\\elsewhere.test:${other}\\\\@registry.test/token`],
    ['without TLS on the right host', (_port, other) => `http://registry.test:${other}/token`],
    ['of another scheme', (_port, other) => `ftp://registry.test:${other}/token`],
    ['without scheme', (_port, other) => `//elsewhere.test:${other}/token`],
    ['that is relative', () => '/token'],
    ['that is empty', () => ''],
  ];

  it.each(refused)('%s gets no credential and no connection', async (_name, realm) => {
    const registry = await registryNaming((port) => realm(port, thief.port));
    const told = await addRegistry(scene, { address: `registry.test:${registry.port}`, tls: TRUSTING }, login);
    expect(told.status).toBe('realm_not_trusted');
    expect(thief.connections()).toBe(0);
    expect(registry.authorizations).toEqual([]);
  });

  it('at an address where no registry can be gets nothing, although it was named as trusted', async () => {
    const registry = await registryNaming(() => 'https://metadata.test/token');
    const asked = { address: `registry.test:${registry.port}`, tls: TRUSTING, trustedRealms: ['metadata.test'] };
    expect(await addRegistry(scene, asked, login)).toMatchObject({ status: 'refused_address' });
    expect(registry.authorizations).toEqual([]);
  });

  it.each([
    ['in capitals', (port: number) => `HTTPS://Registry.TEST:${port}/token`],
    ['with a query of its own', (port: number) => `https://registry.test:${port}/token?keep=1#part`],
  ])('on the registry’s own host is asked: %s', async (_name, realm) => {
    const registry = await registryNaming(realm);
    const told = await addRegistry(scene, { address: `registry.test:${registry.port}`, tls: TRUSTING }, login);
    expect(told).toMatchObject({ status: 'verified' });
    expect(registry.authorizations.filter((header) => header === secretHeader())).toHaveLength(1);
    expect(registry.paths.find((path) => path.startsWith('/token'))).not.toContain('part');
  });

  it('gets the credential over TLS that is verified, also where the registry’s own is skipped', async () => {
    const realm = `elsewhere.test:${thief.port}`;
    const registry = await registryNaming(() => `https://${realm}/token`);
    const before = thief.authorizations.length;
    const asked = {
      address: `registry.test:${registry.port}`,
      tls: { skipVerify: true },
      trustedRealms: [realm],
    } as const;
    expect(await addRegistry(scene, asked, login)).toMatchObject({ status: 'tls_untrusted' });
    expect(thief.authorizations).toHaveLength(before);
  });
});

describe.runIf(ALL)('a redirect', () => {
  it.each([
    ['of the first request', '/v2/', () => true],
    ['of the login', '/v2/', (authorization: string) => authorization.startsWith('Bearer')],
    ['of the token service', '/token', () => true],
    ['of the tag list', `/v2/${PROBE}/tags/list`, () => true],
    ['of the manifest', `/v2/${PROBE}/manifests/`, () => true],
  ])('%s takes the credential nowhere', async (_name, path, isRedirected) => {
    for (const status of [301, 302, 303, 307, 308]) {
      const before = thief.connections();
      let port = 0;
      const registry = await startPeer(
        scene.workspace,
        ({ url = '', headers: { authorization = '' } }, response) => {
          if (url.startsWith(path) && isRedirected(authorization)) {
            response.writeHead(status, { location: `https://elsewhere.test:${thief.port}/` }).end();
          } else if (url.startsWith('/token')) response.writeHead(200, REGISTRY).end('{"token":"mine"}');
          else if (authorization === 'Bearer mine') response.writeHead(200, REGISTRY).end('{"tags":["1"]}');
          else response.writeHead(401, challenge(`https://registry.test:${port}/token`)).end('{}');
        },
        { tls: SERVER_TLS },
      );
      ({ port } = registry);
      const asked = { address: `registry.test:${port}`, tls: TRUSTING, probe: PROBE };
      const told = await addRegistry(scene, asked, login);
      expect(['not_a_registry', 'realm_not_trusted']).toContain(told.status);
      expect(thief.connections()).toBe(before);
    }
  });
});

describe.runIf(ALL)('a name', () => {
  it('that comes to lead to the metadata service between two requests gets no credential there, and none where it was', async () => {
    const registry = await startPeer(scene.workspace, (_request, response) => {
      scene.pullpass.setHostNames({ ...HOST_NAMES, 'moving.test': '169.254.169.254' });
      response.writeHead(401, { ...REGISTRY, 'www-authenticate': 'Basic realm="r"' }).end('{}');
    });
    const asked = { address: `moving.test:${registry.port}`, tls: { plainHttp: true } } as const;
    expect(await addRegistry(scene, asked, login)).toMatchObject({ status: 'refused_address' });
    expect(registry.paths).toEqual(['/v2/']);
    expect(registry.authorizations).toEqual([]);
  });
});

describe.runIf(ALL)('a stored credential', () => {
  it.each([
    ['plain HTTP', { tls: { plainHttp: true } }],
    ['TLS that is not verified', { tls: { skipVerify: true } }],
    ['another authority', { tls: { ca: SERVER_CA } }],
    ['another token host', { trustedRealms: ['elsewhere.test'] }],
  ])('is not sent over %s unless it is given again', async (_name, edit) => {
    const { api } = scene.pullpass;
    const { address, authority } = real;
    const source = { kind: 'static', ...login };
    const added = await api.addRegistry({ address, environments: ['prod'], source, tls: { ca: authority } });
    const logged = real.output();
    const call = `PATCH /v1/registries/${added.id}`;
    expect(await api.call(call, edit)).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(await api.call(call, { ...edit, verify: false })).toMatchObject({ status: 400 });
    expect(real.output()).toBe(logged);
    await api.call(`DELETE /v1/registries/${added.id}`);
  });
});

describe.runIf(ALL)('afterwards', () => {
  it('whoever redirects, names realms or stands for a proxy has heard no credential, in any form', () => {
    expect([...thief.authorizations, ...proxy.authorizations]).toEqual([]);
    expect(scene.canaries.inText('the thief', [...thief.paths, ...proxy.paths].join('\n'))).toEqual([]);
  });

  it('the proxies of the environment were asked for nothing', () => {
    expect(proxy.connections()).toBe(0);
  });

  it('no screen, log or file holds a secret', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
