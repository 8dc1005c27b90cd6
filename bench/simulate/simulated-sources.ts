/** ECR and Google as the refresher's sources: which calls a token costs in whose quota, and how long it lives. */
import type { SourceSettings } from '../../lib/domain/registry.ts';
import { success } from '../../lib/domain/result.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { mintFailure } from '../../lib/service/mint.ts';
import type { SourceKind } from '../../lib/sources/source-kind.ts';
import * as z from 'zod/mini';
import { ATTEMPTS, ECR_LIFETIME_MS, HOUR_MS, LATENCY, type Range } from './assumptions.ts';
import type { Quota } from './quota.ts';
import type { Scenario } from './scenario.ts';
import type { CallOutcome, Clock, SimulatedAccount } from './simulated-account.ts';

const TOKEN = new Secret('simulated');
const NOTHING_IS_ACCEPTED = {
  inputSchema: z.object({}),
  accept: () => {
    throw new Error('registries of a simulation are made, not accepted');
  },
};

export function ecrLifetime(scenario: Pick<Scenario, 'roles'>): number {
  return scenario.roles ? HOUR_MS : ECR_LIFETIME_MS;
}

export function simulatedEcr(scenario: Scenario, account: SimulatedAccount, clock: Clock): SourceKind {
  const { ecrTokens, assumeRole } = account.quotas;
  return {
    kind: 'ecr',
    renewable: true,
    ...NOTHING_IS_ACCEPTED,
    sharingKey: ({ settings }) => String(principalOf(settings)),
    async mint({ settings }) {
      if (scenario.roles) {
        const assumed = await ask(LATENCY.assumeRole, assumeRole);
        if (assumed !== 'ok') return failed(assumed);
      }
      // A role's account has a quota of its own, which one role alone does not use up.
      const tokens = scenario.roles ? undefined : ecrTokens[principalOf(settings) % ecrTokens.length];
      const outcome = await ask(LATENCY.ecrToken, tokens);
      return outcome === 'ok' ? minted('AWS', clock.now() + ecrLifetime(scenario)) : failed(outcome);
    },
  };

  async function ask(takes: Range, quota: Quota | undefined): Promise<CallOutcome> {
    const call = { takes, attempts: ATTEMPTS.source, inOutage: true };
    return await account.call(quota === undefined ? call : { ...call, quota }, clock);
  }
}

function principalOf({ principal }: SourceSettings): number {
  if (typeof principal !== 'number') throw new Error('an ECR registry of a simulation has a numbered principal');
  return principal;
}

export function simulatedGoogle(account: SimulatedAccount, clock: Clock): SourceKind {
  return {
    kind: 'google',
    renewable: true,
    ...NOTHING_IS_ACCEPTED,
    sharingKey: () => undefined,
    async mint() {
      const call = { takes: LATENCY.googleToken, attempts: ATTEMPTS.source, inOutage: true };
      const outcome = await account.call(call, clock);
      return outcome === 'ok' ? minted('oauth2accesstoken', clock.now() + HOUR_MS) : failed(outcome);
    },
  };
}

function minted(username: string, expiresAt: number) {
  return success({ username, password: TOKEN, expiresAt });
}

function failed(outcome: Exclude<CallOutcome, 'ok'>) {
  return { ok: false, failure: mintFailure(outcome, 'simulated') } as const;
}
