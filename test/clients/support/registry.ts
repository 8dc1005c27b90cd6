/** A real registry (distribution) on a port of its own, with its own storage. How it authenticates is the caller's. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { Login } from './auth-file.ts';
import { freePort } from './free-port.ts';
import { signalGroup, startProcess, type RunningProcess } from './processes.ts';
import { pushImage } from './push-image.ts';
import { tool } from './tools.ts';
import { accepts } from './wait.ts';
import type { Workspace } from './workspace.ts';

export interface TestRegistry {
  /** `localhost:PORT`: what image names begin with. */
  readonly address: string;
  readonly port: number;
  /** Stores a tiny image under `team/app:1` and the like; its label `origin` is the registry's address if not given. */
  push(image: string, label?: string): Promise<void>;
  /** How often a manifest was handed out: pulls that succeeded, roughly. */
  pulls(): number;
  /** Its log, access log included. */
  output(): string;
  end(): Promise<void>;
  /** Runs it again on the same port and storage. */
  restart(): Promise<void>;
  /** From now on it takes connections and answers none, until the end. */
  hang(): void;
}

export interface RegistryOptions {
  readonly port?: number;
  /** The `auth` section of its configuration; none = asks nobody. */
  readonly auth?: unknown;
  /** `clientcas`: it asks for a client's certificate of one of these authorities. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly clientcas?: readonly string[] };
  /** Who may push. */
  readonly pusher?: () => Login;
}

const PULL = /"(?:GET) \/v2\/[^ ]+\/manifests\/[^ ]+ HTTP\/[\d.]+" 200 /g;

function configuration(options: RegistryOptions, port: number, storage: string): string {
  // JSON is YAML.
  return JSON.stringify({
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: false } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}`, secret: randomUUID(), ...(options.tls && { tls: options.tls }) },
    ...(options.auth !== undefined && { auth: options.auth }),
  });
}

export async function startRegistry(workspace: Workspace, options: RegistryOptions = {}): Promise<TestRegistry> {
  const port = options.port ?? (await freePort());
  const address = `localhost:${port}`;
  const file = workspace.path(`registry-${port}`, 'config.yml');
  writeFileSync(file, configuration(options, port, workspace.path(`registry-${port}`, 'storage')));
  const start = (): Promise<RunningProcess> =>
    startProcess(workspace, {
      name: `registry-${port}`,
      command: tool('docker-registry'),
      parameters: ['serve', file],
      ready: () => accepts(port),
    });
  let running = await start();
  return {
    address,
    port,
    push: (image, label) => {
      const login = options.pusher?.();
      return pushImage(workspace, { address, image, ...(login && { login }), ...(label !== undefined && { label }) });
    },
    pulls: () => running.output().match(PULL)?.length ?? 0,
    output: () => running.output(),
    end: () => running.end(),
    restart: async () => {
      await running.end();
      running = await start();
    },
    hang: () => {
      const { pid } = running;
      signalGroup(pid, 'SIGSTOP');
      // What is stopped does not hear that it is to end.
      workspace.onEnd(() => void signalGroup(pid, 'SIGCONT'));
    },
  };
}
