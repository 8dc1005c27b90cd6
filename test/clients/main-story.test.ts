/**
 * The main job, as its users do it: an operator adds registries on the command line, sets a policy, creates an agent, runs
 * the installer on hosts, and every client pulls private images from every kind of registry.
 */
import { readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
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
import type { Host } from './support/host.ts';
import { installedHost, type InstalledHost } from './support/installed-host.ts';
import { startHtpasswdRegistry } from './support/registry-htpasswd.ts';
import { startTlsRegistry, type TlsRegistry } from './support/registry-tls.ts';
import { startTokenRegistry, type TokenRegistry } from './support/registry-token.ts';
import type { TestRegistry } from './support/registry.ts';
import { cacheFolder, newLogin, openScene, type Scene } from './support/scene.ts';
import { available } from './support/tools.ts';

const NAMES = ['htpasswd', 'token', 'tls'] as const;
type RegistryName = (typeof NAMES)[number];
interface Registries extends Record<RegistryName, TestRegistry> {
  readonly token: TokenRegistry;
  readonly tls: TlsRegistry;
}

let scene: Scene;
let engine: Engine;
let registries: Registries;
let logins: Record<RegistryName, Login>;
let tokenFile: string;
let installed: Record<HostName, InstalledHost>;

const CLIENTS = [
  ['skopeo inspect', skopeoInspect],
  ['skopeo copy', skopeoCopy],
  ['podman pull', podmanPull],
  ['buildah pull', buildahPull],
  ['docker manifest inspect', dockerManifestInspect],
  ['docker pull', (host: Host, image: string) => dockerdPull(host, engine.socket, image)],
] as const;
const HOSTS = [
  ['named', 'asks Pullpass for three registries'],
  ['every', 'asks Pullpass for every registry'],
  ['user', 'belongs to a user who asks Pullpass for every registry'],
] as const;
type HostName = (typeof HOSTS)[number][0];
const PULLS = HOSTS.flatMap(([host, what]) =>
  CLIENTS.flatMap(([client, pull]) => NAMES.map((name) => ({ host, what, client, pull, name }))),
);
const ALL = available('unshare', 'dockerd', 'docker-registry', 'podman', 'buildah', 'skopeo');

beforeAll(async () => {
  scene = await openScene();
  const { workspace } = scene;
  logins = { htpasswd: newLogin(scene, 'anna'), token: newLogin(scene, 'bert'), tls: newLogin(scene, 'carla') };
  const [htpasswd, token, tls, started] = await Promise.all([
    startHtpasswdRegistry(workspace, [logins.htpasswd]),
    startTokenRegistry(workspace, [logins.token]),
    startTlsRegistry(workspace, [logins.tls]),
    startDockerd(workspace),
  ]);
  registries = { htpasswd, token, tls };
  engine = started;
  tokenFile = workspace.path('operator', 'my-host.token');
  const images = HOSTS.flatMap(([host]) => NAMES.map((name) => ({ host, name })));
  await Promise.all(images.map(({ host, name }) => registries[name].push(`team/${host}:1`, `${host} ${name}`)));
});

afterAll(() => scene.end());

function addRegistry(name: RegistryName, login: Login): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const trust = name === 'tls' ? ['--ca', registries.tls.authorityFile] : ['--plain-http'];
  const how = ['--env', 'prod', '--username', login.username, '--password-stdin', '--probe', 'team/named', ...trust];
  return scene.pullpass.cli(['registry', 'add', registries[name].address, ...how], { stdin: `${login.password}\n` });
}

