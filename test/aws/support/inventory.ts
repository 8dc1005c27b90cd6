/** What the account holds, by kind of resource: names only. What the CDK's own bootstrap made is left out. */
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import type { Workspace } from '../../clients/support/workspace.ts';
import type { Account } from './account.ts';
import { list, query, target } from './aws-call.ts';
import { logGroups } from './logs.ts';

const APIS = z.object({ items: z.array(z.object({ name: z.string() })) });
const SCHEDULES = z.object({ Schedules: z.array(z.object({ Name: z.string() })) });
const QUEUES = z.object({ QueueUrls: z.optional(z.array(z.string())) });
const KEYS = z.object({ Keys: z.array(z.object({ KeyId: z.string() })) });

export interface Inventory {
  readonly functions: readonly string[];
  readonly roles: readonly string[];
  readonly apis: readonly string[];
  readonly schedules: readonly string[];
  readonly queues: readonly string[];
  readonly topics: readonly string[];
  readonly alarms: readonly string[];
  readonly tables: readonly string[];
  readonly secrets: readonly string[];
  readonly keys: readonly string[];
  readonly logGroups: readonly string[];
}

export async function takeInventory(workspace: Workspace, account: Account): Promise<Inventory> {
  const options = account.clientOptions();
  const { Functions = [] } = await new LambdaClient(options).send(new ListFunctionsCommand({}));
  const { TableNames = [] } = await new DynamoDBClient(options).send(new ListTablesCommand({}));
  const { SecretList = [] } = await new SecretsManagerClient(options).send(new ListSecretsCommand({}));
  const names = async (service: string, action: string, tag: string): Promise<readonly string[]> => {
    const xml = await query(workspace, account, {
      service,
      parameters: { Action: action, Version: VERSIONS[action] ?? '' },
    });
    return Array.from(xml.matchAll(new RegExp(`<${tag}>([^<]+)</${tag}>`, 'g')), ([, name = '']) => name);
  };
  const json = (service: string, name: string): Promise<unknown> =>
    target(workspace, account, { service, target: name, input: {} });
  const get = (service: string, path: string): Promise<unknown> => list(workspace, account, { service, path });
  return {
    functions: Functions.map(({ FunctionName = '' }) => FunctionName),
    roles: (await names('iam', 'ListRoles', 'RoleName')).filter((name) => !name.startsWith('cdk-')),
    apis: APIS.parse(await get('apigateway', '/v2/apis')).items.map(({ name }) => name),
    schedules: SCHEDULES.parse(await get('scheduler', '/schedules')).Schedules.map(({ Name }) => Name),
    queues: QUEUES.parse(await json('sqs', 'AmazonSQS.ListQueues')).QueueUrls ?? [],
    topics: await names('sns', 'ListTopics', 'TopicArn'),
    alarms: await names('monitoring', 'DescribeAlarms', 'AlarmName'),
    tables: TableNames,
    secrets: SecretList.map(({ Name = '' }) => Name),
    keys: KEYS.parse(await json('kms', 'TrentService.ListKeys')).Keys.map(({ KeyId }) => KeyId),
    logGroups: await logGroups(workspace, account),
  };
}

const VERSIONS: Readonly<Record<string, string>> = {
  ListRoles: '2010-05-08',
  ListTopics: '2010-03-31',
  DescribeAlarms: '2010-08-01',
};
