/** The harness finds what must not be found, and leaves nothing behind. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCanaries } from './support/canaries.ts';
import { createHost } from './support/host.ts';
import { withPrivateSystem } from './support/private-system.ts';
import { startProcess } from './support/processes.ts';
import { runCommand } from './support/run.ts';
import { available } from './support/tools.ts';
import { openWorkspace, type Workspace } from './support/workspace.ts';

let workspace: Workspace;

beforeEach(() => {
  workspace = openWorkspace();
});
afterEach(() => workspace.end());

/** A zombie has ended: whether somebody collects it is up to the machine's first process. */
function runs(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/status`)) return false;
  return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

describe('a workspace', () => {
  it('ends its processes, those that they started included, and removes its folder', async () => {
    const file = workspace.path('child');
    const { pid } = await startProcess(workspace, {
      name: 'parent',
      command: '/bin/sh',
      parameters: ['-c', `sleep 1000 & echo $! > ${file}.new; mv ${file}.new ${file}; wait`],
      ready: () => existsSync(file),
    });
    const child = Number(readFileSync(file, 'utf8'));
    expect([pid, child].map(runs)).toEqual([true, true]);
    await workspace.end();
    await expect.poll(() => [pid, child].some(runs)).toBe(false);
    expect(existsSync(workspace.folder)).toBe(false);
  });

  it('says so when a process of its folder is left', async () => {
    const script = workspace.path('stray.sh');
    writeFileSync(script, 'echo $$; exec </dev/null >/dev/null 2>&1; sleep 1000; :');
    const outcome = await runCommand(workspace, {
      name: 'stray',
      command: '/bin/sh',
      parameters: ['-c', `setsid sh ${script} > ${script}.pid 2>&1 &`],
    });
    expect(outcome.exitCode).toBe(0);
    await expect.poll(() => readFileSync(`${script}.pid`, 'utf8')).not.toBe('');
    const stray = Number(readFileSync(`${script}.pid`, 'utf8'));
    await expect(workspace.end()).rejects.toThrow('did not end cleanly');
    process.kill(-stray, 'SIGKILL');
    await expect.poll(() => runs(stray)).toBe(false);
  });

  it('ends a command that does not end by itself, and says so', async () => {
    const sleep = runCommand(workspace, { name: 'sleep', command: '/bin/sleep', parameters: ['1000'], limitMs: 100 });
    await expect(sleep).rejects.toThrow('sleep did not end within 100 ms');
  });
});

describe.runIf(available('unshare'))('a host', () => {
  it("writes to its own system folders, never to the machine's", async () => {
    const { folder } = createHost(workspace);
    const name = `pullpass-harness-${randomBytes(6).toString('hex')}`;
    const files = ['/etc/pullpass', '/etc/docker', '/usr/local/bin', '/run', '/var/lib', '/var/cache'].map(
      (at) => `${at}/${name}`,
    );
    const command = {
      command: '/bin/sh',
      parameters: ['-c', 'for f; do echo x > "$f" || exit 1; done', 'sh', ...files],
    };
    const outcome = await runCommand(workspace, { name: 'write', ...withPrivateSystem(folder, command) });
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    expect(files.filter((file) => existsSync(file))).toEqual([]);
    expect(files.filter((file) => !existsSync(`${folder}/system${file}`))).toEqual([]);
  });
});

describe('canaries', () => {
  const secret = 'kä/nari+en "vogel"~1234567890';
  const forms: [string, string][] = [
    ['as it is', `before ${secret} after`],
    ['in a URL', `https://host/?password=${encodeURIComponent(secret)}`],
    ['in JSON', JSON.stringify({ secret })],
    ['in hexadecimal', Buffer.from(secret).toString('hex')],
    ['in Basic credentials', Buffer.from(`user:${secret}`).toString('base64')],
    ["in another user's Basic credentials", Buffer.from(`another:${secret}`).toString('base64')],
    ['in the middle of base64', Buffer.from(`xy${secret}z`).toString('base64')],
    ['in the middle of base64url', Buffer.from(`x${secret}z`).toString('base64url')],
  ];

  it.each(forms)('are found %s, between bytes that are no text', (_, text) => {
    const canaries = createCanaries();
    canaries.add('bird', secret, 'user');
    canaries.add('another bird', 'a secret that is nowhere');
    writeFileSync(workspace.path('data', 'deep', 'file'), Buffer.concat([randomBytes(64), Buffer.from(text)]));
    expect(canaries.inFolders([workspace.path('data')])).toMatchObject([{ canary: 'bird', file: 'deep/file' }]);
    expect(canaries.inText('screen', text)).toMatchObject([{ canary: 'bird', file: 'screen' }]);
    expect(canaries.inFolders([workspace.path('data')], [workspace.path('data', 'deep')])).toEqual([]);
  });

  it('are found in what a command printed, unless it is there to print them', async () => {
    const canaries = createCanaries();
    canaries.add('bird', 'a secret on the screen');
    const echo = { name: 'echo', command: '/bin/cat', parameters: [], stdin: 'a secret on the screen' };
    await runCommand(workspace, { ...echo, printsSecrets: true });
    expect(canaries.inFolders([workspace.logFolder])).toEqual([]);
    await runCommand(workspace, echo);
    expect(canaries.inFolders([workspace.logFolder])).toMatchObject([{ canary: 'bird' }]);
  });
});
