/**
 * Moving in: an operator has logged in with podman and docker as ever, imports the files that these wrote, and from then on
 * a host that has no login of its own pulls through Pullpass.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Login } from './support/auth-file.ts';
import { podmanPull, skopeoInspect } from './support/clients.ts';
import { createHost, type Host } from './support/host.ts';
import { withPrivateSystem } from './support/private-system.ts';
import { startHtpasswdRegistry } from './support/registry-htpasswd.ts';
import { startTokenRegistry } from './support/registry-token.ts';
import type { TestRegistry } from './support/registry.ts';
import { runCommand, type Outcome } from './support/run.ts';
import { newLogin, openScene, type Scene, type SceneAgent } from './support/scene.ts';
import { available, tool } from './support/tools.ts';

const PATH = 'team/app:1';
const CLIENTS = ['podman', 'docker'] as const;
const ALL = available('unshare', 'docker-registry', 'podman', 'skopeo', 'docker');

let scene: Scene;
let agent: SceneAgent;
let registries: { readonly podman: TestRegistry; readonly docker: TestRegistry };
let logins: { readonly podman: Login; readonly docker: Login };
let operator: Host;

beforeAll(async () => {
  scene = await openScene();
  const { workspace } = scene;
  logins = { podman: newLogin(scene, 'anna'), docker: newLogin(scene, 'robot$bert') };
  const [podman, docker] = await Promise.all([
    startHtpasswdRegistry(workspace, [logins.podman]),
    startTokenRegistry(workspace, [logins.docker]),
  ]);
  registries = { podman, docker };
  await Promise.all([podman, docker].map((registry) => registry.push(PATH)));
  agent = await scene.agent('prod');
  operator = createHost(workspace, { plainHttp: [podman.address, docker.address] });
  // Whoever logs in for the first time has no file: the clients make it, with the mode that they see fit.
  for (const client of CLIENTS) rmSync(fileOf(client), { force: true });
});

afterAll(() => scene.end());

/** As it is done: the password goes in by standard input. */
function logIn(client: 'podman' | 'docker'): Promise<Outcome> {
  const { username, password } = logins[client];
  const how = ['login', '--username', username, '--password-stdin', registries[client].address];
  const parameters = client === 'podman' ? ['--tmpdir', `${operator.folder}/run/podman`, ...how] : how;
  const command = withPrivateSystem(operator.folder, { command: tool(client), parameters });
  const { environment, home } = operator;
  return runCommand(scene.workspace, { name: client, ...command, environment, cwd: home, stdin: password });
}

function fileOf(client: 'podman' | 'docker'): string {
  const podmanFile = operator.environment['REGISTRY_AUTH_FILE'] ?? '';
  return client === 'podman' ? podmanFile : join(operator.home, '.docker/config.json');
}

function importing(client: 'podman' | 'docker', ...flags: readonly string[]): Promise<Outcome> {
  const { address } = registries[client];
  return scene.pullpass.cli(['import', fileOf(client), '--env', 'prod', '--plain-http', address, ...flags]);
}

describe.runIf(ALL)('an operator', () => {
  it.each(CLIENTS)(
    'who has logged in with %s sees what an import would do, and has nothing changed',
    async (client) => {
      expect(await logIn(client)).toMatchObject({ exitCode: 0 });
      scene.keepsSecret(fileOf(client));
      expect(readFileSync(fileOf(client), 'utf8')).toContain(registries[client].address);
      const outcome = await importing(client);
      expect(outcome.exitCode).toBe(0);
      expect(outcome.stdout).toContain(
        `+ registry ${registries[client].address} for prod: static, username ${logins[client].username}`,
      );
      expect((await scene.pullpass.api.call('GET /v1/registries')).text).not.toContain(registries[client].address);
    },
  );

  it.each(CLIENTS)('imports what %s wrote, which is logged in to', async (client) => {
    const outcome = await importing(client, '--apply');
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    const { address } = registries[client];
    const listed = await scene.pullpass.api.call(`GET /v1/registries?address=${address}`);
    expect(listed.body).toMatchObject({ items: [{ address, verification: { status: 'verified' } }] });
  });

  it.each(CLIENTS)('may import %s again, and nothing is done', async (client) => {
    const outcome = await importing(client, '--apply');
    expect(outcome).toMatchObject({ exitCode: 0, stdout: 'nothing to do: 1 so already, 0 not taken over\n' });
  });

  it('exports it without a secret, and the export changes nothing where it came from', async () => {
    const file = scene.workspace.path('operator', 'backup.json');
    expect(await scene.pullpass.cli(['export', '--output', file])).toMatchObject({ exitCode: 0 });
    expect(scene.canaries.inText(file, readFileSync(file, 'utf8'))).toEqual([]);
    const outcome = await scene.pullpass.cli(['import', file, '--apply']);
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(outcome.stdout).toContain('nothing to do');
  });
});

describe.runIf(ALL)('a host without a login of its own', () => {
  it.each([
    { client: 'podman', name: 'podman' },
    { client: 'podman', name: 'docker' },
    { client: 'skopeo', name: 'podman' },
    { client: 'skopeo', name: 'docker' },
  ] as const)('pulls with $client what needs the login that $name had', async ({ client, name }) => {
    const plainHttp = [registries.podman.address, registries.docker.address];
    const host = scene.host({ environment: 'prod', tokenFile: agent.tokenFile, plainHttp });
    const image = `${registries[name].address}/${PATH}`;
    expect(await (client === 'podman' ? podmanPull : skopeoInspect)(host, image)).toMatchObject({ exitCode: 0 });
  });
});

describe.runIf(ALL)('afterwards', () => {
  it('no screen, log or file holds a secret', () => {
    expect(scene.secretsFound()).toEqual([]);
  });
});
