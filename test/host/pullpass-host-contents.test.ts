/** What pullpass-host lets into each kind of file: all that Pullpass writes, and nothing else. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseEnvironmentName } from '../../lib/domain/environment-name.ts';
import { hostConfigFor } from '../../lib/formats/host-config/host-config.ts';
import { hostConfigLines } from '../../lib/formats/host-config/lines.ts';
import type { WantedHostConfig } from '../../lib/formats/host-config/wanted.ts';
import { address, policy } from '../domain/parsed.ts';
import { arbitraryPolicies, AT } from '../support/arbitrary-policies.ts';
import { wantedFor } from '../support/wanted-host-config.ts';
import { admissionPolicy } from './admission-policy.ts';
import { configuredHost, linesOf, type ConfiguredHost, type Runtime } from './host-config.ts';
import { SHELLS } from './shells.ts';

const RUNTIMES = ['docker', 'containerd', 'podman', 'kubernetes'] as const;
const HOSTS = '/etc/containerd/certs.d/quay.io/hosts.toml';
const EVERY_OTHER = '/etc/containerd/certs.d/_default/hosts.toml';
const DROP_IN = '/etc/containers/registries.conf.d/99-pullpass.conf';
const POLICY = '/etc/containers/policy.json';
const ADMISSION = '/etc/pullpass/kubernetes/image-policy.json';
const GOOD = admissionPolicy({ whitelist: ['quay.io'] });

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const TLS: Partial<WantedHostConfig> = {
  tls: [
    { host: 'quay.io', ca: PEM },
    { host: 'plain.example:5000', plainHttp: true },
    { host: '[::1]:5000', skipVerify: true },
    { host: 'docker.io', ca: PEM },
    { host: 'upper:443', skipVerify: true },
  ],
  knownHosts: [
    'quay.io',
    'plain.example:5000',
    'plain.example:6000',
    '[::1]:5000',
    'docker.io',
    'upper:443',
    'evil.example',
  ],
};

function environmentNamed(name: string): WantedHostConfig['environment'] {
  const parsed = parseEnvironmentName(name);
  if (!parsed.ok) throw new Error(parsed.failure.rule);
  return parsed.value;
}

const audited = {
  organisation: undefined,
  environment: policy({ whitelist: ['quay.io'], mode: 'audit' }),
  at: AT,
};
const WRITTEN: readonly (readonly [string, WantedHostConfig])[] = [
  ['a whitelist', wantedFor({ whitelist: ['quay.io/team', '*.corp.example', 'docker.io/library'] }, TLS)],
  ['a deny list', wantedFor({ deny: ['evil.example', 'registry-1.docker.io', 'quay.io/off'] }, TLS)],
  ['nothing but TLS', wantedFor({ deny: [] }, TLS)],
  ['a default registry', wantedFor({ whitelist: ['quay.io'] }, { defaultRegistry: address('quay.io/team') })],
  ['mode audit', wantedFor(audited, { mode: 'audit', enforced: wantedFor({ deny: ['quay.io/off'] }).enforced })],
  ['mode audit alone', wantedFor(audited, { mode: 'audit', enforced: wantedFor({ deny: [] }).enforced })],
  ['an odd environment', wantedFor({ whitelist: ['quay.io'] }, { environment: environmentNamed('-a--') })],
  ...fc
    .sample(arbitraryPolicies, { numRuns: 5, seed: 7 })
    .map((policies, number): [string, WantedHostConfig] => [`arbitrary policies, ${number}`, wantedFor(policies, TLS)]),
];

describe.each(SHELLS)('pullpass-host under $name', (shell) => {
  let system: ConfiguredHost;

  beforeEach(async () => {
    system = await configuredHost(shell);
  });

  afterEach(() => system.end());

  const refused = async (runtime: Runtime, path: string, content: string): Promise<string> => {
    system.says({ [runtime]: { files: { [path]: content } } });
    const outcome = await system.run('--runtime', runtime);
    expect(outcome).toMatchObject({ status: 5, stdout: '' });
    expect(system.exists(path)).toBe(false);
    return outcome.stderr;
  };

  it.each(WRITTEN)('takes all that Pullpass writes for %s', async (_, wanted) => {
    for (const runtime of RUNTIMES) {
      const config = hostConfigFor(runtime, wanted);
      if (!config.ok) throw new Error(config.failure.reason);
      system.says({ [runtime]: hostConfigLines(config.value) });
      const words = ['--dry-run', '--runtime', runtime, '--environment', wanted.environment];
      const outcome = await system.run(...words);
      expect(outcome.stderr).not.toContain('Pullpass does not write');
      expect([runtime, outcome.status]).toEqual([runtime, config.value.files.length > 0 ? 10 : expect.any(Number)]);
      expect([0, 10]).toContain(outcome.status);
    }
  });

  it.each([
    ['a helper of the sender’s choice', 'credential-helpers = ["attackers-choice"]\n'],
    [
      'a mirror',
      '[[registry]]\nprefix = "quay.io"\nlocation = "quay.io"\n[[registry.mirror]]\nlocation = "evil.example"\n',
    ],
    ['another place of a registry', '[[registry]]\nprefix = "quay.io"\nlocation = "evil.example"\n'],
    ['a place without a prefix', '[[registry]]\nprefix = "quay.io"\n\n[[registry]]\nlocation = "evil.example"\n'],
    ['an empty place without a prefix', '[[registry]]\nlocation = \n'],
    ['an empty place of the next table', '[[registry]]\nprefix = "quay.io"\n\n[[registry]]\nlocation = \n'],
    ['a place before its prefix', '[[registry]]\nlocation = "quay.io"\nprefix = "quay.io"\n'],
    ['short names', '[aliases]\n"nginx" = "evil.example/nginx"\n'],
    ['two search registries', 'unqualified-search-registries = [ "quay.io", "evil.example" ]\n'],
    ['an escape', 'unqualified-search-registries = [ "\\u0065vil" ]\n'],
    ['a NUL', 'insecure = true\0\ncredential-helpers = ["x"]\n'],
    ['a line without an end', 'insecure = true'],
    ['a carriage return', '# comment\rcredential-helpers = ["x"]\n'],
    ['an indented key', '  credential-helpers = ["x"]\n'],
  ])('takes no drop-in for podman with %s', async (_, content) => {
    expect(await refused('podman', DROP_IN, content)).toMatch(
      /has (?:what Pullpass does not write in .*99-pullpass\.conf|a file with a NUL)/,
    );
  });

  it.each([
    ['another server', HOSTS, 'server = "https://evil.example"\n\n[host]\n'],
    ['another server, named like it', HOSTS, 'server = "https://quay.io.evil.example"\n'],
    ['another port', HOSTS, 'server = "https://quay.io:5000"\n'],
    ['a path', HOSTS, 'server = "https://quay.io/evil"\n'],
    ['a user', HOSTS, 'server = "https://quay.io@evil.example"\n'],
    ["Docker Hub's server", HOSTS, 'server = "https://registry-1.docker.io"\n'],
    [
      'a mirror',
      HOSTS,
      'server = "https://quay.io"\n\n[host."https://evil.example"]\n  capabilities = ["pull", "resolve"]\n',
    ],
    ["another host's authority", HOSTS, 'ca = "/etc/containerd/certs.d/evil.example/ca.crt"\n'],
    ['a client’s key', HOSTS, 'client = ["/etc/shadow"]\n'],
    ['a server for every other host', EVERY_OTHER, 'server = "https://evil.example"\n'],
    ['an authority for every other host', EVERY_OTHER, 'ca = "/etc/containerd/certs.d/_default/ca.crt"\n'],
  ])('takes no hosts.toml with %s', async (_, path, content) => {
    expect(await refused('containerd', path, content)).toMatch(/has what Pullpass does not write in .*hosts\.toml/);
  });

  it.each([
    ...['[::1]', '[::::]:1', '[:::]:1', '[:]:1', '[1:2]:1', '[:1::2]:1', '[1::2:]:1', '[1::2::3]:1', '[12345::]:1'],
    ...['[1:2:3:4:5:6:7:8:9]:1', '[1:2:3:4::5:6:7:8]:1', '[1:2:3:4:5:6:7]:1', '[::g]:1', '[::1]:65536', '[::1]:'],
  ])('takes no insecure registry %s', async (registry) => {
    system.says({ docker: { insecure: [registry] } });
    const outcome = await system.run('--runtime', 'docker');
    expect(outcome).toMatchObject({ status: 5, stdout: '' });
    expect(outcome.stderr).toContain(`does not know: insecure-registry ${registry}`);
  });

  it('takes insecure registries on IPv6 addresses with a port', async () => {
    const insecure = [
      '[::]:1',
      '[::1]:5000',
      '[1::]:1',
      '[2001:DB8::a:1]:443',
      '[1:2:3:4:5:6:7:8]:1',
      '[1:2:3:4:5:6:7::]:1',
    ];
    system.says({ docker: { insecure } });
    expect(await system.run('--dry-run', '--runtime', 'docker')).toMatchObject({ status: 10 });
  });

  it.each([
    ['a key to read', '{\n  "keyPath": "/etc/shadow"\n}\n'],
    ['another requirement', '{\n  "default": [\n    {\n      "type": "signedBy"\n    }\n  ]\n}\n'],
    ['an escape', '{\n  "d\\u0065fault": [\n  ]\n}\n'],
    ['one line', '{"default":[{"type":"reject"}]}\n'],
  ])('takes no policy.json with %s', async (_, content) => {
    expect(await refused('podman', POLICY, content)).toMatch(/has what Pullpass does not write in .*policy\.json/);
  });

  const admin = JSON.stringify({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'a' },
  });
  const list = (...items: readonly string[]): string =>
    `{"apiVersion":"v1","kind":"List","items":[${items.join(',')}]}\n`;
  const item = (field: string, next: string): string => GOOD.replace(field, next);
  it.each([
    ['the right to everything', list(admin)],
    ['that as well', GOOD.replace(/\n {2}\]\n\}\n$/, `,\n${admin}\n  ]\n}\n`)],
    ['that before it', GOOD.replace('"items": [', `"items": [\n${admin},`)],
    ['that in a second document', `${GOOD}${admin}\n`],
    ['that in a second document of YAML', `${GOOD}---\n${admin}\n`],
    ['that as YAML', 'apiVersion: v1\nkind: ClusterRoleBinding\n'],
    ['no items', list()],
    ['another kind', item('"kind": "ValidatingAdmissionPolicy"', '"kind": "ValidatingWebhookConfiguration"')],
    ['another kind a second time', item('"spec": {', '"kind": "ClusterRole", "spec": {')],
    ['the same kind a second time', item('"spec": {', '"kind": "ValidatingAdmissionPolicy", "spec": {')],
    ['an escaped key', item('"spec": {', String.raw`"\u006bind": "ClusterRole", "spec": {`)],
    ['an escaped kind', item('"kind": "List"', String.raw`"kind": "L\u0069st"`)],
    ['a quote in a key', item('"kind": "List"', String.raw`"ki\"nd": "List"`)],
    ['a key in capitals', item('"kind": "List"', '"Kind": "List"')],
    ['items a second time', item('"items": [', '"items": [],\n"items": [')],
    ['a comment', `// x\n${GOOD}`],
    ['a comment of YAML', `# x\n${GOOD}`],
    ['another name', item('"name": "pullpass-prod-images"', '"name": "theirs"')],
    ['the name of another environment', item('"name": "pullpass-prod-images"', '"name": "pullpass-ci-images"')],
    ['a name that says anything', item('"name": "pullpass-prod-images"', '"name": "*"')],
    ['a namespace', item('"labels": {', '"namespace": "kube-system", "labels": {')],
    ['another label', item('"labels": {', '"labels": {"x": "y",')],
    ['everything it matches', item('"pods"', '"*"')],
    ['every group', GOOD.replace(/"apiGroups": \[\s*""/, '"apiGroups": ["*"')],
    ['deletions', item('"CREATE",', '"CREATE", "DELETE",')],
    ['a match of names', item('"resourceRules": [', '"resourceRules": [{"resourceNames": ["x"]},')],
    [
      'parameters',
      item('"failurePolicy": "Fail",', '"failurePolicy": "Fail", "paramKind": {"apiVersion": "v1", "kind": "Secret"},'),
    ],
    ['no failure', item('"failurePolicy": "Fail"', '"failurePolicy": "Ignore"')],
    ["another policy's binding", item('"policyName": "pullpass-prod-images"', '"policyName": "theirs"')],
    ['no action', item('"Deny"', '')],
    ['an expression that ends early', item('"expression": "', String.raw`"expression": "\\", "kind": "`)],
    ['an expression that is a list', item('"expression": "oldObject', '"expression": ["oldObject')],
    ['a variable that is no text', item('"name": "images"', '"name": {"a": "images"}')],
    ['a variable with more', item('"name": "images"', '"name": "images", "x": "y"')],
    ['brackets that are text', item('"kind": "List"', '"kind": "><List"')],
    ['a control character in a text', item('"kind": "List"', '"kind": "\u0001"')],
    ['a NUL', item('"kind": "List"', '"kind": "List"\0')],
    ['a line without an end', GOOD.trimEnd()],
    ['carriage returns', GOOD.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\uFEFF${GOOD}`],
    ['a number', item('"Fail"', '1')],
    ['too many variables', item('"variables": [', `"variables": [${'{"name": "x", "expression": "y"},'.repeat(5000)}`)],
    ['deep lists', `${'['.repeat(100_000)}${']'.repeat(100_000)}\n`],
  ])('takes no admission policy with %s', async (_, content) => {
    expect(content).not.toBe(GOOD);
    expect(await refused('kubernetes', ADMISSION, content)).toMatch(
      /has (?:what Pullpass does not write in .*image-policy\.json|a file with a NUL)/,
    );
  });
});

describe('an admission policy that was changed anywhere', () => {
  const PIECES = [
    '"',
    '\\',
    '\\"',
    '\\\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '\n',
    ' ',
    '"kind":"ClusterRole",',
    '*',
    '<',
    '>',
    'x',
    '\0',
    '\\n"',
  ];

  /** What a cluster would be given, but for texts that may say anything. */
  const itemsOf = (text: string): unknown => {
    const free = new Set(['spec', 'pullpass/written-by', 'pullpass/environment']);
    return JSON.parse(text, (key, value: unknown) => (free.has(key) ? undefined : value));
  };

  it('is refused, or gives the cluster the same two objects', async () => {
    const [shell] = SHELLS;
    if (shell === undefined) return;
    const system = await configuredHost(shell);
    const change = fc.record({ at: fc.nat(GOOD.length), cut: fc.nat(3), piece: fc.constantFrom(...PIECES) });
    let taken = 0;
    try {
      for (const { at, cut, piece } of fc.sample(change, { numRuns: 150, seed: 11 })) {
        const content = `${GOOD.slice(0, at)}${piece}${GOOD.slice(at + cut)}`;
        system.says({ kubernetes: linesOf('kubernetes', { files: { [ADMISSION]: content } }) });
        const { status } = await system.run('--dry-run', '--runtime', 'kubernetes');
        expect([5, 10]).toContain(status);
        if (status !== 10) continue;
        taken++;
        expect(itemsOf(content)).toEqual(itemsOf(GOOD));
      }
    } finally {
      await system.end();
    }
    // Blanks, and what expressions say.
    expect(taken).toBeGreaterThan(0);
  });
});
