import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { credential, credentialJson, startFakePullpass, type FakePullpass } from './fake-pullpass.ts';
import { hostMachine, TOKEN, type HostMachine } from './host-machine.ts';
import { MAY_BE_ANOTHER_USER, NOBODY } from './hostile-server.ts';
import { SHELLS } from './shells.ts';

describe.each(SHELLS)('the settings under $name', (shell) => {
  let pullpass: FakePullpass;
  let host: HostMachine;
  let config: string;

  beforeEach(async () => {
    pullpass = await startFakePullpass();
    host = hostMachine(shell, pullpass.url);
    config = join(host.home, 'host.conf');
  });

  afterEach(async () => {
    await pullpass.close();
    host.remove();
  });

  /** Runs get with nothing in the environment but the name of this file. */
  const getWith = (text: string, variables: Record<string, string | undefined> = {}) => {
    writeFileSync(config, text, { mode: 0o600 });
    return host.get({
      PULLPASS_URL: undefined,
      PULLPASS_ENVIRONMENT: undefined,
      PULLPASS_TOKEN_FILE: undefined,
      PULLPASS_CONFIG: config,
      ...variables,
    });
  };
  const lines = (): string =>
    `PULLPASS_URL=${pullpass.url}\nPULLPASS_ENVIRONMENT=prod\nPULLPASS_TOKEN_FILE=${host.tokenFile}\n`;
  const works = { status: 0, stdout: `${credentialJson('quay.io', 'first')}\n`, stderr: '' };

  it('are read from a file', async () => {
    expect(await getWith(lines())).toEqual(works);
  });

  it.each([
    ['comments and empty lines', (text: string) => `# a comment\n\n  ${text}`],
    ['no newline at the end', (text: string) => text.trimEnd()],
    ['line ends of Windows', (text: string) => text.replaceAll('\n', '\r\n')],
    ['values in quotes', (text: string) => text.replaceAll(/=(.*)\n/g, '="$1"\n')],
    ['the token itself', (text: string) => text.replace(/PULLPASS_TOKEN_FILE=.*/, `PULLPASS_TOKEN=${TOKEN}`)],
    ['a slash after the URL', (text: string) => text.replace('\n', '/\n')],
  ])('are read from a file with %s', async (_, change) => {
    expect(await getWith(change(lines()))).toEqual(works);
    expect(pullpass.asked[0]?.path).toBe('/v1/environments/prod/docker-credential');
    expect(pullpass.asked[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it("are read from the user's own file where none is named", async () => {
    mkdirSync(join(host.home, '.config/pullpass'), { recursive: true });
    writeFileSync(join(host.home, '.config/pullpass/host.conf'), lines(), { mode: 0o600 });
    expect(await getWith('', { PULLPASS_CONFIG: undefined })).toEqual(works);
  });

  it('in the environment go before those in the file', async () => {
    await getWith(lines(), { PULLPASS_ENVIRONMENT: 'ci' });
    expect(pullpass.asked[0]?.path).toBe('/v1/environments/ci/docker-credential');
  });

  it('are never run as code', async () => {
    await getWith(`${lines()}touch pwned\nPULLPASS_OUTAGE_SECONDS=$(touch pwned)\n\`touch pwned\`\n`);
    expect(existsSync(join(host.home, 'pwned'))).toBe(false);
  });

  it('that nobody knows are warned of, without their value', async () => {
    const outcome = await getWith(`${lines()}PULLPASS_TOKN=canary\n`);
    expect(outcome.status).toBe(0);
    expect(outcome.stderr).toMatch(/^pullpass: .*host\.conf.*PULLPASS_TOKN\n$/);
  });

  it.each([
    ['no URL', { PULLPASS_URL: undefined }, /PULLPASS_URL is not set/],
    ['no environment', { PULLPASS_ENVIRONMENT: undefined }, /PULLPASS_ENVIRONMENT is not set/],
    ['an environment that is a path', { PULLPASS_ENVIRONMENT: 'prod/../ci' }, /1 to 63 characters/],
    ['an environment in capitals', { PULLPASS_ENVIRONMENT: 'PROD' }, /1 to 63 characters/],
    ['an environment too long', { PULLPASS_ENVIRONMENT: 'e'.repeat(64) }, /1 to 63 characters/],
    ['another scheme', { PULLPASS_URL: 'file:///etc/passwd' }, /must begin with https/],
    ['a user in the URL', { PULLPASS_URL: 'https://u:p@pullpass.example' }, /without user/],
    ['a query in the URL', { PULLPASS_URL: 'https://pullpass.example?x' }, /without user, query/],
    ['a quote in the URL', { PULLPASS_URL: 'https://pullpass.example"' }, /must be http/],
    ['plain http to elsewhere', { PULLPASS_URL: 'http://pullpass.example' }, /plain http to another machine/],
    ['plain http to a name like loopback', { PULLPASS_URL: 'http://127.0.0.1.evil.example' }, /plain http to another/],
    ['no number of seconds', { PULLPASS_TIMEOUT_SECONDS: '10s' }, /PULLPASS_TIMEOUT_SECONDS must be/],
    ['no time at all', { PULLPASS_TIMEOUT_SECONDS: '0' }, /PULLPASS_TIMEOUT_SECONDS must be/],
    ['a bad outage', { PULLPASS_OUTAGE_SECONDS: '-1' }, /PULLPASS_OUTAGE_SECONDS must be/],
    ['a missing authority', { PULLPASS_CA_FILE: '/nowhere.pem' }, /cannot read PULLPASS_CA_FILE, \/nowhere\.pem/],
    ['a missing file of settings', { PULLPASS_CONFIG: '/nowhere.conf' }, /cannot read the settings in \/nowhere\.conf/],
    ['a missing token', { PULLPASS_TOKEN_FILE: '/nowhere' }, /cannot read the agent token in \/nowhere/],
    ['an empty token file', { PULLPASS_TOKEN_FILE: '/dev/null' }, /no agent token in \/dev\/null/],
    ['a token that would end its header', { PULLPASS_TOKEN: 'pp_"\\r\nurl = "x' }, /is not an agent token/],
    ['a relative cache', { PULLPASS_CACHE_DIR: 'cache' }, /must be an absolute path/],
  ])('with %s are refused by name, and nobody is asked', async (_, variables, message) => {
    const outcome = await host.get(variables);
    expect(outcome.stdout).toMatch(message);
    expect(outcome).toMatchObject({ status: 1, stderr: outcome.stdout });
    expect(pullpass.asked).toEqual([]);
  });

  it.each([
    ['a token that everybody can read', 'token', 0o644, /every user of this host can read the agent token: chmod 600/],
    ['a token that a group can change', 'token', 0o660, /other users can change .*token: chmod go-w/],
    ['settings that everybody can change', 'host.conf', 0o666, /other users can change .*host\.conf: chmod go-w/],
  ])('refuse %s, and send the token nowhere', async (_, name, mode, message) => {
    writeFileSync(config, lines());
    chmodSync(join(host.home, name), mode);
    const outcome = await host.get({ PULLPASS_CONFIG: config });
    expect(outcome.stdout).toMatch(message);
    expect(outcome.status).toBe(1);
    expect(pullpass.asked).toEqual([]);
  });

  it.runIf(MAY_BE_ANOTHER_USER)('refuse a file that another user owns, and send the token nowhere', async () => {
    writeFileSync(config, lines(), { mode: 0o600 });
    chownSync(config, NOBODY, NOBODY);
    const outcome = await host.get({ PULLPASS_CONFIG: config });
    expect(outcome.stdout).toMatch(/host\.conf belongs to another user, who can change it/);
    expect([outcome.status, pullpass.asked]).toEqual([1, []]);
  });

  it('take a token that a group may read', async () => {
    chmodSync(host.tokenFile, 0o640);
    expect(await host.get()).toEqual(works);
  });

  it("are not mixed with curl's own file", async () => {
    writeFileSync(join(host.home, '.curlrc'), `verbose\noutput = ${join(host.home, 'stolen')}\n`);
    expect(await host.get()).toEqual(works);
    expect(existsSync(join(host.home, 'stolen'))).toBe(false);
  });

  it('ask loopback without the proxy of the environment', async () => {
    expect(await host.get({ http_proxy: 'http://127.0.0.1:1', ALL_PROXY: 'http://127.0.0.1:1' })).toEqual(works);
  });
});

/** What every process of this machine shows to others (its arguments) and to its own user (its environment). */
function processesShowing(text: string, what: 'cmdline' | 'environ', name: RegExp): readonly string[] {
  return readdirSync('/proc')
    .filter((id) => /^\d+$/.test(id))
    .flatMap((id) => {
      try {
        const commandLine = readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return name.test(commandLine) && readFileSync(`/proc/${id}/${what}`, 'utf8').includes(text)
          ? [commandLine]
          : [];
      } catch {
        return []; // It ended meanwhile.
      }
    });
}

describe.each(SHELLS)('the token under $name', (shell) => {
  it.each([
    ['from a file', {}],
    ['from the environment', { PULLPASS_TOKEN: TOKEN }],
    ["while the caller exports the script's own names", { pp_token: 'x', pp_answer: 'x', pp_line: 'x', pp_value: 'x' }],
  ])('%s is in no argument list and in no environment of curl while Pullpass is asked', async (_, variables) => {
    const pullpass = await startFakePullpass();
    const host = hostMachine(shell, pullpass.url);
    const seen: (readonly string[])[] = [];
    pullpass.answer = (asked) => {
      const url = new RegExp(`^\\S*curl .*${asked.body}`);
      // That curl is found by its arguments shows that the search would find the token there.
      seen.push(processesShowing('--data-raw', 'cmdline', url));
      seen.push(processesShowing(TOKEN, 'cmdline', /./));
      seen.push(processesShowing(TOKEN, 'environ', url));
      return credential('canary')(asked);
    };
    try {
      expect(await host.helper('get', 'only-here.example', variables)).toMatchObject({ status: 0, stderr: '' });
      expect(pullpass.asked[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
      expect(seen.map((found) => found.length)).toEqual([1, 0, 0]);
    } finally {
      await pullpass.close();
      host.remove();
    }
  });
});
