/** ECR and Google with a ledger of what they gave out, and a registry that takes what the ledger says. */
import { failure, success } from '../../../lib/domain/result.ts';
import { Secret } from '../../../lib/domain/secret.ts';
import type { LoginCheck, LoginCheckOutcome } from '../../../lib/distribution/login-check.ts';
import { mintFailure } from '../../../lib/service/mint.ts';
import type { MintRequest, MintedCredential, SourceKind } from '../../../lib/sources/source-kind.ts';
import * as z from 'zod/mini';
import { ECR_LIFETIME_MS, HOUR_MS } from '../assumptions.ts';
import { clockOffset, presentSpell, type Weather } from './weather.ts';

export interface Issued {
  readonly endsAt: number;
  /** Registries take it until then. */
  readonly accepted: boolean;
  /** Its life was counted by a clock that was wrong, or its end was said to be later than it is. */
  readonly misdated: boolean;
}

export interface Dependencies {
  readonly weather: Weather;
  /** The time that is so, whatever the machine's clock says. */
  readonly now: () => number;
  readonly ledger: Map<string, Issued>;
}

const SHORT_MS = 180_000;
const OTHERS = {
  renewable: true,
  longestLifetimeMilliseconds: 12 * HOUR_MS,
  inputSchema: z.object({}),
  accept: () => {
    throw new Error('registries of a simulation are made, not accepted');
  },
};

/** ECR says when a credential ends; Google for how long it lives, so that its end is counted by the machine's clock. */
export function faultyKinds(deps: Dependencies): readonly SourceKind[] {
  return [
    {
      ...OTHERS,
      kind: 'ecr',
      sharingKey: () => 'one principal',
      mint: async ({ signal }) => await mint(signal, { username: 'AWS', life: ECR_LIFETIME_MS, counts: 'end' }),
    },
    {
      ...OTHERS,
      kind: 'google',
      sharingKey: () => undefined,
      mint: async ({ signal }) =>
        await mint(signal, { username: 'oauth2accesstoken', life: HOUR_MS, counts: 'seconds' }),
    },
  ];

  async function mint(signal: MintRequest['signal'], what: Wanted): ReturnType<SourceKind['mint']> {
    const fault = presentSpell(deps.weather.source, deps.now())?.fault;
    switch (fault) {
      case undefined:
        return success(issue(what, {}));
      case 'answers_short':
        return success(issue({ ...what, life: SHORT_MS }, {}));
      case 'answers_too_long':
        return success(issue(what, { saidLater: HOUR_MS }));
      case 'answers_refused':
        return success(issue(what, { accepted: false }));
      case 'answers_expired':
        return success(issue({ ...what, life: -1 }, {}));
      case 'answers_empty':
        return success({ username: what.username, password: new Secret('') });
      case 'throttled':
        return failure({ ...mintFailure('throttled', 'simulated'), retryAfterSeconds: 3 });
      case 'denied':
      case 'unavailable':
        return failure(mintFailure(fault, 'simulated'));
      case 'hangs':
        return await new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            resolve(failure(mintFailure('timeout', 'simulated')));
          });
        });
    }
  }

  function issue(
    { username, life, counts }: Wanted,
    { saidLater = 0, accepted = true }: { readonly saidLater?: number; readonly accepted?: boolean },
  ): MintedCredential {
    const now = deps.now();
    const offset = counts === 'seconds' ? clockOffset(deps.weather, now) : 0;
    const password = `simulated-${deps.ledger.size}`;
    // More than the longest life of its kind is cut to it, so a later end does no harm where that is what it has.
    const isCut = life === ECR_LIFETIME_MS;
    deps.ledger.set(password, {
      endsAt: now + life,
      accepted,
      misdated: offset !== 0 || (saidLater > 0 && !isCut),
    });
    return { username, password: new Secret(password), expiresAt: now + life + saidLater + offset };
  }
}

interface Wanted {
  readonly username: string;
  readonly life: number;
  readonly counts: 'end' | 'seconds';
}

export function faultyLogin({ weather, now, ledger }: Dependencies): LoginCheck {
  const outcome = (status: LoginCheckOutcome['status']): LoginCheckOutcome => ({ status, advice: 'simulated' });
  return async ({ password, signal }) => {
    const fault = presentSpell(weather.registry, now())?.fault;
    switch (fault) {
      case undefined: {
        const issued = ledger.get(password.reveal());
        const works = issued !== undefined && issued.accepted && issued.endsAt > now();
        return outcome(works ? 'verified' : 'unauthorized');
      }
      case 'unreachable':
        return outcome('unreachable');
      case 'refuses':
        return outcome('unauthorized');
      case 'forbids':
        return outcome('forbidden');
      case 'hangs':
        return await new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            resolve(outcome('timeout'));
          });
        });
    }
  };
}
