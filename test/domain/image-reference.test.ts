import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isQualified, parseImageReference } from '../../lib/domain/image-reference.ts';
import { anyText, imageText } from './generators.ts';
import { ACCEPTED, HOSTLESS, REFUSED, SHA256 } from './image-texts.ts';
import { address, claimsToBeText, reference, ruleOf } from './parsed.ts';

describe('an image reference', () => {
  it.each(ACCEPTED.map((row) => ({ text: row[0], row })))('$text is read as distribution/reference does', ({ row }) => {
    const [text, registry, repository, tag, digest] = row;
    const suffix = `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
    // In a reference a host of one label needs its port: without, it would be a path on Docker Hub.
    const host = /[.:]|^localhost$/.test(registry) ? registry : `${registry}:443`;
    // toStrictEqual: an absent tag is an absent key.
    expect(reference(text)).toStrictEqual({
      registry,
      repository,
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
      canonical: `${host}/${repository}${suffix}`,
    });
  });

  it.each(REFUSED)('%j is refused', (text) => {
    expect(parseImageReference(text)).toMatchObject({ ok: false, failure: { kind: 'bad_reference' } });
  });

  it.each(HOSTLESS)('%s, which would have an empty host, is refused and never on Docker Hub', (text) => {
    expect(ruleOf(parseImageReference(text))).toContain('registry must be');
  });

  it.each([
    ['https://quay.io/app', 'scheme'],
    ['quay.io /app', 'spaces'],
    ['Ubuntu', 'lower case'],
    ['a'.repeat(64), 'image id'],
    ['ubuntu:', 'tag'],
    ['ubuntu@sha256:abc', 'digest'],
    [`quay.io/${'b'.repeat(256)}`, '255'],
    ['user:pass@quay.io/app', 'user name'],
  ])('the rule for %s says what is wrong', (text, word) => {
    expect(ruleOf(parseImageReference(text))).toContain(word);
  });

  it.each([[undefined], [null], [42], [{ toString: () => 'ubuntu' }], [['ubuntu']]])(
    '%j, which only claims to be a text, is refused',
    (value) => {
      if (!claimsToBeText(value)) return;
      expect(parseImageReference(value)).toMatchObject({ ok: false, failure: { kind: 'bad_reference' } });
      expect(isQualified(value)).toBe(false);
    },
  );
});

describe('a default registry', () => {
  it.each([
    ['ubuntu:14.04', 'harbor.corp/proxy', 'harbor.corp/proxy/ubuntu:14.04'],
    ['ubuntu', 'harbor.corp', 'harbor.corp/ubuntu'],
    ['team/app', 'harbor.corp:8443', 'harbor.corp:8443/team/app'],
    [`app:1@${SHA256}`, 'registry:443', `registry:443/app:1@${SHA256}`],
    ['ubuntu', 'docker.io', 'docker.io/library/ubuntu'],
    ['ubuntu', 'index.docker.io', 'docker.io/library/ubuntu'],
    ['ubuntu', 'docker.io/team', 'docker.io/team/ubuntu'],
    ['192.168.0.1:80', 'harbor.corp', 'harbor.corp/192.168.0.1:80'],
    ['evil/index.docker.io-tools', 'harbor.corp', 'harbor.corp/evil/index.docker.io-tools'],
  ])('%s on %s is %s', (text, registry, canonical) => {
    expect(reference(text, address(registry)).canonical).toBe(canonical);
  });

  it.each(['docker.io/ubuntu', 'quay.io/app', 'EVILHOST/nginx', 'localhost/app', 'registry:5000/app'])(
    '%s names its registry, so that the default does not apply',
    (text) => {
      expect(isQualified(text)).toBe(true);
      expect(reference(text, address('harbor.corp/proxy'))).toEqual(reference(text));
    },
  );

  it.each(['a'.repeat(64), 'Ubuntu', '../app', '', 'https://x', 'b'.repeat(250)])('%j stays refused', (text) => {
    expect(parseImageReference(text, address('harbor.corp/proxy'))).toMatchObject({ ok: false });
  });
});

describe('whatever comes in', () => {
  it('parsing never throws, and what it accepts is canonical already', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const parsed = parseImageReference(text);
        if (!parsed.ok) return;
        expect(reference(parsed.value.canonical)).toStrictEqual(parsed.value);
        expect(isQualified(parsed.value.canonical)).toBe(true);
        expect(parsed.value.registry).toMatch(/^[a-z0-9.:[\]-]+$/);
      }),
      { numRuns: 3000 },
    );
  });

  it('a canonical reference means the same under every default registry', () => {
    fc.assert(
      fc.property(imageText, (text) => {
        const parsed = parseImageReference(text, address('harbor.corp/proxy'));
        if (!parsed.ok) return;
        expect(reference(parsed.value.canonical, address('other.example'))).toStrictEqual(parsed.value);
      }),
    );
  });

  it.each([
    ['-', `quay.io/${'a-'.repeat(400)}`],
    ['_', `quay.io/${'a_'.repeat(400)}!`],
    ['.', `${'a.'.repeat(450)}!/x`],
    ['labels', `${'a'.repeat(900)}-/x`],
    ['a million characters', 'a/'.repeat(500_000)],
    ['a million spaces', ' '.repeat(1_000_000)],
  ])('a hostile text of %s costs no more than its length', (_, text) => {
    expect(parseImageReference(text)).toMatchObject({ ok: false });
  });
});
