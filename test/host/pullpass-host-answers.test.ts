import { chmodSync, chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CA_FILE, OTHER_CA_FILE, startFakePullpass, type Answer } from './fake-pullpass.ts';
import { admissionPolicy } from './admission-policy.ts';
import { configuredHost, ended, linesOf, type ConfiguredHost } from './host-config.ts';
import { TOKEN } from './host-machine.ts';
import { SHELLS } from './shells.ts';

const SHUT = 'server = "https://not-allowed-by-pullpass.invalid"\n';
const ADMISSION = admissionPolicy({ whitelist: ['quay.io'] });
const CA = '/etc/docker/certs.d/quay.io/ca.crt';
const WHOLE = linesOf('docker', { files: { [CA]: 'first\n' }, insecure: ['a.example:5000'] });
const HEAD = ['pullpass-host-config 1', 'runtime docker', 'environment prod', 'enforces nothing'];
const withLine = (...lines: string[]): string => ended([...HEAD, ...lines]);
const file = (path: string, mode = '0644', content = 'eA=='): string => withLine(`file ${mode} ${path} ${content}`);

describe.each(SHELLS)('what pullpass-host is told, under $name', (shell) => {
  let system: ConfiguredHost;

  beforeEach(async () => {
    system = await configuredHost(shell);
    system.says({ docker: WHOLE });
    await system.run('--runtime', 'docker');
  });

  afterEach(() => system.end());

  const docker = (...words: string[]) => system.run('--runtime', 'docker', ...words);

  it.each([
    ['nothing', '', /is empty/],
    ['a page', '<html>log in</html>\n', /not in the format/],
    ['a later format', WHOLE.replace('config 1', 'config 2'), /not in the format/],
    ['an answer that is cut off', WHOLE.slice(0, -8), /is cut off/],
    ['an answer that is cut off in the middle', WHOLE.slice(0, WHOLE.length / 2), /./],
    ['a line too few', WHOLE.replace(/insecure.*\n/, ''), /is not whole/],
    ['lines after the end', `${WHOLE}file 0644 ${CA} eA==\n`, /goes on after its end/],
    ['the answer of another runtime', linesOf('podman'), /for another runtime/],
    ['the answer of another environment', linesOf('docker', { environment: 'ci' }), /for another environment/],
    ['two environments', withLine('environment prod'), /says twice/],
    ['no environment', ended(HEAD.filter((line) => !line.startsWith('env'))), /does not say what it is for/],
    ['a line that nobody knows', withLine('run rm -rf /'), /a line that this version does not know: run rm/],
    ['enforcement that nobody knows', ended([...HEAD.slice(0, 3), 'enforces everything']), /does not know/],
    ['a carriage return', WHOLE.replaceAll('\n', '\r\n'), /control characters/],
    ['an escape sequence in a note', withLine('note \u001B[2J'), /control characters/],
    ['a NUL', withLine('note \0'), /control characters/],
    ['a mode that runs', file(CA, '0755'), /another mode than 0644 and 0600: 0755/],
    ['a mode that lets everybody write', file(CA, '0666'), /another mode/],
    ['a path elsewhere', file('/etc/passwd'), /may not write: \/etc\/passwd/],
    ["another runtime's path", file('/etc/containers/certs.d/quay.io/ca.crt'), /may not write/],
    ['a path out of its folder', file('/etc/docker/certs.d/../daemon.json'), /may not write/],
    ['a path with a dot', file('/etc/docker/certs.d/./quay.io/ca.crt'), /may not write/],
    ['a hidden file', file('/etc/docker/certs.d/quay.io/.ca.crt'), /may not write/],
    ['a path with two slashes', file('/etc/docker/certs.d//ca.crt'), /may not write/],
    ['a folder', file('/etc/docker/certs.d/quay.io/'), /may not write/],
    ['the folder of all', file('/etc/docker/certs.d/'), /may not write/],
    ['a path with a dollar', file('/etc/docker/certs.d/$(id)/ca.crt'), /may not write/],
    ['a path with a star', file('/etc/docker/certs.d/*/ca.crt'), /may not write/],
    ['a path with a quote', file('/etc/docker/certs.d/"/ca.crt'), /may not write/],
    ['a path that is not ASCII', file('/etc/docker/certs.d/пример/ca.crt'), /may not write/],
    ['a relative path', file('etc/docker/certs.d/quay.io/ca.crt'), /may not write/],
    ["a name of the script's own", file(`${CA}.pullpass-old`), /may not write/],
    ['a path that is too long', file(`/etc/docker/certs.d/${'a'.repeat(1024)}`), /may not write/],
    ["a folder with a name of the script's own", file('/etc/docker/certs.d/a.pullpass-new/ca.crt'), /may not write/],
    ['a file whose name is too long', file(`/etc/docker/certs.d/quay.io/${'a'.repeat(201)}`), /may not write/],
    ['a folder whose name is too long', file(`/etc/docker/certs.d/${'a'.repeat(256)}/ca.crt`), /may not write/],
    ['a path with a blank', file('/etc/docker/certs.d/a b/ca.crt'), /does not know/],
    ['a path twice', withLine(`file 0644 ${CA} eA==`, `file 0600 ${CA} eA==`), /names a file twice/],
    ['a file as a folder', withLine(`file 0644 ${CA} eA==`, `file 0644 ${CA}/x eA==`), /may not write/],
    ['base64 of another alphabet', file(CA, '0644', 'eA-_'), /broken base64/],
    ['base64 of a wrong length', file(CA, '0644', 'eA='), /broken base64/],
    ['no content', withLine(`file 0644 ${CA}`), /does not know/],
    ['a registry that is none', withLine('insecure-registry a"],"debug":true,"x":["b'), /does not know/],
    ['a registry with a path', withLine('insecure-registry a.example/b'), /does not know/],
    ['a registry that is an option', withLine('insecure-registry -x'), /does not know/],
    ['a registry that is a port', withLine('insecure-registry :5000'), /does not know/],
    ['a registry on a port that is none', withLine('insecure-registry a.example:65536'), /does not know/],
    ['a registry with an empty label', withLine('insecure-registry a..example'), /does not know/],
    ['a registry with half a bracket', withLine('insecure-registry [::1'), /does not know/],
    ['a registry twice', withLine('insecure-registry a.example', 'insecure-registry a.example'), /says twice/],
    ['far too much', withLine(`note ${'x'.repeat(6_300_000)}`), /larger than 6291456 bytes/],
  ])('refuses %s, and leaves what is installed', async (_, text, message) => {
    system.says({ docker: text });
    const before = system.everything();
    const outcome = await docker();
    expect(outcome).toMatchObject({ status: 5, stdout: '' });
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).toMatch(/[Nn]othing was changed\n$/);
    expect(system.everything()).toEqual(before);
  });

  it.each(['containerd', 'podman'] as const)('takes no insecure-registry for %s', async (runtime) => {
    system.says({ [runtime]: linesOf(runtime, { insecure: ['a.example'] }) });
    expect((await system.run('--runtime', runtime)).stderr).toMatch(/does not know: insecure-registry/);
  });

  it.each([
    ['podman', '/etc/containers/policy.json', 0, '{}\n'],
    ['podman', '/etc/containers/policy.json.d/x', 5],
    ['podman', '/etc/containers/registries.conf.d/99-pullpass.conf', 0, 'insecure = true\n'],
    ['podman', '/etc/containers/registries.conf.d/x.conf', 5],
    ['podman', '/etc/containers/certs.d/quay.io/client.cert', 5],
    ['docker', '/etc/docker/certs.d/ca.crt', 5],
    ['docker', '/etc/docker/certs.d/-x/ca.crt', 5],
    ['docker', '/etc/docker/certs.d/quay.io/more/ca.crt', 5],
    ['docker', '/etc/docker/certs.d/[::1]:5000/ca.crt', 0],
    ['podman', '/etc/containers/registries.conf', 5],
    ['containerd', '/etc/containerd/certs.d/_default/hosts.toml', 0, SHUT],
    ['containerd', '/etc/containerd/certs.d/_default/ca.crt', 5],
    ['containerd', '/etc/containerd/config.toml', 5],
    ['containerd', '/etc/pullpass/kubernetes/image-policy.json', 5, ADMISSION],
    ['kubernetes', '/etc/pullpass/kubernetes/image-policy.json', 0, ADMISSION],
    ['kubernetes', '/etc/pullpass/kubernetes/policy.yaml', 5],
    ['kubernetes', '/etc/containerd/certs.d/quay.io/hosts.toml', 0, SHUT],
    ['kubernetes', '/etc/pullpass/host.conf', 5],
  ] as const)('has %s write %s with status %i', async (runtime, path, status, content = 'x') => {
    system.says({ [runtime]: { files: { [path]: content } } });
    expect((await system.run('--runtime', runtime)).status).toBe(status);
    expect(system.exists(path)).toBe(status === 0);
  });

  it.each<[string, Answer, number, RegExp]>([
    ['an unknown token', { status: 401, body: '{}' }, 3, /does not know this host's agent token/],
    [
      'a token of another environment',
      { status: 403, body: '{"code":"environment_not_allowed","detail":"not yours"}' },
      3,
      /refuses the configuration of environment prod: not yours\. Nothing/,
    ],
    [
      'an older Pullpass',
      { status: 404, body: '{"detail":"no such path"}' },
      3,
      /no configuration of docker .*no such path/,
    ],
    [
      'a Pullpass without its store',
      { status: 503, body: '{"detail":"the store is down"}' },
      5,
      /answered 503: the store is down\./,
    ],
    ['a proxy', { status: 502, body: '<html>"detail":"x"</html>\u001B[2J' }, 5, /answered 502/],
    ['a redirect', { status: 307, body: '', headers: { location: 'http://127.0.0.1:9/' } }, 5, /answered 307/],
    [
      'an answer that breaks off',
      { status: 200, body: WHOLE, cut: true },
      5,
      /connection ended before the answer was complete/,
    ],
  ])('meets %s, and leaves what is installed', async (_, answer, status, message) => {
    system.pullpass.answer = () => answer;
    const before = system.everything();
    const outcome = await docker();
    expect(outcome).toMatchObject({ status, stdout: '' });
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).not.toContain('\u001B');
    expect(system.everything()).toEqual(before);
  });

  it('meets a Pullpass that is gone, and leaves what is installed', async () => {
    const before = system.everything();
    const outcome = await system.runWith({ PULLPASS_URL: 'http://127.0.0.1:1' }, '--runtime', 'docker');
    expect(outcome.status).toBe(5);
    expect(outcome.stderr).toMatch(/cannot reach http:\/\/127\.0\.0\.1:1: the connection was refused/);
    expect(system.everything()).toEqual(before);
  });

  it('takes all that the service may say', async () => {
    system.says({ docker: withLine(`note ${'x'.repeat(5_990_000)}`) });
    expect((await docker()).status).toBe(0);
  });

  it('leaves nothing in the folder for temporary files', async () => {
    system.says({ docker: 'nonsense' });
    await docker();
    await docker('--dry-run');
    expect(readdirSync(system.host.home).filter((name) => name.startsWith('pullpass-host'))).toEqual([]);
  });
});

