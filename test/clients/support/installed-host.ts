/** A host on which Pullpass was installed as its greeting says: curl, and a script that it serves. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { createHost, type Host, type HostOptions } from './host.ts';
import { makePrivateSystem, withPrivateSystem } from './private-system.ts';
import { runCommand, type Outcome } from './run.ts';
import type { Scene } from './scene.ts';

export interface InstalledHostOptions extends Omit<HostOptions, 'helper' | 'logins'> {
  readonly environment: string;
  readonly tokenFile: string;
  /** For root as a whole (/usr/local/bin, /etc), or for the user who runs it (~/.local/bin, ~/.config). */
  readonly scope: 'system' | 'user';
  /** `--registry`; none: the host asks for every registry. */
  readonly registries?: readonly string[];
  /** With `system`: the user who installs has a registries.conf of its own, which hides all that is in /etc. */
  readonly ownRegistriesConf?: boolean;
  /** With `system`: pullpass-host, too. Nothing of the user's hides what is in /etc. */
  readonly hostConfig?: true;
  /** Sees the host as it was before. */
  readonly beforehand?: (host: Host) => void;
}

export interface InstalledHost {
  readonly host: Host;
  /** What the installation said. */
  readonly installation: Outcome;
}

/** The installer writes to the places where clients look by themselves: no variable may point them elsewhere. */
function settledHost(
  scene: Scene,
  { scope, ownRegistriesConf, hostConfig }: Pick<InstalledHostOptions, 'scope' | 'ownRegistriesConf' | 'hostConfig'>,
  options: HostOptions,
): Host {
  const made = createHost(scene.workspace, options);
  const { REGISTRY_AUTH_FILE: _unset, ...environment } = made.environment;
  if (scope === 'user') {
    const path = `${made.home}/.local/bin:${environment['PATH'] ?? ''}`;
    return { ...made, environment: { ...environment, PATH: path } };
  }
  makePrivateSystem(made.folder);
  const file = 'containers/registries.conf';
  if (ownRegistriesConf !== true) renameSync(join(made.home, '.config', file), join(made.folder, 'system/etc', file));
  if (hostConfig === true) {
    renameSync(
      join(made.home, '.config/containers/policy.json'),
      join(made.folder, 'system/etc/containers/policy.json'),
    );
  }
  return { ...made, environment };
}

export async function installedHost(scene: Scene, options: InstalledHostOptions): Promise<InstalledHost> {
  const { environment, tokenFile, scope, ownRegistriesConf = false, registries = [], ...rest } = options;
  const { hostConfig, beforehand, ...further } = rest;
  const host = settledHost(scene, { scope, ownRegistriesConf, ...(hostConfig && { hostConfig }) }, further);
  beforehand?.(host);
  const named = registries.map((address) => ` --registry ${address}`).join('');
  const { url } = scene.pullpass;
  const command =
    `curl -fsS ${url}/install/install.sh | ` +
    `sh -s -- --url ${url} --environment ${environment} --token-file ${tokenFile} --${scope}${named}` +
    (hostConfig === true ? ' --host-config' : '');
  const installation = await runCommand(scene.workspace, {
    name: 'install',
    ...withPrivateSystem(host.folder, { command: '/bin/sh', parameters: ['-c', command] }),
    environment: host.environment,
    cwd: host.home,
  });
  const settings = scope === 'system' ? join(host.folder, 'system/etc/pullpass') : join(host.home, '.config/pullpass');
  if (installation.exitCode === 0) scene.keepsSecret(join(settings, 'token'));
  scene.allowCache(host);
  return { host, installation };
}
