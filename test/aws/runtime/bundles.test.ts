/**
 * Every function as it is deployed, under Lambda's own runtime client, against tables and secrets that can be written: that it
 * starts, does its work, and writes nothing but lines of JSON and no secret. How long starts and calls took is printed.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { pointerItem, registryItem } from '../../../lib/stores/dynamodb/registry-item.ts';
import { ORPHAN_TAG } from '../../../lib/stores/secrets-manager/secret-names.ts';
import { createCanaries } from '../../clients/support/canaries.ts';
import { INSTALLATION_NAME, SECRET_PREFIX, TABLE } from '../../support/function-environment.ts';
import { registryFixture } from '../../support/registry-fixture.ts';
import { ENVIRONMENT, IMAGE, storedInstallation } from '../../support/stored-installation.ts';
import { createTable } from '../support/catalogue-table.ts';
import { available } from '../support/machine.ts';
import { startMiniStack, type MiniStack } from '../support/ministack.ts';
import { openBundledFunctions, ROLE_SECRET, ROLE_SESSION, type BundledFunctions } from './support/bundled-functions.ts';
import { httpAnswer, httpEvent } from './support/http-event.ts';
import { logLines, metricsIn, type LogLine, type MetricFound } from './support/log-lines.ts';

const PASSWORD = 'canary-pull-password-1a94be';
const PATHS = `/v1/environments/${ENVIRONMENT}`;
const REFRESH = { pullpass: 'refresh' };

const installation = storedInstallation(PASSWORD);
const { token } = installation;
const canaries = createCanaries();
canaries.add('agent token', token);
canaries.add('pull password', PASSWORD);
canaries.add('role secret', ROLE_SECRET);
canaries.add('role session', ROLE_SESSION);

describe.runIf(available('ministack'))('the bundle of', () => {
  let stack: MiniStack;
  let functions: BundledFunctions;
  let secrets: SecretsManagerClient;
  let table: DynamoDBClient;
  let adminSecret = '';
  /** Of the first start of each. */
  const timings = new Map<string, string>();

  beforeAll(async () => {
    [stack, functions] = await Promise.all([startMiniStack(), openBundledFunctions()]);
    secrets = new SecretsManagerClient(stack.client);
    table = new DynamoDBClient(stack.client);
    await createTable(table, TABLE);
    for (const Item of installation.items) await table.send(new PutItemCommand({ TableName: TABLE, Item }));
    for (const { name, versionId, text: SecretString } of installation.secrets) {
      await secrets.send(new CreateSecretCommand({ Name: name, ClientRequestToken: versionId, SecretString }));
    }
    adminSecret = (await secrets.send(new CreateSecretCommand({ Name: 'first-admin', SecretString: '{}' }))).ARN ?? '';
  });

  afterAll(async () => {
    await functions.end();
    secrets.destroy();
    table.destroy();
    await stack.end();
    for (const [name, timing] of timings) console.log(`${name}: ${timing}`);
  });

  interface Called {
    /** The first answer. */
    readonly answer: unknown;
    readonly lines: readonly LogLine[];
    readonly metrics: readonly MetricFound[];
  }

  interface Circumstances {
    readonly environment?: Record<string, string>;
    readonly deadlineMilliseconds?: number;
  }

  /** The same event twice: a cold start and a warm call. */
  async function call(name: string, event: unknown, circumstances: Circumstances = {}): Promise<Called> {
    const { environment = {}, deadlineMilliseconds } = circumstances;
    const running = await functions.start(name, stack.url, { environment });
    expect(running.init).toEqual({ kind: 'ready' });
    const first = await timed(() => running.invoke(event, deadlineMilliseconds));
    const second = await timed(() => running.invoke(event, deadlineMilliseconds));
    const written = await running.end();
    const calls = `first call ${first.milliseconds.toFixed(0)} ms, second ${second.milliseconds.toFixed(1)} ms`;
    if (!timings.has(name)) timings.set(name, `start ${running.initMilliseconds.toFixed(0)} ms, ${calls}`);
    expect([first.outcome.kind, second.outcome.kind]).toEqual(['response', 'response']);
    expect(written.stderr).toBe('');
    expect(canaries.inText(name, written.stdout)).toEqual([]);
    const answer: unknown = first.outcome.kind === 'response' ? JSON.parse(first.outcome.body) : undefined;
    return { answer, lines: logLines(written), metrics: metricsIn(written) };
  }

  it('resolve releases a credential, records that it did, and counts it', async () => {
    const event = httpEvent({ path: `${PATHS}/resolve`, token, body: { image: IMAGE } });
    const { answer, lines, metrics } = await call('resolve', event);
    const { statusCode, body } = httpAnswer.parse(answer);
    expect(statusCode).toBe(200);
    expect(body).toContain(PASSWORD);
    const recorded = {
      event: 'decision',
      outcome: 'released',
      environment: ENVIRONMENT,
      version: installation.version,
    };
    expect(lines[0]).toMatchObject(recorded);
    expect(metrics).toContainEqual(counted('Resolves', { Outcome: 'released' }));
    expect(metrics).toContainEqual({ ...counted('StoreLatency', { Store: 'vault' }), unit: 'Milliseconds' });
  });

  it('reject notes a rejection, once', async () => {
    const body = { registryId: installation.registryId, version: installation.version };
    const { answer, lines } = await call('reject', httpEvent({ path: `${PATHS}/rejections`, token, body }));
    expect(httpAnswer.parse(answer)).toMatchObject({ statusCode: 202, body: '{"outcome":"scheduled"}' });
    expect(lines.filter(({ event }) => event === 'http.answer')).toHaveLength(2);
  });

  it.each([
    ['/healthz', /"status"/],
    ['/openapi.json', /"openapi":"3\.1/],
  ])('admin answers %s', async (path, wanted) => {
    const { answer } = await call('admin', httpEvent({ method: 'GET', path }));
    const { statusCode, body } = httpAnswer.parse(answer);
    expect(statusCode).toBe(200);
    expect(body).toMatch(wanted);
  });

  it.each(['install.sh', 'docker-credential-pullpass', 'pullpass-host'])(
    'admin hands out %s as it is',
    async (name) => {
      const { answer } = await call('admin', httpEvent({ method: 'GET', path: `/install/${name}` }));
      const script = await readFile(new URL(`../../../host/${name}`, import.meta.url), 'utf8');
      expect(httpAnswer.parse(answer)).toMatchObject({ statusCode: 200, body: script });
    },
  );

  it.each([
    ['refresh-ecr', 'ecr'],
    ['mint-google', 'google'],
    ['recheck-static', 'static'],
  ])('%s runs on schedule, and says that it ran', async (name, kind) => {
    const { answer, lines, metrics } = await call(name, REFRESH);
    expect(z.object({ refreshed: z.number(), failed: z.literal(0) }).safeParse(answer).success).toBe(true);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'refresh.run' }));
    expect(metrics).toContainEqual(counted('RefreshRuns', { Kind: kind }));
  });

  it('refresh-ecr says how long the first credential still lasts', async () => {
    const { metrics } = await call('refresh-ecr', REFRESH);
    expect(metrics).toContainEqual({ ...counted('SecondsLeft', { Kind: 'ecr' }), unit: 'Seconds' });
  });

  it('refresh-ecr mints for another function, and only its answer holds what it got', async () => {
    const address = '111122223333.dkr.ecr.us-east-1.amazonaws.com';
    const event = { pullpass: 'mint', address, settings: { kind: 'ecr' }, timeoutMilliseconds: 5_000 };
    const { answer, lines } = await call('refresh-ecr', event);
    const minted = z.object({ ok: z.literal(true), username: z.literal('AWS'), password: z.string() }).parse(answer);
    expect(JSON.stringify(lines)).not.toContain(minted.password);
    expect(lines).toContainEqual(expect.objectContaining({ event: 'mint.answered', outcome: 'minted' }));
  });

  it('record-decisions stores what resolve logged', async () => {
    const entry = { type: 'decision', at: 1, environment: ENVIRONMENT, agentId: 'a', image: IMAGE, rule: 'r' };
    const line = { event: 'decision', ...entry, outcome: 'released', mode: 'enforce', wouldRefuse: false };
    const batch = { messageType: 'DATA_MESSAGE', logEvents: [{ id: '1', message: JSON.stringify(line) }] };
    const data = gzipSync(JSON.stringify(batch)).toString('base64');
    const { lines } = await call('record-decisions', { awslogs: { data } });
    expect(lines).toContainEqual(expect.objectContaining({ event: 'decisions.recorded', recorded: 1, skipped: 0 }));
  });

  it('sweep-vault tags what no registry has, and removes it after a week such that it can be brought back', async () => {
    const longAgo = Date.now() - 30 * 24 * 3_600_000;
    const [orphan, found, known, young] = [ulid(longAgo), ulid(longAgo), ulid(longAgo), ulid()].map((id) =>
      id.toLowerCase(),
    );
    const registry = { ...registryFixture({ id: known ?? '', state: 'inactive' }), order: 2, revision: 1 };
    for (const Item of [registryItem(registry, 1), pointerItem(registry)]) {
      await table.send(new PutItemCommand({ TableName: TABLE, Item }));
    }
    const names = ['source', 'issued'].map((part) => `${SECRET_PREFIX}/${orphan}/${part}`);
    const others = [
      `${SECRET_PREFIX}/${found}/source`,
      `${SECRET_PREFIX}/${known}/issued`,
      `${SECRET_PREFIX}/${young}/issued`,
      `${SECRET_PREFIX}-2/${orphan}/issued`,
    ];
    const Tags = [{ Key: ORPHAN_TAG, Value: new Date(Date.now() - 8 * 24 * 3_600_000).toISOString() }];
    for (const Name of names) await secrets.send(new CreateSecretCommand({ Name, SecretString: PASSWORD, Tags }));
    for (const Name of others) await secrets.send(new CreateSecretCommand({ Name, SecretString: PASSWORD }));
    const { answer, lines } = await call('sweep-vault', { pullpass: 'sweep' }, { deadlineMilliseconds: 60_000 });
    expect(answer).toEqual({ looked: 3, setAside: 1, removed: 1, left: 0 });
    expect(lines).toContainEqual(expect.objectContaining({ event: 'vault.orphan_set_aside', registryId: found }));
    expect(lines).toContainEqual(expect.objectContaining({ event: 'vault.orphan_removed', registryId: orphan }));
    expect(lines.filter(({ event }) => event === 'vault.swept')).toMatchObject([
      { setAside: 1, removed: 1 },
      { setAside: 0, removed: 0 },
    ]);
    const tagged = await secrets.send(new DescribeSecretCommand({ SecretId: `${SECRET_PREFIX}/${found}/source` }));
    expect(tagged.Tags?.map(({ Key }) => Key)).toEqual([ORPHAN_TAG]);
    // The installation of these tests has an id that was not made by adding it.
    expect(lines).toContainEqual(expect.objectContaining({ event: 'vault.foreign_ids', ids: 1 }));
    const isRemoved = async (SecretId: string): Promise<boolean> =>
      (await secrets.send(new DescribeSecretCommand({ SecretId }))).DeletedDate !== undefined;
    expect(await Promise.all(names.map(isRemoved))).toEqual([true, true]);
    expect(await Promise.all(others.map(isRemoved))).toEqual([false, false, false, false]);
  });

  it('first-admin puts a token into its secret, tells CloudFormation, and writes neither down', async () => {
    const cloudFormation = await startCloudFormation();
    try {
      const event = {
        ...{ RequestType: 'Create', StackId: 'stack', RequestId: 'request', LogicalResourceId: 'FirstAdmin' },
        ...{ ResponseURL: `${cloudFormation.url}/?signature=canary`, ResourceProperties: { Generation: '1' } },
      };
      const { lines } = await call('first-admin', event, { environment: { PULLPASS_ADMIN_SECRET: adminSecret } });
      expect(cloudFormation.answers).toHaveLength(2);
      expect(JSON.parse(cloudFormation.answers[0] ?? '')).toMatchObject({ Status: 'SUCCESS' });
      const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: adminSecret }));
      expect(SecretString).toMatch(/^pp_[0-9a-f]{16}_[0-9a-f]{64}$/);
      expect(JSON.stringify(lines) + cloudFormation.answers.join('')).not.toContain(SecretString);
      expect(JSON.stringify(lines)).not.toContain('signature=canary');
    } finally {
      await cloudFormation.close();
    }
  });
});

function counted(name: string, dimensions: Readonly<Record<string, string>>): MetricFound {
  return { name, unit: 'Count', dimensions: [{ Installation: INSTALLATION_NAME, ...dimensions }] };
}

async function timed<Outcome>(run: () => Promise<Outcome>): Promise<{ outcome: Outcome; milliseconds: number }> {
  const startedAt = performance.now();
  const outcome = await run();
  return { outcome, milliseconds: performance.now() - startedAt };
}

/** Where CloudFormation takes answers. */
async function startCloudFormation() {
  const answers: string[] = [];
  const server: Server = createServer((request, response) => {
    void text(request).then((body) => {
      answers.push(body);
      response.end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('not listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${bound.port}`, answers, close };
}
