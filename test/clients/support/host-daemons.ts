/**
 * containerd and dockerd as they run on a host: with the configuration that lies in its /etc, which pullpass-host changes.
 * Their data lies in the host's folder.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Host } from './host.ts';
import { withPrivateSystem } from './private-system.ts';
import { startProcess, type RunningProcess } from './processes.ts';
import { SYSTEM_BINARIES, tool, UNPACKED_BINARIES } from './tools.ts';
import { accepts } from './wait.ts';

let count = 0;

function start(
  host: Host,
  name: 'containerd' | 'dockerd',
  socket: string,
  parameters: readonly string[],
): Promise<RunningProcess> {
  count += 1;
  return startProcess(host.workspace, {
    name: `${name}-of-host-${count}`,
    ...withPrivateSystem(host.folder, { command: tool(name), parameters }),
    environment: { ...host.environment, PATH: [...UNPACKED_BINARIES, ...SYSTEM_BINARIES].join(':') },
    ready: () => accepts(socket),
  });
}

export function containerdSocket(host: Host): string {
  return join(host.folder, 'containerd.sock');
}

/** What an administrator has in config.toml, without a word of registries. `cri`: whether it serves Kubernetes. */
export function writeContainerdConfig(host: Host, { cri }: { readonly cri: boolean }): void {
  const at = (name: string): string => JSON.stringify(join(host.folder, name));
  // The first makes a folder in /opt.
  const disabled = ['io.containerd.internal.v1.opt', ...(cri ? [] : ['io.containerd.grpc.v1.cri'])];
  const lines = [
    'version = 2',
    `root = ${at('containerd/root')}`,
    `state = ${at('containerd/state')}`,
    `disabled_plugins = ${JSON.stringify(disabled)}`,
    `[grpc]\n  address = ${at('containerd.sock')}`,
    '[plugins."io.containerd.grpc.v1.cri".containerd]\n  snapshotter = "native"',
  ];
  const file = join(host.folder, 'system/etc/containerd/config.toml');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, lines.join('\n'));
}

export function startHostContainerd(host: Host): Promise<RunningProcess> {
  return start(host, 'containerd', containerdSocket(host), ['--config', '/etc/containerd/config.toml']);
}

/** Reads /etc/docker/daemon.json where there is one, and writes /run/docker.pid, as dockerd does by itself. */
export async function startHostDockerd(
  host: Host,
): Promise<{ readonly socket: string; readonly dockerd: RunningProcess }> {
  const socket = join(host.folder, 'dockerd.sock');
  const dockerd = await start(host, 'dockerd', socket, [
    ...['-H', `unix://${socket}`, '--containerd', containerdSocket(host)],
    ...['--data-root', join(host.folder, 'docker'), '--exec-root', join(host.folder, 'docker-exec')],
    ...['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false', '--bridge=none'],
    '--storage-driver=vfs',
  ]);
  return { socket, dockerd };
}
