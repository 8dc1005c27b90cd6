/** Functions of the version before and of this one at the same time on one table, as while a deployment goes on. */
import { randomUUID } from 'node:crypto';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoCatalogue } from '../../../lib/stores/dynamodb/dynamo-catalogue.ts';
import { registryItemById } from '../../../lib/stores/dynamodb/registry-reads.ts';
import { earlierVersion } from '../../stores/upgrade/earlier-version.ts';
import { workingDay } from '../../stores/upgrade/working-day.ts';
import { createTable, dynamoClient } from '../support/catalogue-table.ts';
import { startDynamoDbLocal, type DynamoDbLocal } from '../support/dynamodb-local.ts';
import { available } from '../support/machine.ts';

const earlier = await earlierVersion();

describe.runIf(available('java') && earlier !== undefined)('on DynamoDB Local, the version before', () => {
  let local: DynamoDbLocal | undefined;
  beforeAll(async () => {
    local = await startDynamoDbLocal();
  });
  afterAll(async () => {
    await local?.close();
  });

  async function bothOnOneTable() {
    const client = dynamoClient(local?.endpoint ?? '');
    const tableName = `pullpass-${randomUUID()}`;
    await createTable(client, tableName);
    const options = { client, tableName, decisionDays: 30 };
    const now = dynamoCatalogue(options);
    return { client, tableName, now, before: earlier?.dynamoCatalogue(options) ?? now };
  }

  it('and this one take turns on the same items', async () => {
    const { now, before } = await bothOnOneTable();
    const added: string[] = [];
    for (const [name, catalogue] of [
      ['first', before],
      ['second', now],
      ['third', before],
      ['fourth', now],
    ] as const) {
      await workingDay(catalogue, name, added);
      added.push(name);
    }
  });

  it('reads an item with later fields beside its document; this one keeps them when it rewrites it', async () => {
    const { client, tableName, now, before } = await bothOnOneTable();
    await workingDay(now, 'first', []);
    const item = await registryItemById({ client, tableName }, 'first');
    const later = '{"format":3,"fields":{"signedBy":5}}';
    await client.send(
      new UpdateItemCommand({
        TableName: tableName,
        Key: { pk: item?.['pk'] ?? { S: '' }, sk: item?.['sk'] ?? { S: '' } },
        UpdateExpression: 'SET documentLater = :later',
        ExpressionAttributeValues: { ':later': { S: later } },
      }),
    );
    expect(await before.getRegistry('first')).toMatchObject({ id: 'first' });
    await workingDay(now, 'second', ['first']);
    expect((await registryItemById({ client, tableName }, 'first'))?.['documentLater']?.S).toBe(later);
    await workingDay(before, 'third', ['first', 'second']);
    expect(await now.getRegistry('first')).toMatchObject({ description: 'edited by third' });
  });
});
