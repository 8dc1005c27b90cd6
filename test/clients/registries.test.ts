/** Registries that come, go and compete while hosts pull. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Login } from './support/auth-file.ts';
import { changeThenTry, failed, succeeded } from './support/changes.ts';
import { podmanPull, skopeoInspect } from './support/clients.ts';
import type { Host } from './support/host.ts';
import type { RegistryAnswer } from './support/pullpass-api.ts';
import { startTokenRegistry, type TokenRegistry } from './support/registry-token.ts';
import { newLogin, openScene, type Scene, type SceneAgent } from './support/scene.ts';
import { available } from './support/tools.ts';
import type { Outcome } from './support/run.ts';

const HOLDS_WITHIN_MS = 5_000;

let scene: Scene;
let agent: SceneAgent;
let registry: TokenRegistry;
let logins: readonly [Login, Login];
let added: string[];

beforeAll(async () => {
  scene = await openScene();
  logins = [newLogin(scene, 'anna'), newLogin(scene, 'bert')];
  registry = await startTokenRegistry(scene.workspace, [...logins]);
  await Promise.all(['team-a/app:1', 'team-b/app:1'].map((image) => registry.push(image)));
  agent = await scene.agent('prod');
  added = [];
});

afterAll(() => scene.end());

afterEach(async () => {
  registry.setLogins([...logins]);
  for (const id of added.splice(0)) await scene.pullpass.api.call(`DELETE /v1/registries/${id}`);
});

async function add(login: Login, path = '', environments: readonly string[] = ['prod']): Promise<RegistryAnswer> {
  const answer = await scene.pullpass.api.addRegistry({
    address: registry.address + path,
    environments,
    tls: { plainHttp: true },
    source: { kind: 'static', ...login },
  });
  added.push(answer.id);
  return answer;
}

function host(): Host {
  return scene.host({ environment: 'prod', tokenFile: agent.tokenFile, plainHttp: [registry.address] });
}

function pull(on: Host, path = 'team-a/app:1'): Promise<Outcome> {
  return skopeoInspect(on, `${registry.address}/${path}`);
}

function cli(...parameters: readonly string[]): () => Promise<void> {
  return async () => {
    expect(await scene.pullpass.cli(parameters)).toMatchObject({ exitCode: 0 });
  };
}

/** Whose login the registry's last token was given for. */
function lastAccount(): string | undefined {
  return registry.grants.at(-1)?.account;
}

const ALL = available('unshare', 'docker-registry', 'podman', 'skopeo');

describe.runIf(ALL)('a registry', () => {
  it('that is deactivated refuses a host that has just pulled within 5 seconds, and says why', async () => {
    const { id } = await add(logins[0]);
    const holder = host();
    expect(await pull(holder)).toMatchObject({ exitCode: 0 });
    const off = await changeThenTry(cli('registry', 'deactivate', id), () => pull(holder), failed);
    expect(off.lastUnchangedMs).toBeLessThan(HOLDS_WITHIN_MS);
    const reason = `the registry ${registry.address} is deactivated: an administrator can activate it`;
    expect(off.outcome.stderr).toContain(reason);
    const podman = await podmanPull(host(), `${registry.address}/team-a/app:1`);
    expect(podman.exitCode).not.toBe(0);
    expect(podman.stderr).toContain(reason);
  });

  it('that is activated again gives its credential without being given the password', async () => {
    const { id } = await add(logins[0]);
    await cli('registry', 'deactivate', id)();
    const holder = host();
    expect((await pull(holder)).exitCode).not.toBe(0);
    const on = await changeThenTry(cli('registry', 'activate', id), () => pull(holder), succeeded);
    expect(on.lastUnchangedMs).toBeLessThan(HOLDS_WITHIN_MS);
    expect(lastAccount()).toBe('anna');
  });

  it('that is deactivated refuses although an earlier one at its address is active', async () => {
    await add(logins[0]);
    const { id } = await add(logins[1]);
    await cli('registry', 'deactivate', id)();
    const outcome = await pull(host());
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.stderr).toContain('is deactivated');
  });

  it('whose password is edited gives out the new one, as soon as the old one is refused', async () => {
    const { id } = await add(logins[0]);
    const holder = host();
    expect(await pull(holder)).toMatchObject({ exitCode: 0 });
    const changed = newLogin(scene, 'anna');
    registry.setLogins([changed, logins[1]]);
    const edit = ['registry', 'edit', id, '--username', 'anna', '--password-stdin'];
    const rotate = async (): Promise<void> => {
      expect(await scene.pullpass.cli(edit, { stdin: changed.password })).toMatchObject({ exitCode: 0 });
    };
    const seen = await changeThenTry(rotate, () => pull(holder), succeeded);
    expect(seen.lastUnchangedMs).toBeLessThan(HOLDS_WITHIN_MS);
  });
});

