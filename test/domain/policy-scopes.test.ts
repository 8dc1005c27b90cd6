import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostAccess, refusesAnything, type Access, type AccessScope } from '../../lib/domain/access-scopes.ts';
import { splitAddress } from '../../lib/domain/address.ts';
import { hostOf } from '../../lib/domain/image-reference.ts';
import { decide, type Policies } from '../../lib/domain/policy-decision.ts';
import { scopesOf, type AnsweringRegistry } from '../../lib/domain/policy-scopes.ts';
import { parseRegistryHost } from '../../lib/domain/registry-host.ts';
import { liesWithin } from '../../lib/domain/repository-name.ts';
import {
  arbitraryImage,
  arbitraryPolicies,
  arbitraryRegistries,
  AT,
  oddlySpelledImage,
} from '../support/arbitrary-policies.ts';
import { address, policy, reference } from './parsed.ts';

function accessOf(policies: Policies, registries: readonly AnsweringRegistry[] = []): Access {
  const scopes = scopesOf(policies, registries);
  if (!scopes.ok) throw new Error(scopes.failure.kind);
  return scopes.value;
}

function environmentOnly(document: Parameters<typeof policy>[0]): Policies {
  return { organisation: undefined, environment: policy(document), at: AT };
}

/** What scopes mean, read in the plainest way: of those that cover the image, the most specific. */
function allowedBy({ scopes, allowedElsewhere }: Access, image: string): boolean {
  const { canonical, repository } = reference(image);
  const host = parseRegistryHost(hostOf({ canonical }));
  if (host === undefined) throw new Error('no host');
  const { name, port } = host;
  const ofName = scopes.filter((scope) => !scope.wildcard && scope.name === name && liesWithin(repository, scope.path));
  const longest = (some: readonly AccessScope[], length: (scope: AccessScope) => number): AccessScope | undefined =>
    [...some].sort((left, right) => length(right) - length(left))[0];
  const named = ofName.some((scope) => scope.port === port) ? port : undefined;
  const own = longest(
    ofName.filter((scope) => scope.port === named),
    ({ path }) => path.length,
  );
  const domainPort = port === '443' ? port : undefined;
  const domain = longest(
    scopes.filter((scope) => scope.wildcard && scope.port === domainPort && name.endsWith(`.${scope.name}`)),
    (scope) => scope.name.length,
  );
  return (own ?? domain)?.allowed ?? allowedElsewhere;
}

/** The registry with the longest address answers, and if it is deactivated nobody does. */
function isDeactivated(registries: readonly AnsweringRegistry[], image: string): boolean {
  const { canonical, repository } = reference(image);
  const covering = registries.filter((registry) => {
    const { host, path } = splitAddress(registry.address);
    return host === hostOf({ canonical }) && liesWithin(repository, path);
  });
  const [answering] = covering.sort((left, right) => right.address.length - left.address.length);
  return answering?.state === 'inactive';
}

describe('scopes', () => {
  it('say of every image what policy says', () => {
    fc.assert(
      fc.property(arbitraryPolicies, fc.oneof(arbitraryImage, oddlySpelledImage), (policies, image) => {
        expect(allowedBy(accessOf(policies), image)).toBe(decide({ reference: reference(image), ...policies }).allowed);
      }),
      { numRuns: 3000 },
    );
  });

  it('refuse what a deactivated registry would answer for, whatever policy says', () => {
    fc.assert(
      fc.property(arbitraryPolicies, arbitraryRegistries, arbitraryImage, (policies, registries, image) => {
        const allowed = decide({ reference: reference(image), ...policies }).allowed;
        const access = accessOf(policies, registries);
        expect(allowedBy(access, image)).toBe(allowed && !isDeactivated(registries, image));
      }),
      { numRuns: 3000 },
    );
  });

  it('say the same in audit mode as in enforce: what follows from it is for those who ask', () => {
    const lists = { whitelist: ['quay.io/a'], deny: ['quay.io/a/b'] };
    const access = accessOf(environmentOnly({ ...lists, mode: 'audit' }));
    expect(access).toEqual(accessOf(environmentOnly({ ...lists, mode: 'enforce' })));
  });

  it('are none where nothing is refused and nothing named', () => {
    const access = accessOf(environmentOnly({}), [{ address: address('quay.io'), state: 'active' }]);
    expect(access).toEqual({ scopes: [], allowedElsewhere: true });
    expect(refusesAnything(access)).toBe(false);
  });

  it('leave out a path that says nothing else than what is above it', () => {
    const { scopes } = accessOf(
      environmentOnly({ whitelist: ['quay.io', 'quay.io/a', 'quay.io/b'], deny: ['quay.io/b'] }),
    );
    const paths = scopes.filter(({ port }) => port === '443').map(({ path }) => path);
    expect(paths).toEqual(['', 'b']);
  });

  it('are refused to be made where hosts, ports and paths multiply beyond measure', () => {
    const whitelist = Array.from({ length: 400 }, (_, index) => `quay.io:${index + 1000}`);
    const deny = Array.from({ length: 400 }, (_, index) => `quay.io/team-${index}`);
    expect(scopesOf(environmentOnly({ whitelist, deny }), [])).toEqual({
      ok: false,
      failure: { kind: 'too_many_scopes', limit: 50_000 },
    });
  });
});

describe('a host', () => {
  const access = hostAccess(
    accessOf(environmentOnly({ whitelist: ['quay.io/a', '*.corp.example'], deny: ['b.corp.example'] })),
  );

  it.each([
    { host: 'quay.io', anything: true, refuses: true },
    { host: 'quay.io:5000', anything: false, refuses: true },
    { host: 'x.corp.example', anything: true, refuses: false },
    { host: 'x.corp.example:5000', anything: false, refuses: true },
    { host: 'b.corp.example', anything: false, refuses: true },
    { host: 'elsewhere.test', anything: false, refuses: true },
  ])('$host: something allowed $anything, something refused $refuses', ({ host, anything, refuses }) => {
    expect({ anything: access.allowsAnything(host), refuses: access.refusesAnything(host) }).toEqual({
      anything,
      refuses,
    });
  });
});