describe.runIf(ALL)('the operator', () => {
  it('is told by `serve` where it listens, where the token lies and what to type next', () => {
    const said = scene.pullpass.output();
    expect(said).toContain(`Pullpass listens on ${scene.pullpass.url}`);
    expect(said).toContain(relative(scene.workspace.folder, join(scene.pullpass.dataFolder, 'admin-token')));
    expect(said).toContain('npx --no-install pullpass registry add');
    expect(said).toContain('npx --no-install pullpass agent create');
    expect(said).toContain(`curl -fsS --noproxy '*' ${scene.pullpass.url}/install/install.sh | sh -s --`);
  });

  it.each(NAMES)('is told at once that a password for the %s registry is wrong', async (name) => {
    const outcome = await addRegistry(name, { ...logins[name], password: 'wrong' });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toMatch(/user name|password/);
    expect(outcome.stderr).toContain('Nothing was stored');
  });

  it.each(NAMES)('adds the %s registry, which is logged in to', async (name) => {
    const outcome = await addRegistry(name, logins[name]);
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    expect(outcome.stdout).toContain(`added ${registries[name].address}`);
    expect(outcome.stdout).toContain('login: verified; credential: fresh');
  });

  it('sets a policy and sees it', async () => {
    const addresses = NAMES.map((name) => registries[name].address);
    const set = ['policy', 'set', '--env', 'prod', '--whitelist', addresses.join(',')];
    expect(await scene.pullpass.cli(set)).toMatchObject({ exitCode: 0 });
    const shown = await scene.pullpass.cli(['policy', 'show', '--env', 'prod']);
    for (const address of addresses) expect(shown.stdout).toContain(address);
  });

  it('gets the token of an agent in a file that only its owner can read', async () => {
    const create = ['agent', 'create', 'my-host', '--env', 'prod', '--token-file', tokenFile];
    const outcome = await scene.pullpass.cli(create);
    expect(outcome).toMatchObject({ exitCode: 0 });
    scene.keepsSecret(tokenFile);
    expect(statSync(tokenFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(tokenFile, 'utf8')).toMatch(/^pp_\S+\n$/);
  });

  it('installs the helper on hosts', async () => {
    const { htpasswd, token, tls } = registries;
    const clients = {
      plainHttp: [htpasswd.address, token.address],
      trust: { [tls.address]: tls.authorityFile },
      ...{ environment: 'prod', tokenFile },
    };
    const addresses = NAMES.map((name) => registries[name].address);
    const named = await installedHost(scene, { ...clients, scope: 'system', registries: addresses });
    const every = await installedHost(scene, { ...clients, scope: 'system' });
    const user = await installedHost(scene, { ...clients, scope: 'user' });
    installed = { named, every, user };
    for (const { installation } of [named, every, user]) {
      expect(installation).toMatchObject({ exitCode: 0, stderr: '' });
    }
    for (const address of addresses) {
      expect(named.installation.stdout).toContain(`Pullpass gives a credential for ${address}`);
    }
  });

  it('sees what would answer for an image, and why', async () => {
    const image = `${registries.token.address}/team/named:1`;
    const outcome = await scene.pullpass.cli(['explain', image, '--env', 'prod']);
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(outcome.stdout).toContain(`environment whitelist: ${registries.token.address}`);
  });

  it('sees that all is well', async () => {
    expect(await scene.pullpass.cli(['status'])).toMatchObject({ exitCode: 0 });
  });
});

describe.runIf(ALL)('a host', () => {
  it.each(PULLS)('that $what gets an image from the $name registry by $client', async ({ host, pull, name }) => {
    const before = registries[name].pulls();
    // The hosts share dockerd, which does not fetch what it has.
    const outcome = await pull(installed[host].host, `${registries[name].address}/team/${host}:1`);
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(registries[name].pulls()).toBeGreaterThan(before);
  });

  it('pulled with the logins that the operator added', () => {
    const accounts = new Set(registries.token.grants.slice(-10).map(({ account }) => account));
    expect([...accounts]).toEqual([logins.token.username]);
  });
});

describe.runIf(ALL)('afterwards', () => {
  it('the audit trail says what was released, and where from', async () => {
    const outcome = await scene.pullpass.cli(['audit']);
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(outcome.stdout).toContain('released');
    for (const name of NAMES) expect(outcome.stdout).toContain(registries[name].address);
  });

  it('no answer for administrators holds a secret', async () => {
    const calls = ['/v1/registries', '/v1/audit', '/v1/status', '/v1/agents', '/v1/policy', '/v1/environments'];
    for (const path of calls) {
      const { status, text } = await scene.pullpass.api.call(`GET ${path}`);
      expect(status).toBe(200);
      expect(scene.canaries.inText(path, text)).toEqual([]);
    }
  });

  it('a host keeps secrets only where it must', () => {
    const { host } = installed.every;
    const found = scene.canaries.inFolders([cacheFolder(host), join(host.folder, 'system/etc/pullpass')]);
    expect(new Set(found.map(({ canary }) => canary)).size).toBeGreaterThanOrEqual(4);
  });

  it('no screen, log or file holds a secret', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
