import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readKubernetesSecrets } from '../../../lib/formats/import/kubernetes-secrets.ts';
import type { LoginOptions, Wanted } from '../../../lib/formats/import/wanted.ts';
import { anyText, textLike, textWith } from '../../support/text-like.ts';

const OPTIONS: LoginOptions = { environments: ['shop'], tls: new Map() };

function encoded(document: unknown): string {
  return Buffer.from(JSON.stringify(document)).toString('base64');
}

function config(host: string, password = 'canary-password'): unknown {
  return { auths: { [host]: { username: 'me', password, auth: Buffer.from(`me:${password}`).toString('base64') } } };
}

function secret(name: string, fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/dockerconfigjson' },
    metadata: { name, namespace: 'shop' },
    data: { '.dockerconfigjson': encoded(config(`${name}.example`)) },
    ...fields,
  };
}

function read(text: string): Wanted {
  const wanted = readKubernetesSecrets(text, OPTIONS);
  if (!wanted.ok) throw new Error(wanted.failure.what);
  return wanted.value;
}

function addresses(wanted: Wanted): readonly string[] {
  return wanted.registries.map(({ address }) => address);
}

const LIST = { apiVersion: 'v1', kind: 'List', items: [secret('one'), secret('two')] };
const OLD = secret('old', {
  type: 'kubernetes.io/dockercfg',
  data: { '.dockercfg': encoded({ 'old.example': { auth: encoded(0), username: 'me', password: 'p' } }) },
});

it('a URL with a path is a prefix, as Kubernetes reads it, and a note has the reading of docker', () => {
  const config = {
    auths: {
      'https://h.example/artifactory/docker': { username: 'me', password: 'p' },
      'b.example': { auth: 'Ym9iOnB3MTI' },
    },
  };
  const secret = {
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/dockerconfigjson', metadata: { name: 'pull' } },
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify(config)).toString('base64') },
  };
  const wanted = readKubernetesSecrets(JSON.stringify(secret), { environments: ['shop'], tls: new Map() });
  expect(wanted).toMatchObject({
    value: {
      registries: [
        { address: 'h.example/artifactory/docker', notes: [textWith('docker for all of h.example')] },
        { address: 'b.example', source: { settings: { username: 'bob' } } },
      ],
      findings: [],
    },
  });
});

