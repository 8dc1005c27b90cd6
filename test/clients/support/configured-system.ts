/**
 * A host whose runtimes are brought to what Pullpass says by install.sh and pullpass-host alone: nobody else writes a file
 * on it. Its /etc is its own (private-system.ts).
 */
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from './host.ts';
import { installedHost, type InstalledHostOptions } from './installed-host.ts';
import { withPrivateSystem } from './private-system.ts';
import { runCommand, type Outcome } from './run.ts';
import type { Scene } from './scene.ts';
import { waitUntil } from './wait.ts';

const LIMIT_MS = 15_000;
const FOLDERS = ['docker', 'containers', 'containerd', 'pullpass', 'systemd'];

export interface ConfiguredSystem {
  readonly host: Host;
  readonly installation: Outcome;
  /** Files and folders of its /etc that runtimes, systemd and Pullpass have, as they were before the installation. */
  readonly before: Readonly<Record<string, string>>;
  now(): Readonly<Record<string, string>>;
  /** pullpass-host, as the timer would run it, or with options. */
  run(...words: readonly string[]): Promise<Outcome>;
  /** The same until it finds something to change: what was changed at Pullpass may take 5 seconds to hold. */
  takeOver(...words: readonly string[]): Promise<Outcome>;
  /** `install.sh --remove`. */
  remove(): Promise<Outcome>;
}

function describeEntry(path: string): string {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  const kind = `${stat.isDirectory() ? 'folder' : 'file'} ${(stat.mode & 0o7777).toString(8)}`;
  return stat.isFile() ? `${kind} ${readFileSync(path, 'latin1')}` : kind;
}

function everythingIn(etc: string): Record<string, string> {
  const names = FOLDERS.filter((folder) => existsSync(join(etc, folder))).flatMap((folder) =>
    readdirSync(join(etc, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  );
  return Object.fromEntries(names.sort().map((name) => [name, describeEntry(join(etc, name))]));
}

export type ConfiguredSystemOptions = Pick<
  InstalledHostOptions,
  'environment' | 'tokenFile' | 'hostNames' | 'registries' | 'beforehand'
> & {
  /** Variables of everything that runs on the host. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Further folders of programs. */
  readonly path?: readonly string[];
};

export async function configuredSystem(scene: Scene, options: ConfiguredSystemOptions): Promise<ConfiguredSystem> {
  const { variables = {}, path = [], beforehand, ...further } = options;
  let before: Record<string, string> = {};
  const { host: made, installation } = await installedHost(scene, {
    ...further,
    scope: 'system',
    hostConfig: true,
    beforehand: (host) => {
      beforehand?.(host);
      before = everythingIn(join(host.folder, 'system/etc'));
    },
  });
  const PATH = [...path, made.environment['PATH'] ?? ''].join(':');
  const host = { ...made, environment: { ...made.environment, ...variables, PATH } };
  const command = (name: string, words: readonly string[]): Promise<Outcome> =>
    runCommand(scene.workspace, {
      name,
      ...withPrivateSystem(host.folder, { command: '/bin/sh', parameters: words }),
      environment: host.environment,
      cwd: host.home,
    });
  const run: ConfiguredSystem['run'] = (...words) =>
    command('pullpass-host', ['/usr/local/bin/pullpass-host', ...words]);
  return {
    ...{ host, installation, before, run },
    now: () => everythingIn(join(host.folder, 'system/etc')),
    takeOver: async (...words) => {
      let outcome = await run(...words);
      await waitUntil(
        'pullpass-host finds something to change',
        async () => {
          if (outcome.exitCode !== 0) throw new Error(`pullpass-host: ${outcome.exitCode} ${outcome.stderr}`);
          if (!outcome.stdout.startsWith('nothing to change')) return true;
          outcome = await run(...words);
          return false;
        },
        LIMIT_MS,
      );
      return outcome;
    },
    remove: () =>
      command('remove', ['-c', `curl -fsS ${scene.pullpass.url}/install/install.sh | sh -s -- --remove --system`]),
  };
}
