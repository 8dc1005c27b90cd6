/** What Pullpass answers to `host-config`, and a host with a root of its own on which pullpass-host runs. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startFakePullpass, type Answer, type FakePullpass } from './fake-pullpass.ts';
import { hostMachine, type HostMachine, type Outcome } from './host-machine.ts';
import { CONFIGURATOR, type Shell } from './shells.ts';

export type Runtime = 'docker' | 'containerd' | 'podman' | 'kubernetes';

export interface HostConfig {
  readonly environment?: string;
  readonly enforces?: string;
  readonly notes?: readonly string[];
  /** Contents by path; mode 0644. */
  readonly files?: Readonly<Record<string, string>>;
  readonly privateFiles?: Readonly<Record<string, string>>;
  readonly insecure?: readonly string[];
}

function fileLine(mode: string, path: string, content: string): string {
  return `file ${mode} ${path} ${content === '' ? '-' : Buffer.from(content).toString('base64')}`;
}

export function linesOf(runtime: string, config: HostConfig = {}): string {
  const {
    environment = 'prod',
    enforces = 'nothing',
    notes = [],
    files = {},
    privateFiles = {},
    insecure = [],
  } = config;
  const lines = [
    'pullpass-host-config 1',
    `runtime ${runtime}`,
    `environment ${environment}`,
    `enforces ${enforces}`,
    ...notes.map((note) => `note ${note}`),
    ...Object.entries(files).map(([path, content]) => fileLine('0644', path, content)),
    ...Object.entries(privateFiles).map(([path, content]) => fileLine('0600', path, content)),
    ...insecure.map((registry) => `insecure-registry ${registry}`),
  ];
  return [...lines, `end ${lines.length}`, ''].join('\n');
}

/** The same lines with a right count at their end: for answers that are whole, and wrong. */
export function ended(lines: readonly string[]): string {
  return [...lines, `end ${lines.length}`, ''].join('\n');
}

export interface ConfiguredHost {
  readonly pullpass: FakePullpass;
  readonly host: HostMachine;
  readonly root: string;
  /** What Pullpass says from now on, by runtime; of any other runtime it knows nothing. */
  says(configs: Partial<Record<Runtime, HostConfig | string>>): void;
  /** Runs pullpass-host on the root. */
  run(...words: readonly string[]): Promise<Outcome>;
  /** The same after this shell code: functions in place of programs. */
  runAfter(code: string, ...words: readonly string[]): Promise<Outcome>;
  runWith(variables: Record<string, string | undefined>, ...words: readonly string[]): Promise<Outcome>;
  put(path: string, content: string, mode?: number): void;
  read(path: string): string;
  exists(path: string): boolean;
  /** Everything below the root, by path: kind, mode and content. */
  everything(): Record<string, string>;
  end(): Promise<void>;
}

function describeEntry(path: string): string {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return `link ${readlinkSync(path)}`;
  const mode = (stat.mode & 0o7777).toString(8);
  return stat.isDirectory() ? `folder ${mode}` : `file ${mode} ${readFileSync(path, 'utf8')}`;
}

function everythingBelow(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(names.map((name) => [`/${name}`, describeEntry(join(root, name))]));
}

function answerFor(configs: Partial<Record<string, HostConfig | string>>, path: string): Answer {
  const runtime = /\/host-config\/(?<runtime>\w+)\?format=lines$/.exec(path)?.groups?.['runtime'] ?? '';
  const config = configs[runtime];
  if (config === undefined)
    return { status: 404, body: JSON.stringify({ code: 'not_found', detail: 'no such thing' }) };
  return { status: 200, body: typeof config === 'string' ? config : linesOf(runtime, config) };
}

export async function configuredHost(shell: Shell): Promise<ConfiguredHost> {
  const pullpass = await startFakePullpass();
  const host = hostMachine(shell, pullpass.url);
  const root = join(host.home, 'root');
  for (const folder of ['etc', 'var/lib', 'usr/bin']) mkdirSync(join(root, folder), { recursive: true });
  const settings = {
    PULLPASS_URL: pullpass.url,
    PULLPASS_ENVIRONMENT: 'prod',
    PULLPASS_TOKEN_FILE: host.tokenFile,
    TMPDIR: host.home,
  };
  const runWith: ConfiguredHost['runWith'] = (variables, ...words) =>
    host.run([CONFIGURATOR, '--root', root, ...words], '', { ...settings, ...variables });
  return {
    ...{ pullpass, host, root, runWith },
    says: (configs) => {
      pullpass.answer = ({ path }) => answerFor(configs, path);
    },
    run: (...words) => runWith({}, ...words),
    runAfter: (code, ...words) =>
      host.run(['-c', `${code}\n. "$0"`, CONFIGURATOR, '--root', root, ...words], '', settings),
    put: (path, content, mode = 0o644) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content, { mode });
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    exists: (path) => existsSync(join(root, path)),
    everything: () => everythingBelow(root),
    end: async () => {
      await pullpass.close();
      host.remove();
    },
  };
}
