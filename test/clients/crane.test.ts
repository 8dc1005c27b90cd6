/**
 * Clients of go-containerregistry, on a host that install.sh has set up and nobody else: `{"credsStore":"pullpass"}`. They
 * ask the helper for the repository first, then for the host, and stop at whatever is not the not-found text.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import type { Login } from './support/auth-file.ts';
import { craneManifest, cranePull } from './support/clients.ts';
import type { Host } from './support/host.ts';
import { installedHost } from './support/installed-host.ts';
import { startHtpasswdRegistry, type HtpasswdRegistry } from './support/registry-htpasswd.ts';
import { startTokenRegistry, type TokenRegistry } from './support/registry-token.ts';
import { startRegistry, type TestRegistry } from './support/registry.ts';
import { newLogin, openScene, type Scene } from './support/scene.ts';
import { available } from './support/tools.ts';

const ALL = available('unshare', 'docker-registry', 'skopeo', 'curl', 'crane');
const IMAGE = 'team/app:1';
/** Never pulled from: the host has no answer for it in its cache. */
const UNASKED = 'team/unasked:1';

let scene: Scene;
let host: Host;
let installed: number;
let htpasswd: HtpasswdRegistry;
/** Two robots, each for a path of its own. */
let token: TokenRegistry;
/** Nobody told Pullpass about it. */
let open: TestRegistry;
let htpasswdId: string;

beforeAll(async () => {
  if (!ALL) return;
  scene = await openScene();
  const { workspace, pullpass } = scene;
  const anna = newLogin(scene, 'anna');
  const robots = [newLogin(scene, 'robot-a'), newLogin(scene, 'robot-b')] as const;
  [htpasswd, token, open] = await Promise.all([
    startHtpasswdRegistry(workspace, [anna]),
    startTokenRegistry(workspace, [...robots]),
    startRegistry(workspace),
  ]);
  await Promise.all([
    ...[htpasswd, open].flatMap((registry) => [IMAGE, UNASKED].map((image) => registry.push(image))),
    ...['org-a/app:1', 'org-b/app:1'].map((image) => token.push(image)),
  ]);
  const add = async (address: string, login: Login): Promise<string> => {
    const source = { kind: 'static', ...login };
    const registry = { address, environments: ['prod'], tls: { plainHttp: true }, source };
    return (await pullpass.api.addRegistry(registry)).id;
  };
  htpasswdId = await add(htpasswd.address, anna);
  await add(`${token.address}/org-a`, robots[0]);
  await add(`${token.address}/org-b`, robots[1]);
  const { tokenFile } = await scene.agent('prod');
  const set = await installedHost(scene, { environment: 'prod', tokenFile, scope: 'user' });
  host = set.host;
  installed = set.installation.exitCode;
});

afterAll(async () => {
  if (ALL) await scene.end();
});

afterEach(async () => {
  if (ALL) await scene.pullpass.api.setPolicy('prod', {});
});

const decisions = z.object({ items: z.array(z.looseObject({ image: z.string(), outcome: z.string() })) });

describe.runIf(ALL)('crane on an installed host', () => {
  it('pulls a private image from a registry with passwords', async () => {
    expect(installed).toBe(0);
    expect(await craneManifest(host, `${htpasswd.address}/${IMAGE}`)).toMatchObject({ exitCode: 0 });
    expect(await cranePull(host, `${htpasswd.address}/${IMAGE}`)).toMatchObject({ exitCode: 0 });
  });

  it.each(['a', 'b'])('pulls with the robot of organisation %s, though one host has several', async (name) => {
    expect(await craneManifest(host, `${token.address}/org-${name}/app:1`)).toMatchObject({ exitCode: 0 });
    expect(token.grants.at(-1)).toMatchObject({ account: `robot-${name}` });
  });

  it('pulls a public image of a registry that Pullpass does not know, after asking for repository and host', async () => {
    expect(await craneManifest(host, `${open.address}/${IMAGE}`)).toMatchObject({ exitCode: 0 });
    const { body } = await scene.pullpass.api.call('GET /v1/audit?type=decision&limit=2');
    expect(decisions.parse(body).items).toMatchObject([
      { image: open.address, outcome: 'no_credential' },
      { image: `${open.address}/team/app`, outcome: 'no_credential' },
    ]);
  });

  it.each([
    ['with a registry', () => htpasswd],
    ['that is public', () => open],
  ] as const)('is refused an image %s that the whitelist does not have, and shows the rule', async (_, registryOf) => {
    const registry = registryOf();
    const { address } = registry;
    await scene.pullpass.api.setPolicy('prod', { whitelist: [`${address}/other`] });
    const before = registry.pulls();
    const outcome = await craneManifest(host, `${address}/${UNASKED}`);
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.stderr).toContain(
      `pulling ${address}/team/unasked is refused in prod: not in the environment whitelist`,
    );
    expect(registry.pulls()).toBe(before);
  });

  it('is refused an image of a registry that is deactivated', async () => {
    await scene.pullpass.api.call(`POST /v1/registries/${htpasswdId}/deactivate`);
    const outcome = await craneManifest(host, `${htpasswd.address}/${UNASKED}`);
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.stderr).toContain(`the registry ${htpasswd.address} is deactivated`);
  });

  it('leaves no secret on a screen, in a log or in a file', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
