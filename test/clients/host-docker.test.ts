/**
 * Registries without TLS and with a private authority on hosts with docker: only install.sh and pullpass-host touch them.
 * docker calls 127.0.0.0/8 insecure by itself, so the registries are reached at ::1.
 */
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signedByOwnAuthority } from './support/certificates.ts';
import { dockerdPull } from './support/clients.ts';
import { configuredSystem, type ConfiguredSystem } from './support/configured-system.ts';
import { startHostContainerd, startHostDockerd, writeContainerdConfig } from './support/host-daemons.ts';
import { startHtpasswdRegistry, type HtpasswdRegistry } from './support/registry-htpasswd.ts';
import type { Outcome } from './support/run.ts';
import { newLogin, openScene, type Ground, type Scene } from './support/scene.ts';
import { available, UNPACKED_BINARIES } from './support/tools.ts';
import { waitUntil } from './support/wait.ts';

const NAMES = { 'plain.example': '::1', 'private.example': '::1' };
const DAEMON = 'docker/daemon.json';
const ALL = available(
  'unshare',
  'docker-registry',
  'containerd',
  'runc',
  'dockerd',
  'docker',
  'skopeo',
  'openssl',
  'curl',
);

let scene: Scene;
let plain: HtpasswdRegistry;
let closed: HtpasswdRegistry;
let system: ConfiguredSystem;
let socket: string;
let plainName: string;
let privateName: string;

/** The same port at ::1. */
async function alsoAtIpv6({ workspace }: Ground, { port }: HtpasswdRegistry): Promise<void> {
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    for (const end of [from, to]) end.on('error', () => undefined);
    from.pipe(to).pipe(from);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '::1', resolve);
  });
  workspace.onEnd(() => {
    server.close();
  });
}

describe.runIf(ALL)('a host with docker', () => {
  beforeAll(async () => {
    let authority = '';
    let logins = [
      { username: '', password: '' },
      { username: '', password: '' },
    ];
    scene = await openScene(async (ground) => {
      const tls = await signedByOwnAuthority(ground.workspace, 'closed', ['DNS:private.example', 'DNS:localhost']);
      authority = readFileSync(tls.authority, 'utf8');
      const [forPlain, forClosed] = [newLogin(ground, 'anna'), newLogin(ground, 'robot')];
      logins = [forPlain, forClosed];
      plain = await startHtpasswdRegistry(ground.workspace, [forPlain]);
      closed = await startHtpasswdRegistry(ground.workspace, [forClosed], { tls });
      for (const registry of [plain, closed]) await alsoAtIpv6(ground, registry);
      return { hostNames: NAMES };
    });
    plainName = `plain.example:${plain.port}`;
    privateName = `private.example:${closed.port}`;
    await Promise.all([plain, closed].map((registry) => registry.push('team/app:1')));
    const common = { environments: ['prod'] };
    const { api } = scene.pullpass;
    await api.addRegistry({
      ...common,
      address: plainName,
      tls: { plainHttp: true },
      source: { kind: 'static', ...logins[0] },
    });
    await api.addRegistry({
      ...common,
      address: privateName,
      tls: { ca: authority },
      source: { kind: 'static', ...logins[1] },
    });
    const { tokenFile } = await scene.agent('prod');
    system = await configuredSystem(scene, {
      ...{ environment: 'prod', tokenFile, hostNames: NAMES, registries: [plainName, privateName] },
      beforehand: (host) => {
        writeContainerdConfig(host, { cri: false });
      },
      path: UNPACKED_BINARIES,
    });
    await startHostContainerd(system.host);
    ({ socket } = await startHostDockerd(system.host));
  });

  afterAll(() => scene.end());

  const pull = (name: string): Promise<Outcome> => dockerdPull(system.host, socket, `${name}/team/app:1`);

  it('cannot pull from either before', async () => {
    expect((await pull(plainName)).stderr).toMatch(/HTTP response to HTTPS client/);
    expect((await pull(privateName)).stderr).toMatch(/certificate signed by unknown authority/);
  });

  it('pulls from the registry with a private authority at once, and from the one without TLS after a reload', async () => {
    const outcome = await system.run('--runtime', 'docker');
    expect(outcome, outcome.stderr).toMatchObject({ exitCode: 0 });
    expect(outcome.stdout).toMatch(/reloaded docker \(process \d+\)/);
    expect(outcome.stdout).toContain('docker in environment prod enforces: nothing');
    expect(JSON.parse((system.now()[DAEMON] ?? '').replace(/^file 644 /, ''))).toEqual({
      'insecure-registries': [plainName],
    });
    expect(await pull(privateName)).toMatchObject({ exitCode: 0 });
    await waitUntil('docker has read its file', async () => (await pull(plainName)).exitCode === 0);
  });

  it('has nothing to do, and nothing to reload, at the next run', async () => {
    expect((await system.run('--runtime', 'docker')).stdout).toBe('nothing to change (docker)\n');
  });

  it('is as it was before, to the byte, once everything is removed, and docker no longer pulls without TLS', async () => {
    const outcome = await system.remove();
    expect(outcome, outcome.stderr).toMatchObject({ exitCode: 0 });
    expect(outcome.stdout).toMatch(/reloaded docker/);
    // The engine makes this one for itself.
    const { 'docker/key.json': _engine, ...now } = system.now();
    expect(now).toEqual(system.before);
    await waitUntil('docker has read its file', async () => (await pull(plainName)).exitCode !== 0);
  });

  it('shows no secret anywhere', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
