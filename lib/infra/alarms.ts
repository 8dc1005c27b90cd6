/**
 * What somebody is woken by. The first ones say that time runs out, whatever the cause; the others say the cause
 * early. Each names the section of docs/operations.md that says what to do.
 */
import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Stats, TreatMissingData, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Api } from './api.ts';
import type { BundledFunction } from './bundled-function.ts';
import {
  driftedRegistries,
  expiringPasswords,
  FIVE_MINUTES,
  KINDS,
  refreshFailures,
  refreshRuns,
  secondsLeft,
  secondsUntilUrgent,
  storeLatency,
} from './metrics.ts';

export interface AlarmsProps {
  readonly installation: string;
  readonly topic: ITopic;
  readonly api: Api;
  /** Functions that somebody waits for. */
  readonly called: readonly BundledFunction[];
  readonly functions: readonly BundledFunction[];
  readonly deadLetters: Queue;
}

interface AlarmOf {
  /** Its name in words, as it stands in an e-mail's subject. */
  readonly name: string;
  readonly means: string;
  /** A heading in docs/operations.md. */
  readonly section: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** Default: at the threshold or above. */
  readonly when?: ComparisonOperator;
  /** Consecutive, all of them. Default: one. */
  readonly periods?: number;
  /** Default: no news is good news. */
  readonly missing?: TreatMissingData;
}

const { LESS_THAN_THRESHOLD, LESS_THAN_OR_EQUAL_TO_THRESHOLD, GREATER_THAN_OR_EQUAL_TO_THRESHOLD } = ComparisonOperator;

/**
 * The last call, whatever a credential lives: a token of 12 hours, one of Google's or one through a role of an hour. What is late
 * for its own life is "a registry needs somebody", long before.
 */
const LAST_CALL = Duration.minutes(10);
const KINDS_THAT_RUN_OUT = ['ecr', 'google'] as const;

export class Alarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const all = [...timeAlarms(props), ...refreshAlarms(props), ...functionAlarms(props), ...apiAlarms(props)];
    this.all = all.map((alarm) => this.alarm(alarm, props));
  }

  private alarm(of: AlarmOf, { installation, topic }: AlarmsProps): Alarm {
    const alarm = new Alarm(this, of.name, {
      alarmName: `Pullpass ${installation}: ${of.name}`,
      alarmDescription: `${of.means} What to do: docs/operations.md, "${of.section}".`,
      metric: of.metric,
      threshold: of.threshold,
      comparisonOperator: of.when ?? GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: of.periods ?? 1,
      treatMissingData: of.missing ?? TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
    return alarm;
  }
}

function timeAlarms({ installation }: AlarmsProps): readonly AlarmOf[] {
  const runningOut = KINDS_THAT_RUN_OUT.map((kind) => ({
    name: `credentials run out (${kind})`,
    means: `The first ${kind} credential that hosts are given runs out in less than ${LAST_CALL.toMinutes()} minutes.`,
    section: 'Credentials run out',
    metric: secondsLeft(installation, kind),
    threshold: LAST_CALL.toSeconds(),
    when: LESS_THAN_THRESHOLD,
  }));
  return [
    ...runningOut,
    {
      name: 'registries have drifted',
      means: 'The background check found registries that let their credential in before and do not any more.',
      section: 'Registries have drifted',
      metric: driftedRegistries(installation),
      threshold: 1,
      // There is one value an hour, so that an hour may have none: it stays as it was.
      missing: TreatMissingData.IGNORE,
    },
    {
      name: 'passwords expire',
      means: 'A typed password expires within 14 days by its date, or is past it, and Pullpass cannot renew it.',
      section: 'Passwords expire',
      metric: expiringPasswords(installation),
      threshold: 1,
      missing: TreatMissingData.IGNORE,
    },
    {
      name: 'a registry needs somebody',
      means: 'A registry is urgent: most of its credential is used up, it has none, or its password is refused.',
      section: 'A registry needs somebody',
      metric: secondsUntilUrgent(installation),
      threshold: 0,
      when: LESS_THAN_OR_EQUAL_TO_THRESHOLD,
      periods: 3,
    },
  ];
}

function refreshAlarms({ installation, deadLetters }: AlarmsProps): readonly AlarmOf[] {
  const standingStill = KINDS.map((kind) => ({
    name: `refresh stands still (${kind})`,
    means: `No refresh of kind ${kind} has ended well for ten minutes, though one is started every minute.`,
    section: 'Refresh stands still',
    metric: refreshRuns(installation, kind),
    threshold: 1,
    when: LESS_THAN_THRESHOLD,
    periods: 2,
    missing: TreatMissingData.BREACHING,
  }));
  const failing = KINDS.map((kind) => ({
    name: `refreshes fail (${kind})`,
    means: `Registries of kind ${kind} could not be refreshed for half an hour; hosts still have working credentials.`,
    section: 'Refreshes fail',
    metric: refreshFailures(installation, kind),
    threshold: 1,
    periods: 2,
  }));
  return [
    ...standingStill,
    ...failing,
    {
      name: 'dead letters',
      means: 'Runs or records were given up on after all tries.',
      section: 'Dead letters',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, statistic: Stats.MAXIMUM }),
      threshold: 1,
    },
  ];
}

function functionAlarms({ functions, called }: AlarmsProps): readonly AlarmOf[] {
  const errors = functions.map(({ functionName, lambda }) => ({
    name: `function fails (${functionName})`,
    means: `The function ${functionName} ended with an error or ran out of time: a bug, or a limit.`,
    section: 'A function fails',
    metric: lambda.metricErrors({ period: FIVE_MINUTES }),
    threshold: 1,
  }));
  // The others are tried again for minutes, and missed by "refresh stands still" or found among the dead letters.
  const throttles = called.map(({ functionName, lambda }) => ({
    name: `function is throttled (${functionName})`,
    means: `Callers are turned away: the account has no free concurrency for the function ${functionName}.`,
    section: 'A function is throttled',
    metric: lambda.metricThrottles({ period: FIVE_MINUTES }),
    threshold: 1,
  }));
  return [...errors, ...throttles];
}

function apiAlarms({ installation, api }: AlarmsProps): readonly AlarmOf[] {
  const latency = (['catalogue', 'vault'] as const).map((store) => ({
    name: `${store} is slow`,
    means: `One call in a hundred to the ${store} took half a second or more, for a quarter of an hour.`,
    section: 'Stores are slow',
    metric: storeLatency(installation, store),
    threshold: 500,
    periods: 3,
  }));
  return [
    {
      name: 'API answers 5xx',
      means: 'Callers were told that something is wrong or not available, five times or more in five minutes.',
      section: 'The API answers 5xx',
      metric: api.stage.metricServerError({ period: FIVE_MINUTES, statistic: Stats.SUM }),
      threshold: 5,
    },
    {
      name: 'API is slow',
      means: 'One answer in a hundred took two seconds or more, for a quarter of an hour.',
      section: 'The API is slow',
      metric: api.stage.metricLatency({ period: FIVE_MINUTES, statistic: 'p99' }),
      threshold: 2000,
      periods: 3,
    },
    ...latency,
  ];
}
