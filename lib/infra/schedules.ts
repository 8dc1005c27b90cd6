/**
 * What runs by itself. Every refresher, once a minute: what is due is found by the catalogue's index, so a run with
 * nothing due costs one query. Every hour the background check logs in at the registries whose turn it is; once a day the
 * vault is swept.
 */
import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { BundledFunction } from './bundled-function.ts';
import type { Refreshers } from './functions/refreshers.ts';
import { invoke } from './permissions/invoke-permission.ts';
import { permit, type Permission } from './permissions/permission.ts';

export interface SchedulesProps {
  readonly refreshers: Refreshers;
  readonly sweepVault: BundledFunction;
  readonly deadLetters: Queue;
}

interface Rhythm {
  readonly rate: string;
  readonly input: Readonly<Record<string, string>>;
  /** A run that could not be started by then is given up. */
  readonly maximumAge: Duration;
  readonly retries: number;
}

const EVERY_MINUTE: Rhythm = {
  rate: 'rate(1 minute)',
  input: { pullpass: 'refresh' },
  // A run that is late by more has been overtaken by those after it.
  maximumAge: Duration.minutes(5),
  retries: 2,
};

const EVERY_HOUR: Rhythm = {
  rate: 'rate(1 hour)',
  input: { pullpass: 'reverify' },
  maximumAge: Duration.minutes(30),
  retries: 2,
};

const EVERY_DAY: Rhythm = {
  rate: 'rate(1 day)',
  input: { pullpass: 'sweep' },
  maximumAge: Duration.hours(6),
  retries: 10,
};

export class Schedules extends Construct {
  private readonly deadLetters: Queue;
  private readonly role: Role;

  constructor(scope: Construct, id: string, props: SchedulesProps) {
    super(scope, id);
    const { sweepVault } = props;
    const { ecr, google, static: recheck } = props.refreshers;
    this.deadLetters = props.deadLetters;
    this.role = new Role(this, 'Role', {
      description: 'Starts what Pullpass runs by itself',
      // Schedules of other accounts must not borrow it.
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    const started = [ecr, google, recheck, sweepVault].map(({ lambda }) => lambda);
    permit(this.role, [invoke(started), sendTo(this.deadLetters)]);
    this.start('Ecr', ecr, EVERY_MINUTE);
    this.start('Google', google, EVERY_MINUTE);
    this.start('Static', recheck, EVERY_MINUTE);
    this.start('Reverify', recheck, EVERY_HOUR);
    this.start('SweepVault', sweepVault, EVERY_DAY);
  }

  private start(id: string, started: BundledFunction, { rate, input, maximumAge, retries }: Rhythm): void {
    const schedule = new CfnSchedule(this, id, {
      description: `Starts ${started.functionName} of Pullpass`,
      scheduleExpression: rate,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: started.lambda.functionArn,
        roleArn: this.role.roleArn,
        input: JSON.stringify(input),
        retryPolicy: { maximumEventAgeInSeconds: maximumAge.toSeconds(), maximumRetryAttempts: retries },
        deadLetterConfig: { arn: this.deadLetters.queueArn },
      },
    });
    schedule.node.addDependency(this.role);
  }
}

function sendTo(queue: Queue): Permission {
  return {
    statement: new PolicyStatement({
      sid: 'GiveUp',
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
    }),
  };
}
