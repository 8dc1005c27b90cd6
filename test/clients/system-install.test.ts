/** A system install where root has settings of its own: what is in /etc is then not read for it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildahPull, podmanPull, skopeoInspect } from './support/clients.ts';
import { installedHost, type InstalledHost } from './support/installed-host.ts';
import { startHtpasswdRegistry, type HtpasswdRegistry } from './support/registry-htpasswd.ts';
import { newLogin, openScene, type Scene } from './support/scene.ts';
import { available } from './support/tools.ts';

let scene: Scene;
let registry: HtpasswdRegistry;
let installed: InstalledHost;

const ALL = available('unshare', 'docker-registry', 'podman', 'buildah', 'skopeo', 'curl');

describe.runIf(ALL)('a system install beside a registries.conf of the user', () => {
  beforeAll(async () => {
    scene = await openScene();
    const login = newLogin(scene, 'anna');
    registry = await startHtpasswdRegistry(scene.workspace, [login]);
    await registry.push('team/app:1');
    const { address } = registry;
    const source = { kind: 'static', ...login };
    await scene.pullpass.api.addRegistry({ address, environments: ['prod'], tls: { plainHttp: true }, source });
    const { tokenFile } = await scene.agent('prod');
    installed = await installedHost(scene, {
      environment: 'prod',
      tokenFile,
      scope: 'system',
      ownRegistriesConf: true,
      plainHttp: [address],
    });
  });

  afterAll(() => scene.end());

  it.each([
    ['skopeo', skopeoInspect],
    ['podman', podmanPull],
    ['buildah', buildahPull],
  ] as const)('reaches %s all the same', async (_name, pull) => {
    expect(installed.installation.exitCode, installed.installation.stderr).toBe(0);
    const outcome = await pull(installed.host, `${registry.address}/team/app:1`);
    expect(outcome.exitCode, outcome.stderr).toBe(0);
  });
});
