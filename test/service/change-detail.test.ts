/** What the audit trail keeps of a change to a registry: short, and nothing that must not stay. */
import { describe, expect, it } from 'vitest';
import { editDetail, registryDetail } from '../../lib/service/change-detail.ts';
import type { RegistryEdit } from '../../lib/service/edit-registry.ts';
import { registryFixture, type NewRegistry } from '../support/registry-fixture.ts';

const named = (count: number, from = 0): readonly string[] =>
  Array.from({ length: count }, (_, index) => `environment-${String(index + from).padStart(2, '0')}`);

describe('an edit is told as', () => {
  it.each<[string, Partial<NewRegistry>, Partial<NewRegistry>, RegistryEdit, string]>([
    ['nothing, where nothing is another', {}, {}, { environments: ['prod'] }, 'nothing is another'],
    ['its expiry date', {}, { expiresOn: '2027-01-31' }, {}, 'expires on: none -> 2027-01-31'],
    ['an expiry date that is gone', { expiresOn: '2027-01-31' }, {}, {}, 'expires on: 2027-01-31 -> none'],
    [
      'its environments, in order',
      { environments: ['*', 'b', 'a'] },
      { environments: ['c'] },
      {},
      'environments: a, b, * -> c',
    ],
    [
      'nothing, where only their order is another',
      { environments: ['b', 'a'] },
      { environments: ['a', 'b'] },
      {},
      'nothing is another',
    ],
    [
      'what came and went, where the lists are long',
      { environments: named(40) },
      { environments: named(40, 1) },
      {},
      'environments: with environment-40, without environment-00',
    ],
    [
      'weaker TLS',
      { tls: {} },
      { tls: { skipVerify: true } },
      {},
      "tls: the system's authorities -> certificates not verified",
    ],
    ['none at all', { tls: { ca: 'A' } }, { tls: { plainHttp: true } }, {}, 'tls: its own authority -> plain HTTP'],
    ['another authority', { tls: { ca: 'A' } }, { tls: { ca: 'B' } }, {}, 'tls: another authority of its own'],
    ['a probe', {}, { probe: { repository: 'team/app' } }, {}, 'probe: none -> team/app'],
    ['a token host', { trustedRealms: ['a.example'] }, {}, {}, 'trusted realms: a.example -> none'],
    [
      'no more of what people write freely than that it is another',
      { description: 'canary-1', email: 'canary-2@example.org' },
      { description: 'canary-3' },
      {},
      'e-mail; description',
    ],
    [
      'no more of a source than the names of its fields',
      {},
      {},
      { source: { kind: 'static', username: 'canary-1', password: 'canary-2' }, verify: false },
      'source (username, password); not logged in',
    ],
    ['a login, where that was all', {}, {}, { verify: true }, 'logged in anew'],
  ])('%s', (_, previous, next, edit, wanted) => {
    expect(editDetail(edit, registryFixture(previous), registryFixture(next))).toBe(wanted);
  });

  it('is short, whatever is changed', () => {
    const realms = (letter: string): string[] =>
      Array.from({ length: 20 }, (_, index) => `${letter.repeat(60)}${index}.example`);
    const detail = editDetail(
      { source: { kind: 'static', password: 'x' } },
      registryFixture({ environments: named(48), trustedRealms: realms('a') }),
      registryFixture({ environments: named(48, 48), trustedRealms: realms('b'), tls: { ca: 'x'.repeat(60_000) } }),
    );
    expect(detail).toContain('and 41 more');
    expect(detail.length).toBeLessThan(1_000);
  });
});

it('a registry as a whole is its address, its kind and whom it is for', () => {
  const environments = ['prod', '*', 'ci'];
  expect(registryDetail(registryFixture({ environments }))).toMatch(/^\S+\.amazonaws\.com \(ecr\) for ci, prod, \*$/);
});
