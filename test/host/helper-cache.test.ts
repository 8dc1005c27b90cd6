import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { credential, credentialJson, NOT_FOUND, startFakePullpass } from './fake-pullpass.ts';
import type { FakePullpass } from './fake-pullpass.ts';
import { hostMachine, TOKEN, type HostMachine } from './host-machine.ts';
import { SHELLS } from './shells.ts';

function given(secret: string, serverKey = 'quay.io'): string {
  return `${credentialJson(serverKey, secret)}\n`;
}

describe.each(SHELLS)('the cache under $name', (shell) => {
  let pullpass: FakePullpass;
  let host: HostMachine;

  beforeEach(async () => {
    pullpass = await startFakePullpass();
    host = hostMachine(shell, pullpass.url);
  });

  afterEach(async () => {
    await pullpass.close();
    host.remove();
  });

  const entry = (): string => join(host.cacheFolder, host.cached()[0] ?? 'none');

  it('answers from a file of its own, which nobody else can read, until Pullpass wants to be asked', async () => {
    await host.get();
    pullpass.answer = credential('second');
    expect((await host.get()).stdout).toBe(given('first'));
    expect(pullpass.asked).toHaveLength(1);
    expect(host.cached()).toHaveLength(1);
    expect(statSync(host.cacheFolder).mode & 0o777).toBe(0o700);
    expect(statSync(entry()).mode & 0o777).toBe(0o600);
  });

  it('asks again after that, and keeps the newer answer', async () => {
    pullpass.answer = credential('first', { refreshIn: '0' });
    await host.get();
    pullpass.answer = credential('second');
    expect((await host.get()).stdout).toBe(given('second'));
    pullpass.answer = credential('third');
    expect((await host.get()).stdout).toBe(given('second'));
    expect(host.cached()).toHaveLength(1);
  });

  it.each([
    ['another registry', 'quay.io:8443', {}],
    ['another environment', 'quay.io', { PULLPASS_ENVIRONMENT: 'ci' }],
    ['another agent', 'quay.io', { PULLPASS_TOKEN: TOKEN.replace('0123', '3210') }],
    ['the same agent with a new token', 'quay.io', { PULLPASS_TOKEN: TOKEN.replace(/beef$/, 'cafe') }],
  ])('does not answer for %s', async (_, serverKey, variables) => {
    await host.get();
    pullpass.answer = credential('other');
    expect((await host.helper('get', serverKey, variables)).stdout).toBe(given('other', serverKey));
    expect(pullpass.asked).toHaveLength(2);
  });

  it.each([
    ['a denial', { status: 403, body: 'denied' }],
    ['not found', { status: 404, body: NOT_FOUND }],
    ['an unknown token', { status: 401, body: 'who' }],
  ])('forgets what it has on %s', async (_, answer) => {
    pullpass.answer = credential('first', { refreshIn: '0' });
    await host.get();
    expect(host.cached()).toHaveLength(1);
    pullpass.answer = answer;
    const refused = await host.get();
    expect(refused.status).toBe(1);
    expect(refused.stdout).not.toContain('first');
    expect(host.cached()).toEqual([]);
  });

  it('forgets what it has when a client logs out', async () => {
    await host.get();
    await host.helper('erase', 'quay.io');
    expect(host.cached()).toEqual([]);
  });

  it.each([
    ['503', { status: 503, body: 'store down' }],
    ['500', { status: 500, body: '' }],
    ['502 with a page', { status: 502, body: '<html>' }],
    ['429', { status: 429, body: '' }],
    ['a redirect', { status: 307, body: '' }],
    ["another server's 404", { status: 404, body: 'nothing here' }],
    ["another server's page", { status: 200, body: '<html>' }],
    ['half an answer', { status: 200, body: '{"ServerURL":', cut: true }],
  ] as const)('carries the host through %s while the credential lives, and says so', async (_, answer) => {
    pullpass.answer = credential('first', { refreshIn: '0' });
    await host.get();
    pullpass.answer = answer;
    const outcome = await host.get();
    expect(outcome).toMatchObject({ status: 0, stdout: given('first') });
    expect(outcome.stderr).toMatch(/^pullpass: [^\n]*using the cached credential for quay\.io[^\n]*minutes\n$/);
    expect(outcome.stderr).not.toContain('first');
  });

  it('carries the host through a Pullpass that hangs, and one that is gone', async () => {
    pullpass.answer = credential('first', { refreshIn: '0' });
    await host.get();
    pullpass.answer = 'never';
    expect(await host.get({ PULLPASS_TIMEOUT_SECONDS: '1' })).toMatchObject({ status: 0, stdout: given('first') });
    await pullpass.close();
    expect(await host.get()).toMatchObject({ status: 0, stdout: given('first') });
    pullpass = await startFakePullpass();
  });

  it.each([
    ['has run out', { expiresIn: '0' }, {}],
    ['is about to run out', { expiresIn: '30' }, {}],
    ['has no expiry and is older than the outage allowed', { expiresIn: 'never' }, { PULLPASS_OUTAGE_SECONDS: '0' }],
    ['has an end that was not told', { expiresIn: null }, {}],
    ['has an expiry that is no time', { expiresIn: 'tomorrow' }, {}],
  ])('does not give out in an outage what %s', async (_, headers, variables) => {
    pullpass.answer = credential('first', { refreshIn: '0', ...headers });
    await host.get(variables);
    pullpass.answer = { status: 503, body: 'store down' };
    const outcome = await host.get(variables);
    expect(outcome).toMatchObject({ status: 1, stderr: outcome.stdout });
    expect(outcome.stdout).toContain('store down');
  });

  it('gives out in an outage what has no expiry, within the time allowed', async () => {
    pullpass.answer = credential('first', { refreshIn: '0', expiresIn: 'never' });
    await host.get();
    pullpass.answer = { status: 503, body: '' };
    const outcome = await host.get();
    expect(outcome).toMatchObject({ status: 0, stdout: given('first') });
    expect(outcome.stderr).toContain('minutes ago');
  });

  it.each([
    ['tomorrow'],
    ['0'],
    ['-5'],
    ['0x7fffffff'],
    ['1e12'],
    ['99999999999999999999'],
    ['$(touch pwned)'],
    ['09'],
    [''],
  ])('takes a refresh time of "%s" for none, and asks again', async (refreshIn) => {
    pullpass.answer = credential('first', { refreshIn });
    expect((await host.get()).stdout).toBe(given('first'));
    expect(await host.get()).toMatchObject({ status: 0, stderr: '' });
    expect(pullpass.asked).toHaveLength(2);
    expect(existsSync(join(host.home, 'pwned'))).toBe(false);
  });

  it('never answers from the cache past the end of the credential, whatever the refresh time', async () => {
    pullpass.answer = credential('first', { refreshIn: '600', expiresIn: '30' });
    await host.get();
    pullpass.answer = credential('second');
    expect((await host.get()).stdout).toBe(given('second'));
  });

  it.each([
    ['empty', () => ''],
    ['nonsense', () => 'nonsense\nnonsense\n'],
    ['cut short', (text: string) => text.slice(0, -10)],
    ['cut before its last line', (text: string) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)],
    ['cut after its first line', (text: string) => text.slice(0, text.indexOf('\n') + 1)],
    ["another registry's", (text: string) => text.replaceAll('quay.io', 'evil.io')],
    ['of another format', (text: string) => text.replace(/^2 /, '1 ')],
  ])('asks when the file is %s, and mends it', async (_, spoil) => {
    await host.get();
    writeFileSync(entry(), spoil(readFileSync(entry(), 'utf8')));
    expect(await host.get()).toEqual({ status: 0, stdout: given('first'), stderr: '' });
    expect(pullpass.asked).toHaveLength(2);
    // And has a whole file again.
    await host.get();
    expect(pullpass.asked).toHaveLength(2);
    expect(host.cached()).toHaveLength(1);
  });

  it.each([
    ['../../../etc/passwd'],
    ['/absolute'],
    ['..'],
    ['a b'],
    ['*'],
    ['$(touch pwned)'],
    ['`touch pwned`'],
    ['quay.io;touch pwned'],
    ['@/etc/hostname'],
    ['-K/etc/hostname'],
    ['--next'],
    ['"; url = "http://127.0.0.1:1/'],
    ['quay.io,x=y'],
    ['пример.рф'],
    ['x'.repeat(1000)],
  ])('sends the server key %s as it is, and lets it name no file outside', async (serverKey) => {
    const before = readdirSync(host.home).sort();
    const outcome = await host.helper('get', serverKey);
    expect(outcome).toEqual({ status: 0, stdout: given('first', serverKey), stderr: '' });
    expect(pullpass.asked.map(({ body }) => body)).toEqual([serverKey]);
    expect(readdirSync(host.home).filter((name) => name !== 'cache')).toEqual(before);
    expect(host.cached().every((name) => name.startsWith('http=,,127.0.0.1='))).toBe(true);
  });

  it('keeps keys apart that differ only in what names of files cannot hold', async () => {
    const keys = ['a/b', 'a:b', 'a_b', 'a//b', 'a/b/', 'A/b'];
    for (const key of keys) {
      pullpass.answer = credential(`for ${key}`);
      await host.helper('get', key);
    }
    expect(host.cached()).toHaveLength(keys.length);
    for (const key of keys) expect((await host.helper('get', key)).stdout).toBe(given(`for ${key}`, key));
    expect(pullpass.asked).toHaveLength(keys.length);
  });

  it('serves many at once, and leaves one whole file', async () => {
    pullpass.answer = credential('k'.repeat(20_000));
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => host.get()));
    for (const outcome of outcomes) {
      expect(outcome).toEqual({ status: 0, stdout: given('k'.repeat(20_000)), stderr: '' });
    }
    expect(host.cached()).toHaveLength(1);
    expect(readFileSync(entry(), 'utf8').split('\n')[1]).toBe(given('k'.repeat(20_000)).trim());
  });

  it('does not bring back in an outage what was withdrawn while its cache could not be changed', async () => {
    pullpass.answer = credential('first', { refreshIn: '0', expiresIn: 'never' });
    await host.get();
    const runtime = join(host.home, 'run');
    mkdirSync(runtime, { mode: 0o700 });
    const variables = { XDG_RUNTIME_DIR: runtime };
    pullpass.answer = { status: 403, body: 'not in the whitelist' };
    expect(await host.getReadOnly(variables)).toMatchObject({ status: 1 });
    expect(host.cached()).toHaveLength(1);
    pullpass.answer = { status: 503, body: 'store down' };
    const refused = await host.get(variables);
    expect(refused).toMatchObject({ status: 1 });
    expect(refused.stdout).not.toContain('first');
    // What Pullpass gives later is kept again.
    pullpass.answer = credential('second', { expiresIn: 'never' });
    await host.get(variables);
    pullpass.answer = { status: 503, body: 'store down' };
    expect((await host.get(variables)).stdout).toBe(given('second'));
    expect(readdirSync(runtime)).toEqual([]);
  });

  it('says so where what was withdrawn can neither be removed nor marked', async () => {
    pullpass.answer = credential('first', { refreshIn: '0' });
    await host.get();
    pullpass.answer = { status: 401, body: '' };
    const refused = await host.getReadOnly({ XDG_RUNTIME_DIR: '/dev/null' });
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`cannot remove ${entry()}, which is withdrawn: remove it`);
  });

  it('gives the credential where nothing can be kept', async () => {
    const outcome = await host.get({ PULLPASS_CACHE_DIR: '/dev/null/cache' });
    expect(outcome).toEqual({ status: 0, stdout: given('first'), stderr: '' });
  });

  it('keeps nothing in a folder that a link leads to, and believes nothing there', async () => {
    mkdirSync(join(host.home, 'elsewhere'), { mode: 0o700 });
    mkdirSync(join(host.home, 'cache'));
    symlinkSync(join(host.home, 'elsewhere'), host.cacheFolder);
    expect((await host.get()).stdout).toBe(given('first'));
    expect(readdirSync(join(host.home, 'elsewhere'))).toEqual([]);
  });

  it('refuses a cache that others can write to, and asks nobody', async () => {
    mkdirSync(host.cacheFolder, { recursive: true });
    chmodSync(host.cacheFolder, 0o777);
    const outcome = await host.get();
    expect(outcome).toMatchObject({ status: 1, stderr: outcome.stdout });
    expect(outcome.stdout).toContain(`other users can change ${host.cacheFolder}: chmod go-w`);
    expect(pullpass.asked).toEqual([]);
  });

  it.each([
    ['the home', { XDG_CACHE_HOME: undefined }, '.cache/pullpass'],
    ['XDG_CACHE_HOME', { XDG_CACHE_HOME: 'xdg' }, 'xdg/pullpass'],
  ])('lies in %s where nothing else is said', async (_, { XDG_CACHE_HOME: folder }, wanted) => {
    if (folder !== undefined) mkdirSync(join(host.home, folder), { mode: 0o700 });
    await host.get({
      PULLPASS_CACHE_DIR: undefined,
      XDG_CACHE_HOME: folder === undefined ? undefined : join(host.home, folder),
    });
    expect(readdirSync(join(host.home, wanted))).toHaveLength(1);
  });
});
