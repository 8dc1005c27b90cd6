/** The catalogue in a table of its own, made from the schema that the stack makes it from, wherever DynamoDB is played. */
import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
  type CreateTableCommandInput,
} from '@aws-sdk/client-dynamodb';
import { agentKey, principalKey } from '../../../lib/stores/dynamodb/agent-item.ts';
import { keyOf, text, textOf, type Item } from '../../../lib/stores/dynamodb/attributes.ts';
import { dynamoCatalogue } from '../../../lib/stores/dynamodb/dynamo-catalogue.ts';
import { policyKey } from '../../../lib/stores/dynamodb/policy-item.ts';
import { registryItemById } from '../../../lib/stores/dynamodb/registry-reads.ts';
import { getItem, type Table } from '../../../lib/stores/dynamodb/table.ts';
import { INDEXES, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE } from '../../../lib/stores/dynamodb/table-schema.ts';
import type { OpenedCatalogue } from '../../stores/contract/catalogue-under-test.ts';

const DECISION_DAYS = 30;

export function dynamoClient(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
}

export async function createTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await client.send(new CreateTableCommand(definition(tableName)));
  const TimeToLiveSpecification = { AttributeName: TTL_ATTRIBUTE, Enabled: true };
  await client.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification }));
}

/** An empty one for each test. */
export async function openDynamoCatalogue(endpoint: string): Promise<OpenedCatalogue> {
  const tableName = `pullpass-${randomUUID()}`;
  const client = dynamoClient(endpoint);
  await createTable(client, tableName);
  const damage: OpenedCatalogue['damage'] = async ({ table, id }) => {
    for (const key of await keysOf({ client, tableName }, table, id)) await spoil(client, tableName, key);
  };
  return {
    damage,
    catalogue: dynamoCatalogue({ client, tableName, decisionDays: DECISION_DAYS }),
    close: async () => {
      await client.send(new DeleteTableCommand({ TableName: tableName }));
      client.destroy();
    },
    reopen: async () => {
      const another = dynamoClient(endpoint);
      const catalogue = dynamoCatalogue({ client: another, tableName, decisionDays: DECISION_DAYS });
      const closeIt = async (): Promise<void> => {
        another.destroy();
      };
      return { catalogue, close: closeIt, damage };
    },
  };
}

async function keysOf(table: Table, of: string, id: string): Promise<readonly Item[]> {
  if (of === 'policies') return [policyKey(id)];
  if (of === 'agents') {
    const copy = await getItem(table, principalKey(id));
    return [agentKey(id), ...(copy === undefined ? [] : [principalKey(id)])];
  }
  const item = await registryItemById(table, id);
  if (item === undefined) throw new Error(`there is no registry ${id}`);
  return [keyOf(textOf(item, PARTITION_KEY), textOf(item, SORT_KEY))];
}

async function spoil(client: DynamoDBClient, TableName: string, Key: Item): Promise<void> {
  const UpdateExpression = 'SET document = :bad';
  await client.send(
    new UpdateItemCommand({ TableName, Key, UpdateExpression, ExpressionAttributeValues: { ':bad': text('{') } }),
  );
}

function definition(tableName: string): CreateTableCommandInput {
  const indexes = Object.values(INDEXES);
  const types = new Map<string, 'S' | 'N'>([
    [PARTITION_KEY, 'S'],
    [SORT_KEY, 'S'],
    ...indexes.map(({ partitionKey }) => [partitionKey, 'S'] as const),
    ...indexes.map(({ sortKey }) => [sortKey.name, sortKey.type] as const),
  ]);
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: keys(PARTITION_KEY, SORT_KEY),
    GlobalSecondaryIndexes: indexes.map(({ name, partitionKey, sortKey, attributes }) => ({
      IndexName: name,
      KeySchema: keys(partitionKey, sortKey.name),
      Projection:
        attributes.length === 0
          ? { ProjectionType: 'KEYS_ONLY' }
          : { ProjectionType: 'INCLUDE', NonKeyAttributes: [...attributes] },
    })),
  };
}

function keys(partition: string, sort: string) {
  return [
    { AttributeName: partition, KeyType: 'HASH' as const },
    { AttributeName: sort, KeyType: 'RANGE' as const },
  ];
}
