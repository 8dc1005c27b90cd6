/** One AWS account and region as its clients see it: calls that take time, are throttled over a quota, and fail in an outage. */
import { ATTEMPT_TIMEOUT_MS, LATENCY, RETRY_BASE_MS, RETRY_CAP_MS, type Range } from './assumptions.ts';
import type { ClientPace } from './client-pace.ts';
import { quota, type Quota } from './quota.ts';
import type { Outage, Quotas } from './scenario.ts';

export type CallOutcome = 'ok' | 'throttled' | 'unavailable';

export interface Call {
  readonly takes: Range;
  readonly attempts: number;
  readonly quota?: Quota;
  /** Of the client, where it paces itself. */
  readonly pace?: ClientPace;
  /** The catalogue is not part of the outage: then nothing would be refreshed, and nothing resolved either. */
  readonly inOutage: boolean;
}

export interface Clock {
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

export interface SimulatedAccount {
  readonly quotas: {
    /** One for each account that tokens are asked for in. */
    readonly ecrTokens: readonly Quota[];
    readonly secretWrites: Quota;
    readonly secretCreations: Quota;
    readonly assumeRole: Quota;
  };
  isOut(): boolean;
  /** As the SDK does it: tried again after a random wait. `clock` is that of the process that calls. */
  call(call: Call, clock: Clock): Promise<CallOutcome>;
}

export function simulatedAccount(
  options: {
    readonly accounts: number;
    readonly quotas: Quotas;
    readonly outage: Outage | undefined;
    readonly random: () => number;
  },
  now: () => number,
): SimulatedAccount {
  const { outage, random, quotas } = options;
  const start = now();
  const hours = (count: number): number => start + count * 3_600_000;
  const within = ([from, to]: Range): number => from + (to - from) * random();

  function isOut(): boolean {
    if (outage === undefined) return false;
    return now() >= hours(outage.startsAtHour) && now() < hours(outage.startsAtHour + outage.hours);
  }

  async function attempt(call: Call, clock: Clock): Promise<CallOutcome> {
    if (call.inOutage && isOut()) {
      await clock.sleep(outage?.kind === 'hangs' ? ATTEMPT_TIMEOUT_MS : within(LATENCY.outageError));
      return 'unavailable';
    }
    if (call.quota?.take() === false) {
      await clock.sleep(within(LATENCY.refusal));
      return 'throttled';
    }
    await clock.sleep(within(call.takes));
    return 'ok';
  }

  return {
    quotas: {
      ecrTokens: Array.from({ length: options.accounts }, () => quota('ECR tokens', quotas.ecrTokens, now)),
      secretWrites: quota('secret writes', quotas.secretWrites, now),
      secretCreations: quota('secret creations', quotas.secretCreations, now),
      assumeRole: quota('AssumeRole', quotas.assumeRole, now),
    },
    isOut,
    async call(call, clock) {
      for (let tried = 1; ; tried += 1) {
        await call.pace?.turn(clock);
        const outcome = await attempt(call, clock);
        call.pace?.answered(outcome === 'throttled');
        if (outcome === 'ok' || tried === call.attempts) return outcome;
        await clock.sleep(random() * Math.min(RETRY_CAP_MS, RETRY_BASE_MS[outcome] * 2 ** (tried - 1)));
      }
    },
  };
}
