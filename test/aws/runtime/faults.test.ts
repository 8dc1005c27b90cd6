/** What a function does under Lambda's own runtime client when something is wrong: with its event, its settings, or AWS. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { createCanaries } from '../../clients/support/canaries.ts';
import { startAwsStoreServer, VENDOR_TEXT, type AwsStoreServer } from '../../support/aws-store-server.ts';
import { FUNCTION_NAMES, functionEnvironment } from '../../support/function-environment.ts';
import { ENVIRONMENT, IMAGE, storedInstallation } from '../../support/stored-installation.ts';
import { openBundledFunctions, ROLE_SECRET, ROLE_SESSION, type BundledFunctions } from './support/bundled-functions.ts';
import { httpAnswer, httpEvent } from './support/http-event.ts';
import { startLambda, type InvokeOutcome } from './support/lambda-process.ts';
import { eventsOf, logLines, metricsIn } from './support/log-lines.ts';

const PASSWORD = 'canary-pull-password-7c2e41';
const IN_EVENT = 'canary-in-the-event-0b8d57';
const IN_VARIABLE = 'canary-in-a-variable-e2f3';
/** As lib/infra/functions/resolve.ts sets it. */
const RESOLVE_TIMEOUT_MS = 10_000;
const RESOLVE_PATH = `/v1/environments/${ENVIRONMENT}/resolve`;
const HTTP_FUNCTIONS = ['resolve', 'reject', 'admin'];
const OTHERS = FUNCTION_NAMES.filter((name) => !HTTP_FUNCTIONS.includes(name));

const installation = storedInstallation(PASSWORD);
const canaries = createCanaries();
canaries.add('pull password', PASSWORD);
canaries.add('agent token', installation.token);
canaries.add('event', IN_EVENT);
canaries.add('variable', IN_VARIABLE);
canaries.add('role secret', ROLE_SECRET);
canaries.add('role session', ROLE_SESSION);
canaries.add('vendor text', VENDOR_TEXT);

let functions: BundledFunctions;
let server: AwsStoreServer;

beforeAll(async () => {
  functions = await openBundledFunctions();
  server = await startAwsStoreServer(installation);
});

afterAll(async () => {
  await functions.end();
  await server.close();
});

beforeEach(() => {
  server.behave('answer');
});

const resolveEvent = httpEvent({ path: RESOLVE_PATH, token: installation.token, body: { image: IMAGE } });
const postedError = z.strictObject({ errorType: z.string(), errorMessage: z.string(), trace: z.array(z.string()) });

function answerOf(outcome: InvokeOutcome): z.infer<typeof httpAnswer> {
  if (outcome.kind !== 'response') throw new Error(`no response but ${outcome.kind}`);
  return httpAnswer.parse(JSON.parse(outcome.body));
}

function errorOf(outcome: InvokeOutcome): z.infer<typeof postedError> {
  if (outcome.kind !== 'error') throw new Error(`no error but ${outcome.kind}`);
  return postedError.parse(JSON.parse(outcome.body));
}

describe('an event that is none', () => {
  const EVENTS = [{ pullpass: IN_EVENT, body: IN_EVENT, headers: { authorization: `Bearer ${IN_EVENT}` } }, null];

  it.each(OTHERS)('fails %s with a text that says nothing of it, and leaves it running', async (name) => {
    const running = await functions.start(name, server.endpoint);
    for (const event of EVENTS) {
      const { errorType, errorMessage, trace } = errorOf(await running.invoke(event));
      expect({ errorType, errorMessage }).toEqual({
        errorType: 'InvocationFailed',
        errorMessage: 'this invocation failed: the line before says where',
      });
      expect(canaries.inText('trace', trace.join('\n'))).toEqual([]);
    }
    const written = await running.end();
    expect(canaries.inText('output', written.stdout + written.stderr)).toEqual([]);
    expect(eventsOf(written).filter((event) => event === 'function.failed')).toHaveLength(EVENTS.length);
    expect(written.stderr).toBe('');
  });

  it.each(HTTP_FUNCTIONS)('is answered by %s with 500 and nothing of it', async (name) => {
    const running = await functions.start(name, server.endpoint);
    for (const event of EVENTS) {
      const { statusCode, body } = answerOf(await running.invoke(event));
      expect(statusCode).toBe(500);
      expect(canaries.inText('answer', body)).toEqual([]);
    }
    const written = await running.end();
    expect(canaries.inText('output', written.stdout + written.stderr)).toEqual([]);
    expect(eventsOf(written)).toContain('internal_error');
  });
});

