import { describe, expect, it } from 'vitest';
import { readRancherWhitelist } from '../../../lib/formats/import/rancher-whitelist.ts';
import type { Wanted } from '../../../lib/formats/import/wanted.ts';
import { textWith } from '../../support/text-like.ts';

function read(text: string, defaultRegistry?: string): Wanted {
  const wanted = readRancherWhitelist(text, { environments: ['prod'], defaultRegistry });
  if (!wanted.ok) throw new Error(wanted.failure.what);
  return wanted.value;
}

describe("Rancher's whitelist", () => {
  it.each([
    { text: 'quay.io', whitelist: ['quay.io'] },
    { text: 'quay.io,index.docker.io', whitelist: ['quay.io', 'docker.io'] },
    { text: ' Quay.io , harbor.example:5000\n', whitelist: ['quay.io', 'harbor.example:5000'] },
    { text: 'index.docker.io,docker.io', whitelist: ['docker.io'] },
    { text: 'quay.io,', whitelist: ['quay.io'] },
  ])('$text', ({ text, whitelist }) => {
    expect(read(text)).toMatchObject({ policies: [{ environment: 'prod', says: 'entries', whitelist }], findings: [] });
  });

  it.each(['', ' ', '\n', ','])('that is blank restricts nothing, and is told: %j', (text) => {
    const { policies, findings } = read(text);
    expect(policies).toEqual([]);
    expect(findings).toMatchObject([{ what: textWith('blank') }]);
  });

  it.each(['https://quay.io', 'me:canary@quay.io', 'qu ay.io', '*', 'quay.io/x:1', 'ｑuay.io'])(
    'with a bad entry tells it, and takes the others: %s',
    (bad) => {
      const { policies, findings } = read(`a.example,${bad},b.example`);
      expect(policies).toMatchObject([{ whitelist: ['a.example', 'b.example'] }]);
      expect(findings.map(({ place }) => place)).toEqual(['entry 2']);
      expect(JSON.stringify(findings)).not.toContain('canary');
    },
  );

  it('with the default registry, which replaces another one', () => {
    expect(read('quay.io', 'Quay.io')).toMatchObject({
      policies: [{ defaultRegistry: 'quay.io', otherDefault: 'set' }],
    });
  });

  it('with a default registry that is none tells it', () => {
    const { policies, findings } = read('quay.io', 'http://quay.io');
    expect(policies).toMatchObject([{ whitelist: ['quay.io'] }]);
    expect(findings.map(({ place }) => place)).toEqual(['registry.default']);
  });
});
