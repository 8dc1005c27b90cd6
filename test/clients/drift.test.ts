/**
 * A registry whose password is changed behind Pullpass's back, as the background check finds it: with a real registry, and on
 * the real data. A day passes between two checks: Pullpass is ended, the check runs on its data with a clock that is ahead,
 * and Pullpass is started again.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeDeps, UNHURRIED } from '../../lib/service/change-deps.ts';
import type { ServiceEvent } from '../../lib/service/events.ts';
import { pause, reverifyDue, type ReverifyRun } from '../../lib/service/reverify.ts';
import { openEmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import type { Login } from './support/auth-file.ts';
import { podmanPull, skopeoInspect } from './support/clients.ts';
import type { Host } from './support/host.ts';
import { startHtpasswdRegistry, type HtpasswdRegistry } from './support/registry-htpasswd.ts';
import { newLogin, openScene, type Scene, type SceneAgent } from './support/scene.ts';
import { available } from './support/tools.ts';

const DAY_MS = 24 * 60 * 60_000;
const IMAGE = 'team/app:1';
const ALL = available('unshare', 'docker-registry', 'podman', 'skopeo');

let scene: Scene;
let agent: SceneAgent;
let login: Login;
let changed: HtpasswdRegistry;
let steady: HtpasswdRegistry;
let id: string;
const events: ServiceEvent[] = [];

beforeAll(async () => {
  scene = await openScene();
  login = newLogin(scene, 'anna');
  [changed, steady] = await Promise.all([
    startHtpasswdRegistry(scene.workspace, [login]),
    startHtpasswdRegistry(scene.workspace, [login]),
  ]);
  await Promise.all([changed.push(IMAGE), steady.push(IMAGE)]);
  id = (await add(changed)).id;
  await add(steady);
  agent = await scene.agent('prod');
});

afterAll(() => scene.end());

function add(registry: HtpasswdRegistry): Promise<{ readonly id: string }> {
  return scene.pullpass.api.addRegistry({
    address: registry.address,
    environments: ['prod'],
    tls: { plainHttp: true },
    source: { kind: 'static', ...login },
  });
}

function host(): Host {
  const plainHttp = [changed.address, steady.address];
  return scene.host({ environment: 'prod', tokenFile: agent.tokenFile, plainHttp });
}

async function checkAfter(days: number): Promise<ReverifyRun> {
  const { pullpass } = scene;
  await pullpass.end();
  const opened = await openEmbeddedStore({ directory: pullpass.dataFolder });
  if (!opened.ok) throw new Error(opened.failure.advice);
  const store = opened.value;
  const { catalogue, vault } = store;
  const report = (event: ServiceEvent): void => {
    events.push(event);
  };
  const deps = {
    ...changeDeps({ vault, kinds: [], report, allowNetworks: ['127.0.0.0/8'], ecrUpstreamHosts: [], ...UNHURRIED }),
    ...{ catalogue, issued: vault, pause },
    now: () => Date.now() + days * DAY_MS,
  };
  const limits = { budgetMilliseconds: 60_000, concurrency: 2, againAfterMilliseconds: 0 };
  try {
    return await reverifyDue(limits, deps, new AbortController().signal);
  } finally {
    await store.close();
    await pullpass.restart();
  }
}

/** What hosts are given, and all that is known of it. */
async function given(): Promise<unknown> {
  const image = `${changed.address}/${IMAGE}`;
  const answer = await scene.pullpass.api.as(agent.token).call('POST /v1/environments/prod/resolve', { image });
  expect(answer).toMatchObject({ status: 200, body: { credential: login } });
  const { body } = await scene.pullpass.api.call(`GET /v1/registries/${id}`);
  return { version: partOf(partOf(answer.body, 'credential'), 'version'), record: partOf(body, 'credential') };
}

function partOf(document: unknown, name: string): unknown {
  return typeof document === 'object' && document !== null ? Reflect.get(document, name) : undefined;
}

async function said(...command: readonly string[]): Promise<string> {
  return (await scene.pullpass.cli(command)).stdout;
}

describe.runIf(ALL)('a password that is changed behind', () => {
  let before: unknown;

  it('is no drift as long as it is not', async () => {
    before = await given();
    expect(await checkAfter(1)).toEqual({
      verified: 2,
      skipped: 0,
      failed: 0,
      left: 0,
      drifted: 0,
      expiring: 0,
      complete: true,
    });
    expect(await skopeoInspect(host(), `${changed.address}/${IMAGE}`)).toMatchObject({ exitCode: 0 });
    expect(await given()).toEqual(before);
  });

  it('is found within a day, and nothing but that is noted', async () => {
    await changed.setLogins([{ ...newLogin(scene, 'somebody'), username: login.username }]);
    expect(await checkAfter(2)).toEqual({
      verified: 2,
      skipped: 0,
      failed: 0,
      left: 0,
      drifted: 1,
      expiring: 0,
      complete: true,
    });
    expect(await given()).toEqual(before);
    const { body } = await scene.pullpass.api.call(`GET /v1/registries/${id}`);
    expect(body).toMatchObject({ verification: { status: 'unauthorized', drift: { from: 'verified' } } });
    expect((await scene.pullpass.api.call('GET /healthz')).status).toBe(200);
    expect(events).toMatchObject([{ level: 'warn', code: 'registry.drift', fields: { registryId: id } }]);
  });

  it('is what the operator is told', async () => {
    const { exitCode, stdout } = await scene.pullpass.cli(['status']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('1 registry has drifted');
    expect(stdout).toMatch(/^\S+ +fresh, drifted from verified to unauthorized +\S+$/m);
    expect(await said('registry', 'show', id)).toMatch(/^drift +was verified, found otherwise 2/m);
    expect(await said('audit', '--json')).toContain('verified -> unauthorized');
  });

  it('keeps nobody from pulling elsewhere, and the registry itself refuses what it refuses', async () => {
    expect(await podmanPull(host(), `${steady.address}/${IMAGE}`)).toMatchObject({ exitCode: 0 });
    expect((await skopeoInspect(host(), `${changed.address}/${IMAGE}`)).stderr).toMatch(/unauthorized/i);
  });

  it('works at once when it is changed back, with what hosts have been given all the time', async () => {
    await changed.setLogins([login]);
    expect(await podmanPull(host(), `${changed.address}/${IMAGE}`)).toMatchObject({ exitCode: 0 });
    expect(await given()).toEqual(before);
  });

  it('is over with the next check', async () => {
    expect(await checkAfter(3)).toEqual({
      verified: 2,
      skipped: 0,
      failed: 0,
      left: 0,
      drifted: 0,
      expiring: 0,
      complete: true,
    });
    expect(events.map(({ code }) => code)).toEqual(['registry.drift', 'registry.drift_ended']);
    expect(await given()).toEqual(before);
    expect(await said('status')).not.toContain('drifted');
    expect(await said('audit', '--json')).toContain('unauthorized -> verified');
  });

  it('has brought no secret anywhere', () => {
    expect(JSON.stringify(events)).not.toContain(login.password);
    expect(scene.secretsFound()).toEqual([]);
  });
});
