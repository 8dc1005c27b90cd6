import { describe, expect, it } from 'vitest';
import { readRegistriesConf } from '../../../lib/formats/import/registries-conf.ts';
import type { Wanted } from '../../../lib/formats/import/wanted.ts';
import { textLike, textWith } from '../../support/text-like.ts';

function read(text: string, environments: readonly string[] = ['prod']): Wanted {
  const wanted = readRegistriesConf(text, environments);
  if (!wanted.ok) throw new Error(wanted.failure.what);
  return wanted.value;
}

const REGISTRY = '[[registry]]\n';

describe('what becomes policy', () => {
  it.each([
    {
      name: 'a blocked location',
      text: `${REGISTRY}location = "evil.example"\nblocked = true`,
      deny: ['evil.example'],
    },
    {
      name: 'the prefix before the location',
      text: `${REGISTRY}prefix = "evil.example/x"\nlocation = "a.example"\nblocked = true`,
      deny: ['evil.example/x'],
    },
    { name: 'a wildcard', text: `${REGISTRY}prefix = "*.evil.example"\nblocked = true`, deny: ['*.evil.example'] },
    { name: 'Docker Hub', text: `${REGISTRY}location = "docker.io"\nblocked = true`, deny: ['docker.io'] },
    {
      name: 'several',
      text: `${REGISTRY}location = "b.example"\nblocked = true\n${REGISTRY}location = "a.example:5000"\nblocked = true`,
      deny: ['b.example', 'a.example:5000'],
    },
    { name: 'version 1', text: '[registries.block]\nregistries = ["evil.example"]', deny: ['evil.example'] },
  ])('$name is denied', ({ text, deny }) => {
    expect(read(text)).toMatchObject({
      policies: [{ environment: 'prod', says: 'entries', deny }],
      findings: [],
      registries: [],
    });
  });

  it.each([
    {
      name: 'version 2',
      text: 'unqualified-search-registries = ["quay.io", "docker.io"]',
      place: 'unqualified-search-registries[1]',
    },
    { name: 'version 1', text: '[registries.search]\nregistries = ["quay.io", "docker.io"]', place: 'registries[1]' },
  ])('the first registry searched is the default one, $name; the others are told', ({ text, place }) => {
    const { policies, findings } = read(text);
    expect(policies).toMatchObject([{ defaultRegistry: 'quay.io', otherDefault: 'keep' }]);
    expect(findings.map((finding) => finding.place)).toEqual([place]);
  });

  it.each([
    { environments: ['prod', 'ci'], scopes: ['prod', 'ci'] },
    { environments: [], scopes: [undefined] },
  ])('of $scopes', ({ environments, scopes }) => {
    const { policies } = read(`${REGISTRY}location = "a.example"\nblocked = true`, environments);
    expect(policies.map(({ environment }) => environment)).toEqual(scopes);
  });
});

describe('what stays on the hosts is told, with what does it here', () => {
  it.each([
    {
      name: 'insecure',
      text: `${REGISTRY}location = "a.example:5000"\ninsecure = true`,
      advice: 'pullpass registry edit a.example:5000 --password-stdin --skip-verify',
    },
    {
      name: 'insecure, version 1',
      text: '[registries.insecure]\nregistries = ["a.example:5000"]',
      advice: 'pullpass registry edit a.example:5000 --password-stdin --skip-verify',
    },
    {
      name: 'rewriting',
      text: `${REGISTRY}prefix = "docker.io"\nlocation = "mirror.example/hub"`,
      advice: 'pullpass registry add mirror.example/hub',
    },
    {
      name: 'a mirror',
      text: `${REGISTRY}location = "docker.io"\n[[registry.mirror]]\nlocation = "m.example"`,
      advice: 'pullpass registry add m.example',
    },
    { name: 'short names', text: '[aliases]\n"app" = "quay.io/team/app"', advice: 'leave them on the hosts' },
    {
      name: 'a shell in a location',
      text: `${REGISTRY}location = "a.example; rm -rf $HOME '"\ninsecure = true`,
      advice: 'edit HOST --password-stdin',
    },
  ])('$name', ({ text, advice }) => {
    const { policies, findings } = read(text);
    expect(policies).toEqual([]);
    expect(findings.map((finding) => finding.advice)).toEqual([textWith(advice)]);
  });
});

describe('what is wrong in it', () => {
  it.each([
    {
      name: 'an entry with a tag',
      text: `${REGISTRY}location = "a.example/x:1"\nblocked = true`,
      place: 'registry[0]',
    },
    {
      name: 'an entry with a login',
      text: `${REGISTRY}location = "me:canary@a.example"\nblocked = true`,
      place: 'registry[0]',
    },
    { name: 'a registry without a name', text: `${REGISTRY}blocked = true`, place: 'registry[0]' },
    { name: 'a registry that is a number', text: 'registry = [1]', place: 'registry[0]' },
    { name: 'registries that are a text', text: 'registry = "canary"', place: 'registry' },
    { name: 'a blocked number', text: '[registries.block]\nregistries = [1]', place: 'registries.block.registries[0]' },
    {
      name: 'a search for nothing',
      text: 'unqualified-search-registries = [""]',
      place: 'unqualified-search-registries[0]',
    },
  ])('$name is told with its place, and the rest comes', ({ text, place }) => {
    const good = '[registries.x]\n[other]\na = 1\n';
    const { findings } = read(`${text}\n${good}`);
    expect(findings.map((finding) => finding.place)).toEqual([place]);
    expect(JSON.stringify(findings)).not.toContain('canary');
  });

  it('a bad entry does not take the good one with it', () => {
    const { policies, findings } = read(
      `${REGISTRY}location = "*"\nblocked = true\n${REGISTRY}location = "b.example"\nblocked = true`,
    );
    expect(policies).toMatchObject([{ deny: ['b.example'] }]);
    expect(findings).toHaveLength(1);
  });

  it.each(['[[registry', 'a = "canary', 'x = 1\nx = "canary"', '"__proto__" = 1\n"__proto__" = "canary"'])(
    'TOML that is broken is refused by its line: %j',
    (text) => {
      const wanted = readRegistriesConf(text, []);
      expect(wanted).toMatchObject({
        ok: false,
        failure: { what: textLike(/not valid TOML \(line \d+\)/) },
      });
      expect(JSON.stringify(wanted)).not.toContain('canary');
    },
  );

  it('tables called __proto__ change nothing', () => {
    read('[__proto__]\npolluted = 1\n[registries.__proto__]\npolluted = 1\n[constructor.prototype]\npolluted = 1');
    expect('polluted' in {}).toBe(false);
  });

  it('an empty file wants nothing', () => {
    expect(read('')).toMatchObject({ policies: [], findings: [] });
  });
});
