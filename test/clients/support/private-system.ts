/**
 * Commands that see an /etc, /run, /var/lib and /var/cache of their own: clients and engines keep things there that no
 * option moves, and an installation writes there. The mounts are in a namespace of the command and go when it goes.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { available, tool } from './tools.ts';

const EMPTY_FOLDERS = ['run', 'var/lib', 'var/cache'] as const;
/** Of /etc: copied where the machine has them, else empty. The rest of /etc is the machine's own, by links. */
const OWN_CONFIGURATION = ['docker', 'containers', 'cni', 'pullpass'] as const;
/** Binds each pair of folders, then becomes the command. */
const SCRIPT = 'while [ "$1" != -- ]; do mount --rbind "$1" "$2" || exit 125; shift 2; done; shift; exec "$@"';

export interface Command {
  readonly command: string;
  readonly parameters: readonly string[];
}

/** A folder that stands in for /etc once the real one can be reached at `machine`. */
function makeConfigurationFolder(folder: string, machine: string): void {
  if (existsSync(folder)) return;
  mkdirSync(machine, { recursive: true });
  mkdirSync(folder);
  for (const name of OWN_CONFIGURATION) {
    if (existsSync(`/etc/${name}`)) cpSync(`/etc/${name}`, join(folder, name), { recursive: true });
    else mkdirSync(join(folder, name));
  }
  const own: readonly string[] = OWN_CONFIGURATION;
  for (const name of readdirSync('/etc')) {
    if (!own.includes(name)) symlinkSync(join(machine, name), join(folder, name));
  }
}

/** Makes `<folder>/system/etc` and so on, which the commands of `withPrivateSystem` see as /etc and so on. */
export function makePrivateSystem(folder: string): void {
  for (const name of EMPTY_FOLDERS) mkdirSync(join(folder, 'system', name), { recursive: true });
  makeConfigurationFolder(join(folder, 'system/etc'), join(folder, 'system/machine-etc'));
}

/** The same command with its own system folders, which lie in `folder` and stay from one command to the next. */
export function withPrivateSystem(folder: string, { command, parameters }: Command): Command {
  // Without the right to mount most tests still run; prepare.ts said so.
  if (!available('unshare')) return { command, parameters };
  makePrivateSystem(folder);
  const own = join(folder, 'system');
  const pairs = EMPTY_FOLDERS.flatMap((name) => [join(own, name), `/${name}`]);
  const etc = ['/etc', join(own, 'machine-etc'), join(own, 'etc'), '/etc'];
  return {
    command: tool('unshare'),
    parameters: [
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      SCRIPT,
      'sh',
      ...etc,
      ...pairs,
      '--',
      command,
      ...parameters,
    ],
  };
}
