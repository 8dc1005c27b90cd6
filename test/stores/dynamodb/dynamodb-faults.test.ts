/** What the catalogue makes of a DynamoDB that refuses, delays, collides or answers in part. */
import { inspect } from 'node:util';
import { encodeTime } from 'ulid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { StoreUnavailable, type Catalogue } from '../../../lib/stores/catalogue.ts';
import { encodeCursor } from '../../../lib/stores/cursor.ts';
import { agentItem } from '../../../lib/stores/dynamodb/agent-item.ts';
import type { Item } from '../../../lib/stores/dynamodb/attributes.ts';
import { decisionItem } from '../../../lib/stores/dynamodb/audit-item.ts';
import { recordDecisionsOnce } from '../../../lib/stores/dynamodb/decisions.ts';
import { dynamoCatalogue } from '../../../lib/stores/dynamodb/dynamo-catalogue.ts';
import { policyItem } from '../../../lib/stores/dynamodb/policy-item.ts';
import { registryItem } from '../../../lib/stores/dynamodb/registry-item.ts';
import { HOUR, registryFixture, START } from '../../support/registry-fixture.ts';
import { pageOf } from '../contract/catalogue-under-test.ts';
import { agent, change, decision, policy } from '../contract/entries.ts';
import {
  cancelled,
  NOTHING,
  startDynamoWire,
  VENDOR_TEXT,
  type DynamoWire,
  type WireAnswer,
  type WireCall,
} from './dynamodb-wire.ts';

const TABLE = 'pullpass-table';
const REGISTRY = { ...registryFixture(), order: 7, revision: 1 };
const STORED = registryItem(REGISTRY, 1);

let wire: DynamoWire;
let catalogue: Catalogue;

beforeEach(async () => {
  wire = await startDynamoWire();
  catalogue = catalogueOn(wire);
});
afterEach(async () => {
  await wire.close();
});

function catalogueOn({ client }: DynamoWire): Catalogue {
  // No waiting between tries.
  return dynamoCatalogue({ client, tableName: TABLE, decisionDays: 30, now: () => START, random: () => 0 });
}

function ok(body: object): WireAnswer {
  return { kind: 'ok', body };
}

function operations(): readonly string[] {
  return wire.calls.map(({ operation }) => operation);
}

/** A table with one registry in it, as far as reads by key go; `others` answers everything else. */
function withRegistry(others: (call: WireCall) => WireAnswer): (call: WireCall) => WireAnswer {
  return (call) => {
    if (call.operation !== 'GetItem') return others(call);
    const pointer = inspect(call.body['Key']).includes("'registry#registry-1' }, sk: { S: 'registry' }");
    return ok({ Item: pointer ? { host: { S: REGISTRY.address } } : STORED });
  };
}

