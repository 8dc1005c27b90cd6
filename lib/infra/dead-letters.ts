/**
 * What was given up on: runs and records that failed to the end. Somebody is told (alarms.ts), and nothing is lost
 * silently.
 */
import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

export function deadLetterQueue(scope: Construct): Queue {
  const queue = new Queue(scope, 'DeadLetters', {
    // Not the installation's own key: whoever may send would have to be allowed to use it, and with it to open more.
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  acknowledge(queue, {
    'AwsSolutions-SQS3': 'This is the dead-letter queue itself; nothing takes from it but people.',
  });
  return queue;
}
