/**
 * Whitelist and private authority on hosts with podman: only install.sh and pullpass-host touch them. A registry that asks
 * nobody and whose certificate the system trusts stands for a public one.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { signedByOwnAuthority } from './support/certificates.ts';
import { buildahPull, podmanPull, runClient, skopeoCopy } from './support/clients.ts';
import { configuredSystem, type ConfiguredSystem } from './support/configured-system.ts';
import { startHtpasswdRegistry, type HtpasswdRegistry } from './support/registry-htpasswd.ts';
import { startRegistry, type TestRegistry } from './support/registry.ts';
import { newLogin, openScene, type Scene } from './support/scene.ts';
import type { Outcome } from './support/run.ts';
import { available } from './support/tools.ts';

const NAMES = { 'public.example': '127.0.0.1', 'private.example': '127.0.0.1' };
const POLICY = 'containers/policy.json';
const ALL = available('unshare', 'docker-registry', 'podman', 'buildah', 'skopeo', 'openssl', 'curl');
const CLIENTS = [
  ['podman', podmanPull],
  ['buildah', buildahPull],
  ['skopeo', skopeoCopy],
] as const;

/** How often layers and configurations were handed out. */
function layersOf(registry: TestRegistry): number {
  return registry.output().match(/"GET \/v2\/[^ ]+\/blobs\//g)?.length ?? 0;
}

let scene: Scene;
let open: TestRegistry;
let closed: HtpasswdRegistry;
let system: ConfiguredSystem;
let publicName: string;
let privateName: string;
let registryId: string;

describe.runIf(ALL)('a host with podman', () => {
  beforeAll(async () => {
    let authorities = { open: '', closed: '' };
    let login = { username: '', password: '' };
    scene = await openScene(async (ground) => {
      const { workspace } = ground;
      const [forOpen, forClosed] = [
        await signedByOwnAuthority(workspace, 'open', ['DNS:public.example', 'DNS:localhost']),
        await signedByOwnAuthority(workspace, 'closed', ['DNS:private.example', 'DNS:localhost']),
      ];
      authorities = { open: forOpen.authority, closed: forClosed.authority };
      login = newLogin(ground, 'robot');
      open = await startRegistry(workspace, { tls: forOpen });
      closed = await startHtpasswdRegistry(workspace, [login], { tls: forClosed });
      return { hostNames: NAMES };
    });
    publicName = `public.example:${open.port}`;
    privateName = `private.example:${closed.port}`;
    for (const image of ['any/app:1', 'any/bad:1']) await open.push(image);
    for (const image of ['team/app:1', 'other/app:1']) await closed.push(image);
    const registry = await scene.pullpass.api.addRegistry({
      address: privateName,
      environments: ['prod'],
      tls: { ca: readFileSync(authorities.closed, 'utf8') },
      source: { kind: 'static', ...login },
    });
    registryId = registry.id;
    const { tokenFile } = await scene.agent('prod');
    system = await configuredSystem(scene, {
      ...{ environment: 'prod', tokenFile, hostNames: NAMES, registries: [privateName] },
      variables: { SSL_CERT_FILE: authorities.open },
    });
  });

  afterAll(() => scene.end());

  const pull = (client: (typeof CLIENTS)[number][1], image: string): Promise<Outcome> => client(system.host, image);
  const setPolicy = (policy: Readonly<Record<string, unknown>>) => scene.pullpass.api.setPolicy('prod', policy);

  it('is installed with one command, which says what it did', () => {
    expect(system.installation, system.installation.stderr).toMatchObject({ exitCode: 0 });
    expect(system.installation.stdout).toContain(`wrote /etc/containers/certs.d/${privateName}/ca.crt`);
    expect(system.installation.stdout).toContain('podman in environment prod enforces:');
  });

  it.each(CLIENTS)('pulls with %s from the registry with a private authority', async (_, client) => {
    expect(await pull(client, `${privateName}/team/app:1`)).toMatchObject({ exitCode: 0 });
  });

  it.each(CLIENTS)('pulls a public image anonymously with %s, while no policy says otherwise', async (_, client) => {
    expect(await pull(client, `${publicName}/any/app:1`)).toMatchObject({ exitCode: 0 });
  });

  describe('once policy has a whitelist', () => {
    beforeAll(async () => {
      await setPolicy({ whitelist: [`${privateName}/team`] });
      const shown = await system.run('--dry-run');
      expect(shown.exitCode === 10 || shown.stdout.includes('nothing would change')).toBe(true);
      await system.takeOver();
    });

    it.each(CLIENTS)('refuses the public image with %s, which could be pulled anonymously', async (_, client) => {
      const downloads = layersOf(open);
      const outcome = await pull(client, `${publicName}/any/app:1`);
      expect(outcome.exitCode).not.toBe(0);
      expect(outcome.stderr).toMatch(/rejected by policy|is blocked in/);
      expect(layersOf(open)).toBe(downloads);
    });

    it.each(CLIENTS)('pulls with %s what is on the whitelist, and nothing else of that registry', async (_, client) => {
      expect(await pull(client, `${privateName}/team/app:1`)).toMatchObject({ exitCode: 0 });
      const outcome = await pull(client, `${privateName}/other/app:1`);
      expect(outcome.exitCode).not.toBe(0);
      expect(outcome.stderr).toMatch(/rejected by policy/);
    });

    it('has nothing to do at the next run', async () => {
      expect(await system.run()).toEqual({ exitCode: 0, stdout: 'nothing to change (podman)\n', stderr: '' });
    });
  });

  it('takes over a changed whitelist, with a deny below what it allows', async () => {
    await setPolicy({ whitelist: [publicName], deny: [`${publicName}/any/bad`] });
    const outcome = await system.takeOver();
    expect(outcome.stdout).toContain('wrote /etc/containers/policy.json');
    expect(await pull(podmanPull, `${publicName}/any/app:1`)).toMatchObject({ exitCode: 0 });
    expect((await pull(podmanPull, `${publicName}/any/bad:1`)).stderr).toMatch(/rejected by policy/);
    expect((await pull(podmanPull, `${privateName}/team/app:1`)).exitCode).not.toBe(0);
  });

  it('keeps what it has while Pullpass is down', async () => {
    await scene.pullpass.end();
    const before = system.now();
    const outcome = await system.run();
    expect(outcome.exitCode).toBe(5);
    expect(outcome.stderr).toMatch(/cannot reach .*Nothing was changed/);
    expect(system.now()).toEqual(before);
    expect((await pull(podmanPull, `${publicName}/any/bad:1`)).stderr).toMatch(/rejected by policy/);
    await scene.pullpass.restart();
  });

  it('blocks nothing in mode audit', async () => {
    await setPolicy({ whitelist: [`${privateName}/team`], mode: 'audit' });
    await system.takeOver();
    expect(await pull(podmanPull, `${publicName}/any/bad:1`)).toMatchObject({ exitCode: 0 });
  });

  it('refuses what a deactivated registry is for, and has it again once that is activated', async () => {
    await setPolicy({});
    await scene.pullpass.api.call(`POST /v1/registries/${registryId}/deactivate`);
    await system.takeOver();
    const outcome = await pull(podmanPull, `${privateName}/team/app:1`);
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.stderr).toContain('is deactivated');
    // Whoever has a credential of his own is held by the host.
    expect(system.now()[POLICY]).toMatch(new RegExp(`"${privateName}": \\[\\s*\\{\\s*"type": "reject"`));
    await scene.pullpass.api.call(`POST /v1/registries/${registryId}/activate`);
    await system.takeOver();
    expect(await pull(podmanPull, `${privateName}/team/app:1`)).toMatchObject({ exitCode: 0 });
  });

  it.runIf(available('systemd-analyze'))('has a timer whose units systemd takes', async () => {
    expect(await system.run('--install-timer')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(Object.keys(system.now())).toContain('systemd/system/timers.target.wants/pullpass-host.timer');
    const units = ['/etc/systemd/system/pullpass-host.service', '/etc/systemd/system/pullpass-host.timer'];
    const verified = await runClient(system.host, 'systemd-analyze', ['verify', '--man=no', ...units]);
    expect(verified, verified.stderr).toMatchObject({ exitCode: 0 });
    expect(verified.stderr).not.toContain('pullpass-host');
    const rated = await runClient(system.host, 'systemd-analyze', [
      'security',
      '--offline=true',
      '--threshold=40',
      units[0] ?? '',
    ]);
    expect(rated, rated.stdout).toMatchObject({ exitCode: 0 });
  });

  it('is as it was before, to the byte, once everything is removed', async () => {
    await setPolicy({ whitelist: [`${privateName}/team`] });
    await system.takeOver();
    expect(system.now()[POLICY]).not.toBe(system.before[POLICY]);
    const outcome = await system.remove();
    expect(outcome, outcome.stderr).toMatchObject({ exitCode: 0 });
    expect(system.now()).toEqual(system.before);
  });

  it('shows no secret anywhere', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
