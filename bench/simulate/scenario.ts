/** What is simulated: how many registries of which sort, the account's quotas, the refresher's own limits, the outage. */

export interface Scenario {
  /** ECR registries in one region. */
  readonly ecrRegistries: number;
  /** How many identities open them: registries of one identity share its token. */
  readonly principals: number;
  /** Identities are roles, each of an account of its own: a session and what it opens last an hour. */
  readonly roles: boolean;
  /** Accounts that the identities are of, if they are no roles: each has its quota of ECR tokens. */
  readonly accounts: number;
  /** Google registries, each with a key of its own. */
  readonly googleRegistries: number;
  readonly hours: number;
  /** All registries are added in this time; slower where the quotas ask for it. */
  readonly importHours: number;
  readonly outage: Outage | undefined;
  readonly refresher: RefresherLimits;
  readonly quotas: Quotas;
  readonly seed: number;
}

export interface Outage {
  readonly startsAtHour: number;
  readonly hours: number;
  /** Calls fail at once, or are never answered. */
  readonly kind: 'errors' | 'hangs';
}

export interface RefresherLimits {
  /** Functions that the schedule starts every minute, for each kind of source. */
  readonly functions: number;
  readonly concurrency: number;
  readonly budgetSeconds: number;
  readonly timeoutSeconds: number;
}

/** A second, each; for one account and region. */
export interface Quotas {
  readonly ecrTokens: number;
  readonly secretWrites: number;
  readonly secretCreations: number;
  readonly assumeRole: number;
}

export const DEFAULTS: Scenario = {
  ecrRegistries: 10_000,
  principals: 10_000,
  roles: false,
  accounts: 1,
  googleRegistries: 0,
  hours: 24,
  importHours: 1,
  outage: { startsAtHour: 6, hours: 2, kind: 'errors' },
  refresher: { functions: 1, concurrency: 16, budgetSeconds: 60, timeoutSeconds: 180 },
  quotas: { ecrTokens: 20, secretWrites: 50, secretCreations: 50, assumeRole: 600 },
  seed: 1,
};
