import { describe, expect, it } from 'vitest';
import { readOwnExport } from '../../../lib/formats/import/own-export.ts';
import type { Wanted } from '../../../lib/formats/import/wanted.ts';
import { textWith } from '../../support/text-like.ts';

type Fields = Readonly<Record<string, unknown>>;

const WITH_PROTO: unknown = JSON.parse('{"kind":"static","__proto__":"canary"}');

function registry(fields: Fields = {}): Fields {
  return {
    ...{ id: '01HZ', address: 'Quay.io', environments: ['prod', 'prod'], state: 'active' },
    ...{ source: { kind: 'static', username: 'me' }, tls: {}, probe: { repository: 'team/app' } },
    ...{ trustedRealms: ['Auth.example:443'], email: null, description: 'x', ...fields },
  };
}

function read(document: Fields): Wanted {
  const wanted = readOwnExport(JSON.stringify({ pullpass: 1, exportedAt: '2026-01-01T00:00:00Z', ...document }));
  if (!wanted.ok) throw new Error(wanted.failure.what);
  return wanted.value;
}

describe('a registry', () => {
  it('comes in the form in which Pullpass keeps it', () => {
    expect(read({ registries: [registry()] })).toMatchObject({
      findings: [],
      registries: [
        {
          ...{ id: '01HZ', address: 'quay.io', environments: ['prod'], says: 'everything', state: 'active' },
          source: { kind: 'static', settings: { username: 'me' } },
          settings: {
            tls: {},
            probe: 'team/app',
            trustedRealms: ['auth.example'],
            email: null,
            description: 'x',
            expiresOn: null,
          },
        },
      ],
    });
  });

  it.each([
    { source: { kind: 'static', username: 'me', password: 'canary:"\\\n🔑' }, secret: 'canary:"\\\n🔑' },
    { source: { kind: 'ecr', accessKeyId: 'AKIA', secretAccessKey: 'canary' }, secret: 'canary' },
    { source: { kind: 'google', key: { type: 'service_account' } }, secret: '{"type":"service_account"}' },
    { source: { kind: 'google', key: '{"type":"service_account"}' }, secret: '{"type":"service_account"}' },
    { source: { kind: 'static', username: 'me', password: '' }, secret: undefined },
  ])('takes the secret that was filled in: $source.kind', ({ source, secret }) => {
    const [found] = read({ registries: [registry({ source })] }).registries;
    expect(found?.source.secret?.reveal()).toBe(secret);
    expect(JSON.stringify(found)).not.toContain('canary');
  });

  it.each([
    {
      name: 'an address that is none',
      fields: { address: 'https://me:canary@quay.io' },
      place: 'registries[0].address',
    },
    { name: 'no environment', fields: { environments: [] }, place: 'registries[0].environments' },
    {
      name: 'an environment that is none',
      fields: { environments: ['prod', 'No!'] },
      place: 'registries[0].environments[1]',
    },
    { name: 'a field that is unknown', fields: { canary: 1 }, place: 'registries[0].canary' },
    {
      name: 'a kind that is unknown',
      fields: { source: { kind: 'azure', password: 'canary' } },
      place: 'registries[0].source.kind',
    },
    { name: 'a source that is a text', fields: { source: 'canary' }, place: 'registries[0].source.kind' },
    {
      name: 'a field of another kind',
      fields: { source: { kind: 'static', username: 'me', roleArn: 'canary' } },
      place: 'registries[0].source.roleArn',
    },
    {
      name: 'a source called __proto__',
      fields: { source: WITH_PROTO },
      place: 'registries[0].source.__proto__',
    },
    {
      name: 'an address that is a word',
      fields: { address: 'canary' },
      place: 'registries[0].address',
    },
    { name: 'a field whose name is none', fields: { 'hunter:canary word': 1 }, place: 'registries[0]' },
    {
      name: 'a field of the source whose name is none',
      fields: { source: { kind: 'static', username: 'me', 'x?canary': 'y' } },
      place: 'registries[0].source',
    },
    { name: 'a state that is none', fields: { state: 'canary' }, place: 'registries[0].state' },
    { name: 'TLS that is a text', fields: { tls: 'canary' }, place: 'registries[0].tls' },
  ])('with $name is told with its place, and the others come', ({ fields, place }) => {
    const { registries, findings } = read({ registries: [registry(fields), registry({ id: '02' })] });
    expect(registries.map(({ id }) => id)).toEqual(['02']);
    expect(findings.map((finding) => finding.place)).toEqual([place]);
    expect(JSON.stringify(findings.map(({ what }) => what))).not.toContain('canary');
    for (const finding of findings) expect(finding.place.replace(/\.canary$/, '')).not.toContain('canary');
  });

  it('whose secret is nested without end comes without it', () => {
    const deep = `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`;
    const source = '{"kind": "google", "key": DEEP}'.replace('DEEP', deep);
    const text = `{"pullpass": 1, "registries": [{"address": "gcr.io", "environments": ["prod"], "source": ${source}}]}`;
    const wanted = readOwnExport(text);
    expect(wanted.ok && wanted.value.registries.map(({ source: { secret } }) => secret)).toEqual([undefined]);
  });

  it('that is not even an object is told', () => {
    expect(read({ registries: [null, 1, [], 'canary'] }).findings.map(({ place }) => place)).toEqual(
      [0, 1, 2, 3].map((index) => `registries[${index}]`),
    );
  });
});

