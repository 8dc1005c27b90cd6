import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configuredHost, type ConfiguredHost } from './host-config.ts';
import { SHELLS } from './shells.ts';

const CA = '/etc/containers/certs.d/a.example/ca.crt';
const NEXT_CA = '/etc/containers/certs.d/b.example/ca.crt';
const DROP_IN = '/etc/containers/registries.conf.d/99-pullpass.conf';
const STATE = '/var/lib/pullpass/host';

/** In place of a program: this code the first time that its arguments match, else the program itself. */
function instead(program: string, pattern: string, code: string): string {
  const once = `[ -n "\${${program}_done:-}" ] || { ${program}_done=1; ${code}; }`;
  return `${program}() { case $* in ${pattern}) ${once} ;; esac; command ${program} "$@"; }`;
}

describe.each(SHELLS)('pullpass-host under $name, when something goes wrong,', (shell) => {
  let system: ConfiguredHost;
  let before: Record<string, string>;

  /** One file replaced, one taken away, one new, one of somebody else's replaced. */
  beforeEach(async () => {
    system = await configuredHost(shell);
    system.put(DROP_IN, 'mine\n');
    system.says({ podman: { files: { [CA]: 'one\n', '/etc/containers/certs.d/gone/ca.crt': 'gone\n' } } });
    await system.run('--runtime', 'podman');
    system.says({ podman: { files: { [CA]: 'two\n', [NEXT_CA]: 'new\n', [DROP_IN]: 'insecure = true\n' } } });
    before = system.everything();
  });

  afterEach(() => system.end());

  const podman = ['--runtime', 'podman'];

  const POINTS: readonly (readonly [string, string, string])[] = [
    ['a folder is made', 'mkdir', '*b.example'],
    ["somebody else's file is kept", 'cp', '*backup/1'],
    ['a file is written beside its target', 'chmod', '*b.example/ca.crt.pullpass-new'],
    ['what is there is kept', 'ln', '*a.example/ca.crt.pullpass-old'],
    ['the first file is renamed', 'mv', '*a.example/ca.crt'],
    ['a new file is renamed', 'mv', '*b.example/ca.crt'],
    ["somebody else's file is replaced", 'mv', '*99-pullpass.conf'],
    ['a file is taken away', 'mv', '*gone/ca.crt.pullpass-old'],
    ['the record is replaced', 'mv', '*host/record'],
    ['the journal is closed', 'mv', '*journal.done'],
  ];

  it.each(POINTS.filter(([, program]) => program !== 'ln'))(
    'puts everything back where it fails as %s',
    async (_, program, pattern) => {
      const outcome = await system.runAfter(instead(program, pattern, 'return 1'), ...podman);
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toMatch(/cannot [^\n]*\npullpass-host: everything is as it was before\n$/);
      expect(system.everything()).toEqual(before);
    },
  );

  it.each(POINTS.filter(([what]) => what !== 'the journal is closed'))(
    'puts everything back where it is ended as %s',
    async (_, program, pattern) => {
      const outcome = await system.runAfter(instead(program, pattern, 'kill -TERM $$'), ...podman);
      expect(outcome.status).toBe(143);
      // What ln says is thrown away, and here ln is the shell itself.
      if (program !== 'ln') expect(outcome.stderr).toContain('interrupted');
      expect(system.everything()).toEqual(before);
    },
  );

  it.each(POINTS)('is put right by the next run where it is killed as %s', async (_, program, pattern) => {
    const marker = join(system.host.home, 'killed');
    const kill = `echo x >${marker}; kill -KILL $$; sleep 5`;
    await system.runAfter(instead(program, pattern, kill), ...podman);
    expect(readFileSync(marker, 'utf8')).toBe('x\n');
    // What the next run would do fails: what it finds is put back, and nothing else done.
    const failing = await system.runAfter(instead('mkdir', '*b.example', 'return 1'), ...podman);
    expect(failing.status).toBe(1);
    expect(failing.stdout).toContain('an earlier run was cut off');
    expect(system.everything()).toEqual(before);
    await system.runAfter(instead(program, pattern, kill), ...podman);
    const outcome = await system.run(...podman);
    expect(outcome).toMatchObject({ status: 0 });
    expect([CA, NEXT_CA, DROP_IN].map((path) => system.read(path))).toEqual(['two\n', 'new\n', 'insecure = true\n']);
    const names = Object.keys(system.everything());
    expect(names.filter((name) => /pullpass-(?:new|old|part|next)|journal|lock|work[.]/.test(name))).toEqual([]);
    expect(readdirSync(system.host.home).filter((name) => name.startsWith('pullpass-host'))).toEqual([]);
    await system.run('--remove');
    expect(system.everything()).toMatchObject({ [DROP_IN]: 'file 644 mine\n' });
    expect(system.exists('/etc/containers/certs.d')).toBe(false);
  });

  it('is put right by the next run also while Pullpass cannot be reached, and whatever its settings are', async () => {
    const kill = instead('mv', '*99-pullpass.conf', 'kill -KILL $$; sleep 5');
    await system.runAfter(kill, ...podman);
    expect(system.read(CA)).toBe('two\n');
    const outcome = await system.runWith({ PULLPASS_URL: 'http://127.0.0.1:1' }, ...podman);
    expect(outcome.status).toBe(5);
    expect(outcome.stdout).toContain('an earlier run was cut off');
    expect(system.everything()).toEqual(before);
    await system.runAfter(kill, ...podman);
    expect((await system.runWith({ PULLPASS_URL: 'ftp://x' }, ...podman)).status).toBe(2);
    expect(system.everything()).toEqual(before);
  });

  it('has its steps reach the disk one after the other', async () => {
    const seen = join(system.host.home, 'seen');
    const state = `${system.root}${STATE}`;
    const spy = `sync() { for f in ${state}/journal ${system.root}${NEXT_CA}.pullpass-new ${system.root}${NEXT_CA}; do [ ! -e "$f" ] || printf '%s ' "\${f##*/}"; done >>${seen}; echo >>${seen}; }`;
    expect((await system.runAfter(spy, ...podman)).status).toBe(0);
    expect(readFileSync(seen, 'utf8')).toBe('journal \njournal ca.crt.pullpass-new \njournal ca.crt \n');
    await system.runAfter(spy, ...podman);
    expect(readFileSync(seen, 'utf8').split('\n')).toHaveLength(4);
  });

  it("keeps its record, and the backup of somebody else's file, where the disk is too full to shorten it", async () => {
    const kept = Object.keys(before).length;
    expect((await system.run(...podman)).status).toBe(0);
    expect(kept).toBeGreaterThan(0);
    system.says({ podman: { files: { [CA]: 'two\n', [DROP_IN]: 'insecure = true\n' } } });
    const record = () => system.read(`${STATE}/record`);
    const full = 'grep() { case $* in -vxF*) : ;; *) command grep "$@" ;; esac; }';
    const outcome = await system.runAfter(full, ...podman);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/is the disk full\? .*record stays as it is/);
    expect(record()).toMatch(new RegExp(`^file podman 0644 [0-9a-f]+ 1 ${DROP_IN}$`, 'm'));
    expect(system.read(`${STATE}/backup/1`)).toBe('mine\n');
    await system.run('--remove');
    expect(system.read(DROP_IN)).toBe('mine\n');
  });

  it('is finished by the next run where it is killed right after the last step', async () => {
    await system.runAfter(
      'rm() { case $* in *a.example*pullpass-old*) [ ! -e "$state/journal.done" ] || kill -KILL $$ ;; esac; command rm "$@"; }',
      ...podman,
    );
    expect(system.exists(`${STATE}/journal.done`)).toBe(true);
    const outcome = await system.run(...podman);
    expect(outcome).toMatchObject({ status: 0, stdout: 'nothing to change (podman)\n' });
    expect(system.read(CA)).toBe('two\n');
    expect(Object.keys(system.everything()).filter((name) => /pullpass-|journal/.test(name))).toEqual([]);
  });

  it('copies where a file cannot have two names, and still puts everything back', async () => {
    const noLinks = 'ln() { return 1; }';
    await system.runAfter(`${noLinks}\n${instead('mv', '*99-pullpass.conf', 'return 1')}`, ...podman);
    expect(system.everything()).toEqual(before);
    expect((await system.runAfter(noLinks, ...podman)).status).toBe(0);
    expect(system.read(CA)).toBe('two\n');
  });

  it('refuses while another run is at it, and that one goes on', async () => {
    const go = join(system.host.home, 'go');
    const waiting = instead('mkdir', '*b.example', `while [ ! -e ${go} ]; do sleep 0.05; done`);
    const first = system.runAfter(waiting, ...podman);
    await expect.poll(() => existsSync(join(system.root, STATE, 'journal'))).toBe(true);
    const second = await system.run(...podman);
    expect(second).toMatchObject({ status: 6, stdout: '' });
    expect(second.stderr).toMatch(/another run of pullpass-host is at it/);
    await system.host.run(['-c', `: >${go}`]);
    expect((await first).status).toBe(0);
    expect(system.read(CA)).toBe('two\n');
  });

  it('does not trust a record that it cannot read', async () => {
    system.put(`${STATE}/record`, 'pullpass-host-record 1\nfile podman 0644');
    const outcome = await system.run(...podman);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/is not a record that this version reads: nothing was changed/);
    expect(system.read(CA)).toBe('one\n');
  });

  it('does not use a state folder that others can get at', async () => {
    await system.host.run(['-c', `chmod 755 ${system.root}${STATE}`]);
    const outcome = await system.run(...podman);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/other users can get at .*: chmod 700/);
  });

  it('tries a reload again that did not work', async () => {
    // On a root of its own nothing is reloaded, but a reload that is recorded as due is due.
    system.put('/etc/docker/daemon.json', '{}');
    system.says({ docker: { insecure: ['a.example'] } });
    await system.run('--runtime', 'docker');
    system.put(`${STATE}/record`, system.read(`${STATE}/record`).replace('end\n', 'pending docker\nend\n'));
    expect(await system.run('--runtime', 'docker', '--dry-run')).toMatchObject({ status: 10 });
    expect((await system.run('--runtime', 'docker')).stdout).toContain('reload docker');
    expect((await system.run('--runtime', 'docker')).stdout).toBe('nothing to change (docker)\n');
  });
});
