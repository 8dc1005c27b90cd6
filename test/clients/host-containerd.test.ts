/**
 * Whitelist and private authority on hosts with containerd: only install.sh and pullpass-host touch them. Images are pulled
 * as kubelet has them pulled, and with ctr.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signedByOwnAuthority } from './support/certificates.ts';
import { configuredSystem, type ConfiguredSystem } from './support/configured-system.ts';
import { criPull, type PullAnswer } from './support/cri.ts';
import { containerdSocket, startHostContainerd, writeContainerdConfig } from './support/host-daemons.ts';
import { withPrivateSystem } from './support/private-system.ts';
import { startHtpasswdRegistry, type HtpasswdRegistry } from './support/registry-htpasswd.ts';
import { startRegistry, type TestRegistry } from './support/registry.ts';
import { runCommand, type Outcome } from './support/run.ts';
import { newLogin, openScene, type Scene } from './support/scene.ts';
import { available, tool, UNPACKED_BINARIES } from './support/tools.ts';

const NAMES = { 'public.example': '127.0.0.1', 'private.example': '127.0.0.1' };
const CONFIG = 'containerd/config.toml';
const ALL = available('unshare', 'docker-registry', 'containerd', 'skopeo', 'openssl', 'curl');

let scene: Scene;
let open: TestRegistry;
let closed: HtpasswdRegistry;
let system: ConfiguredSystem;
let publicName: string;
let privateName: string;
let login = { username: '', password: '' };

describe.runIf(ALL)('a host with containerd', () => {
  beforeAll(async () => {
    let authorities = { open: '', closed: '' };
    scene = await openScene(async (ground) => {
      const { workspace } = ground;
      const forOpen = await signedByOwnAuthority(workspace, 'open', ['DNS:public.example', 'DNS:localhost']);
      const forClosed = await signedByOwnAuthority(workspace, 'closed', ['DNS:private.example', 'DNS:localhost']);
      authorities = { open: forOpen.authority, closed: forClosed.authority };
      login = newLogin(ground, 'robot');
      open = await startRegistry(workspace, { tls: forOpen });
      closed = await startHtpasswdRegistry(workspace, [login], { tls: forClosed });
      return { hostNames: NAMES };
    });
    publicName = `public.example:${open.port}`;
    privateName = `private.example:${closed.port}`;
    await open.push('any/app:1');
    await closed.push('team/app:1');
    await scene.pullpass.api.addRegistry({
      address: privateName,
      environments: ['prod'],
      tls: { ca: readFileSync(authorities.closed, 'utf8') },
      source: { kind: 'static', ...login },
    });
    const { tokenFile } = await scene.agent('prod');
    system = await configuredSystem(scene, {
      ...{ environment: 'prod', tokenFile, hostNames: NAMES, registries: [privateName] },
      beforehand: (host) => {
        writeContainerdConfig(host, { cri: true });
      },
      variables: { SSL_CERT_FILE: authorities.open },
      path: UNPACKED_BINARIES,
    });
    expect(system.installation, system.installation.stderr).toMatchObject({ exitCode: 0 });
    const outcome = await system.run('--runtime', 'containerd');
    expect(outcome, outcome.stderr).toMatchObject({ exitCode: 0 });
    expect(outcome.stdout).toContain('wrote /etc/containerd/config.toml');
    expect(outcome.stdout).toContain('containerd is not running as a service');
    await startHostContainerd(system.host);
  });

  afterAll(() => scene.end());

  const kubelet = (image: string, as?: typeof login): Promise<PullAnswer> =>
    criPull({ socket: containerdSocket(system.host), image, ...(as && { login: as }) });
  const ctr = (image: string, folder: string): Promise<Outcome> =>
    runCommand(scene.workspace, {
      name: 'ctr',
      ...withPrivateSystem(system.host.folder, {
        command: join(dirname(tool('containerd')), 'ctr'),
        parameters: [
          ...['-a', containerdSocket(system.host), '-n', 'test', 'images', 'pull', '--snapshotter', 'native'],
          ...['--hosts-dir', folder, image],
        ],
      }),
      environment: system.host.environment,
    });

  it('keeps all that was in its configuration, and has containerd look into certs.d', () => {
    const [before, now] = [system.before[CONFIG] ?? '', system.now()[CONFIG] ?? ''];
    expect(now.startsWith(before)).toBe(true);
    expect(now).toContain('config_path = "/etc/containerd/certs.d"');
  });

  it('pulls from the registry with a private authority, with the credential that kubelet has', async () => {
    expect(await kubelet(`${privateName}/team/app:1`, login)).toEqual({ status: 0, message: '' });
    expect((await kubelet(`${privateName}/team/app:1`)).status).not.toBe(0);
  });

  it('pulls a public image while no policy says otherwise', async () => {
    expect(await kubelet(`${publicName}/any/app:1`)).toEqual({ status: 0, message: '' });
    expect(await ctr(`${publicName}/any/app:1`, '/etc/containerd/certs.d')).toMatchObject({ exitCode: 0 });
  });

  it('refuses the public image once a whitelist is taken over, without a restart', async () => {
    await scene.pullpass.api.setPolicy('prod', { whitelist: [privateName] });
    const outcome = await system.takeOver('--runtime', 'containerd');
    expect(outcome.stdout).toContain('wrote /etc/containerd/certs.d/_default/hosts.toml');
    expect(outcome.stdout).not.toContain('restart');
    const refused = await kubelet(`${publicName}/any/app:1`);
    expect(refused.status).not.toBe(0);
    expect(refused.message).toContain('not-allowed-by-pullpass.invalid');
    const byCtr = await ctr(`${publicName}/any/app:1`, '/etc/containerd/certs.d');
    expect(byCtr.exitCode).not.toBe(0);
    expect(byCtr.stderr).toContain('not-allowed-by-pullpass.invalid');
    expect(await kubelet(`${privateName}/team/app:1`, login)).toMatchObject({ status: 0 });
  });

  it('takes over a changed whitelist', async () => {
    await scene.pullpass.api.setPolicy('prod', { whitelist: [publicName] });
    await system.takeOver('--runtime', 'containerd');
    expect(await kubelet(`${publicName}/any/app:1`)).toMatchObject({ status: 0 });
    expect((await kubelet(`${privateName}/team/app:1`, login)).message).toContain('not-allowed-by-pullpass.invalid');
    expect((await system.run('--runtime', 'containerd')).stdout).toBe('nothing to change (containerd)\n');
  });

  it('is as it was before, to the byte, once everything is removed', async () => {
    const outcome = await system.remove();
    expect(outcome, outcome.stderr).toMatchObject({ exitCode: 0 });
    expect(system.now()).toEqual(system.before);
  });

  it('shows no secret anywhere', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