describe.runIf(ALL)('of two registries at one address', () => {
  it('the newest answers, and when it is deleted the earlier one does again', async () => {
    await add(logins[0]);
    const holder = host();
    expect(await pull(holder)).toMatchObject({ exitCode: 0 });
    expect(lastAccount()).toBe('anna');
    let newest = '';
    const newer = await changeThenTry(
      async () => {
        newest = (await add(logins[1])).id;
      },
      () => pull(holder),
      () => lastAccount() === 'bert',
    );
    expect(newer.lastUnchangedMs).toBeLessThan(HOLDS_WITHIN_MS);
    const list = await scene.pullpass.cli(['registry', 'list']);
    expect(list.stdout).toMatch(/active, overridden/);
    const earlier = await changeThenTry(
      cli('registry', 'delete', newest, '--yes'),
      () => pull(holder),
      () => lastAccount() === 'anna',
    );
    expect(earlier.lastUnchangedMs).toBeLessThan(HOLDS_WITHIN_MS);
    expect(earlier.outcome).toMatchObject({ exitCode: 0 });
  });

  it('the one for the environment by name answers, though one for every environment is newer', async () => {
    await add(logins[0]);
    await add(logins[1], '', ['*']);
    expect(await pull(host())).toMatchObject({ exitCode: 0 });
    expect(lastAccount()).toBe('anna');
  });
});

describe.runIf(ALL)('registries for paths of one host', () => {
  it('are named in the refusal where the client does not say which path it wants', async () => {
    await add(logins[0], '/team-a');
    await add(logins[1], '/team-b');
    for (const client of [skopeoInspect, podmanPull]) {
      const outcome = await client(host(), `${registry.address}/team-a/app:1`);
      expect(outcome.exitCode).not.toBe(0);
      expect(outcome.stderr).toContain(`${registry.address}/team-a, ${registry.address}/team-b`);
    }
  });

  it('are told apart by resolve, which is told the whole image', async () => {
    await add(logins[0], '/team-a');
    await add(logins[1], '/team-b');
    const api = scene.pullpass.api.as(agent.token);
    for (const [team, username] of [['team-a', 'anna'] as const, ['team-b', 'bert'] as const]) {
      const image = `${registry.address}/${team}/app:1`;
      const answer = await api.call('POST /v1/environments/prod/resolve', { image });
      expect(answer).toMatchObject({ status: 200, body: { credential: { username } } });
    }
  });

  it('answer for the host when only one is left', async () => {
    await add(logins[0], '/team-a');
    const { id } = await add(logins[1], '/team-b');
    const holder = host();
    expect((await pull(holder)).exitCode).not.toBe(0);
    await changeThenTry(cli('registry', 'delete', id, '--yes'), () => pull(holder), succeeded);
    expect(lastAccount()).toBe('anna');
  });

  it('do not answer for one another when the host itself has a registry', async () => {
    await add(logins[0]);
    await add(logins[1], '/team-b');
    expect(await pull(host(), 'team-b/app:1')).toMatchObject({ exitCode: 0 });
    expect(lastAccount()).toBe('anna');
  });
});

describe.runIf(ALL)('afterwards', () => {
  it('no screen, log or file holds a secret', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
