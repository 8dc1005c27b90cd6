import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CA_FILE, credential, credentialJson, NOT_FOUND, OTHER_CA_FILE, startFakePullpass } from './fake-pullpass.ts';
import type { FakePullpass } from './fake-pullpass.ts';
import { hostMachine, TOKEN, type HostMachine, type Outcome } from './host-machine.ts';
import { SHELLS } from './shells.ts';

/** What clients need of a refusal: status 1, the same line on stdout (containers/image) and on stderr (docker). */
function expectRefusal(outcome: Outcome, message: RegExp): void {
  expect(outcome.stdout).toMatch(message);
  expect(outcome).toMatchObject({ status: 1, stderr: outcome.stdout });
  expect(outcome.stdout).toMatch(/^pullpass: [^\n]+\n$/);
  expect(outcome.stdout).not.toContain(NOT_FOUND);
}

describe.each(SHELLS)('docker-credential-pullpass under $name', (shell) => {
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

  it('asks with the server key as it came, without its newline, and the token as a bearer', async () => {
    await host.helper('get', 'https://index.docker.io/v1/\n');
    expect(pullpass.asked).toHaveLength(1);
    expect(pullpass.asked[0]).toMatchObject({
      method: 'POST',
      path: '/v1/environments/prod/docker-credential',
      body: 'https://index.docker.io/v1/',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'text/plain' },
    });
  });

  it.each([
    ['quotes and backslashes', String.raw`a"b\c\\"d'e`],
    ['what shells expand', '$HOME `id` $(id) ~ * ? ! %s %d %% \\n ${x}'],
    ['JSON inside', '","Secret":"other","x":"'],
    ['line breaks and tabs', 'one\ntwo\r\n\tthree'],
    ['letters of other scripts', 'пароль 密码 🔑'],
    ['sixty kilobytes', 'k'.repeat(60_000)],
  ])('gives a secret with %s untouched, the first time and from the cache', async (_, secret) => {
    pullpass.answer = credential(secret);
    const wanted = { status: 0, stdout: `${credentialJson('quay.io', secret)}\n`, stderr: '' };
    expect(await host.get()).toEqual(wanted);
    expect(await host.get()).toEqual(wanted);
    expect(pullpass.asked).toHaveLength(1);
  });

  it('passes the not-found answer on to the letter, on stdout alone', async () => {
    pullpass.answer = { status: 404, body: NOT_FOUND };
    expect(await host.get()).toEqual({ status: 1, stdout: `${NOT_FOUND}\n`, stderr: '' });
  });

  it.each([
    ['a denial', { status: 403, body: 'quay.io is not on the whitelist' }, /prod: quay\.io is not on the whitelist/],
    ['a denial without a reason', { status: 403, body: '' }, /refused it/],
    ['a bad key', { status: 400, body: 'not a host' }, /answered 400: not a host/],
    ['an outage', { status: 503, body: 'the credential has run out' }, /answered 503: the credential has run out/],
    ['too many requests', { status: 429, body: '' }, /answered 429/],
    ['a redirect', { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } }, /answered 302 \(redirects/],
    ["another server's 404", { status: 404, body: '<html>nothing here' }, /not as Pullpass does/],
    ["another server's page", { status: 200, body: '<html>log in' }, /not a credential/],
    ['an empty answer', { status: 200, body: '' }, /not a credential/],
    ['an empty secret', { status: 200, body: credentialJson('quay.io', '') }, /not a credential/],
    [
      'two lines',
      { status: 200, body: `${credentialJson('a', 'b')}\n${credentialJson('a', 'b')}` },
      /not a credential/,
    ],
    ['half an answer', { status: 200, body: '{"ServerURL":"quay.io"', cut: true }, /before the answer was complete/],
    ['a page as the reason', { status: 503, body: '<html>sorry' }, /answered 503, which/],
    ['control characters', { status: 403, body: 'a\u001b[2Jb' }, /refused it/],
  ] as const)('refuses on %s, where every client shows it', async (_, answer, message) => {
    pullpass.answer = answer;
    expectRefusal(await host.get(), message);
    expect(host.cached()).toEqual([]);
  });

  it('names the file of a token that Pullpass does not know', async () => {
    pullpass.answer = { status: 401, body: 'unauthenticated' };
    const outcome = await host.get();
    expectRefusal(outcome, /does not know this host's agent token/);
    expect(outcome.stderr).toContain(host.tokenFile);
  });

  it('says that the connection was refused', async () => {
    const { url } = pullpass;
    await pullpass.close();
    expectRefusal(await host.get(), new RegExp(`cannot reach ${url}: the connection was refused`));
    pullpass = await startFakePullpass();
  });

  it('gives up on a Pullpass that hangs', async () => {
    pullpass.answer = 'never';
    expectRefusal(await host.get({ PULLPASS_TIMEOUT_SECONDS: '1' }), /timed out/);
  });

  it('says that a name has no address', async () => {
    const outcome = await host.get({ PULLPASS_URL: 'https://pullpass.invalid' });
    expectRefusal(outcome, /cannot reach https:\/\/pullpass\.invalid: (?:the name .* cannot be resolved|timed out)/);
  });

  it.each([
    ['quay.io', 'first line\nsecond line', /more than one line/],
    ['nothing', '', /no registry was named/],
    ['only a newline', '\n', /no registry was named/],
    ['a control character', 'quay\u0007.io', /control characters/],
    ['two kilobytes', 'x'.repeat(2000), /longer than 1024/],
  ])('refuses %s on stdin without asking', async (_, stdin, message) => {
    expectRefusal(await host.helper('get', stdin), message);
    expect(pullpass.asked).toEqual([]);
  });

  it.each([
    ['list', '', { status: 0, stdout: '{}\n', stderr: '' }],
    ['version', '', { status: 0, stdout: 'docker-credential-pullpass 0.1.0\n', stderr: '' }],
    ['erase', 'quay.io', { status: 0, stdout: '', stderr: '' }],
  ])('answers %s', async (verb, stdin, wanted) => {
    expect(await host.helper(verb, stdin)).toEqual(wanted);
    expect(pullpass.asked).toEqual([]);
  });

  it('takes a store without keeping anything of it', async () => {
    const outcome = await host.helper('store', credentialJson('quay.io', 'canary-stored'));
    expect(outcome).toMatchObject({ status: 0, stdout: '' });
    expect(outcome.stderr).toMatch(/nothing is stored/);
    expect(outcome.stderr).not.toContain('canary');
    expect(host.cached()).toEqual([]);
  });

  it('lets erase succeed without any settings, since clients crash when it does not', async () => {
    const outcome = await host.helper('erase', 'quay.io', { PULLPASS_URL: undefined });
    expect(outcome).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('says how it is used', async () => {
    expectRefusal(await host.helper('frobnicate'), /usage: docker-credential-pullpass get\|store/);
  });
});

describe.each(SHELLS)('docker-credential-pullpass and TLS under $name', (shell) => {
  const ask = async (certificate: 'server' | 'wrong-name', variables: Record<string, string>): Promise<Outcome> => {
    const pullpass = await startFakePullpass(certificate);
    const host = hostMachine(shell, pullpass.url);
    try {
      return await host.get(variables);
    } finally {
      await pullpass.close();
      host.remove();
    }
  };

  it('takes a certificate of the pinned authority', async () => {
    expect(await ask('server', { PULLPASS_CA_FILE: CA_FILE })).toMatchObject({ status: 0, stderr: '' });
  });

  it('says what to set when the authority is not trusted', async () => {
    expectRefusal(await ask('server', {}), /not trusted: .* name it in PULLPASS_CA_FILE/);
  });

  it('refuses a certificate of an authority other than the pinned one', async () => {
    expectRefusal(await ask('server', { PULLPASS_CA_FILE: OTHER_CA_FILE }), /not of the authority in PULLPASS_CA_FILE/);
  });

  it('refuses a certificate for another name', async () => {
    expectRefusal(await ask('wrong-name', { PULLPASS_CA_FILE: CA_FILE }), /or not for this name/);
  });
});
