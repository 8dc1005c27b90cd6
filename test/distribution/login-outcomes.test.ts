import { describe, expect, it } from 'vitest';
import { VERIFICATION_STATUSES } from '../../lib/domain/registry.ts';
import * as outcomes from '../../lib/distribution/login-outcomes.ts';
import { TOKEN_FIELDS } from '../../lib/distribution/token-answer.ts';
import type { RequestFailure } from '../../lib/distribution/guarded-request.ts';
import type { LoginCheckOutcome } from '../../lib/distribution/login-check.ts';

const { outcomeOfFailure, outcomeOfStatus, realmNotTrusted, tokenServiceAnswered, unreadableToken } = outcomes;
const PEERS = ['registry', 'token service'] as const;
const FAILURES: readonly RequestFailure[] = [
  ...(['ambiguous', 'needs_permission', 'never'] as const).map(
    (reason) => ({ kind: 'refused_address', reason }) as const,
  ),
  ...(
    [
      'expired',
      'not_yet_valid',
      'self_signed',
      'unknown_authority',
      'wrong_name',
      'no_alternative_name',
      'revoked',
      'unusable',
    ] as const
  ).map((problem) => ({ kind: 'tls_untrusted', problem }) as const),
  ...['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH'].map((code) => ({ kind: 'unreachable', code }) as const),
  ...(['dns', 'timeout', 'no_handshake', 'not_http'] as const).map((kind) => ({ kind })),
];

function answer(status: number, retryAfter?: string) {
  return { status, headers: retryAfter === undefined ? {} : { 'retry-after': [retryAfter] }, body: undefined };
}

function isOutcome(value: unknown): value is LoginCheckOutcome {
  return typeof value === 'object' && value !== null && 'advice' in value && 'status' in value;
}

const EVERY: readonly LoginCheckOutcome[] = [
  ...Object.values(outcomes).filter(isOutcome),
  ...(['not_a_url', 'with_username', 'not_https', 'not_trusted', 'redirect'] as const).map((reason) =>
    realmNotTrusted(reason),
  ),
  ...[outcomeOfStatus('registry', answer(301), true) ?? []].flat(),
  tokenServiceAnswered(400),
  ...TOKEN_FIELDS.map(unreadableToken),
  realmNotTrusted('not_trusted', 'a-rather-long-name-of-a-host.somewhere.in.the.company.example:8443'),
  ...PEERS.flatMap((peer) => [
    ...FAILURES.map((failed) => outcomeOfFailure(peer, failed)),
    ...[429, 500, 503, 307].flatMap((status) => outcomeOfStatus(peer, answer(status, '86400')) ?? []),
    ...[429].flatMap((status) => outcomeOfStatus(peer, answer(status)) ?? []),
  ]),
];

/** After the colon (or the comma) comes what to do. */
const NEXT_STEP =
  /(?:: |, |and )(?:add|check|correct|give|have|if|it|name|put|renew|replace|set|there is nothing to do|try|use|write)\b/;

describe('what a login check says', () => {
  it.each(EVERY.map(({ status, advice }) => [status, advice] as const))(
    'is one short sentence that names a next step, for %s: %s',
    (_status, advice) => {
      expect(advice.length).toBeLessThanOrEqual(170);
      expect(advice).toMatch(/^[A-Z].*[^.]\.$/);
      // A full stop in the middle of a sentence has no blank behind it (tls.ca, 192.0.2.7).
      expect(advice.slice(0, -1)).not.toMatch(/[.!?] /);
      expect(advice).toMatch(NEXT_STEP);
      // Options are the command line's to name.
      expect(advice.replace('serve --allow-network', '')).not.toMatch(/--\w/);
    },
  );

  it.each(VERIFICATION_STATUSES)('there is for %s', (status) => {
    expect(EVERY.some((outcome) => outcome.status === status)).toBe(true);
  });

  it('there is for the warning', () => {
    expect(EVERY.some(({ warning }) => warning === 'accepts_anyone')).toBe(true);
  });

  it.each([
    ['60', 'try again in 60 seconds.'],
    ['0', 'try again later.'],
    ['-1', 'try again later.'],
    ['9999999', 'try again later.'],
    ['Fri, 31 Dec 2027 23:59:59 GMT', 'try again later.'],
    ['60<script>', 'try again later.'],
  ])('names the wait that a registry asks for, if it is a sensible one: %s', (value, wanted) => {
    expect(outcomeOfStatus('registry', answer(429, value))?.advice).toContain(wanted);
  });
});
