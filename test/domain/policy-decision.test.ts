import { describe, expect, it } from 'vitest';
import {
  decide,
  decideAddress,
  decideHost,
  effectiveDefaultRegistry,
  effectiveMode,
} from '../../lib/domain/policy-decision.ts';
import { UNRESTRICTED, type PolicyDocument } from '../../lib/domain/policy.ts';
import { address, policy, reference } from './parsed.ts';

const AT = Date.parse('2026-10-15T12:00:00Z');

const ask = (text: string, organisation?: PolicyDocument, environment?: PolicyDocument) =>
  decide({ reference: reference(text), organisation, environment, at: AT });

describe('an environment with a whitelist', () => {
  it.each([
    // Host and port.
    ['quay.io', 'quay.io/team/app:1', true],
    ['quay.io', 'QUAY.io:443/team/app', true],
    ['quay.io', 'quay.io:5000/app', false],
    ['quay.io', 'quay.io:80/app', false],
    ['quay.io:5000', 'quay.io:5000/app', true],
    ['quay.io:5000', 'quay.io:05000/app', true],
    ['quay.io:5000', 'quay.io/app', false],
    ['[::1]:5000', '[::1]:5000/app', true],
    ['localhost', 'localhost/app', true],
    ['localhost', 'localhost:5000/app', false],
    ['registry:443', 'REGISTRY/app', true],
    ['registry:443', 'registry/app', false],
    // Rancher's substring tests.
    ['quay.io', 'quay.io/quay.io.evil.example/x:1', true],
    ['quay.io', 'quay.io.evil.example/x:1', false],
    ['quay.io', 'evil.example/quay.io/x', false],
    ['quay.io', 'evilquay.io/x', false],
    ['quay.io', 'evil.quay.io/x', false],
    ['quay.io', 'evil/quay.io', false],
    ['index.docker.io', 'EVILHOST/nginx', false],
    ['index.docker.io', 'evilhost:443/nginx', false],
    ['index.docker.io', 'docker.io.evil.example/x', false],
    ['quay.io', 'evil/index.docker.io-tools', false],
    // Docker Hub under all its names.
    ['index.docker.io', 'ubuntu', true],
    ['index.docker.io', 'docker.io/ubuntu', true],
    ['docker.io', 'registry-1.docker.io/team/app', true],
    ['registry.hub.docker.com', 'index.docker.io:443/team/app', true],
    ['docker.io', 'docker.io:5000/ubuntu', false],
    ['docker.io/library', 'ubuntu', true],
    ['docker.io/library', 'team/app', false],
    ['docker.io/team', 'team/app', true],
    // An allow entry means what it says: a namespace, not the official image of that name.
    ['docker.io/nginx', 'nginx', false],
    ['docker.io/nginx', 'nginx/ingress', true],
    // Paths.
    ['quay.io/team', 'quay.io/team/app', true],
    ['quay.io/team', 'quay.io/team', true],
    ['quay.io/team', 'quay.io/teamx', false],
    ['quay.io/team', 'quay.io/teamx/app', false],
    ['quay.io/team', 'quay.io/x/team', false],
    ['quay.io/team/app', 'quay.io/team', false],
    ['quay.io/team', 'quay.io:5000/team/app', false],
    // Wildcards.
    ['*.corp.example', 'a.corp.example/x', true],
    ['*.corp.example', 'a.b.corp.example/x', true],
    ['*.corp.example', 'A.CORP.example/x', true],
    ['*.corp.example', 'corp.example/x', false],
    ['*.corp.example', 'evilcorp.example/x', false],
    ['*.corp.example', 'a.corp.example:5000/x', false],
    ['*.corp.example', 'a.corp.example.evil.example/x', false],
    ['*.corp.example', 'evil.example/a.corp.example/x', false],
    ['*.io', 'ubuntu', true],
  ])('of %s: %s -> %s', (entry, image, allowed) => {
    const environment = policy({ whitelist: ['other.example', entry] });
    expect(ask(image, undefined, environment)).toMatchObject({ allowed, wouldRefuse: !allowed, mode: 'enforce' });
    expect(ask(image, environment)).toMatchObject({ allowed });
  });
});

