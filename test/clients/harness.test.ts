/** The harness itself: without Pullpass, every client pulls from every registry with credentials in its own files. */
import { randomBytes } from 'node:crypto';
import { ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Login } from './support/auth-file.ts';
import {
  buildahPull,
  dockerdPull,
  dockerManifestInspect,
  podmanPull,
  skopeoCopy,
  skopeoInspect,
} from './support/clients.ts';
import { startDockerd, type Engine } from './support/dockerd.ts';
import { startEcrFront, type EcrFront } from './support/ecr-front.ts';
import { startEcrSource } from './support/ecr-source.ts';
import { createHost, type Host, type HostOptions } from './support/host.ts';
import { startHtpasswdRegistry } from './support/registry-htpasswd.ts';
import { startTlsRegistry, type TlsRegistry } from './support/registry-tls.ts';
import { startTokenRegistry, type TokenRegistry } from './support/registry-token.ts';
import type { TestRegistry } from './support/registry.ts';
import { available } from './support/tools.ts';
import { openWorkspace, type Workspace } from './support/workspace.ts';

const IMAGE = 'team/app:1';
const login: Login = { username: 'puller', password: randomBytes(18).toString('hex') };
/** As long as ECR's are. */
const ecrLogin = (): Login => ({ username: 'AWS', password: randomBytes(1200).toString('base64') });
const firstEcrLogin = ecrLogin();

const NAMES = ['htpasswd', 'token', 'tls', 'ecr'] as const;
type RegistryName = (typeof NAMES)[number];
interface Registries extends Record<RegistryName, TestRegistry> {
  readonly token: TokenRegistry;
  readonly tls: TlsRegistry;
  readonly ecr: EcrFront;
}

let workspace: Workspace;
let registries: Registries;
let engine: Engine;

beforeAll(async () => {
  workspace = openWorkspace();
  const [htpasswd, token, tls, ecr, started] = await Promise.all([
    startHtpasswdRegistry(workspace, [login]),
    startTokenRegistry(workspace, [login]),
    startTlsRegistry(workspace, [login]),
    startEcrFront(workspace, [firstEcrLogin.password]),
    startDockerd(workspace),
  ]);
  registries = { htpasswd, token, tls, ecr };
  engine = started;
  await Promise.all(NAMES.map((name) => registries[name].push(IMAGE)));
});

afterAll(() => workspace.end());

function host(options: HostOptions): Host {
  const { htpasswd, token, tls, ecr } = registries;
  const plainHttp = [htpasswd.address, token.address, ecr.address];
  return createHost(workspace, { plainHttp, trust: { [tls.address]: tls.authorityFile }, ...options });
}

function loginFor(name: RegistryName): Login {
  return name === 'ecr' ? firstEcrLogin : login;
}

function imageIn(name: RegistryName): string {
  return `${registries[name].address}/${IMAGE}`;
}

const CLIENTS = [
  ['skopeo inspect', skopeoInspect],
  ['skopeo copy', skopeoCopy],
  ['podman pull', podmanPull],
  ['buildah pull', buildahPull],
  ['docker manifest inspect', dockerManifestInspect],
  ['docker pull', (on: Host, image: string) => dockerdPull(on, engine.socket, image)],
] as const;
const PAIRS = CLIENTS.flatMap(([client, pull]) => NAMES.map((name) => ({ client, pull, name })));
/** docker's `manifest inspect` calls every refusal a missing manifest. */
const REFUSAL = /unauthorized|authentication required|no basic auth|no such manifest/i;
const ALL = available('unshare', 'dockerd', 'docker-registry', 'nginx', 'podman', 'buildah', 'skopeo');

describe.runIf(ALL)("credentials in the clients' own files", () => {
  it.each(PAIRS)('$client gets an image from the $name registry', async ({ pull, name }) => {
    const before = registries[name].pulls();
    const outcome = await pull(host({ logins: { [registries[name].address]: loginFor(name) } }), imageIn(name));
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(registries[name].pulls()).toBeGreaterThan(before);
  });

  it.each(PAIRS)('$client is refused by the $name registry with a wrong password', async ({ pull, name }) => {
    const wrong = { ...loginFor(name), password: 'wrong' };
    const outcome = await pull(host({ logins: { [registries[name].address]: wrong } }), imageIn(name));
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.stderr + outcome.stdout).toMatch(REFUSAL);
  });
});

