/** What is always allowed, and exceptions: in which documents they open what, by which rule, and for how long. */
import { describe, expect, it, vi } from 'vitest';
import {
  decide,
  decideAddress,
  decideEntry,
  decideHost,
  entriesOf,
  verdictsHoldUntil,
} from '../../lib/domain/policy-decision.ts';
import { defaultRegistryAllowed, parsePolicyDocument } from '../../lib/domain/policy-entry.ts';
import { endedExceptionFault, MAX_EXCEPTIONS, parseExceptions } from '../../lib/domain/policy-exception.ts';
import type { PolicyDocument } from '../../lib/domain/policy.ts';
import { address, policy, reference } from './parsed.ts';

const AT = Date.parse('2026-10-15T12:00:00Z');
const LATER = '2026-12-01T00:00:00.000Z';

interface Documents {
  readonly organisation?: PolicyDocument;
  readonly environment?: PolicyDocument;
}

function ask(image: string, { organisation, environment }: Documents, at = AT) {
  return decide({ reference: reference(image), organisation, environment, at });
}

function except(entry: string, until = LATER) {
  return { entry, reason: 'until it is mirrored', until };
}

const CLOSED = { whitelist: ['quay.io/team'], deny: ['quay.io/team/old'] };

describe('an image that is refused otherwise', () => {
  it.each<[string, Documents, string, string | undefined]>([
    [
      'is opened by what its own document always allows',
      { environment: policy({ ...CLOSED, alwaysAllow: 'registry.k8s.io' }) },
      'registry.k8s.io/pause:3.9',
      'environment always allows: registry.k8s.io',
    ],
    [
      'is opened where a deny entry refuses it, too',
      { environment: policy({ ...CLOSED, alwaysAllow: ['quay.io'] }) },
      'quay.io/team/old:1',
      'environment always allows: quay.io',
    ],
    [
      'is opened in both documents by what the organisation always allows',
      { organisation: policy({ ...CLOSED, alwaysAllow: ['registry.k8s.io'] }), environment: policy(CLOSED) },
      'registry.k8s.io/pause',
      'organisation always allows: registry.k8s.io',
    ],
    [
      "is opened in the environment's document by what the organisation always allows",
      {
        organisation: policy({ alwaysAllow: ['registry.k8s.io'] }),
        environment: policy({ deny: ['registry.k8s.io'] }),
      },
      'registry.k8s.io/pause',
      'organisation always allows: registry.k8s.io',
    ],
    [
      "is not opened in the organisation's document by what an environment always allows",
      { organisation: policy(CLOSED), environment: policy({ alwaysAllow: ['registry.k8s.io'] }) },
      'registry.k8s.io/pause',
      undefined,
    ],
    [
      'is opened by an exception in its own document',
      { environment: policy({ ...CLOSED, exceptions: [except('quay.io/x')] }) },
      'quay.io/x/app:1',
      `environment exception until ${LATER}: quay.io/x`,
    ],
    [
      'is opened by an exception where a deny entry refuses it',
      { organisation: policy({ deny: ['docker.io'], exceptions: [except('docker.io/library/nginx')] }) },
      'nginx',
      `organisation exception until ${LATER}: docker.io/library/nginx`,
    ],
    [
      "is not opened in the environment's document by the organisation's exception",
      { organisation: policy({ ...CLOSED, exceptions: [except('quay.io/x')] }), environment: policy(CLOSED) },
      'quay.io/x/app',
      undefined,
    ],
    [
      "is not opened in the organisation's document by an environment's exception",
      { organisation: policy(CLOSED), environment: policy({ ...CLOSED, exceptions: [except('quay.io/x')] }) },
      'quay.io/x/app',
      undefined,
    ],
    [
      'is opened by an exception in each document that refuses it',
      {
        organisation: policy({ ...CLOSED, exceptions: [except('quay.io')] }),
        environment: policy({ ...CLOSED, exceptions: [except('quay.io/x')] }),
      },
      'quay.io/x/app',
      `environment exception until ${LATER}: quay.io/x`,
    ],
    [
      'is opened on the default port only by an entry without one',
      { environment: policy({ ...CLOSED, alwaysAllow: ['registry.k8s.io'] }) },
      'registry.k8s.io:5000/pause',
      undefined,
    ],
    [
      'is opened by the other exception when one of two that cover it has ended',
      {
        environment: policy({
          ...CLOSED,
          exceptions: [except('quay.io/x', '2026-01-01T00:00:00Z'), except('quay.io')],
        }),
      },
      'quay.io/x',
      `environment exception until ${LATER}: quay.io`,
    ],
  ])('%s', (_name, documents, image, rule) => {
    const decided = ask(image, documents);
    if (rule === undefined) expect(decided).toMatchObject({ allowed: false, wouldRefuse: true });
    else expect(decided).toEqual({ allowed: true, wouldRefuse: false, mode: 'enforce', rule });
  });

  it('counts as allowed, not as let through, in audit mode', () => {
    const environment = policy({ ...CLOSED, exceptions: [except('quay.io/x')], mode: 'audit' });
    expect(ask('quay.io/x', { environment })).toMatchObject({ allowed: true, wouldRefuse: false });
    expect(ask('quay.io/y', { environment })).toMatchObject({ allowed: true, wouldRefuse: true });
  });
});

