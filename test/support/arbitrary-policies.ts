/**
 * Policies and images over few hosts and paths, so that they often meet: for what must say of any image what policy says,
 * whoever says it.
 */
import fc from 'fast-check';
import type { CanonicalAddress } from '../../lib/domain/address.ts';
import type { Policies } from '../../lib/domain/policy-decision.ts';
import type { PolicyDocument } from '../../lib/domain/policy.ts';
import { address, policy } from '../domain/parsed.ts';

export const AT = Date.parse('2026-10-15T12:00:00Z');
const LATER = '2026-10-15T12:00:00.001Z';

const HOSTS = [
  ...['quay.io', 'quay.io:5000', 'docker.io', 'corp.example', 'a.corp.example', 'a.corp.example:5000'],
  ...['b.corp.example', 'registry:443', 'localhost:5000', '10.0.0.1', '[::1]:5000', 'registry-1.docker.io:5000'],
];
const PATHS = ['', '/a', '/a', '/a/b', '/a/b/c', '/a-b', '/library', '/library/a'];
const WILDCARDS = ['*.corp.example', '*.example', '*.a.corp.example', '*.io'];

const place = fc.tuple(fc.constantFrom(...HOSTS), fc.constantFrom(...PATHS)).map((parts) => parts.join(''));
const entry = fc.oneof({ weight: 5, arbitrary: place }, { weight: 1, arbitrary: fc.constantFrom(...WILDCARDS) });
const denyEntry = fc.oneof({ weight: 6, arbitrary: entry }, { weight: 1, arbitrary: fc.constant('quay.io:443/a') });
const list = (of: fc.Arbitrary<string>, minLength: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(of, { minLength, maxLength: 4 });

const document: fc.Arbitrary<PolicyDocument> = fc
  .record({
    whitelist: fc.option(list(entry, 1), { freq: 2 }),
    deny: list(denyEntry, 0),
    alwaysAllow: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: list(entry, 0) }),
    exceptions: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: entry.map((text) => [{ entry: text, reason: 'for a while', until: LATER }]) },
    ),
  })
  .map((lists) => policy(lists));

export const arbitraryPolicies: fc.Arbitrary<Policies> = fc.record({
  organisation: fc.option(document, { nil: undefined, freq: 1 }),
  environment: fc.option(document, { nil: undefined, freq: 5 }),
  at: fc.constant(AT),
});

/** Registries that answer, some of them deactivated, at most one an address. */
export const arbitraryRegistries: fc.Arbitrary<
  readonly { readonly address: CanonicalAddress; readonly state: 'active' | 'inactive' }[]
> = fc
  .uniqueArray(fc.tuple(place, fc.constantFrom('active', 'inactive')), { maxLength: 4, selector: ([text]) => text })
  .map((pairs) => pairs.map(([text, state]) => ({ address: address(text), state })));

const SPELLED_HOSTS = [
  ...HOSTS,
  ...[
    'quay.io:443',
    'a.corp.example:443',
    'x.corp.example',
    'x.a.corp.example',
    'other.test',
    'other.io',
    'quay.io:80',
  ],
  ...['', '', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'],
];
/** Nothing below an official image: Docker Hub has no such repositories, and a deny entry refuses them or not. */
const IMAGE_PATHS = ['a', 'a', 'a/b', 'a/b/c', 'a/b/c/d', 'a-b', 'a-b/c', 'library/a', 'b/a', 'ab'];

/** As somebody types them: with and without host, port and tag. */
export const arbitraryImage: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(...SPELLED_HOSTS),
    fc.constantFrom(...IMAGE_PATHS),
    fc.constantFrom('', ':1', `@sha256:${'ab'.repeat(32)}`),
  )
  .map(([host, path, suffix]) => `${host === '' ? '' : `${host}/`}${path}${suffix}`);

/** Spelled so that no file of a runtime has the same text, though policy knows what is meant. */
export const oddlySpelledImage: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(
      'QUAY.io',
      'quay.io:0443',
      'A.corp.example',
      'a.corp.example:05000',
      '[0::1]:5000',
      'x.corp.example:5000',
    ),
    fc.constantFrom(...IMAGE_PATHS),
  )
  .map(([host, path]) => `${host}/${path}:1`);