describe.runIf(ALL)('credentials from a helper', () => {
  const script = `#!/bin/sh
[ "$1" = get ] || exit 0
cat > /dev/null
echo '${JSON.stringify({ ServerURL: 'any', Username: login.username, Secret: login.password })}'
`;

  it.each(CLIENTS)('%s asks a helper that is for one registry', async (_, pull) => {
    const helper = { settings: {}, script, registries: [registries.token.address] };
    expect(await pull(host({ helper }), imageIn('token'))).toMatchObject({ exitCode: 0 });
  });

  it.each(CLIENTS)('%s asks a helper that is for every registry', async (_, pull) => {
    expect(await pull(host({ helper: { settings: {}, script } }), imageIn('htpasswd'))).toMatchObject({ exitCode: 0 });
  });
});

describe.runIf(ALL)('registries', () => {
  it('name themselves in their images', async () => {
    const outcome = await skopeoInspect(host({ logins: { [registries.tls.address]: login } }), imageIn('tls'));
    expect(JSON.parse(outcome.stdout)).toMatchObject({ Labels: { origin: registries.tls.address } });
  });

  it('with their own authority are not trusted by a host that does not know it', async () => {
    const stranger = createHost(workspace, { logins: { [registries.tls.address]: login } });
    const outcome = await skopeoInspect(stranger, imageIn('tls'));
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.stderr).toContain('x509');
  });

  it('of the kind ECR refuse a password once it is no longer among the accepted ones', async () => {
    const { ecr } = registries;
    const next = ecrLogin();
    const [old, young] = [firstEcrLogin, next].map((given) => host({ logins: { [ecr.address]: given } }));
    if (old === undefined || young === undefined) throw new Error('two hosts');
    const exitCodes = async (): Promise<boolean[]> =>
      Promise.all([old, young].map(async (each) => (await skopeoInspect(each, imageIn('ecr'))).exitCode === 0));
    expect(await exitCodes()).toEqual([true, false]);
    ecr.accept([firstEcrLogin.password, next.password]);
    expect(await exitCodes()).toEqual([true, true]);
    ecr.accept([next.password]);
    expect(await exitCodes()).toEqual([false, true]);
    ecr.accept([firstEcrLogin.password]);
    expect(await exitCodes()).toEqual([true, false]);
  });

  it('of the kind ECR accept what its API gave out, until it runs out', async () => {
    const { ecr } = registries;
    const source = await startEcrSource(workspace, { front: ecr, lifetimeMs: 4_000 });
    const client = new ECRClient({
      endpoint: source.environment['AWS_ENDPOINT_URL_ECR'] ?? '',
      region: 'eu-central-1',
      credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
      maxAttempts: 1,
    });
    const answer = await client.send(new GetAuthorizationTokenCommand({}));
    const [data] = answer.authorizationData ?? [];
    const [username = '', password = ''] = Buffer.from(data?.authorizationToken ?? '', 'base64')
      .toString()
      .split(':');
    const holder = host({ logins: { [ecr.address]: { username, password } } });
    expect(await skopeoInspect(holder, imageIn('ecr'))).toMatchObject({ exitCode: 0 });
    const exitCode = async (): Promise<number> => (await skopeoInspect(holder, imageIn('ecr'))).exitCode;
    await expect.poll(exitCode, { timeout: 20_000, interval: 200 }).not.toBe(0);
    expect(Date.now()).toBeGreaterThanOrEqual(data?.expiresAt?.getTime() ?? Infinity);
    source.mood = 'throttle';
    await expect(client.send(new GetAuthorizationTokenCommand({}))).rejects.toThrow('Rate exceeded');
    source.mood = 'fail';
    await expect(client.send(new GetAuthorizationTokenCommand({}))).rejects.toThrow('internal failure');
    expect(source.calls).toEqual(['answer', 'throttle', 'fail']);
    ecr.accept([firstEcrLogin.password]);
  });

  it('with tokens count what they were asked for and by whom', async () => {
    const { token } = registries;
    const before = token.grants.length;
    await skopeoInspect(host({ logins: { [token.address]: login } }), imageIn('token'));
    expect(token.grants.slice(before)).toContainEqual({
      how: 'basic',
      account: login.username,
      scopes: ['repository:team/app:pull'],
    });
  });
});
