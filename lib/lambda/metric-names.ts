/** Metrics that the functions write and the stack's alarms and dashboard read: one set of names for both. */

export const NAMESPACE = 'Pullpass';

/** The first dimension of every metric: several installations may share an account. */
export const INSTALLATION = 'Installation';

export const METRICS = {
  /** Of active registries, per `Kind`: seconds until the credential that runs out first does. Statistic: minimum. */
  secondsLeft: 'SecondsLeft',
  /** Seconds until the first active registry needs somebody; negative when it is late. Statistic: minimum. */
  secondsUntilUrgent: 'SecondsUntilUrgent',
  /** One for every scheduled run that ended well, per `Kind`: its absence says that the schedule stands still. */
  refreshRuns: 'RefreshRuns',
  /** Per `Kind`. */
  refreshes: 'Refreshes',
  /** Per `Kind`, and per `Kind` and `Code`. */
  refreshFailures: 'RefreshFailures',
  /** Active registries that were well at their last login and are not any more: one value for every run. */
  driftedRegistries: 'DriftedRegistries',
  /** Active registries whose typed password expires within 14 days by its date, or is past it: one value for every run. */
  expiringPasswords: 'ExpiringPasswords',
  /** Per `Outcome`: `released`, or the problem's code. */
  resolves: 'Resolves',
  /** Milliseconds, per `Store` (`catalogue`, `vault`). */
  storeLatency: 'StoreLatency',
} as const;
