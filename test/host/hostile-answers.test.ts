import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { credential, credentialJson, startFakePullpass } from './fake-pullpass.ts';
import { configuredHost, linesOf } from './host-config.ts';
import { hostMachine, type HostMachine } from './host-machine.ts';
import { ENDLESS, startEndlessServer, type HostileServer } from './hostile-server.ts';
import { loneInstaller, SHELLS } from './shells.ts';

const TIMEOUT_SECONDS = 3;
/** Far more than the time-out, as machines are loaded; less than the 20 to 84 s that a shell took without limits. */
const SOON_MS = 15_000;
/** In place of curl: what comes out of it is counted, with what the shell is given of it. */
const counting = (file: string): string =>
  `head() { command head "$@" >${file}.head; command cat ${file}.head; }\n. "$0"`;

describe.each(SHELLS)('a server that does not stop, under $name', (shell) => {
  let host: HostMachine;
  let hostile: HostileServer | undefined;

  beforeEach(() => {
    host = hostMachine(shell, 'http://127.0.0.1:1');
  });

  afterEach(() => {
    hostile?.close();
    host.remove();
  });

  const timed = async <T>(work: () => Promise<T>): Promise<{ outcome: T; ms: number }> => {
    const begin = performance.now();
    const outcome = await work();
    return { outcome, ms: performance.now() - begin };
  };

  it.each(ENDLESS)('with %s gets no more than 64 KiB into the helper, which ends soon', async (_, begin, again) => {
    hostile = await startEndlessServer(begin, again);
    const taken = join(host.home, 'taken');
    const { outcome, ms } = await timed(() =>
      host.run(
        ['-c', counting(taken), join(import.meta.dirname, '../../host/docker-credential-pullpass'), 'get'],
        'quay.io',
        {
          PULLPASS_URL: hostile?.url,
          PULLPASS_ENVIRONMENT: 'prod',
          PULLPASS_TOKEN_FILE: host.tokenFile,
          PULLPASS_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS),
        },
      ),
    );
    expect(outcome.status).toBe(1);
    expect(outcome.stdout).toMatch(/sent an answer of more than 65536 bytes: is it Pullpass\?\n$/);
    expect(outcome.stdout.length).toBeLessThan(1000);
    expect(readFileSync(`${taken}.head`).length).toBeLessThanOrEqual(65_536);
    expect(ms).toBeLessThan(SOON_MS);
  });

  it.each(ENDLESS)('with %s leaves the host its last good answer', async (_, begin, again) => {
    const pullpass = await startFakePullpass();
    pullpass.answer = credential('last good', { refreshIn: '0', expiresIn: '3600' });
    const port = new URL(pullpass.url).port;
    await host.get({ PULLPASS_URL: pullpass.url });
    await pullpass.close();
    hostile = await startEndlessServer(begin, again);
    const [name = ''] = host.cached();
    const moved = (text: string): string => text.replaceAll(port, new URL(hostile?.url ?? '').port);
    const entry = readFileSync(join(host.cacheFolder, name), 'utf8');
    writeFileSync(join(host.cacheFolder, moved(name)), moved(entry), { mode: 0o600 });
    const { outcome, ms } = await timed(() =>
      host.get({ PULLPASS_URL: hostile?.url, PULLPASS_TIMEOUT_SECONDS: String(TIMEOUT_SECONDS) }),
    );
    expect(outcome).toMatchObject({ status: 0, stdout: `${credentialJson('quay.io', 'last good')}\n` });
    expect(outcome.stderr).toContain('using the cached credential');
    expect(ms).toBeLessThan(SOON_MS);
  });

  it.each(ENDLESS)('with %s installs nothing', async (_, begin, again) => {
    hostile = await startEndlessServer(begin, again);
    // As it stands, but with less patience.
    const installer = loneInstaller(host.home);
    writeFileSync(installer, readFileSync(installer, 'utf8').replace('--max-time 60', `--max-time ${TIMEOUT_SECONDS}`));
    const words = ['--user', '--url', hostile.url, '--environment', 'prod', '--token-file', host.tokenFile];
    const { outcome, ms } = await timed(() => host.run([installer, ...words]));
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/cannot download|is not the helper/);
    expect(existsSync(join(host.home, '.local/bin/docker-credential-pullpass'))).toBe(false);
    expect(ms).toBeLessThan(SOON_MS);
  });
});

describe.each(SHELLS)('pullpass-host and a server that does not stop, under $name', (shell) => {
  it.each(ENDLESS)('with %s: ends soon, and leaves what is installed', async (_, begin, again) => {
    const system = await configuredHost(shell);
    const hostile = await startEndlessServer(begin, again);
    const script = join(system.host.home, 'pullpass-host');
    const text = readFileSync(join(import.meta.dirname, '../../host/pullpass-host'), 'utf8');
    writeFileSync(script, text.replace('ANSWER_SECONDS=60', `ANSWER_SECONDS=${TIMEOUT_SECONDS}`));
    system.says({ podman: linesOf('podman', { files: { '/etc/containers/certs.d/quay.io/ca.crt': 'x\n' } }) });
    try {
      await system.run('--runtime', 'podman');
      const before = system.everything();
      const at = performance.now();
      const outcome = await system.host.run([script, '--root', system.root, '--runtime', 'podman'], '', {
        PULLPASS_URL: hostile.url,
        PULLPASS_ENVIRONMENT: 'prod',
        PULLPASS_TOKEN_FILE: system.host.tokenFile,
        TMPDIR: system.host.home,
      });
      expect(outcome).toMatchObject({ status: 5, stdout: '' });
      expect(outcome.stderr).toMatch(/[Nn]othing was changed\n$/);
      expect(performance.now() - at).toBeLessThan(SOON_MS);
      expect(system.everything()).toEqual(before);
    } finally {
      hostile.close();
      await system.end();
    }
  });
});
