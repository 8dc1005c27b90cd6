/** A container engine of the test's own: containerd and dockerd, with their own folders, without any networking. */
import { writeFileSync } from 'node:fs';
import { withPrivateSystem } from './private-system.ts';
import { startProcess, type RunningProcess } from './processes.ts';
import { SYSTEM_BINARIES, tool, UNPACKED_BINARIES } from './tools.ts';
import { accepts } from './wait.ts';
import type { Workspace } from './workspace.ts';

export interface Engine {
  /** Path of dockerd's Unix socket. */
  readonly socket: string;
}

let count = 0;

/** Folder of one engine. */
interface Place {
  readonly workspace: Workspace;
  readonly name: string;
  readonly at: (...names: readonly string[]) => string;
}

function daemon(place: Place, name: 'containerd' | 'dockerd', parameters: readonly string[]): Promise<RunningProcess> {
  const socket = place.at(`${name}.sock`);
  return startProcess(place.workspace, {
    name: `${place.name}-${name}`,
    ...withPrivateSystem(place.at(), { command: tool(name), parameters }),
    environment: { PATH: [...UNPACKED_BINARIES, ...SYSTEM_BINARIES].join(':'), HOME: place.at('home') },
    ready: () => accepts(socket),
  });
}

async function startContainerd(place: Place): Promise<void> {
  const lines = [
    'version = 2',
    `root = ${JSON.stringify(place.at('containerd/root'))}`,
    `state = ${JSON.stringify(place.at('containerd/state'))}`,
    // The first makes a folder in /opt, the second is for Kubernetes.
    'disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.grpc.v1.cri"]',
    `[grpc]\naddress = ${JSON.stringify(place.at('containerd.sock'))}`,
    '',
  ];
  writeFileSync(place.at('containerd.toml'), lines.join('\n'));
  await daemon(place, 'containerd', ['--config', place.at('containerd.toml')]);
}

export async function startDockerd(workspace: Workspace): Promise<Engine> {
  count += 1;
  const name = `engine-${count}`;
  const place: Place = { workspace, name, at: (...names) => workspace.path(name, ...names) };
  const { at } = place;
  await startContainerd(place);
  writeFileSync(at('daemon.json'), '{}');
  await daemon(place, 'dockerd', [
    ...[
      '--config-file',
      at('daemon.json'),
      '-H',
      `unix://${at('dockerd.sock')}`,
      '--containerd',
      at('containerd.sock'),
    ],
    ...['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('dockerd.pid')],
    ...['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false', '--bridge=none'],
    '--storage-driver=vfs',
  ]);
  return { socket: at('dockerd.sock') };
}
