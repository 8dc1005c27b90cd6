/**
 * A host as far as clients are concerned: a home of its own, its clients' configuration, storage of its own, and where
 * wanted docker-credential-pullpass on its PATH. Hosts of one test know nothing of each other or of this machine's own
 * configuration.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { authsOf, type Login } from './auth-file.ts';
import { containersConfiguration, registriesConfiguration, storageConfiguration } from './host-configuration.ts';
import { setHostNames } from './private-system.ts';
import { BARE_ENVIRONMENT } from './processes.ts';
import { PROJECT_FOLDER } from './tools.ts';
import type { Workspace } from './workspace.ts';

export interface HelperSettings {
  /** `PULLPASS_…`, as the helper reads them from its environment. */
  readonly settings: Readonly<Record<string, string>>;
  /**
   * Ask the helper for these registries only (`credHelpers`). Not given: for every registry (docker's `credsStore`,
   * `credential-helpers` of registries.conf).
   */
  readonly registries?: readonly string[];
  /** A script to be installed in the helper's place: for tests of the harness itself. */
  readonly script?: string;
}

export interface HostOptions {
  /** Credentials that lie in the clients' own files, by registry address. */
  readonly logins?: Readonly<Record<string, Login>>;
  readonly helper?: HelperSettings;
  /** Registries that speak plain HTTP. */
  readonly plainHttp?: readonly string[];
  /** Paths of authorities' certificates, by registry address. */
  readonly trust?: Readonly<Record<string, string>>;
  /** Where names lead to, in place of the machine's own hosts file. */
  readonly hostNames?: Readonly<Record<string, string>>;
  /** Where podman and the like look for an image without a registry. */
  readonly searchRegistries?: readonly string[];
}

export interface Host {
  readonly workspace: Workspace;
  readonly home: string;
  /** Everything of the host lies in here; what its clients see as /etc, /run and so on in `system`. */
  readonly folder: string;
  /** Folder of programs that comes first on the host's PATH. */
  readonly programs: string;
  readonly environment: Readonly<Record<string, string>>;
}

const HELPER = 'docker-credential-pullpass';
let count = 0;

function dockerConfiguration({ logins = {}, helper }: HostOptions): unknown {
  if (helper === undefined) return authsOf(logins);
  if (helper.registries === undefined) return { ...authsOf(logins), credsStore: 'pullpass' };
  return { ...authsOf(logins), credHelpers: helpersFor(helper.registries) };
}

/** containers/image knows no `credsStore`: there, "every registry" stands in registries.conf. */
function containersAuthentication({ logins = {}, helper }: HostOptions): unknown {
  return { ...authsOf(logins), ...(helper?.registries && { credHelpers: helpersFor(helper.registries) }) };
}

function helpersFor(registries: readonly string[]): Record<string, string> {
  return Object.fromEntries(registries.map((address) => [address, 'pullpass']));
}

/** As an installation does: a copy in a folder of the PATH. */
function installHelper(programs: string, { script }: HelperSettings): void {
  const source = join(PROJECT_FOLDER, 'host', HELPER);
  writeFileSync(join(programs, HELPER), script ?? readFileSync(source), { mode: 0o755 });
}

export function createHost(workspace: Workspace, options: HostOptions = {}): Host {
  count += 1;
  const folder = workspace.path(`host-${count}`, 'home').replace(/\/home$/, '');
  const at = (...names: readonly string[]): string => workspace.path(`host-${count}`, ...names);
  const home = at('home');
  const programs = at('programs');
  for (const made of [home, programs, at('run')]) mkdirSync(made, { mode: 0o700 });
  if (options.helper !== undefined) installHelper(programs, options.helper);
  writeFileSync(at('home/.docker/config.json'), JSON.stringify(dockerConfiguration(options)));
  writeFileSync(at('auth.json'), JSON.stringify(containersAuthentication(options)));
  writeFileSync(at('home/.config/containers/registries.conf'), registriesConfiguration(options));
  writeFileSync(at('containers.conf'), containersConfiguration(at('networks')));
  writeFileSync(at('storage.conf'), storageConfiguration(at('storage/root'), at('storage/run')));
  writeFileSync(
    at('home/.config/containers/policy.json'),
    JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }),
  );
  for (const [address, authority] of Object.entries(options.trust ?? {})) {
    copyFileSync(authority, at('home/.config/containers/certs.d', address, 'ca.crt'));
  }
  if (options.hostNames !== undefined) setHostNames(folder, options.hostNames);
  return {
    ...{ workspace, folder, home, programs },
    environment: {
      ...{ ...BARE_ENVIRONMENT, PATH: `${programs}:${BARE_ENVIRONMENT['PATH'] ?? ''}`, HOME: home },
      ...{ XDG_CONFIG_HOME: at('home/.config'), XDG_CACHE_HOME: at('home/.cache'), XDG_DATA_HOME: at('home/.local') },
      ...{ XDG_RUNTIME_DIR: at('run'), TMPDIR: at('run'), DOCKER_CONFIG: at('home/.docker') },
      ...{ REGISTRY_AUTH_FILE: at('auth.json'), CONTAINERS_CONF: at('containers.conf') },
      ...{ CONTAINERS_STORAGE_CONF: at('storage.conf') },
      ...options.helper?.settings,
    },
  };
}
