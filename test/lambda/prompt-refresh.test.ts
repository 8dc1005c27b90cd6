import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { promptingRefresh } from '../../lib/lambda/prompt-refresh.ts';
import { capturedLog, type CapturedLog } from '../support/captured-log.ts';
import { startLambdaWireServer, type LambdaWireServer } from '../support/lambda-wire-server.ts';
import { registryFixture } from '../support/registry-fixture.ts';

const NOW = 1_767_225_600_000;

let lambda: LambdaWireServer;
let client: LambdaClient;
let captured: CapturedLog;

beforeEach(async () => {
  captured = capturedLog();
  lambda = await startLambdaWireServer({ 'refresh-ecr': async () => await Promise.resolve({}) });
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  client = new LambdaClient({ region: 'eu-west-1', endpoint: lambda.endpoint, credentials, maxAttempts: 1 });
});

afterEach(async () => {
  client.destroy();
  await lambda.close();
});

async function reject(options: {
  readonly outcome?: 'scheduled' | 'already_reported' | 'superseded' | 'missing';
  readonly dueAt?: number;
  readonly kind?: string;
}): Promise<string> {
  const { outcome = 'scheduled', dueAt = NOW, kind = 'ecr' } = options;
  const registry = { ...registryFixture({ source: { kind } }), order: 1, revision: 1 };
  const catalogue = promptingRefresh(
    {
      getRegistry: async () => await Promise.resolve(registry),
      reportRejection: async () => await Promise.resolve(outcome),
    },
    { client, functionNames: new Map([['ecr', 'refresh-ecr']]), now: () => NOW, report: captured.log.report },
  );
  return await catalogue.reportRejection({ registryId: registry.id, version: 'v', now: dueAt });
}

describe('a rejection', () => {
  it('starts the refresher of its kind, and waits for nothing but that', async () => {
    expect(await reject({})).toBe('scheduled');
    expect(lambda.invocations).toEqual([
      { functionName: 'refresh-ecr', type: 'Event', payload: { pullpass: 'refresh' } },
    ]);
  });

  it.each([
    ['was reported before', { outcome: 'already_reported' }],
    ['is of a version that is gone', { outcome: 'superseded' }],
    ['is of a registry that is gone', { outcome: 'missing' }],
    ['is of a credential so young that it is due later', { dueAt: NOW + 1 }],
    ['is of a kind that no function is for', { kind: 'other' }],
  ] as const)('starts nothing when it %s', async (_name, options) => {
    expect(await reject(options)).toBe('outcome' in options ? options.outcome : 'scheduled');
    expect(lambda.invocations).toEqual([]);
    expect(captured.text()).toBe('');
  });

  it('stands when the refresher cannot be started: the schedule will do it', async () => {
    lambda.always({ kind: 'error', status: 429, code: 'TooManyRequestsException' });
    expect(await reject({})).toBe('scheduled');
    expect(captured.lines()).toMatchObject([
      { event: 'rejection.not_prompted', level: 'warn', reason: 'TooManyRequestsException' },
    ]);
  });
});
