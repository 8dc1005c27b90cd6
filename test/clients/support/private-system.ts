/**
 * Commands that see an /etc, /usr/local/bin, /run, /var/lib and /var/cache of their own: clients and engines keep things
 * there that no option moves, and an installation writes there. The mounts are in a namespace of the command and go when
 * it goes.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { available, tool } from './tools.ts';

const EMPTY_FOLDERS = ['run', 'var/lib', 'var/cache'] as const;
/** `own`: copied where the machine has them, else empty. The rest is the machine's own, by links. */
const LINKED_FOLDERS: readonly { readonly path: string; readonly own: readonly string[] }[] = [
  { path: 'etc', own: ['docker', 'containers', 'containerd', 'cni', 'pullpass', 'systemd'] },
  { path: 'usr/local/bin', own: [] },
].filter(({ path }) => existsSync(`/${path}`));
/** Binds each pair of folders, then becomes the command. */
const SCRIPT = 'while [ "$1" != -- ]; do mount --rbind "$1" "$2" || exit 125; shift 2; done; shift; exec "$@"';

export interface Command {
  readonly command: string;
  readonly parameters: readonly string[];
}

/** Where a linked folder's real one can be reached. */
function machineFolder(folder: string, path: string): string {
  return join(folder, 'system', `machine-${path.replaceAll('/', '-')}`);
}

/** Makes folders that stand in for the real ones. */
function makeLinkedFolders(folder: string): void {
  for (const { path, own } of LINKED_FOLDERS) {
    const [made, machine] = [join(folder, 'system', path), machineFolder(folder, path)];
    if (existsSync(made)) continue;
    mkdirSync(machine, { recursive: true });
    mkdirSync(made, { recursive: true });
    for (const name of own) {
      if (existsSync(`/${path}/${name}`)) cpSync(`/${path}/${name}`, join(made, name), { recursive: true });
      else mkdirSync(join(made, name));
    }
    for (const name of readdirSync(`/${path}`)) {
      if (!own.includes(name)) symlinkSync(join(machine, name), join(made, name));
    }
  }
}

/** Makes `<folder>/system/etc` and so on, which the commands of `withPrivateSystem` see as /etc and so on. */
export function makePrivateSystem(folder: string): void {
  for (const name of EMPTY_FOLDERS) mkdirSync(join(folder, 'system', name), { recursive: true });
  makeLinkedFolders(folder);
}

/** Has names lead to other addresses for the commands that see this folder's /etc. No other name resolves for them. */
export function setHostNames(folder: string, addresses: Readonly<Record<string, string>>): void {
  makePrivateSystem(folder);
  const file = join(folder, 'system/etc/hosts');
  const lines = Object.entries(addresses).map(([name, address]) => `${address} ${name}\n`);
  rmSync(file, { force: true });
  writeFileSync(file, `127.0.0.1 localhost\n${lines.join('')}`);
  const order = join(folder, 'system/etc/nsswitch.conf');
  rmSync(order, { force: true });
  writeFileSync(order, 'passwd: files\ngroup: files\nhosts: files\n');
}

/** The same command with its own system folders, which lie in `folder` and stay from one command to the next. */
export function withPrivateSystem(folder: string, { command, parameters }: Command): Command {
  // Without the right to mount most tests still run; prepare.ts said so.
  if (!available('unshare')) return { command, parameters };
  makePrivateSystem(folder);
  const own = join(folder, 'system');
  const pairs = EMPTY_FOLDERS.flatMap((name) => [join(own, name), `/${name}`]);
  const linked = LINKED_FOLDERS.flatMap(({ path }) => {
    return [`/${path}`, machineFolder(folder, path), join(own, path), `/${path}`];
  });
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
      ...linked,
      ...pairs,
      '--',
      command,
      ...parameters,
    ],
  };
}
