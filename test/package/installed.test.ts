/**
 * The package as its users have it: packed, installed by npm where there is nothing else of this project, and the README's
 * ten minutes done with it, on the oldest Node that it promises and on the newest one here.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { startBasicRegistry, type BasicRegistry } from '../support/basic-registry.ts';
import { packPackage, run } from '../support/packed-package.ts';

const workbench = mkdtempSync(join(tmpdir(), 'pullpass-installed-'));
const prefix = join(workbench, 'prefix');
const installed = join(prefix, 'lib/node_modules/pullpass');
const PROGRAM = join(prefix, 'bin/pullpass');
const NODES = ['22.13', '24'] as const;

const manifestSchema = z.object({ version: z.string(), dependencies: z.record(z.string(), z.string()) });
let manifest: z.infer<typeof manifestSchema>;
let registry: BasicRegistry;
let nodes: Record<(typeof NODES)[number], string>;
const running: ChildProcess[] = [];

beforeAll(async () => {
  // For the user who is nobody.
  chmodSync(workbench, 0o755);
  const oldest = join(workbench, 'oldest-node');
  cpSync(join(import.meta.dirname, 'oldest-node'), oldest, { recursive: true });
  await run(oldest, 'npm', ['ci', '--ignore-scripts']);
  nodes = { '22.13': join(oldest, 'node_modules/.bin/node'), 24: process.execPath };
  mkdirSync(prefix);
  await run(workbench, 'npm', ['install', '--global', '--prefix', prefix, await packPackage(workbench)]);
  manifest = manifestSchema.parse(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')));
  registry = await startBasicRegistry({ anna: 'a-password' });
});

afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

afterAll(async () => {
  await registry.close();
  rmSync(workbench, { recursive: true, force: true });
});

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

interface Place {
  readonly cwd: string;
  readonly stdin?: string;
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
}

async function exec(command: string, parameters: readonly string[], place: Place): Promise<Ran> {
  const { cwd, stdin = '', uid, env = {} } = place;
  const child = spawn(command, [...parameters], {
    ...{ cwd, env: { PATH: process.env['PATH'], HOME: cwd, ...env } },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  child.stdin.end(stdin);
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve(code ?? -1);
    });
  });
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { stdout, stderr, exitCode };
}

/** `pullpass serve` in that folder, until the test is over. */
async function serve(node: string, cwd: string) {
  const child = spawn(node, [PROGRAM, 'serve', '--port', '0'], { cwd, env: { PATH: process.env['PATH'], HOME: cwd } });
  running.push(child);
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (said.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said.stderr += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let url: string | undefined;
  for (let turn = 0; url === undefined && turn < 600 && child.exitCode === null; turn += 1) {
    await setTimeout(100);
    url = /listens on (?<url>\S+)/.exec(said.stdout)?.groups?.['url'];
  }
  if (url === undefined) throw new Error(`it does not listen: ${said.stderr}`);
  return { url, said, child, ended };
}

describe.each(NODES)('installed, on Node %s', (version) => {
  it('says its version and nothing else', async () => {
    expect(await exec(nodes[version], [PROGRAM, '--version'], { cwd: workbench })).toEqual({
      stdout: `${manifest.version}\n`,
      stderr: '',
      exitCode: 0,
    });
  });

  it('serves, adds a registry, sets a policy, creates an agent, and a host gets its credential', async () => {
    const node = nodes[version];
    const cwd = mkdtempSync(join(workbench, 'work-'));
    const { url, said, child, ended } = await serve(node, cwd);
    const pullpass = (words: readonly string[], stdin = '') =>
      exec(node, [PROGRAM, ...words], { cwd, stdin, env: { PULLPASS_URL: url } });
    expect(said.stdout).toContain('  pullpass registry add ');

    const add = ['registry', 'add', registry.address, '--env', 'prod', '--plain-http'];
    const added = await pullpass([...add, '--username', 'anna', '--password-stdin'], 'a-password\n');
    expect(added).toMatchObject({ exitCode: 0, stderr: '' });
    expect(added.stdout).toContain('login: verified');
    expect(await pullpass(['policy', 'set', '--env', 'prod', '--whitelist', registry.address])).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    const create = ['agent', 'create', 'web-1', '--env', 'prod', '--token-file', 'web-1.token'];
    expect(await pullpass(create)).toMatchObject({ exitCode: 0 });

    const install = `curl -fsS ${url}/install/install.sh | sh -s -- --user --url ${url} --environment prod --token-file web-1.token`;
    expect(await exec('sh', ['-c', install], { cwd })).toMatchObject({ exitCode: 0, stderr: '' });
    const helper = join(cwd, '.local/bin/docker-credential-pullpass');
    const answer = await exec(helper, ['get'], { cwd, stdin: registry.address });
    expect(answer).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(answer.stdout)).toMatchObject({ Username: 'anna', Secret: 'a-password' });

    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    for (const line of said.stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level');
  });
});

describe('the package', () => {
  it('tells a Node that is too old so in one sentence', async () => {
    const pretend = join(workbench, 'pretend.cjs');
    writeFileSync(
      pretend,
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.12.0' } });`,
    );

    expect(await exec(process.execPath, ['-r', pretend, PROGRAM, 'serve'], { cwd: workbench })).toEqual({
      stdout: '',
      stderr: 'pullpass: this is Node 22.12.0, and Pullpass needs Node 22.13 or later: install a newer Node\n',
      exitCode: 1,
    });
  });

  it('keeps compiled code in its own folder, where only its owner may write, and others run it without', async () => {
    const cache = join(installed, 'node_modules/.cache/pullpass');
    await exec(process.execPath, [PROGRAM, '--version'], { cwd: workbench });
    const files = readdirSync(cache, { recursive: true }).map((name) => join(cache, String(name)));

    expect(files.length).toBeGreaterThan(1);
    for (const file of [cache, ...files]) expect(statSync(file).mode & 0o022, file).toBe(0);
    if (process.getuid?.() !== 0) return;
    expect(await exec(process.execPath, [PROGRAM, '--version'], { cwd: workbench, uid: 65_534 })).toEqual({
      stdout: `${manifest.version}\n`,
      stderr: '',
      exitCode: 0,
    });
  });

  it('holds no sources and no tests, and depends on what its program imports and on nothing else', () => {
    const files = readdirSync(installed, { recursive: true })
      .map(String)
      .filter((name) => !name.startsWith('node_modules'));
    const code = files.filter((name) => name.endsWith('.js') && !/^dist\/(?:functions|infra)\//.test(name));
    const imported = new Set(code.flatMap((name) => packagesIn(readFileSync(join(installed, name), 'utf8'))));

    expect(files.filter((name) => /(?<!\.d)\.ts$|^test|\.meta\.json$/.test(name))).toEqual([]);
    expect([...imported].sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  it.each(['README.md', 'LICENSE', 'CHANGELOG.md', 'SECURITY.md', 'dist/functions/THIRD-PARTY-NOTICES.txt'])(
    'brings %s',
    (name) => {
      expect(readFileSync(join(installed, name), 'utf8').length).toBeGreaterThan(500);
    },
  );
});

/** Which packages a compiled module imports, whenever it does. */
function packagesIn(code: string): readonly string[] {
  const names = [...code.matchAll(/(?:\bfrom |\bimport\()'(?<name>(?:@[^/']+\/)?[^/'.][^/']*)/g)];
  return names
    .map(({ groups }) => groups?.['name'] ?? '')
    .filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
}
