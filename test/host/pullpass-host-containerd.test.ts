import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { admissionPolicy } from './admission-policy.ts';
import { configuredHost, type ConfiguredHost } from './host-config.ts';
import { SHELLS } from './shells.ts';

const FILE = '/etc/containerd/config.toml';
const HOSTS = '/etc/containerd/certs.d/quay.io/hosts.toml';
const REFUSED = '/var/lib/pullpass/host/refused';
const CERTS = '/etc/containerd/certs.d';
const CRI = 'io.containerd.grpc.v1.cri';
const CRI_3 = 'io.containerd.cri.v1.images';

describe.each(SHELLS)("containerd's config.toml under $name", (shell) => {
  let system: ConfiguredHost;

  beforeEach(async () => {
    system = await configuredHost(shell);
    system.says({ containerd: { files: { [HOSTS]: 'server = "https://quay.io"\n' } } });
  });

  afterEach(() => system.end());

  const containerd = (...words: string[]) => system.run('--runtime', 'containerd', ...words);

  it('is made where there is none, and goes again', async () => {
    const before = system.everything();
    const outcome = await containerd();
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    expect(outcome.stdout).toContain('to do: restart containerd');
    expect(parse(system.read(FILE))).toEqual({
      version: 2,
      plugins: { [CRI]: { registry: { config_path: '/etc/containerd/certs.d' } } },
    });
    expect(await containerd()).toEqual({ status: 0, stdout: 'nothing to change (containerd)\n', stderr: '' });
    await system.run('--remove');
    expect(system.everything()).toEqual(before);
  });

  it('is not touched where Pullpass has no files for containerd', async () => {
    system.says({ containerd: {} });
    await containerd();
    expect(system.exists(FILE)).toBe(false);
  });

  it.each([
    ['of version 2', 'version = 2\n', CRI],
    ['of version 3', 'version = 3\n\n[grpc]\n  address = "/run/containerd/containerd.sock"\n', CRI_3],
    ['without a newline at its end', 'version = 2\n[debug]\n  level = "info"', CRI],
    ['with line ends of Windows', 'version = 2\r\n[debug]\r\n  level = "info"\r\n', CRI],
    [
      'with settings of the same plug-in',
      `version = 2\n[plugins."${CRI}"]\n  sandbox_image = "registry.k8s.io/pause:3.9" # "registry"\n  [plugins.'${CRI}'.containerd]\n    snapshotter = "native"\n`,
      CRI,
    ],
    [
      'with lists over several lines and tables in a line',
      'version = 2\nrequired_plugins = [\n  "a", # [x]\n  "b",\n]\n[timeouts]\nx = { a = 1, "b" = [2] }\n',
      CRI,
    ],
    ['with another table named registry', 'version = 2\n[proxy_plugins.registry]\n  type = "snapshot"\n', CRI],
  ])('%s gets the table, keeps every other byte, and is brought back', async (_, text, plugin) => {
    system.put(FILE, text);
    const before = system.everything();
    expect(await containerd()).toMatchObject({ status: 0, stderr: '' });
    expect(system.read(FILE).startsWith(text)).toBe(true);
    expect(parse(system.read(FILE))).toMatchObject({
      plugins: { [plugin]: { registry: { config_path: '/etc/containerd/certs.d' } } },
    });
    expect((await containerd()).stdout).toBe('nothing to change (containerd)\n');
    await system.run('--remove');
    expect(system.everything()).toEqual(before);
  });

  it('keeps what others wrote around it', async () => {
    system.put(FILE, 'version = 2');
    await containerd();
    system.put(FILE, `# mine\n${system.read(FILE)}[debug]\n  level = "info"\n`);
    await system.run('--remove');
    expect(system.read(FILE)).toBe('# mine\nversion = 2\n[debug]\n  level = "info"\n');
  });

  it('keeps its table while Pullpass has nothing for a while', async () => {
    await containerd();
    const installed = system.read(FILE);
    system.says({ containerd: {} });
    expect((await containerd()).stdout).not.toContain('restart');
    expect(system.read(FILE)).toBe(installed);
  });

  it.each([
    ['looks there already', `version = 2\n[plugins."${CRI}".registry]\nconfig_path = "/etc/containerd/certs.d"\n`],
    [
      'looks there, said in dots',
      `version = 2\n[plugins."${CRI}"]\nregistry.config_path = "/etc/containerd/certs.d"\n`,
    ],
    ['does not serve Kubernetes', 'disabled_plugins = ["cri"]\n'],
    ['does not serve Kubernetes, said at length', `version = 2\ndisabled_plugins = ["a", "${CRI}"]\n`],
  ])('that %s is left, and all is well', async (_, text) => {
    system.put(FILE, text);
    expect(await containerd()).toMatchObject({ status: 0, stderr: '' });
    expect([system.read(FILE), system.exists(HOSTS)]).toEqual([text, true]);
  });

  it.each([
    [
      'looks elsewhere',
      `version = 2\n[plugins."${CRI}".registry]\nconfig_path = "/elsewhere"\n`,
      /look for registries in \/elsewhere/,
    ],
    [
      'looks there among others',
      `version = 3\n[plugins.'${CRI_3}'.registry]\nconfig_path = '/etc/containerd/certs.d:/x'\n`,
      /look for registries in \/etc\/containerd\/certs\.d:\/x/,
    ],
    [
      'has an empty path, as containerd prints its defaults',
      `version = 2\n[plugins."${CRI}".registry]\n  config_path = ""\n`,
      /has settings of registries already/,
    ],
    [
      'has mirrors',
      `version = 2\n[plugins."${CRI}".registry.mirrors."docker.io"]\nendpoint = ["https://m"]\n`,
      /has settings of registries already/,
    ],
    [
      'has mirrors in a line',
      `version = 2\n[plugins."${CRI}"]\nregistry = { mirrors = {} }\n`,
      /has settings of registries already/,
    ],
    [
      'has its plug-in in a line',
      `version = 2\n[plugins]\n"${CRI}" = { stream_server_port = "0" }\n`,
      /not written in a way/,
    ],
    ['has all plug-ins in a line', 'version = 2\nplugins = {}\n', /not written in a way/],
    ['has plug-ins in dots', `version = 2\nplugins."${CRI}".sandbox_image = "x"\n`, /not written in a way/],
    ['imports other files', 'version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]\n', /imports other files/],
    ['is of version 1', '[plugins.cri]\n', /not of version 2 or 3/],
    ['is empty', '', /not of version 2 or 3/],
    ['has a text over several lines', 'version = 2\nx = """\n[plugins]\n"""\n', /not written in a way/],
    ['is no TOML', 'version = 2\n{"a": 1}\n', /not written in a way/],
    [
      'has an escaped name',
      String.raw`version = 2` + '\n' + String.raw`[plugins."io.containerd.grpc.v1.\u0063ri".registry]` + '\n',
      /not written in a way/,
    ],
  ])('that %s is left, the rest is installed, and it says what to write', async (_, text, message) => {
    system.put(FILE, text);
    const outcome = await containerd();
    expect(outcome.status).toBe(4);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).toContain(
      `config_path = "/etc/containerd/certs.d" into its table [plugins."${CRI}".registry]`,
    );
    expect([system.read(FILE), system.exists(HOSTS)]).toEqual([text, true]);
  });

  it('that containerd did not start with is not tried again, until it is another or that is forgotten', async () => {
    const tried = 'version = 2\n';
    system.put(FILE, tried);
    await containerd();
    const refused = createHash('sha256').update(system.read(FILE)).digest('hex');
    await system.run('--remove');
    mkdirSync(join(system.root, '/var/lib/pullpass/host'), { recursive: true, mode: 0o700 });
    system.put(REFUSED, `${refused}\n`, 0o600);
    const outcome = await containerd();
    expect(outcome.status).toBe(4);
    expect(outcome.stderr).toMatch(
      /did not start with what was appended.* until .*config\.toml changes or .*refused is deleted/,
    );
    expect([system.read(FILE), system.exists(HOSTS)]).toEqual([tried, true]);
    system.put(FILE, `# changed\n${tried}`);
    expect((await containerd()).status).toBe(0);
    expect(system.read(FILE)).toContain('config_path');
    await system.run('--remove');
    expect(system.exists(REFUSED)).toBe(false);
  });

  it('is left where it is a link', async () => {
    system.put('/etc/containerd/real.toml', 'version = 2\n');
    symlinkSync('real.toml', join(system.root, FILE));
    const outcome = await containerd();
    expect(outcome.status).toBe(4);
    expect(outcome.stderr).toMatch(/is a symbolic link, and none is followed/);
    expect(system.read('/etc/containerd/real.toml')).toBe('version = 2\n');
  });

  it('whose table somebody edited is left when it is removed, and that is said until it is gone', async () => {
    system.put(FILE, 'version = 2\n');
    await containerd();
    const installed = system.read(FILE);
    system.put(FILE, installed.replace('certs.d"', 'certs.d:/mine"'));
    const outcome = await system.run('--remove');
    expect(outcome.status).toBe(4);
    expect(outcome.stderr).toMatch(/was edited since: take it out by hand/);
    system.put(FILE, installed);
    expect((await system.run('--remove')).status).toBe(0);
    expect(system.read(FILE)).toBe('version = 2\n');
  });

  it("is kubernetes's, too, whose further files go with it", async () => {
    const policy = '/etc/pullpass/kubernetes/image-policy.json';
    await containerd();
    system.says({
      kubernetes: { files: { [HOSTS]: 'skip_verify = true\n', [policy]: admissionPolicy({ whitelist: ['quay.io'] }) } },
    });
    expect(await system.run('--runtime', 'kubernetes')).toMatchObject({ status: 0, stderr: '' });
    expect([system.read(HOSTS), system.exists(policy), system.exists(FILE)]).toEqual([
      'skip_verify = true\n',
      true,
      true,
    ]);
    await system.run('--remove');
    expect([HOSTS, policy, FILE].map((path) => system.exists(path))).toEqual([false, false, false]);
  });
});

