/**
 * What pullpass-host has restarted, reloaded and enabled on a host with systemd, and what it does when that fails. Programs
 * that only say what they were asked stand for systemd and the engines; the scripted Pullpass of test/host for Pullpass.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFakePullpass, type FakePullpass } from '../host/fake-pullpass.ts';
import { linesOf, type HostConfig } from '../host/host-config.ts';
import { TOKEN } from '../host/host-machine.ts';
import { createHost, type Host } from './support/host.ts';
import { makePrivateSystem, withPrivateSystem } from './support/private-system.ts';
import { runCommand, type Outcome } from './support/run.ts';
import { available, PROJECT_FOLDER } from './support/tools.ts';
import { openWorkspace, type Workspace } from './support/workspace.ts';

const SCRIPT = readFileSync(join(PROJECT_FOLDER, 'host/pullpass-host'), 'utf8');
const TOML = 'containerd/config.toml';
const DAEMON = 'docker/daemon.json';
const CONTAINERD: HostConfig = {
  files: { '/etc/containerd/certs.d/quay.io/hosts.toml': 'server = "https://quay.io"\n' },
};
const DOCKER: HostConfig = { insecure: ['a.example:5000'] };

let workspace: Workspace;
let host: Host;
let pullpass: FakePullpass;

describe.runIf(available('unshare', 'curl'))('pullpass-host on a host with systemd', () => {
  beforeEach(async () => {
    workspace = openWorkspace();
    host = createHost(workspace);
    makePrivateSystem(host.folder);
    pullpass = await startFakePullpass();
    put('system/usr/local/bin/pullpass-host', SCRIPT, 0o755);
    put('system/etc/pullpass/host.conf', `PULLPASS_URL=${pullpass.url}\nPULLPASS_ENVIRONMENT=prod\n`, 0o644);
    put('system/etc/pullpass/token', `${TOKEN}\n`, 0o600);
    mkdirSync(join(host.folder, 'system/run/systemd/system'), { recursive: true });
    systemctl('');
    pullpass.answer = ({ path }) => ({
      status: 200,
      body: path.includes('/docker?') ? linesOf('docker', DOCKER) : linesOf('containerd', CONTAINERD),
    });
  });

  afterEach(async () => {
    await pullpass.close();
    await workspace.end();
  });

  function put(name: string, content: string, mode: number): void {
    mkdirSync(dirname(join(host.folder, name)), { recursive: true });
    writeFileSync(join(host.folder, name), content, { mode });
  }
  /** Says what it is asked, and then does this. */
  function systemctl(code: string): void {
    put('programs/systemctl', `#!/bin/sh\necho "$*" >>"${join(host.folder, 'asked')}"\n${code}\n`, 0o755);
    writeFileSync(join(host.folder, 'asked'), '');
  }
  const asked = (): readonly string[] => readFileSync(join(host.folder, 'asked'), 'utf8').trim().split('\n');
  const etc = (name: string): string | undefined => {
    try {
      return readFileSync(join(host.folder, 'system/etc', name), 'utf8');
    } catch {
      return undefined;
    }
  };
  const run = (...words: readonly string[]): Promise<Outcome> =>
    runCommand(workspace, {
      name: 'pullpass-host',
      ...withPrivateSystem(host.folder, { command: '/usr/local/bin/pullpass-host', parameters: words }),
      environment: host.environment,
    });

  it('restarts containerd when its configuration has changed, and only then', async () => {
    const outcome = await run('--runtime', 'containerd');
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    expect(outcome.stdout).toContain('restarted containerd');
    expect(asked()).toEqual(['-q is-active containerd', 'restart containerd']);
    systemctl('');
    await run('--runtime', 'containerd');
    expect(asked()).toEqual(['']);
    await run('--remove');
    expect(asked()).toEqual(['-q is-active containerd', 'restart containerd']);
  });

  it('puts everything back, and restarts again, when containerd does not start with what it wrote', async () => {
    put(`system/etc/${TOML}`, 'version = 2\n', 0o644);
    systemctl('case $* in restart*) ! grep -q pullpass /etc/containerd/config.toml ;; esac');
    const outcome = await run('--runtime', 'containerd');
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toMatch(/everything is as it was before\n.*containerd did not start with the new/);
    expect([etc(TOML), etc('containerd/certs.d/quay.io/hosts.toml')]).toEqual(['version = 2\n', undefined]);
    expect(asked().filter((line) => line.startsWith('restart'))).toHaveLength(2);
    const next = await run('--runtime', 'containerd');
    expect(next.exitCode).toBe(4);
    expect(next.stderr).toMatch(/is not tried again until/);
    expect(asked().filter((line) => line.startsWith('restart'))).toHaveLength(2);
    expect([etc(TOML), etc('containerd/certs.d/quay.io/hosts.toml')]).toEqual(['version = 2\n', expect.any(String)]);
  });

  it('leaves a configuration that containerd itself does not accept', async () => {
    put(`system/etc/${TOML}`, 'version = 2\n', 0o644);
    put('programs/containerd', '#!/bin/sh\nexit 1\n', 0o755);
    const outcome = await run('--runtime', 'containerd');
    expect(outcome.exitCode).toBe(4);
    expect(outcome.stderr).toMatch(/containerd would not go by what can be appended/);
    expect(etc(TOML)).toBe('version = 2\n');
  });

  it('reloads docker, and never restarts it', async () => {
    expect((await run('--runtime', 'docker')).stdout).toContain('reloaded docker');
    expect(asked()).toEqual(['-q is-active docker', 'reload docker']);
  });

  it('tries a reload that failed again at the next run', async () => {
    systemctl('case $* in reload*) exit 1 ;; esac');
    const outcome = await run('--runtime', 'docker');
    expect(outcome.exitCode).toBe(4);
    expect(outcome.stderr).toMatch(/docker could not be reloaded/);
    expect(etc(DAEMON)).toContain('a.example:5000');
    systemctl('');
    expect(await run('--runtime', 'docker')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(asked()).toContain('reload docker');
    expect((await run('--runtime', 'docker')).stdout).toBe('nothing to change (docker)\n');
  });

  it('says what to restart, and does not, where it is told so', async () => {
    const outcome = await run('--runtime', 'docker', '--runtime', 'containerd', '--no-restart');
    expect(outcome.stdout).toMatch(/to do: restart containerd[\s\S]*to do: reload docker/);
    expect(asked()).toEqual(['']);
  });

  it('leaves a daemon.json that dockerd itself does not accept', async () => {
    put('programs/dockerd', '#!/bin/sh\ncase $* in --help) echo "      --validate" ;; *) exit 1 ;; esac\n', 0o755);
    put(`system/etc/${DAEMON}`, '{"nonsense": 1}', 0o644);
    const outcome = await run('--runtime', 'docker');
    expect(outcome.exitCode).toBe(4);
    expect(outcome.stderr).toMatch(/dockerd does not accept/);
    expect(etc(DAEMON)).toBe('{"nonsense": 1}');
  });

  it('enables its timer, and takes it away with everything', async () => {
    expect(await run('--install-timer', '--runtime', 'docker')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(asked()).toEqual(['daemon-reload', '-q enable --now pullpass-host.timer']);
    expect(etc('systemd/system/pullpass-host.service')).toContain(
      'ExecStart=/usr/local/bin/pullpass-host --runtime docker',
    );
    systemctl('');
    await run('--remove');
    expect(asked()).toEqual(['-q disable --now pullpass-host.timer', 'daemon-reload']);
    expect(etc('systemd/system/pullpass-host.service')).toBeUndefined();
  });
});