describe('an outage', () => {
  it.each<[string, WireAnswer, string]>([
    ['too many requests', { kind: 'error', code: 'ThrottlingException' }, 'ThrottlingException'],
    [
      'too much throughput',
      { kind: 'error', code: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException' },
      'ProvisionedThroughputExceededException',
    ],
    ['no right', { kind: 'error', code: 'AccessDeniedException' }, 'AccessDeniedException'],
    ['no table', { kind: 'error', code: 'ResourceNotFoundException' }, 'ResourceNotFoundException'],
    ['a fault of its own', { kind: 'error', code: 'InternalServerError', status: 500 }, 'InternalServerError'],
    ['a connection that ends', { kind: 'drop' }, 'TimeoutError'],
    ['no answer', { kind: 'hang' }, 'TimeoutError'],
    ['no JSON', { kind: 'text', status: 200, text: VENDOR_TEXT }, 'SyntaxError'],
    ['a text for a code', { kind: 'error', code: 'a text and vendor-text' }, 'unknown'],
  ])('is told by its code and nothing of its text: %s', async (_name, answer, code) => {
    wire.answer(() => answer);
    const calls: readonly (() => Promise<unknown>)[] = [
      () => catalogue.readForResolve({ caller: { kind: 'agent', id: 'a' }, environment: 'prod', host: 'quay.io' }),
      () => catalogue.recordDecision(decision()),
      () => catalogue.addAgent(agent(), change()),
    ];
    for (const call of calls) {
      const error: unknown = await call().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(StoreUnavailable);
      expect(error).toMatchObject({ code, message: `store unavailable: ${code}` });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/vendor-text|wire-secret/);
    }
  });

  it('is told of an endpoint that nobody listens on', async () => {
    await wire.close();
    await expect(catalogue.getPolicy(null)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('a transaction', () => {
  it.each([
    { name: 'collided with another', fault: cancelled('None', 'TransactionConflict', 'None'), transactions: 3 },
    { name: 'was throttled', fault: cancelled('ThrottlingError', 'None', 'None'), transactions: 3 },
    {
      name: 'is still under way',
      fault: { kind: 'error', code: 'TransactionInProgressException' } as const,
      transactions: 1,
    },
  ])('that $name is tried again: the same items', async ({ fault, transactions }) => {
    let faults = 2;
    wire.answer(() => ((faults -= 1) >= 0 ? fault : NOTHING));
    await catalogue.addAgent(agent(), change());
    expect(operations()).toStrictEqual(Array.from({ length: 3 }, () => 'TransactWriteItems'));
    expect(new Set(wire.calls.map(({ body }) => JSON.stringify(body['TransactItems']))).size).toBe(1);
    // Known by its token only as long as it may still be carried out.
    expect(new Set(wire.calls.map(({ body }) => body['ClientRequestToken'])).size).toBe(transactions);
  });

  it('that collides for ever is an outage after a bounded number of tries', async () => {
    wire.answer(() => cancelled('TransactionConflict', 'None', 'None'));
    await expect(catalogue.addAgent(agent(), change())).rejects.toMatchObject({ code: 'contention' });
    expect(wire.calls.length).toBeGreaterThan(3);
    expect(wire.calls.length).toBeLessThanOrEqual(10);
  });

  it('that was called off for another reason is an outage at once', async () => {
    wire.answer(() => cancelled('None', 'ValidationError', 'None'));
    const adding = catalogue.addAgent(agent(), change());
    await expect(adding).rejects.toMatchObject({ code: 'TransactionCanceledException' });
    expect(wire.calls).toHaveLength(1);
  });

  it('whose answer is lost is sent again by the SDK as the same one', async () => {
    await wire.close();
    wire = await startDynamoWire({ maxAttempts: 3 });
    let lost = 1;
    wire.answer(() => ((lost -= 1) >= 0 ? { kind: 'drop' } : NOTHING));
    await catalogueOn(wire).addAgent(agent(), change());
    expect(wire.calls).toHaveLength(2);
    expect(wire.calls[1]).toStrictEqual(wire.calls[0]);
  });
});

describe('a change of a registry that somebody else wrote meanwhile', () => {
  it('is computed anew from what is stored then', async () => {
    let refusals = 2;
    wire.answer(withRegistry(() => ((refusals -= 1) >= 0 ? cancelled('ConditionalCheckFailed') : NOTHING)));
    const claim = { claimId: 'claim-1', now: START, until: START + HOUR };
    expect(await catalogue.claimRegistry('registry-1', claim)).toMatchObject({ id: 'registry-1' });
    const round = ['GetItem', 'GetItem', 'TransactWriteItems'];
    expect(operations()).toStrictEqual([...round, ...round, ...round]);
    const tokens = wire.calls.flatMap(({ body }) => body['ClientRequestToken'] ?? []);
    expect(new Set(tokens).size).toBe(3);
  });

  it('is an outage when that never ends', async () => {
    wire.answer(withRegistry(() => cancelled('ConditionalCheckFailed')));
    const claiming = catalogue.claimRegistry('registry-1', { claimId: 'c', now: START, until: START + 1 });
    await expect(claiming).rejects.toMatchObject({ code: 'contention' });
    expect(wire.calls.length).toBeLessThanOrEqual(30);
  });
});

describe('claiming what is due, from an index that lags behind', () => {
  const candidates = Array.from({ length: 3 }, (_, index) => ({
    ...{ pk: { S: 'host#r' }, sk: { S: `registry#r-${index}` } },
    ...{ dueKind: { S: 'ecr' }, dueAt: { N: String(START + index) } },
  }));
  const query = { claim: { claimId: 'c', now: START + 9, until: START + HOUR }, kinds: ['ecr'], limit: 1 };

  /** The one with that id is free, all others were taken. */
  function oneFree(free: string): (call: WireCall) => WireAnswer {
    return ({ operation, body }) => {
      if (operation === 'Query') return ok({ Items: candidates });
      const by = claimedBy(body);
      if (inspect(body['Key']).includes(free)) return ok({ Attributes: { ...STORED, claimedBy: { S: by } } });
      return { kind: 'error', code: 'ConditionalCheckFailedException', body: { Item: { claimedBy: { S: 'other' } } } };
    };
  }

  it('passes over what somebody else has taken, until it has enough', async () => {
    wire.answer(oneFree('r-2'));
    expect(await catalogue.claimDue(query)).toStrictEqual([REGISTRY]);
    expect(operations()).toStrictEqual(['Query', 'UpdateItem', 'UpdateItem', 'UpdateItem']);
  });

  it('answers with nothing only when nothing more is due', async () => {
    wire.answer(oneFree('none'));
    expect(await catalogue.claimDue(query)).toStrictEqual([]);
    expect(operations()).toHaveLength(4);
  });

  it('has what it claimed by a try whose answer was lost', async () => {
    wire.answer(({ operation, body }) => {
      if (operation === 'Query') return ok({ Items: candidates.slice(0, 1) });
      const Item = { ...STORED, claimedBy: { S: claimedBy(body) } };
      return { kind: 'error', code: 'ConditionalCheckFailedException', body: { Item } };
    });
    expect(await catalogue.claimDue(query)).toStrictEqual([REGISTRY]);
  });

  it('leaves out one that cannot be read, and still hands out the others', async () => {
    wire.answer(({ operation, body }) => {
      if (operation === 'Query') return ok({ Items: candidates });
      const broken = inspect(body['Key']).includes('r-0') ? { document: { S: '{' } } : {};
      return ok({ Attributes: { ...STORED, claimedBy: { S: claimedBy(body) }, ...broken } });
    });
    expect(await catalogue.claimDue({ ...query, limit: 3 })).toHaveLength(2);
  });

  function claimedBy(body: WireCall['body']): string {
    return /by': \{ S: '([0-9a-f-]{36})'/.exec(inspect(body['ExpressionAttributeValues']))?.[1] ?? '';
  }
});

describe('reading for a resolve', () => {
  const query = { caller: { kind: 'agent', id: 'agent-1' }, environment: 'prod', host: REGISTRY.address } as const;
  const organisation = { document: policy(), revision: 1, updatedAt: START };

  it('is one call that names its partitions and reads what is stored now', async () => {
    wire.answer(() => ok({ Items: [STORED, agentItem(agent()), policyItem(null, organisation)] }));
    expect(await catalogue.readForResolve(query)).toStrictEqual({
      agents: [agent()],
      organisationPolicy: organisation,
      environmentPolicy: undefined,
      registries: [REGISTRY],
    });
    const partitions = ['agent#agent-1', 'policy', 'policy#prod', `host#${REGISTRY.address}`];
    expect(wire.calls).toStrictEqual([
      {
        operation: 'ExecuteStatement',
        body: {
          Statement: `SELECT * FROM "${TABLE}" WHERE pk IN (?, ?, ?, ?)`,
          Parameters: partitions.map((S) => ({ S })),
          ConsistentRead: true,
        },
      },
    ]);
  });

  it('goes on where an answer was too long for one', async () => {
    wire.answer(({ body }) =>
      body['NextToken'] === 'more' ? ok({ Items: [agentItem(agent())] }) : ok({ Items: [STORED], NextToken: 'more' }),
    );
    expect(await catalogue.readForResolve(query)).toMatchObject({ agents: [agent()], registries: [REGISTRY] });
    expect(wire.calls).toHaveLength(2);
  });

  it('reads a policy of the version before there were pins and exceptions as one without', async () => {
    const { alwaysAllow: _pins, exceptions: _exceptions, ...before } = policy();
    const item = { ...policyItem(null, organisation), document: { S: JSON.stringify(before) } };
    wire.answer(() => ok({ Items: [item, agentItem(agent())] }));
    const { organisationPolicy } = await catalogue.readForResolve(query);
    expect(organisationPolicy?.document).toStrictEqual(policy({ alwaysAllow: [], exceptions: [] }));
  });

  it.each<[string, Item]>([
    ['no JSON', { ...STORED, document: { S: '{' } }],
    ['another shape', { ...STORED, document: { S: '{"id":1}' } }],
    ['no document', { ...STORED, document: { N: '1' } }],
    ['no order', { ...STORED, order: { S: '1' } }],
    ['half a claim', { ...STORED, claimId: { S: 'c' } }],
    ['a credential of another shape', { ...STORED, credential: { S: '{}' } }],
  ])('tells of a registry that is not what was written, and reads the others: %s', async (_name, item) => {
    const other = { ...REGISTRY, id: 'registry-2', order: 9 };
    wire.answer(() => ok({ Items: [item, registryItem(other, 1), agentItem(agent())] }));
    const { registries, unreadable } = await catalogue.readForResolve(query);
    expect(registries).toStrictEqual([other]);
    expect(unreadable).toMatchObject([{ id: 'registry-1', environments: ['prod'] }]);
  });

  it.each<[string, Item]>([
    ['a policy of another mode', { ...policyItem(null, organisation), document: { S: '{"mode":"off"}' } }],
    ['a policy without revision', { ...policyItem(null, organisation), revision: { NULL: true } }],
    ['an agent without environments', { ...agentItem(agent()), document: { S: '{"id":"agent-1"}' } }],
  ])('is an outage where an item is not what was written: %s', async (_name, item) => {
    wire.answer(() => ok({ Items: [item, agentItem(agent())] }));
    await expect(catalogue.readForResolve(query)).rejects.toMatchObject({ code: 'corrupt_row' });
  });
});

describe('reading what is not in an index', () => {
  it.each<[string, (from: Catalogue) => Promise<unknown>]>([
    ['a registry', (from) => from.getRegistry('registry-1')],
    ['the registries of a host', (from) => from.registriesOnHost('quay.io')],
    ['a policy', (from) => from.getPolicy('prod')],
    ['an agent', (from) => from.getAgent('agent-1')],
    ['agents that have a principal', (from) => from.listPrincipals()],
    ['environments', (from) => from.listEnvironments()],
    ['the audit trail', (from) => from.listAudit({ limit: 5 })],
  ])('answers with what is stored now: %s', async (_name, read) => {
    await read(catalogue);
    expect(wire.calls.length).toBeGreaterThan(0);
    expect(wire.calls.filter(({ body }) => body['ConsistentRead'] !== true)).toStrictEqual([]);
  });

  it('answers with items as they are now also where an index names them', async () => {
    wire.answer(({ operation }) =>
      ok(operation === 'Query' ? { Items: [STORED] } : { Responses: { [TABLE]: [registryItem(INACTIVE, 2)] } }),
    );
    expect(await catalogue.listRegistries({ filter: {}, limit: 5 })).toStrictEqual({ items: [INACTIVE] });
    expect(await catalogue.listRegistries({ filter: { state: 'active' }, limit: 5 })).toStrictEqual({ items: [] });
    const batch = wire.calls.find(({ operation }) => operation === 'BatchGetItem');
    expect(batch?.body['RequestItems']).toMatchObject({ [TABLE]: { ConsistentRead: true } });
  });

  const INACTIVE = { ...REGISTRY, state: 'inactive', revision: 2 } as const;
});

describe('answers in part', () => {
  it('asks again for the items that a page still lacks', async () => {
    const second = { ...REGISTRY, id: 'registry-2', order: 6 };
    const items = [STORED, registryItem(second, 1)];
    wire.answer(({ operation, body }) => {
      if (operation === 'Query') return ok({ Items: items });
      const asked = inspect(body, { depth: 9 });
      const Responses = { [TABLE]: [asked.includes('registry-1') ? items[0] : items[1]] };
      const Keys = [{ pk: items[1]?.['pk'], sk: items[1]?.['sk'] }];
      return ok(asked.includes('registry-1') ? { Responses, UnprocessedKeys: { [TABLE]: { Keys } } } : { Responses });
    });
    const page = pageOf(await catalogue.listRegistries({ filter: {}, limit: 5 }));
    expect(page.items).toStrictEqual([REGISTRY, second]);
  });

  it('is an outage when items are never handed out', async () => {
    wire.answer(({ operation, body }) =>
      operation === 'Query' ? ok({ Items: [STORED] }) : ok({ Responses: {}, UnprocessedKeys: body['RequestItems'] }),
    );
    await expect(catalogue.listRegistries({ filter: {}, limit: 5 })).rejects.toMatchObject({
      code: 'unprocessed_keys',
    });
  });

  it('puts again the decisions that were not taken', async () => {
    let calls = 0;
    wire.answer(({ body }) => ok({ UnprocessedItems: (calls += 1) === 1 ? body['RequestItems'] : {} }));
    await recordDecisionsOnce({ client: wire.client, tableName: TABLE, decisionDays: 1 }, [
      { entry: decision(), eventId: 'event-1' },
    ]);
    expect(wire.calls[1]).toStrictEqual(wire.calls[0]);
  });

  it('is an outage when decisions are never taken, so that the log delivers them again', async () => {
    wire.answer(({ body }) => ok({ UnprocessedItems: body['RequestItems'] }));
    const table = { client: wire.client, tableName: TABLE, decisionDays: 1 };
    const recording = recordDecisionsOnce(table, [{ entry: decision(), eventId: 'event-1' }]);
    await expect(recording).rejects.toMatchObject({ code: 'unprocessed_items' });
  });
});

describe('a list whose filter fits next to nothing', () => {
  const END = { pk: { S: 'p' }, sk: { S: '01H00000000000000000000000' }, list: { S: 'registries' } };

  it('of registries stops after a bounded number of reads, with a cursor that goes on there', async () => {
    const listKey = { S: '0000000000000042' };
    wire.answer(() => ok({ Items: [], LastEvaluatedKey: { ...END, listKey } }));
    const page = pageOf(await catalogue.listRegistries({ filter: { kind: 'google' }, limit: 5 }));
    expect(page.items).toStrictEqual([]);
    expect(page.cursor).toBeDefined();
    expect(wire.calls.length).toBeLessThanOrEqual(10);
    await catalogue.listRegistries({ filter: { kind: 'google' }, limit: 5, cursor: page.cursor ?? '' });
    expect(inspect(wire.calls.at(-1)?.body, { depth: 5 })).toContain('0000000000000042');
  });

  it('of decisions stops, too, and shows nothing beyond what every partition was read to', async () => {
    const entry = (id: string) => decisionItem(id, decision({ image: id }), { from: START, days: 1 });
    const [newer, older] = ['01H0000000000000000000000R', '01G0000000000000000000000R'];
    wire.answer(({ body }) => {
      const partition = inspect(body['ExpressionAttributeValues']);
      if (partition.includes('decision#0')) return ok({ Items: [entry(newer), entry(older)] });
      return partition.includes('decision#1') ? ok({ Items: [], LastEvaluatedKey: END }) : ok({ Items: [] });
    });
    const page = pageOf(await catalogue.listAudit({ environment: 'prod', limit: 5 }));
    expect(page.items).toMatchObject([{ id: newer }]);
    wire.answer(() => ok({ Items: [] }));
    await catalogue.listAudit({ environment: 'prod', limit: 5, cursor: page.cursor ?? '' });
    expect(inspect(wire.calls.at(-1)?.body, { depth: 5 })).toContain(END.sk.S);
  });

  const keysAskedFor = () =>
    wire.calls.map(({ body }) => ({
      range: String(body['KeyConditionExpression']).replace('#pk = :pk AND ', ''),
      values: inspect(body['ExpressionAttributeValues']),
    }));
  const SINCE = encodeTime(START, 10) + '0'.repeat(16);

  it('of decisions reads nothing older than is asked for', async () => {
    wire.answer(() => ok({ Items: [] }));
    await catalogue.listAudit({ environment: 'ci', type: 'decision', since: START, limit: 5 });
    expect(keysAskedFor()).toHaveLength(4);
    for (const { range, values } of keysAskedFor()) {
      expect(range).toBe('#sk >= :from');
      expect(values).toContain(`':from': { S: '${SINCE}' }`);
    }
  });

  it('of decisions goes on from a cursor down to there, and shows no entry twice', async () => {
    const last = encodeTime(START + 2, 10) + 'R'.repeat(16);
    const query = { environment: 'prod', type: 'decision', since: START, limit: 1 } as const;
    const entries = [last, encodeTime(START + 1, 10) + 'R'.repeat(16)].map((id) =>
      decisionItem(id, decision({ image: id }), { from: START, days: 1 }),
    );
    wire.answer(({ body }) => {
      const first = inspect(body['ExpressionAttributeValues']).includes('decision#0');
      return ok({ Items: first ? entries : [] });
    });
    const { items, cursor = '' } = pageOf(await catalogue.listAudit(query));
    expect(items).toMatchObject([{ id: last }]);
    // The range takes its ends in, and so does this answer.
    const next = pageOf(await catalogue.listAudit({ ...query, cursor }));
    expect(next.items.map(({ id }) => id)).toStrictEqual([encodeTime(START + 1, 10) + 'R'.repeat(16)]);
    const { range, values } = keysAskedFor().at(-1) ?? { range: '', values: '' };
    expect(range).toBe('#sk BETWEEN :from AND :before');
    expect(values).toContain(`':from': { S: '${SINCE}' }`);
    expect(values).toContain(`':before': { S: '${last}' }`);
  });

  it('of decisions reads nothing for a cursor that is older than what is asked for', async () => {
    const cursor = encodeCursor('audit', [encodeTime(START - 1, 10) + 'R'.repeat(16)]);
    expect(await catalogue.listAudit({ since: START, limit: 5, cursor })).toStrictEqual({ items: [] });
    expect(wire.calls).toHaveLength(0);
  });
});