it('names what allows anyway where an opening makes no difference', () => {
  const environment = policy({ ...CLOSED, alwaysAllow: ['quay.io'], exceptions: [except('quay.io')] });
  expect(ask('quay.io/team/app', { environment }).rule).toBe('environment whitelist: quay.io/team');
});

describe('an exception', () => {
  const environment = policy({
    ...CLOSED,
    exceptions: [except('quay.io/x'), except('quay.io/y', '2026-11-01T00:00:00Z')],
  });
  const end = Date.parse(LATER);

  it('opens until its end, and not at it', () => {
    expect(ask('quay.io/x', { environment }, end - 1).allowed).toBe(true);
    expect(ask('quay.io/x', { environment }, end)).toMatchObject({
      allowed: false,
      rule: 'not in the environment whitelist',
    });
  });

  it.each([
    ['the soonest end to come', AT, Date.parse('2026-11-01T00:00:00Z')],
    ['the next one after an end', Date.parse('2026-11-01T00:00:00Z'), end],
    ['never, when all have ended', end, Number.POSITIVE_INFINITY],
  ])('answers change by themselves at %s', (_name, at, wanted) => {
    expect(verdictsHoldUntil({ organisation: undefined, environment, at })).toBe(wanted);
    expect(verdictsHoldUntil({ organisation: environment, environment: undefined, at })).toBe(wanted);
  });
});

describe('a host alone, or an address', () => {
  it.each([
    ['what is always allowed below it', { alwaysAllow: ['quay.io/x'] }, 'environment always allows: quay.io/x'],
    ['an exception below it', { exceptions: [except('quay.io/x')] }, `environment exception until ${LATER}: quay.io/x`],
  ])('is open for %s', (_name, opening, rule) => {
    const policies = { organisation: undefined, environment: policy({ deny: ['quay.io'], ...opening }), at: AT };
    expect(decideHost({ host: 'quay.io', ...policies })).toMatchObject({ allowed: true, rule });
    expect(decideAddress({ address: address('quay.io/x/app'), ...policies })).toMatchObject({ allowed: true, rule });
    expect(decideAddress({ address: address('quay.io/y'), ...policies })).toMatchObject({ allowed: false });
    expect(decideHost({ host: 'ghcr.io', ...policies })).toMatchObject({ allowed: true, rule: 'no restriction' });
  });

  it('is not open for an exception that has ended', () => {
    const environment = policy({ deny: ['quay.io'], exceptions: [except('quay.io/x', '2026-10-15T12:00:00Z')] });
    expect(decideHost({ host: 'quay.io', organisation: undefined, environment, at: AT })).toMatchObject({
      allowed: false,
      rule: 'environment deny: quay.io',
    });
  });
});

