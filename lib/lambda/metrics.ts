/**
 * Metrics in CloudWatch's embedded format: members of a log line that CloudWatch makes metrics of.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
import type { METRICS } from './metric-names.ts';
import { INSTALLATION, NAMESPACE } from './metric-names.ts';

export interface Metric {
  readonly name: (typeof METRICS)[keyof typeof METRICS];
  readonly unit: 'Count' | 'Seconds' | 'Milliseconds';
  /** Of one line: several that were measured together. At most `MAX_VALUES`. */
  readonly values: readonly number[];
  /** Beside the installation. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** The names of further dimensions that the metric is counted by once more, apart. */
  readonly alsoBy?: Readonly<Record<string, string>>;
}

export const MAX_VALUES = 100;

export function embedMetric(
  metric: Metric,
  about: { readonly installation: string; readonly now: number },
): Readonly<Record<string, unknown>> {
  const { name, unit, values, dimensions, alsoBy } = metric;
  const own = [INSTALLATION, ...Object.keys(dimensions)];
  const sets = alsoBy === undefined ? [own] : [own, [...own, ...Object.keys(alsoBy)]];
  const definition = { Namespace: NAMESPACE, Dimensions: sets, Metrics: [{ Name: name, Unit: unit }] };
  return {
    _aws: { Timestamp: about.now, CloudWatchMetrics: [definition] },
    [INSTALLATION]: about.installation,
    ...dimensions,
    ...alsoBy,
    [name]: values.length === 1 ? values[0] : values,
  };
}
