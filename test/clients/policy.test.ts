/** What policy does to hosts: what it refuses and how they are told, how soon a change holds, where short names lead. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { changeThenTry, failed, succeeded } from './support/changes.ts';
import { buildahPull, dockerManifestInspect, dockerdPull, podmanPull, skopeoInspect } from './support/clients.ts';
import { startDockerd, type Engine } from './support/dockerd.ts';
import type { Host } from './support/host.ts';
import { startHtpasswdRegistry, type HtpasswdRegistry } from './support/registry-htpasswd.ts';
import { newLogin, openScene, type HelperHostOptions, type Scene, type SceneAgent } from './support/scene.ts';
import { available } from './support/tools.ts';

const HOLDS_WITHIN_MS = 5_000;
const PATH = 'team/app:1';

let scene: Scene;
let agent: SceneAgent;
let engine: Engine;
let registry: HtpasswdRegistry;
let other: HtpasswdRegistry;
let image: string;

beforeAll(async () => {
  scene = await openScene();
  const { workspace, pullpass } = scene;
  const logins = [newLogin(scene, 'anna'), newLogin(scene, 'bert')] as const;
  [registry, other, engine] = await Promise.all([
    startHtpasswdRegistry(workspace, [logins[0]]),
    startHtpasswdRegistry(workspace, [logins[1]]),
    startDockerd(workspace),
  ]);
  image = `${registry.address}/${PATH}`;
  await Promise.all([registry, other].map((each) => each.push(PATH)));
  for (const [index, { address }] of [registry, other].entries()) {
    const source = { kind: 'static', ...logins[index] };
    await pullpass.api.addRegistry({ address, environments: ['prod'], tls: { plainHttp: true }, source });
  }
  agent = await scene.agent('prod');
});

afterAll(() => scene.end());

beforeEach(async () => {
  await setPolicy({});
});

function setPolicy(policy: Readonly<Record<string, unknown>>): Promise<unknown> {
  return scene.pullpass.api.setPolicy('prod', policy);
}

function host(options: Partial<HelperHostOptions> = {}): Host {
  const plainHttp = [registry.address, other.address];
  return scene.host({ environment: 'prod', tokenFile: agent.tokenFile, plainHttp, ...options });
}

const CLIENTS = [
  ['skopeo', skopeoInspect],
  ['podman', podmanPull],
  ['buildah', buildahPull],
  ['docker manifest inspect', dockerManifestInspect],
  ['docker pull', (on: Host, wanted: string) => dockerdPull(on, engine.socket, wanted)],
] as const;
const ALL = available('unshare', 'dockerd', 'docker-registry', 'podman', 'buildah', 'skopeo');

describe.runIf(ALL)('a whitelist', () => {
  it.each(CLIENTS)('refuses what is not on it, and %s says by which rule', async (_, pull) => {
    await setPolicy({ whitelist: [other.address] });
    const pulls = registry.pulls();
    const outcome = await pull(host(), image);
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.stdout + outcome.stderr).toContain(
      `pulling ${registry.address} is refused in prod: not in the environment whitelist`,
    );
    expect(registry.pulls()).toBe(pulls);
  });

  it.each(CLIENTS)('lets through what is on it, for %s', async (_, pull) => {
    await setPolicy({ whitelist: `quay.io, ${registry.address}/team` });
    expect(await pull(host(), image)).toMatchObject({ exitCode: 0 });
  });

  it('with a path is kept to the path by resolve, which is told the whole image', async () => {
    await setPolicy({ whitelist: [`${registry.address}/team`] });
    const api = scene.pullpass.api.as(agent.token);
    const ask = (path: string): ReturnType<typeof api.call> =>
      api.call('POST /v1/environments/prod/resolve', { image: `${registry.address}/${path}` });
    expect(await ask('team/app:1')).toMatchObject({ status: 200 });
    const refused = await ask('teammates/app:1');
    expect(refused).toMatchObject({ status: 403, body: { code: 'denied', rule: 'not in the environment whitelist' } });
  });

  it('of the organisation refuses what the environment allows', async () => {
    await setPolicy({ whitelist: [registry.address] });
    await scene.pullpass.api.setPolicy(undefined, { whitelist: [other.address] });
    try {
      const outcome = await skopeoInspect(host(), image);
      expect(outcome.exitCode).not.toBe(0);
      expect(outcome.stderr).toContain('not in the organisation whitelist');
    } finally {
      await scene.pullpass.api.setPolicy(undefined, {});
    }
  });

  it('that is set holds within 5 seconds on a host that has just pulled, and so does taking it away', async () => {
    const holder = host();
    const pull = (): ReturnType<typeof skopeoInspect> => skopeoInspect(holder, image);
    expect(await pull()).toMatchObject({ exitCode: 0 });
    const set = await changeThenTry(() => setPolicy({ whitelist: [other.address] }), pull, failed);
    expect(set.lastUnchangedMs).toBeLessThan(HOLDS_WITHIN_MS);
    expect(set.outcome.stderr).toContain('not in the environment whitelist');
    const unset = await changeThenTry(() => setPolicy({}), pull, succeeded);
    expect(unset.lastUnchangedMs).toBeLessThan(HOLDS_WITHIN_MS);
  });
});

describe.runIf(ALL)('a deny list', () => {
  it('beats the whitelist, and is named in the refusal', async () => {
    await setPolicy({ whitelist: [registry.address], deny: [registry.address] });
    const outcome = await podmanPull(host(), image);
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.stderr).toContain(`environment deny: ${registry.address}`);
  });

  it('holds without a port for every port', async () => {
    await setPolicy({ deny: ['localhost'] });
    const outcome = await skopeoInspect(host(), image);
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.stderr).toContain('environment deny: localhost');
  });
});

describe.runIf(ALL)('audit mode', () => {
  it('lets a pull through and records what enforce would have refused', async () => {
    await setPolicy({ whitelist: [other.address], mode: 'audit' });
    expect(await skopeoInspect(host(), image)).toMatchObject({ exitCode: 0 });
    const { body } = await scene.pullpass.api.call('GET /v1/audit?type=decision&environment=prod&limit=1');
    expect(body).toMatchObject({
      items: [{ image: registry.address, mode: 'audit', outcome: 'released', wouldRefuse: true }],
    });
  });
});

describe.runIf(ALL)('the default registry', () => {
  const canonicalImage = z.looseObject({ reference: z.looseObject({ canonical: z.string() }) });

  it('supplies a name without one: what resolve answers can be pulled as it stands', async () => {
    await setPolicy({ defaultRegistry: registry.address });
    const answer = await scene.pullpass.api
      .as(agent.token)
      .call('POST /v1/environments/prod/resolve', { image: 'team/app:1' });
    expect(answer.status).toBe(200);
    const { canonical } = canonicalImage.parse(answer.body).reference;
    expect(canonical).toBe(image);
    const outcome = await skopeoInspect(host(), canonical);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ Labels: { origin: registry.address } });
  });

  it('is shown by `pullpass resolve` and `pullpass explain`, which show no password', async () => {
    await setPolicy({ defaultRegistry: registry.address });
    const ask = (command: string): ReturnType<Scene['pullpass']['cli']> =>
      scene.pullpass.cli([command, 'team/app:1', '--env', 'prod'], { token: agent.token });
    for (const command of ['resolve', 'explain']) {
      const outcome = await ask(command);
      expect(outcome).toMatchObject({ exitCode: 0 });
      expect(outcome.stdout).toContain(image);
    }
  });

  it('is where podman finds a short name when it is the one registry that podman searches', async () => {
    await setPolicy({ defaultRegistry: registry.address, whitelist: [registry.address] });
    const before = registry.pulls();
    const outcome = await podmanPull(host({ searchRegistries: [registry.address] }), 'team/app:1');
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(registry.pulls()).toBeGreaterThan(before);
  });

  it('is refused when the whitelist does not allow it, and nothing changes', async () => {
    await setPolicy({ whitelist: [registry.address], defaultRegistry: registry.address });
    const set = ['policy', 'set', '--env', 'prod', '--default', other.address];
    const outcome = await scene.pullpass.cli(set);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain('defaultRegistry');
    const shown = await scene.pullpass.api.call('GET /v1/environments/prod/policy');
    expect(shown.body).toMatchObject({ defaultRegistry: registry.address });
  });
});

describe.runIf(ALL)('afterwards', () => {
  it('no screen, log or file holds a secret', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
