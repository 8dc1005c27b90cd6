/** A host for one test: a home, an agent token, settings, and a way to run the scripts as a client would. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HELPER, type Shell } from './shells.ts';

export const TOKEN = `pp_0123456789abcdef_${'5ec2e7'.repeat(10)}beef`;

/** A function and not a file on PATH: busybox has a date of its own and would not look there. */
const WITH_CLOCK = ['-c', 'date() { printf "%s\\n" "$HOST_CLOCK"; }; . "$0"'];

const READ_ONLY = '/bin/mount --bind "$0" "$0" && /bin/mount -o remount,bind,ro "$0" && exec "$@"';

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HostMachine {
  readonly home: string;
  readonly tokenFile: string;
  readonly cacheFolder: string;
  /** Names in the cache, sorted. */
  cached(): readonly string[];
  /** Runs the helper's verb. `undefined` takes a variable away. */
  helper(verb: string, stdin?: string, variables?: Record<string, string | undefined>): Promise<Outcome>;
  /** `docker-credential-pullpass get` for quay.io. */
  get(variables?: Record<string, string | undefined>): Promise<Outcome>;
  /** The same while the host's clock stands at these seconds since the epoch, or says this. */
  getAt(clock: number | string, variables?: Record<string, string | undefined>): Promise<Outcome>;
  /** `get` while the file system of the cache is read-only. Needs root. */
  getReadOnly(variables?: Record<string, string | undefined>): Promise<Outcome>;
  run(command: readonly string[], stdin?: string, variables?: Record<string, string | undefined>): Promise<Outcome>;
  remove(): void;
}

export function hostMachine(shell: Shell, url: string): HostMachine {
  const home = mkdtempSync(join(tmpdir(), 'pullpass-host-'));
  const tokenFile = join(home, 'token');
  writeFileSync(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
  const cacheFolder = join(home, 'cache', 'pullpass');
  const settings = {
    PULLPASS_URL: url,
    PULLPASS_ENVIRONMENT: 'prod',
    PULLPASS_TOKEN_FILE: tokenFile,
    PULLPASS_CACHE_DIR: cacheFolder,
  };
  const machine: HostMachine = {
    home,
    tokenFile,
    cacheFolder,
    cached: () => {
      try {
        return readdirSync(cacheFolder).sort();
      } catch {
        return [];
      }
    },
    helper: (verb, stdin = '', variables = {}) => machine.run([HELPER, verb], stdin, { ...settings, ...variables }),
    get: (variables = {}) => machine.helper('get', 'quay.io', variables),
    getAt: (clock, variables = {}) =>
      machine.run([...WITH_CLOCK, HELPER, 'get'], 'quay.io', { ...settings, HOST_CLOCK: String(clock), ...variables }),
    getReadOnly: (variables = {}) =>
      runWith(
        { ...shell, command: ['/usr/bin/unshare', '-m', '/bin/sh', '-c', READ_ONLY, cacheFolder, ...shell.command] },
        { home, command: [HELPER, 'get'], stdin: 'quay.io', variables: { ...settings, ...variables } },
      ),
    run: (command, stdin = '', variables = {}) => runWith(shell, { home, command, stdin, variables }),
    remove: () => {
      rmSync(home, { recursive: true, force: true });
    },
  };
  return machine;
}

interface Run {
  readonly home: string;
  readonly command: readonly string[];
  readonly stdin: string;
  readonly variables: Record<string, string | undefined>;
}

function runWith(shell: Shell, run: Run): Promise<Outcome> {
  const [program, ...before] = shell.command;
  const wanted: Record<string, string | undefined> = { PATH: shell.path, HOME: run.home, ...run.variables };
  const env = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    // A session of its own has no terminal that could be asked for a token.
    const child = spawn(program, [...before, ...run.command], { env, cwd: run.home, detached: true });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    // Whoever does not read its stdin may be gone before all of it is written.
    child.stdin.on('error', () => undefined);
    child.on('close', (status) => {
      resolve({ status, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') });
    });
    child.stdin.end(run.stdin);
  });
}