describe('the entries of two documents', () => {
  const policies = {
    organisation: policy({
      whitelist: ['quay.io', '*.corp.example'],
      exceptions: [except('ghcr.io/x', '2026-01-01T00:00:00Z')],
    }),
    environment: policy({ whitelist: ['quay.io', 'quay.io:5000'], deny: ['quay.io/bad', 'docker.io:443/nginx'] }),
    at: AT,
  };

  it('are all that live ones name, once, and what deny entries mean on the other ports that are named', () => {
    expect(entriesOf(policies).toSorted()).toEqual([
      '*.corp.example',
      'docker.io/library/nginx',
      'docker.io/nginx',
      'quay.io',
      'quay.io/bad',
      'quay.io:5000',
      'quay.io:5000/bad',
    ]);
    expect(entriesOf({ organisation: undefined, environment: undefined, at: AT })).toEqual([]);
  });

  it.each([
    ['quay.io', true, 'environment whitelist: quay.io'],
    ['quay.io/bad', false, 'environment deny: quay.io/bad'],
    ['quay.io/other', true, 'environment whitelist: quay.io'],
    ['quay.io:5000/bad', false, 'environment deny: quay.io/bad'],
    ['quay.io:5000', false, 'not in the organisation whitelist'],
    ['*.corp.example', false, 'not in the environment whitelist'],
    ['docker.io:443/nginx', false, 'environment deny: docker.io:443/nginx'],
  ])('%s as a whole is allowed: %s', (entry, allowed, rule) => {
    expect(decideEntry({ ...policies, entry })).toMatchObject({ allowed, rule });
  });

  it.each([
    [{ whitelist: ['*.corp.example'] }, '*.corp.example', true],
    [{ whitelist: ['*.example'] }, '*.corp.example', true],
    [{ whitelist: ['*.corp.example'] }, '*.example', false],
    [{ whitelist: ['a.corp.example'] }, '*.corp.example', false],
    [{ deny: ['*.corp.example'] }, '*.corp.example', false],
    [{ deny: ['*.example'] }, '*.corp.example', false],
    [{ deny: ['*.a.corp.example'] }, '*.corp.example', true],
    [{ deny: ['*.example'], alwaysAllow: ['*.corp.example'] }, '*.corp.example', true],
  ])('with %j: %s as a whole is allowed: %s', (document, entry, allowed) => {
    expect(decideEntry({ organisation: undefined, environment: policy(document), at: AT, entry })).toMatchObject({
      allowed,
    });
  });
});

describe('a default registry', () => {
  it('may be one that is always allowed', () => {
    expect(
      parsePolicyDocument({ whitelist: ['quay.io'], alwaysAllow: ['ghcr.io'], defaultRegistry: 'ghcr.io' }),
    ).toMatchObject({ ok: true });
    const organisation = policy({ whitelist: ['quay.io'], alwaysAllow: ['ghcr.io'] });
    expect(defaultRegistryAllowed({ organisation, environment: policy({ defaultRegistry: 'ghcr.io' }) })).toBe(true);
  });

  it('may not be one that only an exception allows: it ends', () => {
    const exceptions = [except('ghcr.io')];
    expect(parsePolicyDocument({ whitelist: ['quay.io'], exceptions, defaultRegistry: 'ghcr.io' })).toMatchObject({
      ok: false,
      failure: { field: 'defaultRegistry' },
    });
    const organisation = policy({ whitelist: ['quay.io'], exceptions });
    expect(defaultRegistryAllowed({ organisation, environment: policy({ defaultRegistry: 'ghcr.io' }) })).toBe(false);
  });
});

describe('exceptions as they come in', () => {
  it('are canonical, in their order', () => {
    const given = [
      { entry: 'QUAY.io:443/team', reason: '  ticket 7 ', until: '2026-12-01T01:00:00+01:00' },
      except('index.docker.io'),
    ];
    expect(parseExceptions(given)).toEqual({
      ok: true,
      value: [
        { entry: 'quay.io/team', reason: 'ticket 7', until: Date.parse(LATER) },
        { entry: 'docker.io', reason: 'until it is mirrored', until: Date.parse(LATER) },
      ],
    });
  });

  it.each([[null], [undefined], [[]]])('%j are none', (value) => {
    expect(parseExceptions(value)).toEqual({ ok: true, value: [] });
  });

  it.each<[string, unknown, string]>([
    ['a text', 'quay.io', 'exceptions'],
    ['an object', { entry: 'quay.io' }, 'exceptions'],
    ['one that is no object', ['quay.io'], 'exceptions[0]'],
    ['no reason', [{ entry: 'quay.io', until: LATER }], 'exceptions[0].reason'],
    ['a blank reason', [{ ...except('quay.io'), reason: '  ' }], 'exceptions[0].reason'],
    ['an empty reason', [{ ...except('quay.io'), reason: '' }], 'exceptions[0].reason'],
    ['a reason that is too long', [{ ...except('quay.io'), reason: 'r'.repeat(501) }], 'exceptions[0].reason'],
    ['a reason of two lines', [{ ...except('quay.io'), reason: 'a\nb' }], 'exceptions[0].reason'],
    ['a reason with a line separator', [{ ...except('quay.io'), reason: 'a\u2028b' }], 'exceptions[0].reason'],
    ['a reason with an escape', [{ ...except('quay.io'), reason: '\u001b[31m' }], 'exceptions[0].reason'],
    ['a reason of half a character', [{ ...except('quay.io'), reason: '\ud83d' }], 'exceptions[0].reason'],
    ['no end', [{ entry: 'quay.io', reason: 'r' }], 'exceptions[0].until'],
    ['an end without a zone', [except('quay.io', '2026-12-01T00:00:00')], 'exceptions[0].until'],
    ['a day for an end', [except('quay.io', '2026-12-01')], 'exceptions[0].until'],
    ['an end beyond what can be written', [except('quay.io', '9999-12-31T23:59:59-01:00')], 'exceptions[0].until'],
    ['a number for an end', [{ ...except('quay.io'), until: AT }], 'exceptions[0].until'],
    ['a bad entry', [except('quay.io'), except('https://x')], 'exceptions[1].entry'],
    ['the same twice', [except('docker.io'), except('index.docker.io', '2027-01-01T00:00:00Z')], 'exceptions[1].entry'],
    ['a field that is not known', [{ ...except('quay.io'), ended: false }], 'exceptions[0].ended'],
    ['too many', Array.from({ length: MAX_EXCEPTIONS + 1 }, (_, n) => except(`r${n}.example`)), 'exceptions'],
  ])('are refused with %s', (_name, value, field) => {
    expect(parseExceptions(value)).toMatchObject({ ok: false, failure: { kind: 'invalid_input', field } });
    expect(parsePolicyDocument({ exceptions: value })).toMatchObject({ ok: false, failure: { field } });
  });
});

