import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VARIABLES } from '../lambda/variables.ts';
import { startAwsJsonServer, type AwsJsonAnswer, type AwsJsonServer } from '../support/aws-json-server.ts';
import { apiEvent, logsEvent } from '../support/functions-in-process.ts';

const FUNCTIONS = join(import.meta.dirname, '../../functions');
const RUNNER = join(import.meta.dirname, 'run-function.ts');
const VENDOR_TEXT = 'canary: arn:aws:iam::999988887777:role/x is not authorized to perform';

let aws: AwsJsonServer;
let respond: () => AwsJsonAnswer | 'hang';

beforeEach(async () => {
  respond = () => ({ status: 400, body: { __type: 'AccessDeniedException', message: VENDOR_TEXT } });
  aws = await startAwsJsonServer(() => respond());
});

afterEach(async () => {
  await aws.close();
});

interface Ran {
  readonly answers: readonly Record<string, unknown>[];
  readonly lines: readonly Record<string, unknown>[];
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

async function run(
  name: string,
  events: readonly unknown[],
  variables: Readonly<Record<string, string>> = VARIABLES,
): Promise<Ran> {
  const child = spawn(process.execPath, [RUNNER, join(FUNCTIONS, name, 'handler.ts')], {
    env: {
      ...variables,
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'canary-role-key',
      AWS_SESSION_TOKEN: 'canary-session',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(JSON.stringify(events));
  const exited = once(child, 'exit');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await exited;
  const code = child.exitCode;
  const parse = (lines: string) => lines.split('\n').filter((line) => line !== '').map(documentOf); // prettier-ignore
  return { answers: code === 0 ? parse(stderr) : [], lines: parse(stdout), stdout, stderr, code };
}

function documentOf(line: string): Record<string, unknown> {
  const document: unknown = JSON.parse(line);
  return typeof document === 'object' && document !== null ? { ...document } : {};
}

const NAMES = await readdir(FUNCTIONS);

describe('a function as it is deployed', () => {
  it.each(NAMES)('%s does not start without what it must be told', async (name) => {
    const { PULLPASS_TABLE: _left, ...rest } = VARIABLES;
    const failed = await run(name, [], rest);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('the environment of this function is not right: PULLPASS_TABLE must be set');
  });

  it.each(NAMES)('%s starts, and refuses an event of somebody else without a word of it', async (name) => {
    const { answers, stdout, stderr } = await run(name, [{ canary: 'canary-event' }]);
    expect(answers, stderr).toHaveLength(1);
    expect(stdout + stderr).not.toContain('canary');
  });

  it('answers 503 when the catalogue does not let it read, and says by which code', async () => {
    const token = `pp_${'0'.repeat(16)}_${'0'.repeat(64)}`;
    const event = apiEvent('POST /v1/environments/prod/resolve', { image: 'quay.io/app:1' }, { token });
    const { answers, lines, stdout } = await run('resolve', [event]);
    expect(answers).toMatchObject([{ answer: { statusCode: 503 } }]);
    expect(lines).toMatchObject([
      { event: 'function.not_warm', level: 'warn', reason: 'failed' },
      { event: 'store.unavailable', reason: 'AccessDeniedException', requestId: 'request-1' },
      { event: 'http.answer', status: 503, problem: 'store_unavailable', Resolves: 1, Outcome: 'store_unavailable' },
      { event: 'metric', Store: 'catalogue' },
    ]);
    expect(stdout).not.toMatch(/canary|pp_0/);
  });

  it('asks with the credentials of its role, once for each store while it starts', async () => {
    await run('resolve', [{}]);
    const targets = aws.requests.map(({ target }) => target);
    expect(targets.toSorted()).toEqual(['DynamoDB_20120810.ExecuteStatement', 'secretsmanager.GetSecretValue']);
    for (const { accessKeyId, sessionToken } of aws.requests) {
      expect({ accessKeyId, sessionToken }).toEqual({ accessKeyId: 'ASIAEXAMPLE', sessionToken: 'canary-session' });
    }
  });

  it('starts, late but well, when nothing answers', async () => {
    respond = () => 'hang';
    const { answers, lines } = await run('admin', [apiEvent('GET /install/install.sh', undefined, {})]);
    expect(answers).toMatchObject([{ answer: { statusCode: 200 } }]);
    expect(lines.filter((line) => line['reason'] === 'late')).toHaveLength(2);
  });

  it('gives out the scripts and the document without any store', async () => {
    const { answers } = await run('admin', [
      apiEvent('GET /install/docker-credential-pullpass', undefined, {}),
      apiEvent('GET /install/pullpass-host', undefined, {}),
      apiEvent('GET /openapi.json', undefined, {}),
    ]);
    const scripts = ['docker-credential-pullpass', 'pullpass-host'].map((name) => join(FUNCTIONS, '../host', name));
    const [helper, configurator] = await Promise.all(scripts.map((path) => readFile(path, 'utf8')));
    expect(answers[0]).toMatchObject({ answer: { statusCode: 200, body: helper } });
    expect(answers[1]).toMatchObject({ answer: { statusCode: 200, body: configurator } });
    expect(JSON.stringify(answers[2])).toContain('1.2.3');
  });

  it.each([
    ['recheck-static', true],
    ['refresh-ecr', false],
    ['mint-google', false],
    ['sweep-vault', false],
  ])('walks the registries for the background check if it is the one for that: %s %s', async (name, walks) => {
    const { answers } = await run(name, [{ pullpass: 'reverify' }]);
    expect(String(answers[0]?.['thrown'])).toContain('InvocationFailed');
    expect(aws.requests.some(({ body }) => body['IndexName'] === 'list')).toBe(walks);
  });

  it('puts decisions into the table, each under its log event, and fails when that fails', async () => {
    const decision = {
      ...{ event: 'decision', type: 'decision', at: 1_767_225_600_000, environment: 'prod', agentId: 'a' },
      ...{ image: 'quay.io/app:1', outcome: 'released', rule: 'r', mode: 'enforce', wouldRefuse: false },
    };
    const logEvents = [{ id: 'event-1', timestamp: 1, message: JSON.stringify(decision) }];
    const event = logsEvent({ messageType: 'DATA_MESSAGE', logEvents });
    const failed = await run('record-decisions', [event]);
    expect(String(failed.answers[0]?.['thrown'])).toContain('InvocationFailed');
    respond = () => ({ status: 200, body: {} });
    const { answers, lines } = await run('record-decisions', [event, event]);
    expect(answers).toEqual([{}, {}]);
    expect(lines).toMatchObject([{ recorded: 1 }, { recorded: 1 }]);
    const [, first, again] = aws.requests.map(({ body }) => JSON.stringify(body['RequestItems']));
    expect(first).toContain('quay.io/app:1');
    expect(again).toBe(first);
  });
});
