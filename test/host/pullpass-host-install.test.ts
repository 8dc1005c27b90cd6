import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configuredHost, type ConfiguredHost, type HostConfig } from './host-config.ts';
import { SHELLS } from './shells.ts';

const CA = '/etc/containers/certs.d/harbor.example:5000/ca.crt';
const OTHER_CA = '/etc/containers/certs.d/[::1]:5000/ca.crt';
const DROP_IN = '/etc/containers/registries.conf.d/99-pullpass.conf';
const POLICY = '/etc/containers/policy.json';
const REJECTING = `${JSON.stringify({ default: [{ type: 'reject' }] }, undefined, 2)}\n`;
const STATE = '/var/lib/pullpass';
const TRIVIAL =
  '{\n  "default": [ {"type": "insecureAcceptAnything"} ],\n "transports": {"docker-daemon": {"": [{"type":"insecureAcceptAnything"}]}}\n}\n';
const SIGNED =
  '{"default": [{"type": "reject"}], "transports": {"docker": {"quay.io": [{"type": "signedBy", "keyPath": "/k"}]}}}';

const PODMAN: HostConfig = {
  enforces: 'repositories',
  notes: ['images that are here already are not touched', 'a note with "quotes", $(commands) and * stars'],
  files: { [CA]: 'the authority\n', [DROP_IN]: 'blocked = true\n', [POLICY]: REJECTING },
};