describe('settings', () => {
  const own = (name: string): readonly string[] =>
    Object.keys(functionEnvironment(name, '')).filter((variable) => variable.startsWith('PULLPASS_'));

  it.each(FUNCTION_NAMES)('that are missing keep %s from starting, and are named', async (name) => {
    const environment = Object.fromEntries(own(name).map((variable) => [variable, '']));
    const running = await functions.start(name, server.endpoint, { environment });
    if (running.init.kind !== 'init_error') throw new Error('it started');
    const { errorMessage } = postedError.parse(JSON.parse(running.init.body));
    // What may be empty is none of them.
    const required = own(name).filter(
      (variable) => !/_ALLOWED_NETWORKS$|_TRUSTED_TOKEN_URIS$|_ECR_UPSTREAM_HOSTS$/.test(variable),
    );
    for (const variable of required) expect(errorMessage).toContain(variable);
    const written = await running.end();
    expect(canaries.inText('output', written.stdout + written.stderr)).toEqual([]);
  });

  it.each([
    ['refresh-ecr', 'PULLPASS_RECOVERY_DAYS', IN_VARIABLE],
    ['refresh-ecr', 'PULLPASS_SECRET_REPLICAS', `[{"region":"${IN_VARIABLE}"`],
    ['mint-google', 'PULLPASS_ALLOWED_NETWORKS', IN_VARIABLE],
    ['record-decisions', 'PULLPASS_DECISION_DAYS', IN_VARIABLE],
  ])('that are wrong keep %s from starting: %s is named and not what it holds', async (name, variable, value) => {
    const running = await functions.start(name, server.endpoint, { environment: { [variable]: value } });
    if (running.init.kind !== 'init_error') throw new Error('it started');
    expect(postedError.parse(JSON.parse(running.init.body)).errorMessage).toContain(variable);
    const written = await running.end();
    expect(canaries.inText('output', running.init.body + written.stdout + written.stderr)).toEqual([]);
  });
});

describe('resolve, when AWS', () => {
  it('refuses, answers 503 with no word of AWS, and counts it', async () => {
    server.behave('refuse');
    const running = await functions.start('resolve', server.endpoint);
    const { statusCode, body } = answerOf(await running.invoke(resolveEvent));
    expect({ statusCode, code: z.object({ code: z.string() }).parse(JSON.parse(body)).code }).toEqual({
      statusCode: 503,
      code: 'store_unavailable',
    });
    const written = await running.end();
    expect(canaries.inText('output', body + written.stdout + written.stderr)).toEqual([]);
    expect(logLines(written)).toContainEqual(
      expect.objectContaining({ event: 'store.unavailable', reason: 'AccessDeniedException' }),
    );
    expect(metricsIn(written)).toContainEqual({
      name: 'Resolves',
      unit: 'Count',
      dimensions: [{ Installation: 'pullpass-test', Outcome: 'store_unavailable' }],
    });
  });

  it('is not there, starts all the same and answers 503 within its time', async () => {
    server.behave('hang');
    const running = await functions.start('resolve', server.endpoint);
    const outcome = await running.invoke(resolveEvent, RESOLVE_TIMEOUT_MS);
    expect(answerOf(outcome).statusCode).toBe(503);
    server.behave('answer');
    expect(answerOf(await running.invoke(resolveEvent)).statusCode).toBe(200);
    expect(eventsOf(await running.end())).toContain('function.not_warm');
  });
});

describe('a function whose time is over', () => {
  it('is ended without a word, and its successor answers', async () => {
    const running = await functions.start('resolve', server.endpoint);
    expect(answerOf(await running.invoke(resolveEvent)).statusCode).toBe(200);
    server.behave('hang');
    const unknown = httpEvent({
      path: RESOLVE_PATH,
      token: installation.token,
      body: { image: 'other.example.test/team/service' },
    });
    expect(await running.invoke(unknown, 500)).toEqual({ kind: 'timed_out' });
    expect(await running.invoke(resolveEvent)).toEqual({ kind: 'ended' });
    const written = await running.end();
    expect(canaries.inText('output', written.stdout + written.stderr)).toEqual([]);
    server.behave('answer');
    const successor = await functions.start('resolve', server.endpoint);
    expect(answerOf(await successor.invoke(unknown)).statusCode).toBe(404);
  });
});

describe("Lambda's Node 24", () => {
  it('takes no handler that wants a callback: those of Pullpass it takes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pullpass-callback-'));
    try {
      await writeFile(join(folder, 'index.js'), 'exports.handler = (event, context, callback) => callback(null, {});');
      const refused = await startLambda({ name: 'callback', folder, environment: {} });
      await refused.end();
      expect(refused.init.kind === 'init_error' ? refused.init.body : '').toContain('CallbackHandlerDeprecated');
    } finally {
      await rm(folder, { recursive: true });
    }
    for (const name of FUNCTION_NAMES) {
      const running = await functions.start(name, server.endpoint);
      expect(running.init, name).toEqual({ kind: 'ready' });
      await running.end();
    }
  });

  it.each(['JSON', 'Text'] as const)('adds nothing to the lines of a function whose log is %s', async (logFormat) => {
    const running = await functions.start('resolve', server.endpoint, { logFormat });
    expect(answerOf(await running.invoke(resolveEvent)).statusCode).toBe(200);
    const lines = logLines(await running.end());
    expect(lines.map((line) => line['event'])).toEqual(['decision', 'http.answer', 'metric', 'metric']);
  });
});
