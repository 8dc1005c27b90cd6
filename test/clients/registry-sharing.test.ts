/** One address, several registries and environments: who answers is seen by who may pull, after every change. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Login } from './support/auth-file.ts';
import { changeThenTry } from './support/changes.ts';
import { podmanPull, skopeoInspect } from './support/clients.ts';
import type { Host } from './support/host.ts';
import type { RegistryAnswer } from './support/pullpass-api.ts';
import type { Outcome } from './support/run.ts';
import { startRegistry, type TestRegistry } from './support/registry.ts';
import { startTokenRegistry, type TokenRegistry } from './support/registry-token.ts';
import { newLogin, openScene, type Scene, type SceneAgent } from './support/scene.ts';
import { available } from './support/tools.ts';

const IMAGE = 'team/app:1';
const ENVIRONMENTS = ['prod', 'ci', 'dev'] as const;
type Environment = (typeof ENVIRONMENTS)[number];

let scene: Scene;
let registry: TokenRegistry;
/** Anybody may pull from it. */
let open: TestRegistry;
let logins: readonly [Login, Login];
let agents: Record<Environment, SceneAgent>;
let hosts: Record<Environment, Host>;

beforeAll(async () => {
  scene = await openScene();
  const { workspace } = scene;
  logins = [newLogin(scene, 'anna'), newLogin(scene, 'bert')];
  [registry, open] = await Promise.all([startTokenRegistry(workspace, [...logins]), startRegistry(workspace)]);
  await Promise.all([registry, open].map((each) => each.push(IMAGE)));
  agents = { prod: await scene.agent('prod'), ci: await scene.agent('ci'), dev: await scene.agent('dev') };
  const plainHttp = [registry.address, open.address];
  const host = (environment: Environment): Host =>
    scene.host({ environment, tokenFile: agents[environment].tokenFile, plainHttp });
  hosts = { prod: host('prod'), ci: host('ci'), dev: host('dev') };
});

afterAll(() => scene.end());

function add(at: TestRegistry, login: Login, environments: readonly string[]): Promise<RegistryAnswer> {
  const source = { kind: 'static', ...login };
  return scene.pullpass.api.addRegistry({ address: at.address, environments, tls: { plainHttp: true }, source });
}

function pull(environment: Environment, from: TestRegistry = registry): Promise<Outcome> {
  return skopeoInspect(hosts[environment], `${from.address}/${IMAGE}`);
}

/** What a registry says to whom it does not know, in one word. */
const UNKNOWN = 'unauthorized';

/** Whose login a host of an environment pulled with; or the reason it read. */
async function pulledAs(environment: Environment): Promise<string | undefined> {
  const grants = registry.grants.length;
  const outcome = await pull(environment);
  if (outcome.exitCode !== 0) {
    if (/unauthorized|authentication required/i.test(outcome.stderr)) return UNKNOWN;
    return /is deactivated/.exec(outcome.stderr)?.[0];
  }
  expect(registry.grants.length).toBeGreaterThan(grants);
  return registry.grants.at(-1)?.account;
}

async function everywhere(): Promise<readonly (string | undefined)[]> {
  const seen: (string | undefined)[] = [];
  for (const environment of ENVIRONMENTS) seen.push(await pulledAs(environment));
  return seen;
}

/** Changes hold within 5 seconds; what is waited for here is that they do, everywhere. */
async function after(change: () => Promise<unknown>, wanted: readonly string[]): Promise<void> {
  let seen: readonly (string | undefined)[] = [];
  const attempt = async (): Promise<Outcome> => {
    seen = await everywhere();
    return { exitCode: 0, stdout: '', stderr: '' };
  };
  await changeThenTry(change, attempt, () => seen.join() === wanted.join());
  expect(seen).toEqual(wanted);
}

function cli(...parameters: readonly string[]): () => Promise<Outcome> {
  return async () => {
    const outcome = await scene.pullpass.cli(parameters);
    expect(outcome).toMatchObject({ exitCode: 0 });
    return outcome;
  };
}

const ALL = available('unshare', 'docker-registry', 'podman', 'skopeo');

describe.runIf(ALL)('two registries at one address', () => {
  let shared: RegistryAnswer;
  let own: RegistryAnswer;

  it('answer for the environments that each is for, and each says where', async () => {
    shared = await add(registry, logins[0], ['*']);
    own = await add(registry, logins[1], ['prod', 'ci']);
    await after(async () => undefined, ['bert', 'bert', 'anna']);
    const shown = await cli('registry', 'show', shared.id)();
    expect(shown.stdout).toContain(`${own.id} in ci, prod`);
    expect((await cli('registry', 'list')()).stdout).toContain('active, partly overridden');
  });

  it('change places where the environments of one are edited', async () => {
    await after(cli('registry', 'edit', own.id, '--env', 'ci'), ['anna', 'bert', 'anna']);
  });

  it('do not answer for one another when one is deactivated: its environment is refused, and podman says why', async () => {
    await after(cli('registry', 'deactivate', own.id), ['anna', 'is deactivated', 'anna']);
    const podman = await podmanPull(hosts.ci, `${registry.address}/${IMAGE}`);
    expect(podman.exitCode).not.toBe(0);
    expect(podman.stderr).toContain('is deactivated');
    await after(cli('registry', 'activate', own.id), ['anna', 'bert', 'anna']);
  });

  it('are both refused when several are deactivated at once, and pull again when they are activated', async () => {
    const gone = ['is deactivated', 'is deactivated', 'is deactivated'];
    await after(cli('registry', 'deactivate', own.id, shared.id, '--yes'), gone);
    await after(cli('registry', 'activate', own.id, shared.id), ['anna', 'bert', 'anna']);
  });

  it('give way to the one that is left, as was said before', async () => {
    let said = '';
    const remove = async (): Promise<void> => {
      said = (await cli('registry', 'delete', own.id, '--yes')()).stderr;
    };
    await after(remove, ['anna', 'anna', 'anna']);
    expect(said).toContain(`in ci: ${registry.address} (${shared.id}) answers`);
  });

  it('leave hosts to pull without a credential when all are deleted: what wants a login refuses, what is open does not', async () => {
    const further = await add(open, logins[0], ['*']);
    const remove = cli('registry', 'delete', shared.id, further.id, '--yes');
    let said = '';
    await after(async () => {
      said = (await remove()).stderr;
    }, [UNKNOWN, UNKNOWN, UNKNOWN]);
    expect(said.match(/no registry is left for it/g)).toHaveLength(2);
    expect(await pull('prod', open)).toMatchObject({ exitCode: 0 });
  });

  it('are remembered after that, with who did what', async () => {
    const history = await cli('registry', 'history', own.id)();
    for (const action of ['add', 'edit', 'deactivate', 'activate', 'delete']) {
      expect(history.stdout).toContain(`registry.${action}`);
    }
    expect(history.stdout).toContain('environments: ci, prod -> ci');
    expect((await scene.pullpass.cli(['registry', 'show', own.id])).exitCode).toBe(4);
  });
});

describe.runIf(ALL)('afterwards', () => {
  it('no screen, log or file holds a secret', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
