/**
 * The metrics that alarms and the dashboard read: the functions' own, by the names that the functions write them
 * under.
 */
import { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { INSTALLATION, METRICS, NAMESPACE } from '../lambda/metric-names.ts';

/** Source kinds that are refreshed. */
export const KINDS = ['ecr', 'google', 'static'] as const;

export type Kind = (typeof KINDS)[number];

export interface Measured {
  readonly statistic: string;
  readonly period: Duration;
  /** Beside the installation. */
  readonly by?: Readonly<Record<string, string>>;
}

export function metric(installation: string, name: keyof typeof METRICS, { statistic, period, by }: Measured): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName: METRICS[name],
    dimensionsMap: { [INSTALLATION]: installation, ...by },
    statistic,
    period,
  });
}

export const MINUTE = Duration.minutes(1);
export const FIVE_MINUTES = Duration.minutes(5);

/** What is left before the first credential of a kind runs out, and before the first registry needs somebody. */
export function secondsLeft(installation: string, kind: Kind): Metric {
  return metric(installation, 'secondsLeft', { statistic: Stats.MINIMUM, period: MINUTE, by: { Kind: kind } });
}

export function secondsUntilUrgent(installation: string): Metric {
  return metric(installation, 'secondsUntilUrgent', { statistic: Stats.MINIMUM, period: MINUTE });
}

export function refreshRuns(installation: string, kind: Kind): Metric {
  return metric(installation, 'refreshRuns', { statistic: Stats.SUM, period: FIVE_MINUTES, by: { Kind: kind } });
}

export function refreshFailures(installation: string, kind: Kind): Metric {
  const period = Duration.minutes(15);
  return metric(installation, 'refreshFailures', { statistic: Stats.SUM, period, by: { Kind: kind } });
}

/** One value an hour. */
export function driftedRegistries(installation: string): Metric {
  return metric(installation, 'driftedRegistries', { statistic: Stats.MAXIMUM, period: Duration.hours(1) });
}

/** One value an hour. */
export function expiringPasswords(installation: string): Metric {
  return metric(installation, 'expiringPasswords', { statistic: Stats.MAXIMUM, period: Duration.hours(1) });
}

export function storeLatency(installation: string, store: 'catalogue' | 'vault'): Metric {
  return metric(installation, 'storeLatency', { statistic: 'p99', period: FIVE_MINUTES, by: { Store: store } });
}