describe('an environment with a deny list', () => {
  it.each([
    ['quay.io', 'quay.io/app', true],
    ['quay.io', 'quay.io:5000/app', true],
    ['quay.io', 'quay.io:05000/app', true],
    ['quay.io', 'quay.io.evil.example/app', false],
    ['quay.io', 'a.quay.io/app', false],
    ['quay.io:443', 'quay.io/app', true],
    ['quay.io:443', 'quay.io:0443/app', true],
    ['quay.io:443', 'quay.io:5000/app', false],
    ['quay.io:5000', 'quay.io/app', false],
    ['quay.io:5000', 'quay.io:05000/app', true],
    ['quay.io/team', 'quay.io/team', true],
    ['quay.io/team', 'quay.io:5000/team/app', true],
    ['quay.io/team', 'quay.io/teamx/app', false],
    ['*.evil.example', 'a.b.evil.example:5000/app', true],
    ['*.evil.example', 'evil.example/app', false],
    ['docker.io', 'ubuntu', true],
    ['index.docker.io', 'registry.hub.docker.com/team/app', true],
    ['docker.io', 'docker.io:5000/ubuntu', true],
    ['docker.io', 'index.docker.io:5000/ubuntu', true],
    ['index.docker.io:443', 'ubuntu', true],
    ['index.docker.io:443', 'docker.io:5000/ubuntu', false],
    ['index.docker.io:5000', 'index.docker.io:5000/x', true],
    ['*.io', 'ubuntu', true],
    ['docker.io/library/nginx', 'nginx', true],
    ['docker.io/library/nginx', 'registry-1.docker.io/nginx', true],
    ['docker.io/nginx', 'nginx', true],
    ['docker.io/nginx', 'library/nginx', true],
    ['docker.io/nginx', 'nginx/ingress', true],
    ['docker.io/nginx', 'nginx2', false],
    ['docker.io/nginx', 'team/nginx', false],
    ['evilhost:443', 'EVILHOST/nginx', true],
    ['[::1]', '[::1]:5000/app', true],
  ])('of %s: %s is refused: %s', (entry, image, refused) => {
    const environment = policy({ deny: ['other.example', entry] });
    expect(ask(image, undefined, environment)).toMatchObject({ allowed: !refused });
    expect(ask(image, environment, policy({ whitelist: null }))).toMatchObject({ allowed: !refused });
  });
});

describe('a decision names its rule', () => {
  const organisation = policy({ whitelist: ['quay.io', 'docker.io'], deny: ['*.evil.example', 'quay.io/bad'] });
  const environment = policy({ whitelist: ['quay.io/team', 'quay.io', 'a.evil.example'], deny: ['quay.io/team/old'] });

  it.each([
    ['quay.io/team/app', true, 'environment whitelist: quay.io/team'],
    ['quay.io/app', true, 'environment whitelist: quay.io'],
    ['a.evil.example/app', false, 'organisation deny: *.evil.example'],
    ['quay.io/bad/app', false, 'organisation deny: quay.io/bad'],
    ['quay.io/team/old', false, 'environment deny: quay.io/team/old'],
    ['ubuntu', false, 'not in the environment whitelist'],
    ['ghcr.io/app', false, 'not in the organisation whitelist'],
  ])('%s', (image, allowed, rule) => {
    expect(ask(image, organisation, environment)).toEqual({ allowed, rule, mode: 'enforce', wouldRefuse: !allowed });
  });

  it('where only the organisation restricts, and where nobody does', () => {
    expect(ask('ubuntu', organisation).rule).toBe('organisation whitelist: docker.io');
    expect(ask('ubuntu', organisation, policy({})).rule).toBe('organisation whitelist: docker.io');
    expect(ask('ubuntu')).toEqual({ allowed: true, rule: 'no restriction', mode: 'enforce', wouldRefuse: false });
  });
});

describe('audit mode', () => {
  it('answers as if allowed and says what enforce would refuse', () => {
    const environment = policy({ whitelist: ['quay.io'], mode: 'audit' });
    const rule = 'not in the environment whitelist';
    expect(ask('ubuntu', undefined, environment)).toEqual({ allowed: true, rule, mode: 'audit', wouldRefuse: true });
    expect(ask('quay.io/app', undefined, environment)).toMatchObject({ allowed: true, wouldRefuse: false });
    expect(decideHost({ host: 'ghcr.io', organisation: undefined, environment, at: AT })).toMatchObject({
      allowed: true,
      wouldRefuse: true,
    });
  });

  it.each([
    [null, null, 'enforce'],
    [null, 'audit', 'audit'],
    ['audit', null, 'audit'],
    ['audit', 'enforce', 'enforce'],
    ['enforce', 'audit', 'audit'],
  ] as const)('organisation %s, environment %s: %s', (organisation, environment, mode) => {
    expect(
      effectiveMode({ organisation: policy({ mode: organisation }), environment: policy({ mode: environment }) }),
    ).toBe(mode);
  });

  it('is not the mode where nobody has set a policy', () => {
    expect(effectiveMode({ organisation: undefined, environment: undefined })).toBe('enforce');
  });

  it('does not let through what is no image reference', () => {
    const environment = policy({ mode: 'audit' });
    expect(decide({ text: 'docker.io#x/y', organisation: undefined, environment, at: AT })).toMatchObject({
      allowed: false,
    });
  });
});

