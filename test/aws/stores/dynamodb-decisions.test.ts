/** Decisions that come out of a log, which delivers each at least once, and how long they are kept. */
import { randomUUID } from 'node:crypto';
import { ScanCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recordDecisionsOnce } from '../../../lib/stores/dynamodb/decisions.ts';
import { dynamoCatalogue } from '../../../lib/stores/dynamodb/dynamo-catalogue.ts';
import { START } from '../../support/registry-fixture.ts';
import { pageOf } from '../../stores/contract/catalogue-under-test.ts';
import { agent, change, decision } from '../../stores/contract/entries.ts';
import { createTable, dynamoClient } from '../support/catalogue-table.ts';
import { startDynamoDbLocal, type DynamoDbLocal } from '../support/dynamodb-local.ts';
import { available } from '../support/machine.ts';

const DAY_SECONDS = 86_400;

describe.runIf(available('java'))('decisions on DynamoDB', () => {
  let local: DynamoDbLocal;
  let client: DynamoDBClient;
  let tableName: string;
  /** Far enough ahead that nothing is due to go. */
  const now = Date.now();

  beforeAll(async () => {
    local = await startDynamoDbLocal();
    client = dynamoClient(local.endpoint);
  });
  afterAll(async () => {
    client.destroy();
    await local.close();
  });
  beforeEach(async () => {
    tableName = `pullpass-${randomUUID()}`;
    await createTable(client, tableName);
  });

  const catalogueOn = () => dynamoCatalogue({ client, tableName, decisionDays: 30, now: () => now });
  const delivered = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      entry: decision({ at: now + index, image: `image-${index}` }),
      eventId: `3812${index}`,
    }));

  it('are listed once, however often they are delivered, in the order they were made', async () => {
    const table = { client, tableName, decisionDays: 30 };
    const events = delivered(70);
    await recordDecisionsOnce(table, [...events, ...events.slice(0, 10)]);
    await recordDecisionsOnce(table, events.slice(20));
    const { items } = pageOf(await catalogueOn().listAudit({ limit: 500 }));
    const images = items.map((item) => (item.type === 'decision' ? item.image : ''));
    expect(images).toStrictEqual(events.map(({ entry }) => entry.image).toReversed());
  });

  it('are listed down to a moment, page by page, each once', async () => {
    await recordDecisionsOnce({ client, tableName, decisionDays: 30 }, delivered(40));
    const images: string[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const query = { environment: 'prod', since: now + 20, limit: 3, ...(cursor === undefined ? {} : { cursor }) };
      const page = pageOf(await catalogueOn().listAudit(query));
      images.push(...page.items.map((item) => (item.type === 'decision' ? item.image : '')));
      cursor = page.cursor;
    }
    expect(images).toStrictEqual(Array.from({ length: 20 }, (_, index) => `image-${39 - index}`));
  });

  it('are told apart by their event, when all else is the same', async () => {
    const entry = decision({ at: now });
    const twice = ['event-1', 'event-2'].map((eventId) => ({ entry, eventId }));
    await recordDecisionsOnce({ client, tableName, decisionDays: 30 }, twice);
    expect(pageOf(await catalogueOn().listAudit({ limit: 5 })).items).toHaveLength(2);
  });

  it('are given up to go after their days, and changes never are', async () => {
    const catalogue = catalogueOn();
    await catalogue.recordDecision(decision({ at: START }));
    await recordDecisionsOnce({ client, tableName, decisionDays: 30 }, delivered(1));
    await catalogue.addAgent(agent(), change());
    const { Items = [] } = await client.send(new ScanCommand({ TableName: tableName }));
    const kept = Items.flatMap(({ pk, ttl }) => (pk?.S?.startsWith('audit#decision') === true ? [Number(ttl?.N)] : []));
    const end = Math.ceil(now / 1000) + 30 * DAY_SECONDS;
    expect(kept).toStrictEqual([end, end]);
    expect(Items.filter(({ pk }) => pk?.S?.startsWith('audit#decision') !== true)).toHaveLength(5 - 2);
    expect(Items.filter(({ ttl }) => ttl !== undefined)).toHaveLength(2);
  });

  it('lie in several partitions, so that many hosts may pull at once', async () => {
    await recordDecisionsOnce({ client, tableName, decisionDays: 30 }, delivered(60));
    const { Items = [] } = await client.send(new ScanCommand({ TableName: tableName }));
    expect(new Set(Items.map(({ pk }) => pk?.S)).size).toBe(4);
  });
});