describe('policies', () => {
  const UNTIL = '2030-01-01T00:00:00+01:00';

  it('come with every list in canonical form, the organisation first', () => {
    const policies = {
      environments: {
        prod: {
          whitelist: ['Quay.io', 'index.docker.io'],
          deny: ['A.example:443'],
          alwaysAllow: ['b.example'],
          exceptions: [{ entry: 'C.example', reason: ' why ', until: UNTIL }],
          defaultRegistry: 'Quay.io/team',
          mode: 'audit',
        },
      },
      organisation: { whitelist: null, deny: [] },
    };
    expect(read({ policies }).policies).toMatchObject([
      { environment: undefined, whitelist: null, deny: [] },
      {
        environment: 'prod',
        says: 'everything',
        whitelist: ['quay.io', 'docker.io'],
        deny: ['a.example:443'],
        alwaysAllow: ['b.example'],
        exceptions: [{ entry: 'c.example', reason: 'why', until: Date.parse(UNTIL) }],
        defaultRegistry: 'quay.io/team',
        mode: 'audit',
      },
    ]);
  });

  it('that are not set say nothing', () => {
    expect(read({ policies: { organisation: null, environments: {} } }).policies).toEqual([]);
    expect(read({}).policies).toEqual([]);
  });

  it.each([
    { name: 'a bad entry', policy: { deny: ['*', 'b.example'] }, place: 'policies.organisation.deny[0]' },
    { name: 'a number', policy: { whitelist: [1, 'a.example'] }, place: 'policies.organisation.whitelist[0]' },
    {
      name: 'a bad exception',
      policy: { exceptions: [{ entry: 'a.example', until: UNTIL }] },
      place: 'policies.organisation.exceptions[0]',
    },
    {
      name: 'a bad default registry',
      policy: { defaultRegistry: 'http://x' },
      place: 'policies.organisation.defaultRegistry',
    },
    { name: 'a bad mode', policy: { mode: 'off' }, place: 'policies.organisation.mode' },
    { name: 'an unknown field', policy: { allow: ['x'] }, place: 'policies.organisation.allow' },
  ])('with $name are told with their place', ({ policy, place }) => {
    expect(read({ policies: { organisation: policy } }).findings.map((finding) => finding.place)).toEqual([place]);
  });

  it.each([
    { name: 'no null', policy: { deny: null, alwaysAllow: null, exceptions: null }, fields: [], partly: [] },
    { name: 'a deny list', policy: { deny: ['bad entry!'] }, fields: ['deny'], partly: ['deny'] },
    { name: 'a whitelist', policy: { whitelist: ['*.', 'a.example'] }, fields: ['whitelist'], partly: ['whitelist'] },
    {
      name: 'pins',
      policy: { alwaysAllow: [7], deny: ['a.example'] },
      fields: ['alwaysAllow', 'deny'],
      partly: ['alwaysAllow'],
    },
    { name: 'exceptions', policy: { exceptions: [{}] }, fields: ['exceptions'], partly: ['exceptions'] },
  ])('say which lists could be read in part only: $name', ({ policy, fields, partly }) => {
    const [policyRead] = read({ policies: { organisation: policy } }).policies;
    const lists = ['alwaysAllow', 'deny', 'exceptions', 'whitelist'];
    expect(
      Object.keys(policyRead ?? {})
        .filter((name) => lists.includes(name))
        .toSorted(),
    ).toEqual(fields);
    expect(policyRead).toMatchObject({ partly });
  });

  it('a whitelist of which nothing can be read is neither none nor empty', () => {
    const [policy] = read({ policies: { organisation: { whitelist: ['*'], deny: [] } } }).policies;
    expect(policy).toBeDefined();
    expect(Object.keys(policy ?? {})).not.toContain('whitelist');
  });

  it.each(['__proto__', 'No!', ''])('of an environment %j that is none are told', (name) => {
    const text = `{"pullpass": 1, "policies": {"environments": {${JSON.stringify(name)}: {"deny": []}}}}`;
    expect(readOwnExport(text)).toMatchObject({
      ok: true,
      value: {
        policies: [],
        findings: [{ place: 'the 1st entry of policies.environments', what: textWith('environment') }],
      },
    });
  });
});

