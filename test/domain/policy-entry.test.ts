import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defaultRegistryAllowed,
  parseAlwaysAllow,
  parseDenyList,
  parsePolicyDocument,
  parsePolicyEntry,
  parseWhitelist,
} from '../../lib/domain/policy-entry.ts';
import { UNRESTRICTED } from '../../lib/domain/policy.ts';
import { anyText } from './generators.ts';
import { policy, ruleOf } from './parsed.ts';

describe('a policy entry', () => {
  it.each([
    ['quay.io', 'quay.io'],
    ['QUAY.io/team', 'quay.io/team'],
    ['quay.io/team/', 'quay.io/team'],
    ['quay.io:443', 'quay.io'],
    ['quay.io:5000/team/x', 'quay.io:5000/team/x'],
    ['index.docker.io', 'docker.io'],
    ['docker.io/library', 'docker.io/library'],
    ['localhost', 'localhost'],
    ['registry:5000', 'registry:5000'],
    ['[::1]:5000', '[::1]:5000'],
    ['*.Corp.Example', '*.corp.example'],
    ['*.internal', '*.internal'],
    ['*.io', '*.io'],
  ])('%s is %s', (text, canonical) => {
    expect(parsePolicyEntry(text)).toMatchObject({ ok: true, value: { canonical } });
  });

  it.each([
    ['quay.io:443', 'quay.io:443'],
    ['index.docker.io:443/team', 'docker.io:443/team'],
    ['quay.io', 'quay.io'],
  ])('%s in a deny list is %s: a written default port is that port only', (text, canonical) => {
    expect(parsePolicyEntry(text, 'deny')).toMatchObject({ ok: true, value: { canonical } });
  });

  it.each([
    ['', 'empty'],
    ['*', 'null'],
    ['*.', '*.host'],
    ['**.corp.example', '*.host'],
    ['*corp.example', '*.host'],
    ['a.*.example', '*.host'],
    ['*.*.example', '*.host'],
    ['*.corp.example:5000', '*.host'],
    ['*.corp.example/team', '*.host'],
    ['quay.io/*', '*.host'],
    ['quay.io/team*', '*.host'],
    ['https://quay.io', 'http'],
    ['quay.io/team:1', 'tag'],
    ['quay.io/Team', 'lower case'],
    ['quay.io:0', '65535'],
    ['nginx', 'docker.io/'],
    ['evilhost/x', 'docker.io/'],
    ['*.docker.io', 'docker.io'],
    ['*.docker.com', 'docker.io'],
    ['*.hub.docker.com', 'docker.io'],
    ['ｑuay.io', 'ASCII'],
  ])('%j is refused in both lists and told why', (text, word) => {
    expect(ruleOf(parsePolicyEntry(text))).toContain(word);
    expect(ruleOf(parsePolicyEntry(text, 'deny'))).toContain(word);
  });

  it('is canonical once parsed, whatever the text and the list', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom('', '*.'), fc.constantFrom('whitelist', 'deny'), (text, start, list) => {
        const parsed = parsePolicyEntry(start + text, list);
        if (parsed.ok) expect(parsePolicyEntry(parsed.value.canonical, list)).toStrictEqual(parsed);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a list', () => {
  it.each([
    ['a list', ['quay.io', 'index.docker.io']],
    ['a text with commas', 'quay.io,index.docker.io'],
    ['a text with commas and blanks', ' quay.io , index.docker.io '],
    ['one with the same twice', ['quay.io', 'docker.io', 'QUAY.io:443', 'registry-1.docker.io']],
  ])('may be %s', (_, value) => {
    expect(parseWhitelist(value)).toEqual({ ok: true, value: ['quay.io', 'docker.io'] });
    expect(parseDenyList(Array.isArray(value) ? ['quay.io', 'docker.io'] : value)).toEqual({
      ok: true,
      value: ['quay.io', 'docker.io'],
    });
    expect(parseAlwaysAllow(value)).toEqual({ ok: true, value: ['quay.io', 'docker.io'] });
  });

  it.each([[null], [undefined]])('%s is no restriction', (value) => {
    expect(parseWhitelist(value)).toEqual({ ok: true, value: null });
    expect(parseDenyList(value)).toEqual({ ok: true, value: [] });
    expect(parseAlwaysAllow(value)).toEqual({ ok: true, value: [] });
  });

  it.each([[[]], [''], ['  ']])('%j is an error as a whitelist, and nothing as a deny list', (value) => {
    expect(parseWhitelist(value)).toMatchObject({ ok: false, failure: { kind: 'invalid_input', field: 'whitelist' } });
    expect(parseDenyList(value)).toEqual({ ok: true, value: [] });
  });

  it.each([
    [['quay.io', 'docker.io', 'https://x'], '[2]'],
    ['quay.io,,docker.io', '[1]'],
    [['quay.io', 7], '[1]'],
    [['quay.io', null], '[1]'],
    [[['quay.io']], '[0]'],
    [[' quay.io'], '[0]'],
    [7, ''],
    [{ 0: 'quay.io', length: 1 }, ''],
    [true, ''],
  ])('%j is refused at its field', (value, at) => {
    expect(parseWhitelist(value)).toMatchObject({ ok: false, failure: { field: `whitelist${at}` } });
    expect(parseDenyList(value)).toMatchObject({ ok: false, failure: { field: `deny${at}` } });
    expect(parseAlwaysAllow(value)).toMatchObject({ ok: false, failure: { field: `alwaysAllow${at}` } });
  });
});

describe('a list that is too long', () => {
  it('is refused as a whole', () => {
    const entries = Array.from({ length: 1001 }, (_, index) => `r${index}.example`);
    expect(parseWhitelist(entries)).toMatchObject({ ok: false, failure: { field: 'whitelist' } });
    expect(parseDenyList(entries.join())).toMatchObject({ ok: false, failure: { field: 'deny' } });
    expect(parseWhitelist(entries.slice(1))).toMatchObject({ ok: true });
  });
});

describe('a policy document', () => {
  it('leaves unset what it does not name', () => {
    expect(policy({})).toEqual(UNRESTRICTED);
    expect(policy({ ...UNRESTRICTED })).toEqual(UNRESTRICTED);
  });

  it('is canonical, and the same when it is put back as it was read', () => {
    const document = policy({
      whitelist: 'Quay.io/team, index.docker.io, *.Corp.example',
      deny: ['quay.io:443/team/bad', 'Evil.example'],
      alwaysAllow: ['Registry.K8s.io:443', 'index.docker.io/library/'],
      defaultRegistry: 'harbor.CORP.example:443/',
      mode: 'audit',
    });
    expect(document).toEqual({
      whitelist: ['quay.io/team', 'docker.io', '*.corp.example'],
      deny: ['quay.io:443/team/bad', 'evil.example'],
      alwaysAllow: ['registry.k8s.io', 'docker.io/library'],
      exceptions: [],
      defaultRegistry: 'harbor.corp.example',
      mode: 'audit',
    });
    expect(policy({ ...document })).toEqual(document);
  });

  it.each([
    [{ allow: ['quay.io'] }, 'allow'],
    [{ whiteList: ['quay.io'] }, 'whiteList'],
    [JSON.parse('{"__proto__": {"whitelist": null}}'), '__proto__'],
    [{ mode: 'off' }, 'mode'],
    [{ mode: true }, 'mode'],
    [{ defaultRegistry: '' }, 'defaultRegistry'],
    [{ defaultRegistry: 'https://quay.io' }, 'defaultRegistry'],
    [{ defaultRegistry: 7 }, 'defaultRegistry'],
    [{ whitelist: [] }, 'whitelist'],
    [{ deny: ['quay.io', ''] }, 'deny[1]'],
    [{ alwaysAllow: ['*'] }, 'alwaysAllow[0]'],
    [null, ''],
    [[], ''],
    ['quay.io', ''],
    [undefined, ''],
  ])('%j is refused at %j', (input: unknown, field) => {
    expect(parsePolicyDocument(input)).toMatchObject({ ok: false, failure: { kind: 'invalid_input', field } });
  });

  it.each([
    [{ whitelist: ['quay.io'], defaultRegistry: 'harbor.corp.example' }],
    [{ whitelist: ['quay.io/team'], defaultRegistry: 'quay.io/other' }],
    [{ whitelist: ['*.corp.example'], defaultRegistry: 'corp.example' }],
    [{ whitelist: ['quay.io'], defaultRegistry: 'quay.io:5000' }],
    [{ deny: ['quay.io'], defaultRegistry: 'quay.io:5000/team' }],
    [{ deny: ['*.example'], defaultRegistry: 'quay.example' }],
    [{ whitelist: ['quay.io/team'], deny: ['quay.io/team'], defaultRegistry: 'quay.io' }],
    [{ whitelist: ['quay.io'], defaultRegistry: 'docker.io' }],
    [{ whitelist: ['quay.io'], defaultRegistry: 'harbor.corp.example', mode: 'audit' }],
  ])('%j is refused: nothing on its default registry could be pulled', (input) => {
    expect(parsePolicyDocument(input)).toMatchObject({ ok: false, failure: { field: 'defaultRegistry' } });
  });

  it.each([
    [{ whitelist: ['harbor.corp.example'], defaultRegistry: 'harbor.corp.example/proxy' }],
    [{ whitelist: ['harbor.corp.example/proxy/team'], defaultRegistry: 'harbor.corp.example/proxy' }],
    [{ whitelist: ['*.example'], defaultRegistry: 'harbor.corp.example' }],
    [{ whitelist: ['index.docker.io'], defaultRegistry: 'registry-1.docker.io' }],
    [{ deny: ['quay.io/bad'], defaultRegistry: 'quay.io' }],
  ])('%j is accepted', (input) => {
    expect(parsePolicyDocument(input)).toMatchObject({ ok: true });
  });

  it("an environment's default registry has to be allowed by the organisation, too", () => {
    const organisation = policy({ whitelist: ['quay.io/team'] });
    const on = (defaultRegistry: string | null) => policy({ defaultRegistry });
    expect(defaultRegistryAllowed({ organisation, environment: on('quay.io/team') })).toBe(true);
    expect(defaultRegistryAllowed({ organisation, environment: on('quay.io/other') })).toBe(false);
    expect(defaultRegistryAllowed({ organisation, environment: on(null) })).toBe(true);
    expect(defaultRegistryAllowed({ organisation: undefined, environment: on('quay.io') })).toBe(true);
    expect(
      defaultRegistryAllowed({ organisation: on('quay.io'), environment: policy({ whitelist: ['docker.io'] }) }),
    ).toBe(false);
  });
});
