/** One page: time left first, then what agents are answered, then what might be the cause. */
import { Dashboard, GraphWidget, Stats, AlarmStatusWidget, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { Alarms } from './alarms.ts';
import type { Api } from './api.ts';
import type { BundledFunction } from './bundled-function.ts';
import {
  driftedRegistries,
  expiringPasswords,
  FIVE_MINUTES,
  KINDS,
  metric,
  refreshFailures,
  refreshRuns,
  secondsLeft,
  secondsUntilUrgent,
  storeLatency,
} from './metrics.ts';

export interface DashboardProps {
  readonly installation: string;
  readonly alarms: Alarms;
  readonly api: Api;
  readonly functions: readonly BundledFunction[];
}

/** As the functions write them under Outcome; more appear as they happen and are in the metrics. */
const OUTCOMES = ['released', 'denied', 'no_credential', 'registry_inactive', 'credential_unavailable'] as const;

export function dashboard(scope: Construct, props: DashboardProps): Dashboard {
  const { installation, api, functions } = props;
  const outcomes = OUTCOMES.map((outcome) =>
    metric(installation, 'resolves', { statistic: Stats.SUM, period: FIVE_MINUTES, by: { Outcome: outcome } }),
  );
  return new Dashboard(scope, 'Dashboard', {
    widgets: [
      [new AlarmStatusWidget({ title: 'Alarms', alarms: [...props.alarms.all], width: 24, height: 4 })],
      [
        graph('Seconds left', [
          ...KINDS.map((kind) => secondsLeft(installation, kind)),
          secondsUntilUrgent(installation),
        ]),
        graph(
          'Refresh runs',
          KINDS.map((kind) => refreshRuns(installation, kind)),
        ),
        graph(
          'Refresh failures',
          KINDS.map((kind) => refreshFailures(installation, kind)),
        ),
      ],
      [
        graph('Resolves', outcomes),
        graph('API', [api.stage.metricCount(), api.stage.metricClientError(), api.stage.metricServerError()]),
        graph('API, p99 milliseconds', [api.stage.metricLatency({ statistic: 'p99' })]),
      ],
      [
        graph('Stores, p99 milliseconds', [
          storeLatency(installation, 'catalogue'),
          storeLatency(installation, 'vault'),
        ]),
        graph(
          'Function errors',
          functions.map(({ lambda }) => lambda.metricErrors()),
        ),
        graph(
          'Function throttles',
          functions.map(({ lambda }) => lambda.metricThrottles()),
        ),
      ],
      [
        graph('Drifted registries', [driftedRegistries(installation)]),
        graph('Passwords that expire within 14 days', [expiringPasswords(installation)]),
      ],
    ],
  });
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8 });
}
