import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CA_FILE, NOT_FOUND, startFakePullpass, type FakePullpass } from './fake-pullpass.ts';
import { linesOf } from './host-config.ts';
import { hostMachine, TOKEN, type HostMachine, type Outcome } from './host-machine.ts';
import { MAY_BE_ANOTHER_USER, NOBODY } from './hostile-server.ts';
import { CONFIGURATOR, HELPER, HOST_FOLDER, loneInstaller, SHELLS } from './shells.ts';

const INSTALLER = join(HOST_FOLDER, 'install.sh');
const HUB = 'https://index.docker.io/v1/';
const EVERYTHING = 'credential-helpers = ["containers-auth.json", "pullpass"]';

describe.each(SHELLS)('install.sh under $name', (shell) => {
  let pullpass: FakePullpass;
  let host: HostMachine;
  let docker: string;
  let auth: string;
  let helper: string;
  let settings: string;

  beforeEach(async () => {
    pullpass = await startFakePullpass();
    host = hostMachine(shell, pullpass.url);
    docker = join(host.home, '.docker/config.json');
    auth = join(host.home, '.config/containers/auth.json');
    helper = join(host.home, '.local/bin/docker-credential-pullpass');
    settings = join(host.home, '.config/pullpass');
  });

  afterEach(async () => {
    await pullpass.close();
    host.remove();
  });

  const standard = (): string[] => [
    '--user',
    '--url',
    pullpass.url,
    '--environment',
    'prod',
    '--token-file',
    host.tokenFile,
  ];
  const install = (...more: string[]): Promise<Outcome> => host.run([INSTALLER, ...standard(), ...more]);
  const remove = (...more: string[]): Promise<Outcome> => host.run([INSTALLER, '--remove', '--user', ...more]);
  const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
  const put = (file: string, text: string): void => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode: 0o600 });
  };
  const mode = (file: string): number => statSync(file).mode & 0o777;

  it('installs helper, settings and token, each open to those who need it', async () => {
    const outcome = await install('--registry', 'quay.io');
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(helper, 'utf8')).toBe(readFileSync(HELPER, 'utf8'));
    expect(readFileSync(join(settings, 'token'), 'utf8')).toBe(`${TOKEN}\n`);
    expect([helper, join(settings, 'token'), join(settings, 'host.conf'), settings].map(mode)).toEqual([
      0o755, 0o600, 0o600, 0o700,
    ]);
  });

  it('shows that it works, and what to do next, without showing a secret', async () => {
    const { stdout } = await install('--registry', 'quay.io');
    expect(stdout).toContain('docker-credential-pullpass 0.1.0\nPullpass gives a credential for quay.io\n');
    expect(stdout).toContain('Next: pull a private image');
    expect(stdout).toContain(`PATH, which lacks ${dirname(helper)}`);
    expect(stdout).not.toMatch(/first|5ec2e7/);
  });

  it('names the registries to docker and to podman, skopeo and buildah, Docker Hub as each knows it', async () => {
    await install('--registry', 'docker.io', '--registry', 'localhost:5000');
    expect(json(docker)).toEqual({ credHelpers: { [HUB]: 'pullpass', 'localhost:5000': 'pullpass' } });
    expect(json(auth)).toEqual({ credHelpers: { 'docker.io': 'pullpass', 'localhost:5000': 'pullpass' } });
  });

  it('is asked for every registry when none is named', async () => {
    await install();
    expect(json(docker)).toEqual({ credsStore: 'pullpass' });
    const dropIn = join(host.home, '.config/containers/registries.conf.d/50-pullpass.conf');
    expect(readFileSync(dropIn, 'utf8')).toContain(`\n${EVERYTHING}\n`);
    expect(existsSync(auth)).toBe(false);
  });

  it.each([
    ['nothing', ''],
    ['an empty object', '{}'],
    ['a spread empty object', '{\n}\n'],
    ['other keys', '{\n\t"auths": {\n\t\t"x.io": {}\n\t},\n\t"currentContext": "default"\n}'],
    ['other helpers', '{"credHelpers": {"gcr.io": "gcloud"}, "detachKeys": "ctrl-e,e"}'],
    ['no helpers yet', '{\n  "credHelpers": {},\n  "HttpHeaders": {"a": [1, -2.5e3, true, null, {"b": []}]}\n}\n'],
    [
      'strings that look like JSON',
      String.raw`{"a": "}, \"credHelpers\": {", "b\u0041": 1, "c": "\\"}`.replace('b\\u0041', 'b'),
    ],
  ])('adds to a config with %s, changes nothing else, and takes away exactly what it added', async (_, text) => {
    put(docker, text);
    const before = parsed(text);
    await install('--registry', 'quay.io', '--registry', 'docker.io');
    const added: unknown = json(docker);
    expect(added).toMatchObject({ credHelpers: { 'quay.io': 'pullpass', [HUB]: 'pullpass' } });
    expect(added).toMatchObject(before);
    expect(readFileSync(`${docker}.pullpass-backup`, 'utf8')).toBe(text);
    expect(await remove()).toMatchObject({ status: 0, stderr: '' });
    const after = readFileSync(docker, 'utf8');
    if (text === '' || text.includes('"credHelpers": {}'))
      expect(JSON.parse(after)).toEqual(withoutEmptyHelpers(before));
    else expect(after).toBe(text);
    expect(existsSync(`${docker}.pullpass-backup`)).toBe(false);
  });

  it.each([
    ['half a document', '{"auths": {'],
    ['a list', '[]'],
    ['two documents', '{} {}'],
    ['a comment', '{ // mine\n}'],
    ['a comma too many', '{"a": 1,}'],
    ['the same key twice', '{"credHelpers": {}, "credHelpers": {}}'],
    ['an escaped key', String.raw`{"cred\u0048elpers": {"quay.io": "mine"}}`],
    ['helpers that are no object', '{"credHelpers": "mine"}'],
    ['another helper for the registry', '{"credHelpers": {"quay.io": "mine"}}'],
  ])('leaves a config with %s as it is, and says what to write', async (_, text) => {
    put(docker, text);
    const outcome = await install('--registry', 'quay.io');
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/config\.json .*left as it is\. .*"credHelpers": \{"quay\.io": "pullpass"\}/);
    expect(readFileSync(docker, 'utf8')).toBe(text);
    expect(existsSync(`${docker}.pullpass-backup`)).toBe(false);
    // The other clients are served all the same.
    expect(json(auth)).toEqual({ credHelpers: { 'quay.io': 'pullpass' } });
  });

  it("leaves another store of docker's alone", async () => {
    put(docker, '{"credsStore": "desktop"}');
    const outcome = await install();
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/already names another helper for credsStore.*--registry/);
    expect(json(docker)).toEqual({ credsStore: 'desktop' });
  });

  it('says that docker will pass by its own logins', async () => {
    put(docker, '{"auths": {"x.io": {"auth": "YTpi"}}}');
    expect((await install()).stderr).toMatch(/no longer use the logins kept in/);
  });

  it('run twice adds nothing twice, and is still taken away whole', async () => {
    put(docker, '{"auths": {}}');
    await install('--registry', 'quay.io');
    const once = readFileSync(docker, 'utf8');
    const again = await host.run([
      INSTALLER,
      '--user',
      '--url',
      pullpass.url,
      '--environment',
      'prod',
      '--registry',
      'quay.io',
    ]);
    expect(again).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(docker, 'utf8')).toBe(once);
    expect(readFileSync(join(settings, 'token'), 'utf8')).toBe(`${TOKEN}\n`);
    await remove();
    expect(readFileSync(docker, 'utf8')).toBe('{"auths": {}}');
  });

  it('removed, leaves no file of its own, and keeps what others wrote since', async () => {
    await install('--registry', 'quay.io');
    put(docker, '{"auths": {"new.io": {}}, "credHelpers": {"quay.io": "pullpass", "gcr.io": "gcloud"}}');
    expect(await remove()).toMatchObject({ status: 0, stderr: '' });
    expect(json(docker)).toEqual({ auths: { 'new.io': {} }, credHelpers: { 'gcr.io': 'gcloud' } });
    const left = readdirSync(host.home, { recursive: true, withFileTypes: true }).filter((found) => found.isFile());
    expect(left.map(({ name }) => name).sort()).toEqual(['config.json', 'token']);
  });

  it('removed where it never was, says so', async () => {
    const outcome = await remove();
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/nothing was installed/);
  });

  it('keeps a helper entry that was there before it came', async () => {
    put(docker, '{"credHelpers": {"quay.io": "pullpass"}}');
    await install('--registry', 'quay.io');
    await remove();
    expect(json(docker)).toEqual({ credHelpers: { 'quay.io': 'pullpass' } });
  });

  it('writes through a link and keeps the mode of the file', async () => {
    put(join(host.home, 'dotfiles/config.json'), '{}');
    chmodSync(join(host.home, 'dotfiles/config.json'), 0o640);
    mkdirSync(dirname(docker));
    symlinkSync('../dotfiles/config.json', docker);
    await install('--registry', 'quay.io');
    expect(json(join(host.home, 'dotfiles/config.json'))).toEqual({ credHelpers: { 'quay.io': 'pullpass' } });
    expect(mode(docker)).toBe(0o640);
  });

  it('changes nothing in a dry run', async () => {
    const before = readdirSync(host.home, { recursive: true });
    const outcome = await install('--registry', 'quay.io', '--dry-run');
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(outcome.stdout).toContain(`would install ${helper}`);
    expect(readdirSync(host.home, { recursive: true })).toEqual(before);
    await install('--registry', 'quay.io');
    const installed = readFileSync(docker, 'utf8');
    expect((await remove('--dry-run')).status).toBe(0);
    expect(readFileSync(docker, 'utf8')).toBe(installed);
    expect(existsSync(helper)).toBe(true);
  });

  it('works piped into a shell, and downloads the helper', async () => {
    writeFileSync(join(host.home, 'docker-credential-pullpass'), '#!/bin/sh\ntouch pwned\n');
    const outcome = await host.run(['-s', '--', ...standard()], readFileSync(INSTALLER, 'utf8'));
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(helper, 'utf8')).toBe(readFileSync(HELPER, 'utf8'));
  });

  it.each([
    ['no credential', { status: 404, body: NOT_FOUND }, 0, ''],
    [
      'a refusal by policy',
      { status: 403, body: 'pulling x is refused in prod: not in the whitelist (denied)' },
      0,
      '',
    ],
    ['an unknown token', { status: 401, body: 'no' }, 1, 'does not know this host'],
    ['a token of another environment', { status: 403, body: 'not yours (environment_not_allowed)' }, 1, 'not yours'],
    ['an outage', { status: 503, body: 'later' }, 1, 'later'],
  ])('asks once whether its token is known, and is told: %s', async (_, answer, status, message) => {
    pullpass.answer = answer;
    const outcome = await host.run([INSTALLER, ...standard()]);
    expect(outcome.status).toBe(status);
    expect(outcome.stderr).toContain(message);
  });

  it('does nothing when only half of it arrived', async () => {
    const half = readFileSync(INSTALLER, 'utf8').slice(0, -20);
    await host.run(['-s', '--', ...standard()], half);
    expect(existsSync(helper)).toBe(false);
  });

  describe('with a helper beside it', () => {
    const EVIL = '#!/bin/sh\necho evil\n';
    let folder: string;
    let beside: string;

    beforeEach(() => {
      folder = join(host.home, 'shared/folder');
      mkdirSync(folder, { recursive: true, mode: 0o755 });
      beside = join(folder, 'docker-credential-pullpass');
      loneInstaller(folder);
      writeFileSync(beside, EVIL, { mode: 0o755 });
    });

    const run = (at = folder): Promise<Outcome> => host.run([join(at, 'install.sh'), ...standard()]);

    it('takes that where nobody else can write', async () => {
      await run();
      expect(readFileSync(helper, 'utf8')).toBe(EVIL);
    });

    it('takes that below a sticky folder, where others cannot replace what is ours', async () => {
      chmodSync(dirname(folder), 0o1777);
      await run();
      expect(readFileSync(helper, 'utf8')).toBe(EVIL);
    });

    it.each<[string, () => void]>([
      [
        'a sticky folder, as /tmp is',
        () => {
          chmodSync(folder, 0o1777);
        },
      ],
      [
        'a folder that everybody writes to',
        () => {
          chmodSync(folder, 0o757);
        },
      ],
      [
        'a folder that a group writes to',
        () => {
          chmodSync(folder, 0o775);
        },
      ],
      [
        'a folder below one that everybody writes to',
        () => {
          chmodSync(dirname(folder), 0o777);
        },
      ],
      [
        'a folder below one that a group writes to',
        () => {
          chmodSync(dirname(folder), 0o2775);
        },
      ],
      [
        'a file that everybody writes to',
        () => {
          chmodSync(beside, 0o757);
        },
      ],
      [
        'a file that a group writes to',
        () => {
          chmodSync(beside, 0o775);
        },
      ],
      [
        'a link',
        () => {
          renameSync(beside, `${beside}-real`);
          symlinkSync(`${beside}-real`, beside);
        },
      ],
      [
        'a link to nothing',
        () => {
          rmSync(beside);
          symlinkSync('/nowhere', beside);
        },
      ],
    ])('downloads instead of using what is in %s, and says so', async (_, make) => {
      make();
      const outcome = await run();
      expect(outcome).toMatchObject({ status: 0 });
      expect(outcome.stderr).toBe(`others could have written ${beside}, so it is downloaded instead\n`);
      expect(readFileSync(helper, 'utf8')).toBe(readFileSync(HELPER, 'utf8'));
    });

    it('looks at the folder that a link leads to', async () => {
      symlinkSync(folder, join(host.home, 'way'));
      chmodSync(folder, 0o1777);
      expect((await run(join(host.home, 'way'))).stderr).toContain(`others could have written ${beside}`);
    });

    it.runIf(MAY_BE_ANOTHER_USER).each<[string, () => void]>([
      [
        'the file',
        () => {
          chownSync(beside, NOBODY, NOBODY);
        },
      ],
      [
        'its folder',
        () => {
          chownSync(folder, NOBODY, NOBODY);
        },
      ],
      [
        'a folder above',
        () => {
          chownSync(dirname(folder), NOBODY, NOBODY);
        },
      ],
      [
        'the file in a sticky folder',
        () => {
          chmodSync(folder, 0o1777);
          chownSync(beside, NOBODY, NOBODY);
        },
      ],
      [
        'a folder in a sticky one',
        () => {
          chmodSync(dirname(folder), 0o1777);
          chownSync(folder, NOBODY, NOBODY);
        },
      ],
    ])('downloads where %s belongs to another user', async (_, make) => {
      make();
      const outcome = await run();
      expect(outcome.stderr).toBe(`others could have written ${beside}, so it is downloaded instead\n`);
      expect(readFileSync(helper, 'utf8')).toBe(readFileSync(HELPER, 'utf8'));
    });
  });

  it('asks loopback without the proxy of the environment', async () => {
    const command = [loneInstaller(host.home), ...standard()];
    const proxied = { http_proxy: 'http://127.0.0.1:1', ALL_PROXY: 'http://127.0.0.1:1' };
    expect(await host.run(command, '', proxied)).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(helper, 'utf8')).toBe(readFileSync(HELPER, 'utf8'));
  });

  it.each([
    ['a page', { status: 200, body: '<html>log in</html>' }, /is not the helper: is it Pullpass/],
    ['half a script', { status: 200, body: '#!/bin/sh\nif true; then\n' }, /is not a whole script/],
    ['an error', { status: 500, body: 'oops' }, /cannot download/],
  ])('installs nothing when %s comes instead of the helper', async (_, answer, message) => {
    pullpass.answer = answer;
    const outcome = await host.run([loneInstaller(host.home), ...standard()]);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(message);
    expect(existsSync(helper)).toBe(false);
    expect(existsSync(docker)).toBe(false);
  });

  it('downloads and asks with the pinned authority, and keeps it on a later run', async () => {
    const secure = await startFakePullpass('server');
    try {
      const command = [
        loneInstaller(host.home),
        ...standard().map((word) => (word === pullpass.url ? secure.url : word)),
      ];
      expect((await host.run(command)).status).toBe(1);
      expect(await host.run([...command, '--ca-file', CA_FILE, '--registry', 'quay.io'])).toMatchObject({ status: 0 });
      expect(await host.run([...command, '--registry', 'quay.io'])).toMatchObject({ status: 0, stderr: '' });
      expect(readFileSync(join(settings, 'host.conf'), 'utf8')).toContain(`PULLPASS_CA_FILE=${settings}/ca.pem\n`);
    } finally {
      await secure.close();
    }
  });

  it.each([
    ['a refusal', { status: 403, body: 'quay.io is not on the whitelist' }, /quay\.io is not on the whitelist/],
    ['no registry', { status: 404, body: NOT_FOUND }, /gives no credential for quay\.io/],
  ])('tells of %s at once', async (_, answer, message) => {
    pullpass.answer = () => answer;
    const outcome = await install('--registry', 'quay.io');
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(message);
  });

  it.each([
    ['no URL', ['--environment', 'prod'], /--url is missing/],
    ['no environment', ['--url', 'https://p.example'], /--environment is missing/],
    ['plain http', ['--url', 'http://p.example', '--environment', 'prod'], /use https, or add --insecure-http/],
    ['a name like loopback', ['--url', 'http://127.0.0.1.evil.example', '--environment', 'prod'], /use https, or add/],
    ['a bad environment', ['--url', 'https://p.example', '--environment', 'a b'], /--environment must be/],
    ['a registry with a path', ['--registry', 'quay.io/team'], /without scheme or path/],
    ['a registry with a quote', ['--registry', 'quay.io"'], /without scheme or path/],
    ['an option without its value', ['--url'], /--url needs a value/],
    ['an unknown option', ['--frobnicate'], /unknown argument: --frobnicate/],
    [
      'the whole host for one user',
      ['--url', 'https://p.example', '--environment', 'prod', '--host-config'],
      /--host-config is about the whole host/,
    ],
    ['no token', ['--url', 'http://127.0.0.1:1', '--environment', 'prod'], /give --token-file/],
  ])('refuses %s by name', async (_, words, message) => {
    const outcome = await host.run([INSTALLER, '--user', ...words]);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(message);
    expect(existsSync(docker)).toBe(false);
  });

  it('refuses a token file that holds something else, without showing it', async () => {
    writeFileSync(host.tokenFile, 'my "secret" text\n');
    const outcome = await install();
    expect(outcome.stderr).toMatch(/that is not an agent token/);
    expect(outcome.stdout + outcome.stderr).not.toContain('secret');
  });

  it('lays out pullpass-host with a system where asked, and takes away what that installed', async () => {
    const root = join(host.home, 'root');
    const words = standard().map((word) => (word === '--user' ? '--system' : word));
    const script = join(root, 'usr/local/bin/pullpass-host');
    const outcome = await host.run([INSTALLER, ...words, '--host-config'], '', { DESTDIR: root });
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect([mode(script), readFileSync(script, 'utf8')]).toEqual([0o755, readFileSync(CONFIGURATOR, 'utf8')]);
    // It runs when the system does, or now with --root; its settings lie there.
    mkdirSync(join(root, 'var/lib'), { recursive: true });
    const policy = '/etc/containers/policy.json';
    pullpass.answer = () => ({ status: 200, body: linesOf('podman', { files: { [policy]: '{}\n' } }) });
    expect(await host.run([CONFIGURATOR, '--root', root, '--runtime', 'podman'])).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(existsSync(join(root, policy))).toBe(true);
    expect(await host.run([INSTALLER, '--remove', '--system'], '', { DESTDIR: root })).toMatchObject({ status: 0 });
    expect([script, join(root, policy)].map((path) => existsSync(path))).toEqual([false, false]);
  });

  it('keeps pullpass-host where that could not take everything away', async () => {
    const root = join(host.home, 'root');
    const words = standard().map((word) => (word === '--user' ? '--system' : word));
    const script = join(root, 'usr/local/bin/pullpass-host');
    await host.run([INSTALLER, ...words, '--host-config'], '', { DESTDIR: root });
    mkdirSync(join(root, 'var/lib'), { recursive: true });
    const policy = '/etc/containers/policy.json';
    pullpass.answer = () => ({ status: 200, body: linesOf('podman', { files: { [policy]: '{}\n' } }) });
    await host.run([CONFIGURATOR, '--root', root, '--runtime', 'podman']);
    writeFileSync(join(root, policy), '{"edited": true}');
    const outcome = await host.run([INSTALLER, '--remove', '--system'], '', { DESTDIR: root });
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/edited since[\s\S]*pullpass-host is left/);
    expect(existsSync(script)).toBe(true);
  });

  it('downloads pullpass-host when it is not beside the installer', async () => {
    const root = join(host.home, 'root');
    const words = standard().map((word) => (word === '--user' ? '--system' : word));
    await host.run([loneInstaller(host.home), ...words, '--host-config'], '', { DESTDIR: root });
    expect(readFileSync(join(root, 'usr/local/bin/pullpass-host'), 'utf8')).toBe(readFileSync(CONFIGURATOR, 'utf8'));
  });

  it('writes below DESTDIR alone, and nothing into the home of the one who builds', async () => {
    const root = join(host.home, 'root');
    const words = standard().map((word) => (word === '--user' ? '--system' : word));
    const outside = (): string[] =>
      readdirSync(host.home, { recursive: true, encoding: 'utf8' }).filter((path) => !/^root(?:\/|$)/.test(path));
    const before = outside();
    await host.run([INSTALLER, ...words], '', { DESTDIR: root });
    expect(json(join(root, 'root/.docker/config.json'))).toEqual({ credsStore: 'pullpass' });
    await host.run([INSTALLER, ...words, '--registry', 'quay.io'], '', {
      DESTDIR: root,
      DOCKER_CONFIG: dirname(docker),
      XDG_CONFIG_HOME: join(host.home, 'xdg'),
    });
    expect(json(join(root, 'root/.config/containers/auth.json'))).toEqual({ credHelpers: { 'quay.io': 'pullpass' } });
    expect(outside()).toEqual(before);
    mkdirSync(join(host.home, '.cache/pullpass'), { recursive: true });
    await host.run([INSTALLER, '--remove', '--system'], '', { DESTDIR: root });
    expect(existsSync(join(host.home, '.cache/pullpass'))).toBe(true);
  });

  it('builds a system where DESTDIR is set, and no home', async () => {
    const outcome = await host.run([INSTALLER, ...standard()], '', { DESTDIR: join(host.home, 'root') });
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/DESTDIR is for the files of a whole system: use --system/);
    expect(existsSync(helper)).toBe(false);
  });

  it('lays out the files of a system into DESTDIR', async () => {
    const root = join(host.home, 'root');
    const words = standard().map((word) => (word === '--user' ? '--system' : word));
    const outcome = await host.run([INSTALLER, ...words], '', { DESTDIR: root });
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(mode(join(root, 'usr/local/bin/docker-credential-pullpass'))).toBe(0o755);
    expect(mode(join(root, 'etc/pullpass/token'))).toBe(0o600);
    expect(readFileSync(join(root, 'etc/pullpass/host.conf'), 'utf8')).toContain(
      'PULLPASS_TOKEN_FILE=/etc/pullpass/token\n',
    );
    expect(readFileSync(join(root, 'etc/containers/registries.conf.d/50-pullpass.conf'), 'utf8')).toContain(EVERYTHING);
    await host.run([INSTALLER, '--remove', '--system'], '', { DESTDIR: root });
    const left = readdirSync(root, { recursive: true, withFileTypes: true }).filter((found) => found.isFile());
    expect(left).toEqual([]);
  });
});

/** Whether an empty `credHelpers` was there before cannot be seen afterwards, and means the same. */
function withoutEmptyHelpers(document: object): unknown {
  return Object.fromEntries(Object.entries(document).filter(([key]) => key !== 'credHelpers'));
}

function parsed(text: string): object {
  const document: unknown = text === '' ? {} : JSON.parse(text);
  if (typeof document !== 'object' || document === null) throw new Error('not an object');
  return document;
}
