import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { credential, credentialJson, startFakePullpass, type FakePullpass } from './fake-pullpass.ts';
import { configuredHost, linesOf } from './host-config.ts';
import { hostMachine, TOKEN, type HostMachine } from './host-machine.ts';
import { MAY_BE_ANOTHER_USER, startForeignServer, type ForeignServer } from './hostile-server.ts';
import { CONFIGURATOR, HELPER, HOST_FOLDER, loneInstaller, SHELLS } from './shells.ts';

const BELONGS = /what listens at \S+ belongs to the user (?:nobody|65534), so it (?:gets no token|is not asked)/;

describe('the check of who listens', () => {
  it('is the same text in all three scripts', () => {
    const [first, ...others] = ['install.sh', 'pullpass-host', 'docker-credential-pullpass'].map((name) => {
      const text = readFileSync(join(HOST_FOLDER, name), 'utf8');
      return /\nfind_listener\(\) \([^]*?\n\)\n/.exec(text)?.[0];
    });
    expect(first).toContain('/proc/net/tcp');
    expect(others).toEqual([first, first]);
  });
});

describe.runIf(MAY_BE_ANOTHER_USER).each(SHELLS)('a server on loopback of another user, under $name', (shell) => {
  let host: HostMachine;
  let foreign: ForeignServer | undefined;
  let pullpass: FakePullpass | undefined;

  beforeEach(() => {
    host = hostMachine(shell, 'http://127.0.0.1:1');
  });

  afterEach(async () => {
    await foreign?.close();
    await pullpass?.close();
    [foreign, pullpass] = [undefined, undefined];
    host.remove();
  });

  const answering = (body: string): string =>
    `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', 'localhost'],
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['::', '[::1]'],
    ['::1', '[::1]'],
    ['::1', 'localhost'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['127.0.0.2', '127.0.0.2'],
  ])('that listens on %s gets no token from the helper for %s', async (address, name) => {
    foreign = await startForeignServer(address, { answer: answering(credentialJson('quay.io', 'evil')) });
    const outcome = await host.get({ PULLPASS_URL: `http://${name}:${foreign.port}` });
    expect(outcome.status).toBe(1);
    expect(outcome.stdout).toMatch(BELONGS);
    expect(outcome.stdout).toMatch(/run Pullpass as root .*PULLPASS_SERVER_USER.*https/);
    expect(foreign.heard()).toBe('');
  });

  it.each([
    ['another address', '127.0.0.2', false],
    ['IPv6', '::1', false],
    ['all of IPv6 alone', '::', true],
  ])('that listens at the same port of %s does not keep the helper from Pullpass', async (_, address, ipv6Only) => {
    pullpass = await startFakePullpass();
    foreign = await startForeignServer(address, { port: Number(new URL(pullpass.url).port), ipv6Only });
    expect(await host.get({ PULLPASS_URL: pullpass.url })).toMatchObject({ status: 0, stderr: '' });
    // The name leads to both: only the one that was checked is asked.
    const named = pullpass.url.replace('127.0.0.1', 'localhost');
    expect(await host.get({ PULLPASS_URL: named })).toMatchObject({ status: 0, stderr: '' });
    expect(pullpass.asked).toHaveLength(2);
    expect(foreign.heard()).toBe('');
  });

  it('that listens on all of IPv6 is not taken for the one on all of IPv4, which does not answer there', async () => {
    foreign = await startForeignServer('::', { ipv6Only: true });
    const own = net.createServer().listen(foreign.port, '0.0.0.0');
    await once(own, 'listening');
    const outcome = await host.get({ PULLPASS_URL: `http://[::1]:${foreign.port}` });
    own.close();
    expect(outcome.stdout).toMatch(BELONGS);
    expect(foreign.heard()).toBe('');
  });

  it('is Pullpass where its account is named', async () => {
    foreign = await startForeignServer('127.0.0.1', { answer: answering(credentialJson('quay.io', 'good')) });
    const variables = { PULLPASS_URL: `http://127.0.0.1:${foreign.port}`, PULLPASS_SERVER_USER: 'nobody' };
    expect(await host.get(variables)).toMatchObject({ status: 0, stdout: `${credentialJson('quay.io', 'good')}\n` });
    expect(foreign.heard()).toContain(TOKEN);
    const other = await host.helper('get', 'ghcr.io', { ...variables, PULLPASS_SERVER_USER: 'daemon' });
    expect(other.stdout).toMatch(BELONGS);
  });

  it('takes nothing from a host that has its last good answer', async () => {
    pullpass = await startFakePullpass();
    pullpass.answer = credential('last good', { refreshIn: '0' });
    const { port } = new URL(pullpass.url);
    await host.get({ PULLPASS_URL: pullpass.url });
    await pullpass.close();
    foreign = await startForeignServer('127.0.0.1', { port: Number(port) });
    const outcome = await host.get({ PULLPASS_URL: pullpass.url });
    expect(outcome).toMatchObject({ status: 0, stdout: `${credentialJson('quay.io', 'last good')}\n` });
    expect(outcome.stderr).toMatch(BELONGS);
    expect(foreign.heard()).toBe('');
  });

  it('gets no token from pullpass-host, and writes nothing', async () => {
    const system = await configuredHost(shell);
    try {
      const text = linesOf('podman', { files: { '/etc/containers/policy.json': '{}\n' } });
      foreign = await startForeignServer('127.0.0.1', { answer: answering(text) });
      const words = [CONFIGURATOR, '--root', system.root, '--runtime', 'podman'];
      const variables = {
        PULLPASS_URL: `http://127.0.0.1:${foreign.port}`,
        PULLPASS_ENVIRONMENT: 'prod',
        PULLPASS_TOKEN_FILE: system.host.tokenFile,
        TMPDIR: system.host.home,
      };
      const before = system.everything();
      const outcome = await system.host.run(words, '', variables);
      expect(outcome.status).toBe(5);
      expect(outcome.stderr).toMatch(BELONGS);
      expect(foreign.heard()).toBe('');
      expect(system.everything()).toEqual(before);
      const config = join(system.host.home, 'host.conf');
      writeFileSync(config, 'PULLPASS_SERVER_USER=nobody\n', { mode: 0o600 });
      expect((await system.host.run(words, '', { ...variables, PULLPASS_CONFIG: config })).status).toBe(0);
    } finally {
      await system.end();
    }
  });

  it('is not asked for a script by install.sh, unless its account is named, which is kept', async () => {
    const helper = readFileSync(HELPER, 'utf8');
    foreign = await startForeignServer('127.0.0.1', { answer: answering(helper) });
    const url = `http://127.0.0.1:${foreign.port}`;
    const words = ['--user', '--url', url, '--environment', 'prod', '--token-file', host.tokenFile];
    const outcome = await host.run([loneInstaller(host.home), ...words]);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(BELONGS);
    expect(foreign.heard()).toBe('');
    await host.run([loneInstaller(host.home), ...words, '--server-user', 'nobody']);
    expect(foreign.heard()).toContain('GET /install/docker-credential-pullpass');
    expect(readFileSync(join(host.home, '.config/pullpass/host.conf'), 'utf8')).toContain(
      '\nPULLPASS_SERVER_USER=nobody\n',
    );
  });
});

describe.each(SHELLS)('who listens on loopback, under $name,', (shell) => {
  it('is asked where there is no list of listeners', async () => {
    const pullpass = await startFakePullpass();
    const host = hostMachine(shell, pullpass.url);
    const script = join(host.home, 'helper');
    writeFileSync(script, readFileSync(HELPER, 'utf8').replaceAll('/proc/net/', '/nowhere/'));
    const settings = { PULLPASS_URL: pullpass.url, PULLPASS_ENVIRONMENT: 'prod', PULLPASS_TOKEN_FILE: host.tokenFile };
    try {
      expect(await host.run([script, 'get'], 'quay.io', settings)).toMatchObject({ status: 0, stderr: '' });
    } finally {
      await pullpass.close();
      host.remove();
    }
  });

  it.each([':08', ':x', 'x', ':99999'])('is nobody at the port "%s"', async (port) => {
    const host = hostMachine(shell, `http://127.0.0.1${port}`);
    try {
      const outcome = await host.get();
      expect(outcome.status).toBe(1);
      expect(outcome.stdout).toMatch(/cannot reach|plain http to another machine/);
    } finally {
      host.remove();
    }
  });
});
