/**
 * Where everything is kept: the catalogue's table, and the key that it, the secrets and the logs are encrypted with.
 */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { catalogueTable } from './catalogue-table.ts';
import type { Replica, Settings } from './settings.ts';

export class Storage extends Construct {
  readonly key: Key;
  readonly tableName: string;
  readonly tableArn: string;
  readonly replica: Replica | undefined;
  readonly secretPrefix: string;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.replica = settings.replica;
    this.secretPrefix = settings.secretPrefix;
    this.key = new Key(this, 'Key', {
      description: `Pullpass ${settings.installation}: catalogue, credentials, logs, alarms`,
      enableKeyRotation: true,
      removalPolicy: settings.removalPolicy,
    });
    this.key.addToResourcePolicy(logsUseOfKey(this));
    this.key.addToResourcePolicy(alarmsUseOfKey());
    const table = catalogueTable(this, settings, this.key);
    this.tableName = table.ref;
    this.tableArn = table.attrArn;
  }
}

/** CloudWatch Logs, for this account's log groups only. */
function logsUseOfKey(scope: Construct): PolicyStatement {
  const stack = Stack.of(scope);
  return new PolicyStatement({
    sid: 'Logs',
    principals: [new ServicePrincipal(`logs.${stack.region}.${stack.urlSuffix}`)],
    actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
    resources: ['*'],
    conditions: {
      ArnLike: {
        'kms:EncryptionContext:aws:logs:arn': `arn:${stack.partition}:logs:${stack.region}:${stack.account}:log-group:*`,
      },
    },
  });
}

/** Alarms publish to an encrypted topic; the key that AWS manages for topics would not let them. */
function alarmsUseOfKey(): PolicyStatement {
  return new PolicyStatement({
    sid: 'Alarms',
    principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
    actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    resources: ['*'],
  });
}
