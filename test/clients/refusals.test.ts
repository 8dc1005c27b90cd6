/** What people read on their screens when a host may not pull, or nobody has a credential for it. */
import { writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { changeThenTry, failed } from './support/changes.ts';
import { buildahPull, dockerManifestInspect, podmanPull, skopeoInspect } from './support/clients.ts';
import { startEcrFront, type EcrFront } from './support/ecr-front.ts';
import { ECR_KEY, startEcrSource, type EcrSource } from './support/ecr-source.ts';
import type { Host } from './support/host.ts';
import { startHtpasswdRegistry } from './support/registry-htpasswd.ts';
import { startRegistry, type TestRegistry } from './support/registry.ts';
import { newLogin, openScene, type Scene, type SceneAgent } from './support/scene.ts';
import { available } from './support/tools.ts';
import { waitUntil } from './support/wait.ts';

const HOLDS_WITHIN_MS = 5_000;
const IMAGE = 'team/app:1';
/** Pullpass gives out nothing that has less than 5 s left. */
const SHORT_LIFETIME_MS = 7_000;
const UPSTREAM = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

let scene: Scene;
let agent: SceneAgent;
/** Pullpass has its login; Pullpass does not know it, and it wants one; Pullpass does not know it, and anybody may pull. */
let known: TestRegistry;
let unknown: TestRegistry;
let open: TestRegistry;
let front: EcrFront;
let source: EcrSource;

beforeAll(async () => {
  scene = await openScene(async ({ workspace, canaries }) => {
    front = await startEcrFront(workspace);
    let minted = 0;
    const onToken = (password: string): void => {
      minted += 1;
      canaries.add(`token ${minted}`, password, 'AWS');
    };
    source = await startEcrSource(workspace, { front, lifetimeMs: SHORT_LIFETIME_MS, onToken });
    return { environment: source.environment };
  });
  const { workspace, pullpass } = scene;
  const login = newLogin(scene, 'anna');
  [known, unknown, open] = await Promise.all([
    startHtpasswdRegistry(workspace, [login]),
    startHtpasswdRegistry(workspace, [newLogin(scene, 'bert')]),
    startRegistry(workspace),
  ]);
  await Promise.all([known, unknown, open].map((registry) => registry.push(IMAGE)));
  await pullpass.api.addRegistry({
    ...{ address: known.address, environments: ['*'], tls: { plainHttp: true } },
    source: { kind: 'static', ...login },
  });
  agent = await scene.agent('prod');
});

afterAll(() => scene.end());

function host({ environment = 'prod', tokenFile = agent.tokenFile } = {}): Host {
  const plainHttp = [known, unknown, open, front].map(({ address }) => address);
  return scene.host({ environment, tokenFile, plainHttp });
}

function fileWith(token: string): string {
  const file = scene.workspace.path('tokens', randomBytes(8).toString('hex'));
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return file;
}

const health = z.looseObject({
  credential: z.looseObject({ state: z.string(), lastError: z.nullable(z.looseObject({ code: z.string() })) }),
});

const CLIENTS = [
  ['skopeo', skopeoInspect],
  ['podman', podmanPull],
  ['buildah', buildahPull],
  ['docker', dockerManifestInspect],
] as const;
const ALL = available('unshare', 'dockerd', 'docker-registry', 'nginx', 'podman', 'buildah', 'skopeo');

async function refusalOf(pull: (typeof CLIENTS)[number][1], on: Host, registry: TestRegistry): Promise<string> {
  const pulls = registry.pulls();
  const outcome = await pull(on, `${registry.address}/${IMAGE}`);
  expect(outcome.exitCode).not.toBe(0);
  expect(registry.pulls()).toBe(pulls);
  return outcome.stdout + outcome.stderr;
}

describe.runIf(ALL).each(CLIENTS)('%s shows', (_, pull) => {
  it('that the agent token is wrong, and where it came from', async () => {
    const wrong = scene.canaries.add(randomBytes(4).toString('hex'), `pp_0123456789abcdef_${'0'.repeat(63)}1`);
    const tokenFile = fileWith(wrong);
    scene.keepsSecret(tokenFile);
    const said = await refusalOf(pull, host({ tokenFile }), known);
    expect(said).toContain(`${scene.pullpass.url} does not know this host's agent token`);
    expect(said).toContain(tokenFile);
  });

  it('that the token is for another environment', async () => {
    const staging = await scene.agent('staging');
    const said = await refusalOf(pull, host({ tokenFile: staging.tokenFile }), known);
    expect(said).toContain(`no credential for ${known.address} in environment prod`);
    expect(said).toContain('this token does not open that environment');
  });

  it('that there is no token', async () => {
    const said = await refusalOf(pull, host({ tokenFile: '/nowhere/token' }), known);
    expect(said).toContain('cannot read the agent token in /nowhere/token');
  });

  it("the registry's own refusal where Pullpass has nothing for it", async () => {
    const said = await refusalOf(pull, host(), unknown);
    expect(said).toMatch(/unauthorized|authentication required|no basic auth|no such manifest/i);
    expect(said).not.toMatch(/pullpass:|error getting credentials/);
  });

  it('nothing at all where Pullpass has nothing and anybody may pull', async () => {
    const outcome = await pull(host(), `${open.address}/${IMAGE}`);
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(outcome.stderr).not.toContain('pullpass');
  });
});

describe.runIf(ALL)('a token', () => {
  it('that is revoked is refused within 5 seconds on a host that has just pulled', async () => {
    const revoked = await scene.agent('prod');
    const holder = host({ tokenFile: revoked.tokenFile });
    const pull = (): ReturnType<typeof skopeoInspect> => skopeoInspect(holder, `${known.address}/${IMAGE}`);
    expect(await pull()).toMatchObject({ exitCode: 0 });
    const remove = ['agent', 'delete', revoked.id, '--yes'];
    const revoke = async (): Promise<void> => {
      expect(await scene.pullpass.cli(remove)).toMatchObject({ exitCode: 0 });
    };
    const seen = await changeThenTry(revoke, pull, failed);
    expect(seen.lastUnchangedMs).toBeLessThan(HOLDS_WITHIN_MS);
    expect(seen.outcome.stderr).toContain('it is wrong, expired or revoked');
  });

  it("of an administrator pulls nothing, and its holder is told that it is no agent's", async () => {
    const tokenFile = fileWith(scene.pullpass.adminToken);
    scene.keepsSecret(tokenFile);
    expect(await refusalOf(skopeoInspect, host({ tokenFile }), known)).toContain('this call needs the role agent');
  });
});

describe.runIf(ALL)('a credential that ran out because its source fails', () => {
  beforeAll(async () => {
    const { api } = scene.pullpass;
    const { id } = await api.addRegistry({
      ...{ address: front.address, environments: ['prod'], tls: { plainHttp: true } },
      source: { kind: 'ecr', upstream: UPSTREAM, ...ECR_KEY },
    });
    source.mood = 'fail';
    await waitUntil('the credential has run out', async () => {
      const { state, lastError } = health.parse(await api.getRegistry(id)).credential;
      return state === 'expired' && lastError?.code === 'unavailable';
    });
  });

  it.each(CLIENTS)('is not given out, and %s says why', async (_, pull) => {
    const said = await refusalOf(pull, host(), front);
    expect(said).toContain(`the registry ${front.address} has a credential that ran out`);
    expect(said).toContain('the last refresh failed: unavailable');
  });

  it('is what `pullpass status` complains about', async () => {
    const outcome = await scene.pullpass.cli(['status']);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout + outcome.stderr).toContain(front.address);
  });

  it('is replaced once the source works again', async () => {
    await front.push(IMAGE);
    source.mood = 'answer';
    const holder = host();
    await waitUntil('it pulls again', async () => {
      return (await skopeoInspect(holder, `${front.address}/${IMAGE}`)).exitCode === 0;
    });
  });
});

describe.runIf(ALL)('afterwards', () => {
  it('no screen, log or file holds a secret', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