describe('agents', () => {
  it('come with their principal and their end', () => {
    const agent = {
      id: 'a1',
      name: 'web',
      role: 'agent',
      environments: ['prod'],
      export: false,
      principal: 'arn:aws:iam::123456789012:role/web-*',
      expiresAt: '2030-01-01T00:00:00Z',
    };
    expect(read({ agents: [agent] }).agents).toMatchObject([
      { name: 'web', principal: agent.principal, expiresAt: Date.parse(agent.expiresAt) },
    ]);
  });

  it.each([
    {
      name: 'a principal that is none',
      agent: { name: 'x', principal: 'arn:aws:iam::*:role/x' },
      place: 'agents[0].principal',
    },
    { name: 'no name', agent: {}, place: 'agents[0].name' },
    { name: 'a token', agent: { name: 'x', token: 'canary' }, place: 'agents[0].token' },
    { name: 'a role that is none', agent: { name: 'x', role: 'root' }, place: 'agents[0].role' },
  ])('with $name are told', ({ agent, place }) => {
    const { findings } = read({ agents: [agent] });
    expect(findings.map((finding) => finding.place)).toEqual([place]);
    expect(JSON.stringify(findings)).not.toContain('canary');
  });
});

describe('what is refused as a whole', () => {
  it.each([
    { name: 'no JSON', text: '{canary', what: 'not valid JSON' },
    { name: 'another document', text: '{"auths": {}}', what: 'not what `pullpass export` writes' },
    { name: 'a list', text: '[{"pullpass": 1}]', what: 'not what `pullpass export` writes' },
    { name: 'a later version', text: '{"pullpass": 2}', what: 'another format version' },
    { name: 'a version that is a text', text: '{"pullpass": "1"}', what: 'another format version' },
    { name: 'an unknown part by no name', text: '{"pullpass": 1, "a canary": []}', what: 'it has a field that' },
    { name: 'an unknown part', text: '{"pullpass": 1, "tokens": []}', what: 'tokens is not a field' },
    {
      name: 'registries that are an object',
      text: '{"pullpass": 1, "registries": {}}',
      what: 'registries must be a list',
    },
  ])('$name', ({ text, what }) => {
    const wanted = readOwnExport(text);
    expect(wanted).toMatchObject({ ok: false, failure: { what: textWith(what) } });
    expect(JSON.stringify(wanted)).not.toContain('canary');
  });
});
