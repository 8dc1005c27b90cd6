import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CredentialRecord, MintFailureCode } from '../../lib/domain/credential.ts';
import {
  dueAfterFailure,
  dueAfterSuccess,
  urgentAfterFailure,
  urgentAfterSuccess,
} from '../../lib/service/refresh-schedule.ts';

const NOW = 1_800_000_000_000;
const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

function alive(secondsLeft: number, failures: number): CredentialRecord {
  const current = { version: 'v', username: 'u', issuedAt: NOW - 1000, expiresAt: NOW + secondsLeft * 1000 };
  return { current, consecutiveFailures: failures };
}

describe('after a success', () => {
  it('is due between 40 and 60 percent of the lifetime', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 500_000 }), draw, (lifetimeSeconds, random) => {
        const expiresAt = NOW + lifetimeSeconds * 1000;
        const dueAt = dueAfterSuccess({ issuedAt: NOW, expiresAt }, () => random);
        expect(dueAt).toBeGreaterThanOrEqual(NOW + lifetimeSeconds * 399);
        expect(dueAt).toBeLessThanOrEqual(NOW + lifetimeSeconds * 601);
      }),
    );
  });
});

describe('after a failure', () => {
  const failed = (record: CredentialRecord, options: { code?: MintFailureCode; retryAfterSeconds?: number } = {}) => ({
    record,
    code: options.code ?? 'unavailable',
    retryAfterSeconds: options.retryAfterSeconds,
    now: NOW,
    renewable: true,
  });

  it('waits at least a second, at most 5 minutes, and never more than a quarter of the life that is left', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 6, max: 50_000 }),
        fc.integer({ min: 0, max: 1000 }),
        fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
        draw,
        (secondsLeft, failures, retryAfterSeconds, random) => {
          const attempt = failed(
            alive(secondsLeft, failures),
            retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
          );
          const wait = (dueAfterFailure(attempt, () => random) ?? 0) - NOW;
          expect(wait).toBeGreaterThanOrEqual(1000);
          expect(wait).toBeLessThanOrEqual(Math.max(1000, Math.min(300_000, secondsLeft * 250)));
        },
      ),
    );
  });

  it('waits as long as the source asks for, when there is time', () => {
    const attempt = failed(alive(40_000, 0), { code: 'throttled', retryAfterSeconds: 90 });
    expect(dueAfterFailure(attempt, () => 0)).toBe(NOW + 90_000);
  });

  it('does not try a typed password again that the registry refused', () => {
    const attempt = { ...failed({ consecutiveFailures: 0 }, { code: 'login_refused' }), renewable: false };
    expect(dueAfterFailure(attempt, () => 0.5)).toBeUndefined();
  });
});

describe('when it becomes urgent', () => {
  const failed = { failure: { code: 'denied' as const }, renewable: true, now: NOW };

  it('is at three quarters of the life, and no failure moves that', () => {
    const urgentAt = urgentAfterSuccess({ issuedAt: NOW, expiresAt: NOW + 4000 });
    expect(urgentAt).toBe(NOW + 3000);
    expect(urgentAfterFailure({ ...alive(1000, 3), urgentAt }, failed)).toBe(urgentAt);
  });

  it('is some minutes after the first failure where there never was a credential', () => {
    const urgentAt = urgentAfterFailure({ consecutiveFailures: 0 }, failed) ?? 0;
    expect(urgentAt - NOW).toBe(300_000);
    const later = { ...failed, now: NOW + 60_000 };
    expect(urgentAfterFailure({ consecutiveFailures: 1, urgentAt }, later)).toBe(urgentAt);
  });

  it('is at once where a typed password is refused, which nothing mends by itself', () => {
    const typed: CredentialRecord = { current: { version: 'v', username: 'u', issuedAt: NOW }, consecutiveFailures: 0 };
    const refused = { failure: { code: 'login_refused' as const }, renewable: false, now: NOW };
    expect(urgentAfterFailure(typed, refused)).toBe(NOW);
    expect(urgentAfterFailure(typed, { ...refused, failure: { code: 'unavailable' } })).toBeUndefined();
  });
});
