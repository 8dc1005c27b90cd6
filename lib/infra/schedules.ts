/**
 * Every refresher, once a minute: what is due is found by the catalogue's index, so a run with nothing due costs one
 * query.
 */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { BundledFunction } from './bundled-function.ts';
import type { Refreshers } from './functions/refreshers.ts';
import { invoke } from './permissions/invoke-permission.ts';
import { permit, type Permission } from './permissions/permission.ts';

export class Schedules extends Construct {
  private readonly deadLetters: Queue;
  private readonly role: Role;

  constructor(scope: Construct, id: string, props: { readonly refreshers: Refreshers; readonly deadLetters: Queue }) {
    super(scope, id);
    const { ecr, google, static: recheck } = props.refreshers;
    this.deadLetters = props.deadLetters;
    this.role = new Role(this, 'Role', {
      description: 'Starts the refreshers of Pullpass',
      // Schedules of other accounts must not borrow it.
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    permit(this.role, [invoke([ecr.lambda, google.lambda, recheck.lambda]), sendTo(this.deadLetters)]);
    this.everyMinute('Ecr', ecr);
    this.everyMinute('Google', google);
    this.everyMinute('Static', recheck);
  }

  private everyMinute(id: string, refresher: BundledFunction): void {
    const schedule = new CfnSchedule(this, id, {
      description: `Starts ${refresher.functionName} of Pullpass`,
      scheduleExpression: 'rate(1 minute)',
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: refresher.lambda.functionArn,
        roleArn: this.role.roleArn,
        input: JSON.stringify({ pullpass: 'refresh' }),
        // A run that is late by more has been overtaken by those after it.
        retryPolicy: { maximumEventAgeInSeconds: 300, maximumRetryAttempts: 2 },
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