describe.each(SHELLS)('settings of pullpass-host under $name', (shell) => {
  let system: ConfiguredHost;

  beforeEach(async () => {
    system = await configuredHost(shell);
    system.says({ docker: WHOLE });
  });

  afterEach(() => system.end());

  const NONE = { PULLPASS_URL: undefined, PULLPASS_ENVIRONMENT: undefined, PULLPASS_TOKEN_FILE: undefined };
  const from = (variables: Record<string, string | undefined>, ...words: string[]) =>
    system.runWith({ ...NONE, ...variables }, '--runtime', 'docker', ...words);

  it("are the root's own, with paths below it", async () => {
    system.put(
      '/etc/pullpass/host.conf',
      `# a comment\nPULLPASS_URL="${system.pullpass.url}/"\r\nPULLPASS_ENVIRONMENT=prod\nPULLPASS_TOKEN_FILE=/etc/pullpass/token\nPULLPASS_CACHE_DIR=/x\n`,
    );
    system.put('/etc/pullpass/token', `${TOKEN}\n`, 0o600);
    expect(await from({})).toMatchObject({ status: 0, stderr: '' });
    expect(system.pullpass.asked[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it('are taken from options first', async () => {
    system.says({ docker: linesOf('docker', { environment: 'ci' }) });
    const words = ['--url', system.pullpass.url, '--environment', 'ci', '--token-file', system.host.tokenFile];
    const outcome = await from({ PULLPASS_URL: 'http://127.0.0.1:1', PULLPASS_TOKEN: 'other' }, ...words);
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(system.pullpass.asked[0]?.path).toContain('/environments/ci/');
    expect(system.pullpass.asked[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it('may be a token in the environment, which no child gets', async () => {
    const seen = join(system.host.home, 'seen');
    const spy = `curl() { (env; echo "$*") >>${seen}; command curl "$@"; }`;
    system.says({ docker: WHOLE });
    const outcome = await system.host.run(
      [
        '-c',
        `${spy}\n. "$0"`,
        join(import.meta.dirname, '../../host/pullpass-host'),
        '--root',
        system.root,
        '--runtime',
        'docker',
      ],
      '',
      {
        PULLPASS_URL: system.pullpass.url,
        PULLPASS_ENVIRONMENT: 'prod',
        PULLPASS_TOKEN: TOKEN,
        TMPDIR: system.host.home,
        ...{ token: 'x', value: 'x', line: 'x', token_in_file: 'x' },
      },
    );
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    const told = system.host.run(['-c', `cat ${seen}`]);
    expect((await told).stdout).toContain('--max-filesize');
    expect((await told).stdout).not.toContain(TOKEN);
  });

  it.each([
    ['no URL', { PULLPASS_URL: undefined }, [], /where Pullpass answers is not set/],
    ['no environment', { PULLPASS_ENVIRONMENT: undefined }, [], /the environment is not set/],
    ['an environment that is a path', {}, ['--environment', '../x'], /1 to 63 characters/],
    ['plain http to elsewhere', {}, ['--url', 'http://pullpass.example'], /plain http to another machine/],
    ['a URL with a quote', {}, ['--url', 'https://p.example"'], /must be http/],
    ['another scheme', {}, ['--url', 'file:///etc/passwd'], /must begin with https/],
    ['a folder for temporary files with a blank', { TMPDIR: '/tmp/a b' }, [], /TMPDIR must be a folder without blanks/],
    ['a missing token', {}, ['--token-file', '/nowhere'], /cannot read the agent token in \/nowhere/],
    ['a missing authority', {}, ['--ca-file', '/nowhere'], /cannot read the authority's certificate/],
    ['missing settings', { PULLPASS_CONFIG: '/nowhere' }, [], /cannot read the settings in \/nowhere/],
    ['an unknown option', {}, ['--frobnicate'], /unknown argument: --frobnicate/],
    ['an unknown runtime', {}, ['--runtime', 'rkt'], /--runtime must be/],
    ['containerd twice', {}, ['--runtime', 'containerd', '--runtime', 'kubernetes'], /name one of the two/],
    ['an option without its value', {}, ['--url'], /--url needs a value/],
    ['two actions', {}, ['--remove', '--install-timer'], /do not go together/],
    ['a timer with settings of its own', {}, ['--install-timer', '--url', 'https://p.example'], /goes by .*host\.conf/],
  ])('with %s are refused, and nobody is asked', async (_, variables, words, message) => {
    const outcome = await system.runWith(variables, '--runtime', 'docker', ...words);
    expect(outcome.status).toBe(2);
    expect(outcome.stderr).toMatch(message);
    expect(system.pullpass.asked).toEqual([]);
  });

  it.each([
    ['a token that everybody can read', 'token', 0o644, /every user of this host can read the agent token: chmod 600/],
    ['settings that everybody can change', 'host.conf', 0o666, /other users can change .*host\.conf: chmod go-w/],
  ])('refuse %s', async (_, name, mode, message) => {
    const config = join(system.host.home, 'host.conf');
    writeFileSync(config, '');
    chmodSync(join(system.host.home, name), mode);
    const outcome = await system.runWith({ PULLPASS_CONFIG: config }, '--runtime', 'docker');
    expect(outcome.stderr).toMatch(message);
    expect([outcome.status, system.pullpass.asked.length]).toEqual([2, 0]);
  });

  it.runIf(process.getuid?.() === 0)('refuse those that another user owns', async () => {
    const config = join(system.host.home, 'host.conf');
    writeFileSync(config, '');
    chownSync(config, 65534, 65534);
    const outcome = await system.runWith({ PULLPASS_CONFIG: config }, '--runtime', 'docker');
    expect(outcome.stderr).toMatch(/host\.conf belongs to another user, who can change it: chown root/);
    expect([outcome.status, system.pullpass.asked.length]).toEqual([2, 0]);
  });

  it('pin the authority of Pullpass', async () => {
    const secure = await startFakePullpass('server');
    secure.answer = { status: 200, body: WHOLE };
    try {
      const at = ['--url', secure.url];
      expect((await system.run('--runtime', 'docker', ...at)).stderr).toMatch(/not trusted: .* --ca-file/);
      expect((await system.run('--runtime', 'docker', ...at, '--ca-file', OTHER_CA_FILE)).stderr).toMatch(
        /not of the authority/,
      );
      expect(existsSync(join(system.root, CA))).toBe(false);
      secure.answer = () => ({ status: 200, body: WHOLE });
      expect(await system.run('--runtime', 'docker', ...at, '--ca-file', CA_FILE)).toMatchObject({
        status: 0,
        stderr: '',
      });
    } finally {
      await secure.close();
    }
  });

  it('say how it is used, and which version it is', async () => {
    expect((await system.run('--help')).stdout).toContain('exit status: 0 done');
    expect((await system.run('--version')).stdout).toMatch(/^pullpass-host \d+\.\d+\.\d+\n$/);
  });

  it('do nothing when only half of the script arrived', async () => {
    const script = await system.host.run(['-c', 'cat "$0"', join(import.meta.dirname, '../../host/pullpass-host')]);
    const half = script.stdout.slice(0, -12);
    const before = system.everything();
    await system.host.run(['-s', '--', '--root', system.root, '--runtime', 'docker'], half);
    expect(system.everything()).toEqual(before);
    expect(system.pullpass.asked).toEqual([]);
  });
});