describe('the default registry', () => {
  const organisation = policy({ defaultRegistry: 'harbor.corp/proxy' });
  const environment = policy({ defaultRegistry: 'quay.io' });

  it("is the environment's, else the organisation's, else Docker Hub", () => {
    expect(effectiveDefaultRegistry(organisation, environment)).toBe('quay.io');
    expect(effectiveDefaultRegistry(organisation, policy({}))).toBe('harbor.corp/proxy');
    expect(effectiveDefaultRegistry(organisation, undefined)).toBe('harbor.corp/proxy');
    expect(effectiveDefaultRegistry(undefined, undefined)).toBe('docker.io');
  });

  it('is where an unqualified text is decided', () => {
    const only = policy({ whitelist: ['harbor.corp/proxy'] });
    expect(decide({ text: 'ubuntu:14.04', organisation, environment: only, at: AT })).toMatchObject({ allowed: true });
    expect(decide({ text: 'ubuntu:14.04', organisation: undefined, environment: only, at: AT })).toMatchObject({
      allowed: false,
    });
    expect(decide({ text: 'docker.io/ubuntu', organisation, environment: only, at: AT })).toMatchObject({
      allowed: false,
    });
  });

  it('of a stored policy that cannot be read is never replaced by Docker Hub', () => {
    const broken: PolicyDocument = { ...UNRESTRICTED, defaultRegistry: '' };
    expect(() => effectiveDefaultRegistry(undefined, broken)).toThrow('no address');
  });
});

describe('a host alone, or an address', () => {
  it.each([
    [{ whitelist: ['quay.io/team'] }, 'quay.io', true, 'environment whitelist: quay.io/team'],
    [{ whitelist: ['quay.io/team'] }, 'quay.io/team/app', true, 'environment whitelist: quay.io/team'],
    [{ whitelist: ['quay.io/team/app'] }, 'quay.io/team', true, 'environment whitelist: quay.io/team/app'],
    [{ whitelist: ['quay.io/team'] }, 'quay.io/other', false, 'not in the environment whitelist'],
    [{ whitelist: ['quay.io/team'] }, 'quay.io/teamx', false, 'not in the environment whitelist'],
    [{ whitelist: ['quay.io'] }, 'ghcr.io', false, 'not in the environment whitelist'],
    [{ whitelist: ['quay.io/team'] }, 'quay.io.evil.example', false, 'not in the environment whitelist'],
    [{ whitelist: ['*.corp.example'] }, 'a.corp.example', true, 'environment whitelist: *.corp.example'],
    [{ deny: ['quay.io/team'] }, 'quay.io', true, 'no restriction'],
    [{ deny: ['quay.io'] }, 'quay.io', false, 'environment deny: quay.io'],
    [{ deny: ['quay.io'] }, 'quay.io:5000', false, 'environment deny: quay.io'],
    [{ deny: ['quay.io'] }, 'quay.io/team', false, 'environment deny: quay.io'],
    [{ deny: ['quay.io/team'] }, 'quay.io/team/app', false, 'environment deny: quay.io/team'],
    [{ deny: ['quay.io/team/app'] }, 'quay.io/team', true, 'no restriction'],
    [{ whitelist: ['quay.io/team'], deny: ['quay.io/team'] }, 'quay.io', false, 'not in the environment whitelist'],
    [
      { whitelist: ['quay.io/a', 'quay.io/b'], deny: ['quay.io/a'] },
      'quay.io',
      true,
      'environment whitelist: quay.io/b',
    ],
  ])('with %j: %s is allowed: %s', (document, text, allowed, rule) => {
    const policies = { organisation: undefined, environment: policy(document), at: AT };
    expect(decideAddress({ address: address(text), ...policies })).toMatchObject({ allowed, rule });
    if (!text.includes('/')) expect(decideHost({ host: text, ...policies })).toMatchObject({ allowed, rule });
  });

  it('needs one image that both documents allow', () => {
    const organisation = policy({ whitelist: ['quay.io/team'] });
    const decided = (entry: string) =>
      decideHost({ host: 'quay.io', organisation, environment: policy({ whitelist: [entry] }), at: AT }).allowed;
    expect(decided('quay.io')).toBe(true);
    expect(decided('quay.io/team/app')).toBe(true);
    expect(decided('quay.io/other')).toBe(false);
  });
});
