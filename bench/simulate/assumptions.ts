/**
 * What is assumed of AWS and Google where nothing is measured. Milliseconds from and to, evenly spread: what a function in
 * the same region sees on a warm connection.
 */

export type Range = readonly [from: number, to: number];

export const LATENCY = {
  catalogueRead: [4, 10],
  catalogueWrite: [5, 12],
  secretRead: [20, 40],
  secretWrite: [30, 60],
  ecrToken: [100, 200],
  assumeRole: [40, 90],
  googleToken: [100, 200],
  /** Name look-up, TLS and the two requests of a login at a registry. */
  login: [80, 250],
  refusal: [5, 20],
  outageError: [20, 80],
} as const satisfies Record<string, Range>;

/** What a client waits for an answer that never comes. */
export const ATTEMPT_TIMEOUT_MS = 5_000;

/** How often the SDK tries: as its clients are made in sources/ecr/aws-clients.ts and lambda/clients.ts. */
export const ATTEMPTS = { source: 2, store: 5 } as const;

/** The SDK's standard retry: a random part of this, doubled each time, at most 20 seconds. */
export const RETRY_BASE_MS = { throttled: 500, unavailable: 100 } as const;
export const RETRY_CAP_MS = 20_000;

export const ECR_LIFETIME_MS = 12 * 3_600_000;
/** A role's session, and so what Pullpass takes a token for that was got with it; and Google's access tokens. */
export const HOUR_MS = 3_600_000;

/** The scheduler starts a function some time within this after the full minute. */
export const SCHEDULE_SPREAD_MS = 2_000;