describe.each(SHELLS)("containerd's folders under $name, with a whitelist,", (shell) => {
  const DEFAULT = `${CERTS}/_default/hosts.toml`;
  const CA = `${CERTS}/quay.io/ca.crt`;
  const SHUT = 'server = "https://not-allowed-by-pullpass.invalid"\n';
  const OPEN = 'server = "https://quay.io"\n';
  let system: ConfiguredHost;

  beforeEach(async () => {
    system = await configuredHost(shell);
    system.put(FILE, `version = 2\n[plugins."${CRI}".registry]\nconfig_path = "${CERTS}"\n`);
    system.says({ containerd: { files: { [DEFAULT]: SHUT, [HOSTS]: OPEN, [CA]: 'authority\n' } } });
  });

  afterEach(() => system.end());

  const containerd = (...words: string[]) => system.run('--runtime', 'containerd', ...words);
  const refusesQuay = () => {
    system.says({ containerd: { files: { [DEFAULT]: SHUT } } });
  };

  it.each(['evil.example', 'evil.example:5000', 'quay.io_443_', 'QUAY.io'])(
    'are complained of where nobody named one, which would be open: %s',
    async (name) => {
      mkdirSync(join(system.root, CERTS, name), { recursive: true });
      const outcome = await containerd();
      expect(outcome.status).toBe(4);
      expect(outcome.stderr).toContain(`${CERTS}/${name} was not written by Pullpass`);
      expect(outcome.stderr).toMatch(/move it out of /);
      expect(system.read(HOSTS)).toBe(OPEN);
      expect((await containerd('--dry-run')).status).toBe(4);
      rmSync(join(system.root, CERTS, name), { recursive: true });
      expect(await containerd()).toMatchObject({ status: 0, stderr: '' });
    },
  );

  it('are let be without a whitelist, but for one that comes before one of ours', async () => {
    system.says({ containerd: { files: { [`${CERTS}/evil.example:443/hosts.toml`]: SHUT } } });
    mkdirSync(join(system.root, CERTS, 'mine.example'), { recursive: true });
    system.put(`${CERTS}/a-file`, '');
    expect(await containerd()).toMatchObject({ status: 0, stderr: '' });
    mkdirSync(join(system.root, CERTS, 'evil.example_443_'));
    const outcome = await containerd();
    expect(outcome.status).toBe(4);
    expect(outcome.stderr).toMatch(/evil\.example_443_ was not written by Pullpass, and containerd goes by it instead/);
  });

  it('are shut, and not left without hosts.toml, when their host is refused', async () => {
    await containerd();
    refusesQuay();
    expect(await containerd()).toMatchObject({ status: 0, stderr: '' });
    expect([system.read(HOSTS), system.exists(CA)]).toEqual([SHUT, false]);
    expect((await containerd()).stdout).toBe('nothing to change (containerd)\n');
    system.says({ containerd: {} });
    await containerd();
    expect(system.exists(CERTS)).toBe(false);
  });

  it('are shut also where something in them was edited, or hosts.toml is gone', async () => {
    await containerd();
    system.put(CA, 'edited\n');
    refusesQuay();
    const outcome = await containerd();
    expect(outcome.status).toBe(4);
    expect(outcome.stderr).toMatch(/ca\.crt was edited/);
    expect(system.read(HOSTS)).toBe(SHUT);
    rmSync(join(system.root, HOSTS));
    await containerd();
    expect(system.read(HOSTS)).toBe(SHUT);
  });

  it("are shut where they were somebody else's before, which come back with --remove", async () => {
    system.put(HOSTS, 'server = "https://mine"\n');
    await containerd();
    refusesQuay();
    await containerd();
    expect(system.read(HOSTS)).toBe(SHUT);
    await system.run('--remove');
    expect(system.read(HOSTS)).toBe('server = "https://mine"\n');
  });
});