describe('an exception that has ended when it is set', () => {
  const ended = policy({ exceptions: [except('quay.io'), except('ghcr.io', '2026-10-15T12:00:00Z')] });
  const other = policy({ exceptions: [except('ghcr.io', '2026-10-15T11:00:00Z')] });
  const ofOther = policy({ exceptions: [except('quay.io/x', '2026-10-15T12:00:00Z')] });

  it.each([
    ['there is no policy yet', undefined],
    ['it is new', policy({})],
    ['its end is another', other],
    ['its entry is another', ofOther],
  ])('is refused when %s', (_name, present) => {
    expect(endedExceptionFault(ended, { present, at: AT })).toMatchObject({ field: 'exceptions[1].until' });
  });

  it('may stay as it is, whatever else changes', () => {
    const present = { ...ended, whitelist: ['docker.io'] };
    expect(endedExceptionFault(ended, { present, at: AT })).toBeUndefined();
    const reworded = policy({ exceptions: [{ ...except('ghcr.io', '2026-10-15T12:00:00Z'), reason: 'other words' }] });
    expect(endedExceptionFault(reworded, { present, at: AT })).toBeUndefined();
  });

  it('is none as long as it lives', () => {
    expect(endedExceptionFault(ended, { present: undefined, at: AT - 1 })).toBeUndefined();
  });
});

describe('all lists together', () => {
  const many = (count: number, name: string) => Array.from({ length: count }, (_, index) => `${name}${index}.example`);

  it('may have 1000 entries', () => {
    const lists = { whitelist: many(500, 'w'), deny: many(300, 'd'), alwaysAllow: many(199, 'a') };
    expect(parsePolicyDocument({ ...lists, exceptions: [except('e.example')] })).toMatchObject({ ok: true });
  });

  it.each([
    ['deny', { whitelist: many(700, 'w'), deny: many(301, 'd') }],
    ['alwaysAllow', { whitelist: many(500, 'w'), deny: many(300, 'd'), alwaysAllow: many(201, 'a') }],
    ['exceptions', { whitelist: many(999, 'w'), exceptions: [except('e.example'), except('f.example')] }],
  ])('and are refused at %s when that makes one too many', (field, lists) => {
    expect(parsePolicyDocument(lists)).toMatchObject({ ok: false, failure: { field } });
  });
});

describe('one address among many that are asked about', () => {
  const opened = (count: number) => Array.from({ length: count }, (_, index) => `r${index}.example/open`);

  /** What is compared, once the document was gone through for another address. */
  function comparisonsWith(entries: number): number {
    const policies = { organisation: undefined, environment: policy({ whitelist: opened(entries) }), at: AT };
    decideAddress({ address: address('quay.io/first'), ...policies });
    const compared = vi.spyOn(String.prototype, 'startsWith');
    try {
      expect(decideAddress({ address: address('quay.io/team'), ...policies }).allowed).toBe(false);
      return compared.mock.calls.length;
    } finally {
      compared.mockRestore();
    }
  }

  it('is not compared with what is opened on other hosts', () => {
    expect(comparisonsWith(1_000)).toBe(comparisonsWith(1));
  });
});
