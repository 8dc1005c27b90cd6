/** Where alarms go to: an encrypted topic, and somebody's mailbox where one is named. */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';
import type { Storage } from './storage.ts';

export function alarmTopic(scope: Construct, settings: Settings, storage: Storage): Topic {
  const topic = new Topic(scope, 'Alarms', {
    displayName: `Pullpass ${settings.installation}`,
    masterKey: storage.key,
    enforceSSL: true,
  });
  const { partition, region, account } = Stack.of(scope);
  // A topic with a policy has only that: the account's alarms have to be let in by name.
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'Alarms',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: { ArnLike: { 'aws:SourceArn': `arn:${partition}:cloudwatch:${region}:${account}:alarm:*` } },
    }),
  );
  if (settings.alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(settings.alarmEmail));
  return topic;
}