describe.each(SHELLS)('pullpass-host under $name', (shell) => {
  let system: ConfiguredHost;

  beforeEach(async () => {
    system = await configuredHost(shell);
    system.says({ podman: PODMAN });
  });

  afterEach(() => system.end());

  const podman = (...words: string[]) => system.run('--runtime', 'podman', ...words);
  /** All that is not of the script's own state. */
  const visible = () => Object.entries(system.everything()).filter(([path]) => !path.startsWith(STATE));

  it('installs every file with its mode, and says which', async () => {
    system.says({ podman: { ...PODMAN, privateFiles: { [OTHER_CA]: '' } } });
    const outcome = await podman();
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(system.everything()).toMatchObject({
      [CA]: 'file 644 the authority\n',
      [DROP_IN]: 'file 644 blocked = true\n',
      [OTHER_CA]: 'file 600 ',
      '/etc/containers/certs.d/harbor.example:5000': 'folder 755',
      [`${STATE}/host`]: 'folder 700',
    });
    expect(outcome.stdout).toContain(`wrote ${system.root}${CA}\n`);
    expect(outcome.stdout).toContain('podman in environment prod enforces: repositories');
    expect(outcome.stdout).toContain('note: a note with "quotes", $(commands) and * stars\n');
  });

  it('asks for its environment, with its token', async () => {
    await podman();
    expect(system.pullpass.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/environments/prod/host-config/podman?format=lines',
    ]);
    expect(system.pullpass.asked[0]?.headers.authorization).toMatch(/^Bearer pp_/);
  });

  it('leaves nothing beside what it installed', async () => {
    await podman();
    const names = Object.keys(system.everything());
    expect(names.filter((name) => /pullpass-(?:new|old|part|next)|journal|lock/.test(name))).toEqual([]);
  });

  it('run twice, changes nothing and says so', async () => {
    await podman();
    const before = system.everything();
    expect(await podman()).toEqual({ status: 0, stdout: 'nothing to change (podman)\n', stderr: '' });
    expect(system.everything()).toEqual(before);
  });

  it('removed, brings everything back to the byte', async () => {
    system.put(POLICY, TRIVIAL, 0o640);
    system.put(CA, 'mine\n', 0o600);
    system.put('/etc/containers/registries.conf', 'mine = true\n');
    chmodSync(join(system.root, POLICY), 0o640);
    const before = system.everything();
    expect(await podman()).toMatchObject({ status: 0, stderr: '' });
    expect(system.read(CA)).toBe('the authority\n');
    expect(await system.run('--remove')).toMatchObject({ status: 0, stderr: '' });
    expect(system.everything()).toEqual(before);
  });

  it('removed after many changes, still brings back what was there first', async () => {
    system.put(CA, 'mine\n');
    const before = system.everything();
    await podman();
    system.says({ podman: { files: { [CA]: 'next\n', [OTHER_CA]: 'other\n' } } });
    await podman();
    expect(visible().map(([path]) => path)).not.toContain(DROP_IN);
    system.says({ podman: { files: { [OTHER_CA]: 'other\n' } } });
    await podman();
    expect(system.read(CA)).toBe('mine\n');
    system.says({ podman: PODMAN });
    await podman();
    await system.run('--remove');
    expect(system.everything()).toEqual(before);
  });

  it('removed where it never was, says so and makes nothing', async () => {
    const before = system.everything();
    expect(await system.run('--remove')).toEqual({
      status: 0,
      stdout: 'nothing of pullpass-host is here\n',
      stderr: '',
    });
    expect(system.everything()).toEqual(before);
  });

  it('takes away what Pullpass no longer names, with the folders that it made', async () => {
    mkdirSync(join(system.root, '/etc/containers/certs.d'), { recursive: true });
    await podman();
    system.says({ podman: {} });
    expect((await podman()).stdout).toContain(`removed ${system.root}${CA}`);
    expect(visible().map(([path]) => path)).toEqual([
      '/etc',
      '/etc/containers',
      '/etc/containers/certs.d',
      '/usr',
      '/usr/bin',
      '/var',
      '/var/lib',
    ]);
    expect(system.exists(STATE)).toBe(false);
  });

  it('keeps folders in which others have put something', async () => {
    await podman();
    system.put('/etc/containers/certs.d/harbor.example:5000/client.cert', 'mine');
    await system.run('--remove');
    expect(system.read('/etc/containers/certs.d/harbor.example:5000/client.cert')).toBe('mine');
    expect(system.exists(CA)).toBe(false);
  });

  it('writes anew what somebody deleted, and gives a file its mode back', async () => {
    await podman();
    rmSync(join(system.root, CA));
    chmodSync(join(system.root, DROP_IN), 0o666);
    expect((await podman()).status).toBe(0);
    expect(system.everything()).toMatchObject({
      [CA]: 'file 644 the authority\n',
      [DROP_IN]: 'file 644 blocked = true\n',
    });
  });

  it('leaves a file of its own that somebody edited, says so, and does the rest', async () => {
    await podman();
    system.put(CA, 'edited\n');
    system.says({ podman: { ...PODMAN, files: { ...PODMAN.files, [CA]: 'next\n', [DROP_IN]: 'insecure = true\n' } } });
    const outcome = await podman();
    expect(outcome.status).toBe(4);
    expect(outcome.stderr).toBe(
      `pullpass-host: ${system.root}${CA} was edited since pullpass-host wrote it, and is left as it is: to have Pullpass's again, delete it\n`,
    );
    expect([system.read(CA), system.read(DROP_IN)]).toEqual(['edited\n', 'insecure = true\n']);
    rmSync(join(system.root, CA));
    expect((await podman()).status).toBe(0);
    expect(system.read(CA)).toBe('next\n');
  });

  it('leaves an edited file when it is removed, and finishes once that is gone', async () => {
    system.put(DROP_IN, 'mine\n');
    await podman();
    system.put(DROP_IN, 'edited\n');
    const outcome = await system.run('--remove');
    expect(outcome.status).toBe(4);
    expect(outcome.stderr).toContain(`${DROP_IN} was edited since`);
    expect([system.exists(CA), system.read(DROP_IN)]).toEqual([false, 'edited\n']);
    rmSync(join(system.root, DROP_IN));
    expect((await system.run('--remove')).status).toBe(0);
    expect(system.read(DROP_IN)).toBe('mine\n');
    expect(system.exists(STATE)).toBe(false);
  });

  it('takes a file that was edited to what Pullpass now says for its own again', async () => {
    await podman();
    system.put(CA, 'next\n');
    system.says({ podman: { ...PODMAN, files: { ...PODMAN.files, [CA]: 'next\n' } } });
    expect(await podman()).toMatchObject({ status: 0, stderr: '' });
    await system.run('--remove');
    expect(system.exists(CA)).toBe(false);
  });

  it.each([
    ['a link to a file', CA, () => '/etc/hostname'],
    ['a link to nothing', CA, () => '/nowhere'],
    ['a link in place of a folder', '/etc/containers/certs.d', () => join(system.host.home, 'elsewhere')],
    ['a link in place of the first folder', '/etc/containers', () => join(system.host.home, 'elsewhere')],
  ])('refuses %s, and changes nothing', async (_, at, leadsTo) => {
    mkdirSync(join(system.host.home, 'elsewhere'));
    system.put('/etc/containers/placeholder', '');
    rmSync(join(system.root, at), { recursive: true, force: true });
    mkdirSync(join(system.root, at, '..'), { recursive: true });
    symlinkSync(leadsTo(), join(system.root, at));
    const before = system.everything();
    const outcome = await podman();
    expect(outcome).toMatchObject({ status: 1, stdout: '' });
    expect(outcome.stderr).toContain(`${system.root}${at} is a symbolic link, and none is followed`);
    expect(outcome.stderr).toContain('Nothing was changed');
    expect(system.everything()).toEqual(before);
  });

  it.each([
    ['a folder where a file goes', CA, true, /ca\.crt is not a file\. Nothing was changed/],
    ['a file where a folder goes', '/etc/containers/certs.d', false, /certs\.d is not a folder\. Nothing was changed/],
  ])('refuses %s, and changes nothing', async (_, at, isFolder, message) => {
    if (isFolder) mkdirSync(join(system.root, at), { recursive: true });
    else system.put(at, '');
    const before = system.everything();
    const outcome = await podman();
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(message);
    expect(system.everything()).toEqual(before);
  });

  it("replaces a policy.json that accepts everything, which is distributions' default", async () => {
    system.put(POLICY, TRIVIAL);
    expect(await podman()).toMatchObject({ status: 0, stderr: '' });
    expect(system.read(POLICY)).toBe(REJECTING);
  });

  it.each([
    ['demands signatures', SIGNED],
    ['rejects by default', '{"default": [{"type": "reject"}]}'],
    ['accepts everything but has keys nobody knows', '{"default": [{"type": "insecureAcceptAnything"}], "more": {}}'],
    ['has further conditions', '{"default": [{"type": "insecureAcceptAnything"}, {"type": "reject"}]}'],
    ['is no JSON', 'default'],
    ['is empty', ''],
    ['has no default', '{"transports": {}}'],
  ])('leaves a policy.json that %s, installs the rest, and says what to do', async (_, text) => {
    system.put(POLICY, text);
    const outcome = await podman();
    expect(outcome.status).toBe(4);
    expect(outcome.stderr).toMatch(
      /policy\.json was not written by Pullpass .* run pullpass-host once with --replace-policy/,
    );
    expect([system.read(POLICY), system.read(CA)]).toEqual([text, 'the authority\n']);
    // Asked to, it replaces it once and for all, and brings it back.
    expect(await podman('--replace-policy')).toMatchObject({ status: 0, stderr: '' });
    expect(system.read(POLICY)).toContain('reject');
    expect(await podman()).toMatchObject({ status: 0, stderr: '' });
    await system.run('--remove');
    expect(system.read(POLICY)).toBe(text);
  });

  it('takes the runtimes that are on the host, where none is named', async () => {
    system.says({ podman: PODMAN, docker: { files: { '/etc/docker/certs.d/quay.io/ca.crt': 'docker\n' } } });
    expect((await system.run()).stderr).toContain('none of docker, containerd and podman is on this host');
    system.put('/usr/bin/skopeo', '', 0o755);
    system.put('/usr/bin/dockerd', '', 0o755);
    expect((await system.run()).status).toBe(0);
    expect([system.exists(CA), system.exists('/etc/docker/certs.d/quay.io/ca.crt')]).toEqual([true, true]);
    // Its files are kept up to date also after the program is gone.
    rmSync(join(system.root, 'usr/bin/skopeo'));
    system.says({ podman: {}, docker: {} });
    await system.run();
    expect(system.exists(CA)).toBe(false);
  });

  it('leaves the files of other runtimes alone', async () => {
    await podman();
    system.says({ docker: { files: { '/etc/docker/certs.d/quay.io/ca.crt': 'docker\n' } } });
    await system.run('--runtime', 'docker');
    expect(system.exists(CA)).toBe(true);
    await system.run('--remove', '--runtime', 'podman');
    expect([system.exists(CA), system.exists('/etc/docker/certs.d/quay.io/ca.crt')]).toEqual([false, true]);
    await system.run('--remove');
    expect(visible().map(([path]) => path)).toEqual(['/etc', '/usr', '/usr/bin', '/var', '/var/lib']);
  });

  it('installs all runtimes or none', async () => {
    system.says({ podman: PODMAN, docker: 'half' });
    const before = system.everything();
    expect((await system.run('--runtime', 'podman', '--runtime', 'docker')).status).toBe(5);
    expect(system.everything()).toEqual(before);
  });

  describe('in a dry run', () => {
    it('shows new files, notes and an exit status of its own, and changes nothing', async () => {
      const before = system.everything();
      const outcome = await podman('--dry-run');
      expect(outcome).toMatchObject({ status: 10, stderr: '' });
      expect(outcome.stdout).toContain(`--- /dev/null\n+++ ${system.root}${CA}\n@@ -0,0 +1`);
      expect(outcome.stdout).toContain('\n+the authority\n');
      expect(outcome.stdout).toContain('note: images that are here already are not touched');
      expect(system.everything()).toEqual(before);
    });

    it('shows what changes and what goes', async () => {
      await podman();
      system.says({ podman: { files: { [CA]: 'next\n' } } });
      const before = system.everything();
      const { status, stdout } = await podman('--dry-run');
      expect(status).toBe(10);
      expect(stdout).toContain(`--- ${system.root}${CA}\n+++ ${system.root}${CA}\n`);
      expect(stdout).toContain('\n-the authority\n+next\n');
      expect(stdout).toContain(`--- ${system.root}${DROP_IN}\n+++ /dev/null\n`);
      expect(system.everything()).toEqual(before);
    });

    it('says when nothing would change', async () => {
      await podman();
      const outcome = await podman('--dry-run');
      expect(outcome).toMatchObject({ status: 0, stderr: '' });
      expect(outcome.stdout).toMatch(/nothing would change\n$/);
    });

    it('shows what --remove would do', async () => {
      await podman();
      const { status, stdout } = await system.run('--remove', '--dry-run');
      expect(status).toBe(10);
      expect(stdout).toContain(`--- ${system.root}${CA}\n+++ /dev/null\n`);
      expect(system.exists(CA)).toBe(true);
    });

    it('shows a change of mode alone', async () => {
      await podman();
      chmodSync(join(system.root, CA), 0o600);
      const { status, stdout } = await podman('--dry-run');
      expect(status).toBe(10);
      expect(stdout).toContain(`(mode of ${system.root}${CA}: 0644)`);
    });

    it('shows whole files where there is no diff', async () => {
      await podman();
      system.says({ podman: { files: { [CA]: 'next\n' } } });
      const without = 'command() { case $* in "-v diff") return 1 ;; *) builtin_command "$@" ;; esac; }';
      const { stdout } = await system.runAfter(
        `builtin_command() { case $1 in -v) type "$2" >/dev/null 2>&1 ;; esac; }\n${without}`,
        '--runtime',
        'podman',
        '--dry-run',
      );
      expect(stdout).toContain('\n-the authority\n+next\n');
      expect(stdout).not.toContain('@@');
    });
  });
});
