import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configuredHost, type ConfiguredHost } from './host-config.ts';
import { SHELLS } from './shells.ts';

const SERVICE = '/etc/systemd/system/pullpass-host.service';
const TIMER = '/etc/systemd/system/pullpass-host.timer';
const PROGRAM = '/usr/local/bin/pullpass-host';
/** Records what systemctl is asked. */
const SYSTEMCTL = 'systemctl() { printf "systemctl %s\\n" "$*"; }';

describe.each(SHELLS)('the timer of pullpass-host under $name', (shell) => {
  let system: ConfiguredHost;

  beforeEach(async () => {
    system = await configuredHost(shell);
    system.put(PROGRAM, '', 0o755);
    system.put('/usr/bin/podman', '', 0o755);
    system.put('/usr/bin/dockerd', '', 0o755);
  });

  afterEach(() => system.end());

  it('runs what it was installed for, may write there and nowhere else, and goes again', async () => {
    const before = system.everything();
    const outcome = await system.runAfter(SYSTEMCTL, '--install-timer', '--runtime', 'podman');
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(outcome.stdout).toContain(`systemctl -q --root=${system.root} enable pullpass-host.timer`);
    expect(system.read(SERVICE)).toContain('\nExecStart=/usr/local/bin/pullpass-host --runtime podman\n');
    expect(system.read(SERVICE)).toContain('\nReadWritePaths=/etc/containers\n');
    expect(system.read(TIMER)).toMatch(/OnCalendar=\*:0\/10\nRandomizedDelaySec=5min\nPersistent=true/);
    expect(system.everything()).toMatchObject({ '/etc/containers': 'folder 755' });
    expect(system.everything()[SERVICE]).toMatch(/^file 644/);
    expect(system.pullpass.asked).toEqual([]);
    const removed = await system.runAfter(SYSTEMCTL, '--remove-timer');
    expect(removed.stdout).toContain(`systemctl -q --root=${system.root} disable pullpass-host.timer`);
    expect(system.everything()).toEqual(before);
  });

  it('is for the runtimes that are there, where none is named', async () => {
    await system.runAfter(SYSTEMCTL, '--install-timer', '--no-restart');
    expect(system.read(SERVICE)).toContain('pullpass-host --runtime docker --runtime podman --no-restart\n');
    expect(system.read(SERVICE)).toContain('\nReadWritePaths=/etc/docker /etc/containers\n');
  });

  it('goes with everything else, and stays when one runtime goes', async () => {
    const before = system.everything();
    system.says({ podman: { files: { '/etc/containers/policy.json': '{}\n' } } });
    await system.run('--runtime', 'podman');
    await system.runAfter(SYSTEMCTL, '--install-timer', '--runtime', 'podman');
    await system.run('--remove', '--runtime', 'podman');
    expect([system.exists(SERVICE), system.exists('/etc/containers/policy.json')]).toEqual([true, false]);
    // The unit could not start without it.
    expect(system.exists('/etc/containers')).toBe(true);
    const outcome = await system.runAfter(SYSTEMCTL, '--remove');
    expect(outcome.stdout).toContain('disable pullpass-host.timer');
    expect(system.everything()).toEqual(before);
  });

  it('is not written for a script that lies where anybody may have put it', async () => {
    await system.host.run(['-c', `rm ${system.root}${PROGRAM}`]);
    const outcome = await system.runAfter(SYSTEMCTL, '--install-timer', '--runtime', 'podman');
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/pullpass-host is not in \/usr\/local\/bin/);
    expect(system.exists(SERVICE)).toBe(false);
  });

  it('is only shown in a dry run', async () => {
    const before = system.everything();
    const outcome = await system.runAfter(SYSTEMCTL, '--install-timer', '--runtime', 'podman', '--dry-run');
    expect(outcome.status).toBe(10);
    expect(outcome.stdout).toContain('+ExecStart=');
    expect(outcome.stdout).not.toContain('systemctl');
    expect(system.everything()).toEqual(before);
  });
});