describe('pull secrets', () => {
  it.each([
    { name: 'one, in JSON', text: JSON.stringify(secret('one')), hosts: ['one.example'] },
    { name: 'one, in YAML', text: stringify(secret('one')), hosts: ['one.example'] },
    { name: 'a List in JSON', text: JSON.stringify(LIST), hosts: ['one.example', 'two.example'] },
    { name: 'a List in YAML', text: stringify(LIST), hosts: ['one.example', 'two.example'] },
    {
      name: 'a SecretList whose items have no kind',
      text: JSON.stringify({ kind: 'SecretList', items: [{ ...secret('one'), kind: undefined }] }),
      hosts: ['one.example'],
    },
    {
      name: 'several YAML documents',
      text: `${stringify(secret('one'))}---\n${stringify(secret('two'))}`,
      hosts: ['one.example', 'two.example'],
    },
    { name: 'the old kind', text: stringify(OLD), hosts: ['old.example'] },
    {
      name: 'stringData',
      text: stringify(
        secret('x', { data: undefined, stringData: { '.dockerconfigjson': JSON.stringify(config('plain.example')) } }),
      ),
      hosts: ['plain.example'],
    },
    { name: 'the content by itself', text: JSON.stringify(config('bare.example')), hosts: ['bare.example'] },
    {
      name: 'folded base64',
      text: `kind: Secret\ntype: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: |\n    ${encoded(config('folded.example')).replace(/(.{40})/g, '$1\n    ')}\n`,
      hosts: ['folded.example'],
    },
  ])('$name', ({ text, hosts }) => {
    const wanted = read(text);
    expect(addresses(wanted)).toEqual(hosts);
    expect(wanted.findings).toEqual([]);
  });

  it('with base64 that looks like a number', () => {
    // "1234" decodes to bytes that are no JSON: told, where a number would have been no text at all.
    const wanted = read('kind: Secret\nmetadata: {name: n}\ndata: {.dockerconfigjson: 1234}\n');
    expect(wanted.findings).toEqual([{ place: 'secret n', what: textWith('base64') }]);
  });

  it('of other kinds are passed over and counted', () => {
    const opaque = secret('opaque', { type: 'Opaque', data: { password: 'Y2FuYXJ5' } });
    const wanted = read(JSON.stringify({ kind: 'List', items: [opaque, secret('one'), { kind: 'ConfigMap' }] }));
    expect(addresses(wanted)).toEqual(['one.example']);
    expect(wanted.remarks).toEqual(['1 of 2 secrets are no pull secrets and were passed over']);
  });

  it('of one registry in two namespaces are told apart', () => {
    const second = secret('one', {
      metadata: { name: 'one', namespace: 'other' },
      data: { '.dockerconfigjson': encoded(config('one.example', 'canary-other')) },
    });
    const wanted = read(JSON.stringify({ kind: 'List', items: [secret('one'), second] }));
    expect(wanted.registries).toHaveLength(1);
    expect(wanted.findings).toEqual([
      {
        place: 'secret other/one: auths["one.example"]',
        what: textWith('secret shop/one: auths["one.example"]'),
        advice: anyText,
      },
    ]);
  });

  it.each([
    { name: 'no data', fields: { data: undefined } },
    { name: 'data that is a list', fields: { data: ['canary'] } },
    { name: 'data that is not base64', fields: { data: { '.dockerconfigjson': 'canary!' } } },
    {
      name: 'data that is no JSON',
      fields: { data: { '.dockerconfigjson': Buffer.from('canary').toString('base64') } },
    },
    { name: 'data that is no config', fields: { data: { '.dockerconfigjson': encoded(['canary']) } } },
  ])('with $name are told, and the others come', ({ fields }) => {
    const wanted = read(stringify({ kind: 'List', items: [secret('bad', fields), secret('one')] }));
    expect(addresses(wanted)).toEqual(['one.example']);
    expect(wanted.findings.map(({ place }) => place)).toEqual(['secret shop/bad']);
    expect(JSON.stringify(wanted.findings)).not.toContain('canary');
  });

  it("KubeSphere's flag for insecure registries is told, unless the options say what it means", () => {
    const annotated = secret('one', {
      metadata: { name: 'one', annotations: { 'secret.kubesphere.io/force-insecure': 'true' } },
    });
    expect(read(stringify(annotated)).findings).toMatchObject([{ advice: textWith('--plain-http HOST') }]);
    const told = readKubernetesSecrets(stringify(annotated), {
      ...OPTIONS,
      tls: new Map([['one.example', { plainHttp: true }]]),
    });
    expect(told).toMatchObject({
      ok: true,
      value: { findings: [], registries: [{ settings: { tls: { plainHttp: true } } }] },
    });
  });
});

describe('what is refused as a whole', () => {
  const BOMB = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefghi'.split('').map(
      (name, index) =>
        `${name}: &${name} [${Array(9)
          .fill(`*${'abcdefgh'[index] ?? ''}`)
          .join(',')}]`,
    ),
  ].join('\n');

  it.each([
    { name: 'YAML that is broken', text: 'kind: Secret\ndata:\n\tcanary: x', what: /line 3/ },
    { name: 'aliases within aliases', text: `kind: Secret\n${BOMB}`, what: /aliases/ },
    { name: 'one alias', text: 'kind: Secret\nx: &x canary\ny: *x\n', what: /aliases/ },
    { name: 'lists in lists without end', text: `kind: ${'['.repeat(100_000)}`, what: /YAML/ },
    { name: 'no secret', text: 'kind: ConfigMap\ndata: {canary: x}\n', what: /no Kubernetes Secret/ },
    { name: 'nothing', text: '', what: /no Kubernetes Secret/ },
  ])('$name', ({ text, what }) => {
    const wanted = readKubernetesSecrets(text, OPTIONS);
    expect(wanted).toMatchObject({ ok: false, failure: { what: textLike(what) } });
    expect(JSON.stringify(wanted)).not.toContain('canary');
  });

  it('members called __proto__ and constructor change nothing', () => {
    read(
      `kind: Secret\n__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}\ndata: {.dockerconfigjson: ${encoded(config('a.example'))}}\n`,
    );
    expect('polluted' in {}).toBe(false);
  });
});
