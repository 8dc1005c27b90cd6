/** Pullpass itself goes away, by force, and comes back: what hosts notice of it, and what it still knows. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Login } from './support/auth-file.ts';
import { buildahPull, dockerManifestInspect, podmanPull, skopeoInspect } from './support/clients.ts';
import type { Host } from './support/host.ts';
import { startHtpasswdRegistry, type HtpasswdRegistry } from './support/registry-htpasswd.ts';
import type { Outcome } from './support/run.ts';
import { newLogin, openScene, type Scene, type SceneAgent } from './support/scene.ts';
import { available } from './support/tools.ts';
import { waitUntil } from './support/wait.ts';

const IMAGE = 'team/app:1';

let scene: Scene;
let agent: SceneAgent;
let registry: HtpasswdRegistry;
let login: Login;
let image: string;

beforeAll(async () => {
  scene = await openScene();
  login = newLogin(scene, 'anna');
  registry = await startHtpasswdRegistry(scene.workspace, [login]);
  await registry.push(IMAGE);
  image = `${registry.address}/${IMAGE}`;
  await addRegistry(login);
  agent = await scene.agent('prod');
});

afterAll(() => scene.end());

beforeEach(async () => {
  if ((await skopeoInspect(host(), image)).exitCode !== 0) await scene.pullpass.restart();
});

function addRegistry({ username, password }: Login): Promise<{ readonly id: string }> {
  return scene.pullpass.api.addRegistry({
    address: registry.address,
    environments: ['prod'],
    tls: { plainHttp: true },
    source: { kind: 'static', username, password },
  });
}

function host(): Host {
  return scene.host({ environment: 'prod', tokenFile: agent.tokenFile, plainHttp: [registry.address] });
}

const CLIENTS = [
  ['skopeo', skopeoInspect],
  ['podman', podmanPull],
  ['buildah', buildahPull],
  ['docker', dockerManifestInspect],
] as const;
const ALL = available('unshare', 'dockerd', 'docker-registry', 'podman', 'buildah', 'skopeo');
const UNREACHABLE = (): string => `cannot reach ${scene.pullpass.url}: the connection was refused`;

describe.runIf(ALL)('while Pullpass is down', () => {
  it.each(CLIENTS)('%s still pulls on a host that has a credential, and says what it lives on', async (_, pull) => {
    const holder = host();
    expect(await pull(holder, image)).toMatchObject({ exitCode: 0 });
    await scene.pullpass.end('SIGKILL');
    const outcomes: Outcome[] = [];
    // As long as the answer is fresh nobody notices; after that Pullpass is asked, and missed.
    await waitUntil('the host notices', async () => {
      const outcome = await pull(holder, image);
      outcomes.push(outcome);
      return outcome.stderr.includes(UNREACHABLE());
    });
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(outcomes.map(() => 0));
    expect(outcomes.at(-1)?.stderr).toContain(`using the credential for ${registry.address} that Pullpass gave`);
  });

  it.each(CLIENTS)('%s says on a host without a credential who could not be reached', async (_, pull) => {
    const stranger = host();
    await scene.pullpass.end('SIGKILL');
    const outcome = await pull(stranger, image);
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.stdout + outcome.stderr).toContain(UNREACHABLE());
  });

  it('an installed host works again as soon as Pullpass is back, with the same token', async () => {
    const stranger = host();
    await scene.pullpass.end('SIGKILL');
    expect((await skopeoInspect(stranger, image)).exitCode).not.toBe(0);
    await scene.pullpass.restart();
    expect(await skopeoInspect(stranger, image)).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe.runIf(ALL)('Pullpass that was killed', () => {
  it('still knows what it acknowledged a moment before', async () => {
    const { pullpass } = scene;
    const staging = await scene.agent('staging');
    const bert = newLogin(scene, 'bert');
    await registry.setLogins([login, bert]);
    const { id } = await addRegistry(bert);
    await pullpass.api.setPolicy('staging', { whitelist: ['quay.io'] });
    await pullpass.end('SIGKILL');
    await pullpass.restart();

    expect(await pullpass.api.getRegistry(id)).toMatchObject({ state: 'active', source: { username: 'bert' } });
    expect(await skopeoInspect(host(), image)).toMatchObject({ exitCode: 0 });
    const answer = await pullpass.api.as(agent.token).call('POST /v1/environments/prod/resolve', { image });
    expect(answer).toMatchObject({ status: 200, body: { credential: { username: 'bert', registryId: id } } });
    const outcome = await skopeoInspect(scene.host({ environment: 'staging', tokenFile: staging.tokenFile }), image);
    expect(outcome.stderr).toContain('not in the environment whitelist');
  });

  it('still refuses what was deactivated and revoked a moment before', async () => {
    const { pullpass } = scene;
    const revoked = await scene.agent('prod');
    const bert = newLogin(scene, 'bert');
    await registry.setLogins([login, bert]);
    const { id } = await addRegistry(bert);
    await pullpass.api.call(`POST /v1/registries/${id}/deactivate`);
    await pullpass.api.call(`DELETE /v1/agents/${revoked.id}`);
    await pullpass.end('SIGKILL');
    await pullpass.restart();

    expect((await skopeoInspect(host(), image)).stderr).toContain('is deactivated');
    const answer = await pullpass.api.as(revoked.token).call('POST /v1/environments/prod/resolve', { image });
    expect(answer.status).toBe(401);
    await pullpass.api.call(`DELETE /v1/registries/${id}`);
  });
});

describe.runIf(ALL)('afterwards', () => {
  it('no screen, log or file holds a secret', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
