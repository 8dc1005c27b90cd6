/** A new credential takes the place of one that works only after the registry has taken it, where it can be asked. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { startEcrFront, type EcrFront } from '../support/ecr-front.ts';
import { ECR_KEY, startEcrSource, type EcrSource } from '../support/ecr-source.ts';
import { startHtpasswdRegistry } from '../support/registry-htpasswd.ts';
import { newLogin, openScene, type Scene, type SceneAgent } from '../support/scene.ts';
import { available } from '../support/tools.ts';

const ALL = available('unshare', 'docker-registry', 'nginx', 'htpasswd', 'skopeo');
const UPSTREAM = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const HOUR_MS = 3_600_000;

const SHOWN = z.looseObject({
  credential: z.looseObject({
    version: z.string(),
    state: z.string(),
    lastError: z.nullable(z.looseObject({ code: z.string() })),
  }),
  verification: z.looseObject({ status: z.string() }),
});
const RESOLVED = z.looseObject({ credential: z.looseObject({ username: z.string(), password: z.string() }) });

let scene: Scene;
let agent: SceneAgent;
let front: EcrFront;
let source: EcrSource;
/** From then on the front takes no token that the source gives. */
let takesNew = true;
let id: string;

beforeAll(async () => {
  scene = await openScene(async ({ workspace, canaries }) => {
    front = await startEcrFront(workspace);
    const accept: EcrFront['accept'] = (tokens) => {
      if (takesNew) front.accept(tokens);
    };
    const onToken = (password: string): void => {
      canaries.add('a token', password, 'AWS');
    };
    source = await startEcrSource(workspace, { front: { ...front, accept }, lifetimeMs: HOUR_MS, onToken });
    return { environment: source.environment };
  });
  await front.push('team/app:1');
  agent = await scene.agent('prod');
  const added = await scene.pullpass.api.addRegistry({
    ...{ address: front.address, environments: ['prod'], tls: { plainHttp: true } },
    ...{ source: { kind: 'ecr', upstream: UPSTREAM, ...ECR_KEY }, probe: { repository: 'team/app' } },
  });
  ({ id } = added);
});

afterAll(() => scene.end());

async function show(): Promise<z.infer<typeof SHOWN>> {
  return SHOWN.parse(await scene.pullpass.api.getRegistry(id));
}

/** The status with which the registry itself answers what a host is given. */
async function pullAsHost(image: string): Promise<number> {
  const call = 'POST /v1/environments/prod/resolve';
  const { body } = await scene.pullpass.api.as(agent.token).call(call, { image });
  const { username, password } = RESOLVED.parse(body).credential;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const [host = '', repository = ''] = image.split(/\/(.*)/);
  const manifest = repository.replace(':', '/manifests/');
  const accept = 'application/vnd.docker.distribution.manifest.v2+json';
  return (await fetch(`http://${host}/v2/${manifest}`, { headers: { authorization, accept } })).status;
}

describe.runIf(ALL)('a refreshed credential', () => {
  it('that the registry refuses does not take the place of the good one', async () => {
    const before = await show();
    expect(before.verification.status).toBe('verified');
    takesNew = false;
    const refused = await scene.pullpass.api.call(`POST /v1/registries/${id}/refresh`);
    expect(refused).toMatchObject({ status: 422, body: { code: 'mint_failed', reason: 'login_refused' } });
    const after = await show();
    expect(after.credential).toMatchObject({ version: before.credential.version, state: 'stale' });
    expect(after.credential.lastError?.code).toBe('login_refused');
    expect(await pullAsHost(`${front.address}/team/app:1`)).toBe(200);
  });

  it('that it takes does, and nothing is left of the trouble', async () => {
    const before = await show();
    takesNew = true;
    expect(await scene.pullpass.api.call(`POST /v1/registries/${id}/refresh`)).toMatchObject({ status: 200 });
    const after = await show();
    expect(after.credential.version).not.toBe(before.credential.version);
    expect(after).toMatchObject({
      credential: { state: 'fresh', lastError: null },
      verification: { status: 'verified' },
    });
    expect(await pullAsHost(`${front.address}/team/app:1`)).toBe(200);
  });

  it('does not take the place of one that works where the registry cannot be asked', async () => {
    const before = await show();
    await front.end();
    const untried = await scene.pullpass.api.call(`POST /v1/registries/${id}/refresh`);
    expect(untried).toMatchObject({ status: 422, body: { code: 'mint_failed', reason: 'unreachable' } });
    const after = await show();
    expect(after.credential).toMatchObject({ version: before.credential.version, state: 'stale' });
    expect(after.verification.status).toBe('verified');
    await front.restart();
    expect(await pullAsHost(`${front.address}/team/app:1`)).toBe(200);
  });

  it('is tried as itself only: nobody makes logins up where tokens come and go', () => {
    const log = readFileSync(join(scene.workspace.folder, `ecr-${front.port}`, 'access.log'), 'utf8');
    const users = new Set(log.split('\n').flatMap((line) => /^\S+ - (\S+) /.exec(line)?.[1] ?? []));
    expect([...users].toSorted()).toEqual(['-', 'AWS']);
  });
});

describe.runIf(ALL)('an edited password', () => {
  it('that the registry refuses does not take the place of the good one', async () => {
    const [good, bad] = [newLogin(scene, 'anna'), newLogin(scene, 'anna')];
    const registry = await startHtpasswdRegistry(scene.workspace, [good]);
    await registry.push('team/app:1');
    const { api } = scene.pullpass;
    const { id: edited } = await api.addRegistry({
      ...{ address: registry.address, environments: ['prod'], tls: { plainHttp: true } },
      source: { kind: 'static', ...good },
    });
    const refused = await api.call(`PATCH /v1/registries/${edited}`, { source: { kind: 'static', ...bad } });
    expect(refused).toMatchObject({ status: 422, body: { verification: { status: 'unauthorized' } } });
    expect(await pullAsHost(`${registry.address}/team/app:1`)).toBe(200);
  });
});

describe.runIf(ALL)('afterwards', () => {
  it('no screen, log or file holds a secret', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
