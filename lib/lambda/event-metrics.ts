/** Which metric an event of the services is: what is counted is what is logged, so the two can't differ. */
import type { ServiceEvent } from '../service/events.ts';
import { METRICS } from './metric-names.ts';
import type { Metric } from './metrics.ts';

export function metricOf({ code, fields = {} }: ServiceEvent): Metric | undefined {
  switch (code) {
    case 'refresh.refreshed':
      return { ...counted(METRICS.refreshes), dimensions: { Kind: String(fields['kind']) } };
    case 'refresh.failed':
      return {
        ...counted(METRICS.refreshFailures),
        dimensions: { Kind: String(fields['kind']) },
        alsoBy: { Code: String(fields['reason'] ?? 'unknown') },
      };
    case 'http.answer':
      return resolveMetric(fields);
    default:
      return undefined;
  }
}

function counted<Name extends Metric['name']>(name: Name) {
  return { name, unit: 'Count', values: [1] } as const;
}

/** The calls that hand out credentials. */
const RELEASES = /\/(?:resolve|docker-credential|docker-config)$/;

function resolveMetric(fields: NonNullable<ServiceEvent['fields']>): Metric | undefined {
  if (!RELEASES.test(String(fields['route']))) return undefined;
  return { ...counted(METRICS.resolves), dimensions: { Outcome: outcomeOf(fields) } };
}

function outcomeOf({ status, problem }: NonNullable<ServiceEvent['fields']>): string {
  if (problem !== undefined) return String(problem);
  return status === 200 ? 'released' : `status_${String(status)}`;
}
