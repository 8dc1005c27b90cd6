import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firstAdminFunction } from '../../lib/lambda/first-admin-function.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { claimedAgentId, isTokenOf } from '../../lib/service/tokens.ts';
import { StoreUnavailable } from '../../lib/stores/catalogue.ts';
import { openEmbeddedStore, type EmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { capturedLog, type CapturedLog } from '../support/captured-log.ts';

let directory: string;
let store: EmbeddedStore;
let server: Server;
let url: string;
let refusals: number;
let answers: { readonly contentType: string | undefined; readonly body: Record<string, unknown> }[];
/** What was written to the secret, the newest last. */
let secret: string[];
let captured: CapturedLog;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pullpass-first-admin-'));
  const opened = await openEmbeddedStore({ directory });
  if (!opened.ok) throw new Error(opened.failure.advice);
  store = opened.value;
  answers = [];
  refusals = 0;
  secret = [];
  captured = capturedLog();
  server = createServer((request, response) => {
    void text(request).then((body) => {
      if (refusals > 0) {
        refusals -= 1;
        response.writeHead(503).end();
        return;
      }
      answers.push({ contentType: request.headers['content-type'], body: documentOf(body) });
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  url = `http://127.0.0.1:${address.port}/answer?signature=canary-signature`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

function documentOf(body: string): Record<string, unknown> {
  const document: unknown = JSON.parse(body);
  return typeof document === 'object' && document !== null ? { ...document } : {};
}

type Catalogue = Parameters<typeof firstAdminFunction>[0]['catalogue'];

/** @returns what CloudFormation was answered. */
async function send(
  request: Record<string, unknown>,
  faults: { readonly catalogue?: Partial<Catalogue>; readonly put?: () => Promise<void> } = {},
): Promise<Record<string, unknown> | undefined> {
  const run = firstAdminFunction({
    catalogue: { ...store.catalogue, ...faults.catalogue },
    keepToken: async (token) => {
      await faults.put?.();
      secret.push(token.reveal());
    },
    now: Date.now,
    log: captured.log,
  });
  await run({
    ServiceToken: 'arn:aws:lambda:x',
    ResponseURL: url,
    StackId: 'arn:aws:cloudformation:x',
    RequestId: randomUUID(),
    LogicalResourceId: 'FirstAdmin',
    ResourceType: 'Custom::FirstAdmin',
    ResourceProperties: { ServiceToken: 'x', Generation: '1' },
    ...request,
  });
  return answers.at(-1)?.body;
}

async function admins(): Promise<readonly string[]> {
  const page = await store.catalogue.listAgents({ limit: 100 });
  if (page === 'bad_cursor') throw new Error('no page');
  return page.items.filter(({ role }) => role === 'admin').map(({ name }) => name);
}

/** Whose token is in the secret. */
async function holder(): Promise<string> {
  const token = new Secret(secret.at(-1) ?? '');
  const agent = await store.catalogue.getAgent(claimedAgentId(token) ?? '');
  return agent !== undefined && isTokenOf(agent, token) ? agent.name : 'nobody';
}

const ordered = new StoreUnavailable('ThrottlingException');
const fails = async (): Promise<never> => await Promise.reject(ordered);

describe('the first administrator', () => {
  it('is made with the stack, its token in the secret and nowhere else', async () => {
    const answer = await send({ RequestType: 'Create', RequestId: 'request-1' });
    expect(answer).toMatchObject({
      Status: 'SUCCESS',
      RequestId: 'request-1',
      LogicalResourceId: 'FirstAdmin',
      StackId: 'arn:aws:cloudformation:x',
    });
    expect(answer?.['PhysicalResourceId']).toBe('first administrator request-1');
    expect(await admins()).toEqual(['first administrator request-1']);
    expect(await holder()).toBe('first administrator request-1');
    // The address is signed for a request that names no type of content.
    expect(answers[0]?.contentType ?? '').toBe('');
    const [token = 'none'] = secret;
    expect(JSON.stringify(answers) + captured.text()).not.toContain(token);
    expect(captured.text()).not.toContain('canary-signature');
  });

  it('is one, whose token is in the secret, however often the request comes', async () => {
    const first = await send({ RequestType: 'Create', RequestId: 'request-1' });
    const second = await send({ RequestType: 'Create', RequestId: 'request-1' });
    expect(second?.['PhysicalResourceId']).toBe(first?.['PhysicalResourceId']);
    expect(await admins()).toHaveLength(1);
    expect(await holder()).toBe('first administrator request-1');
  });

  it('leaves nobody behind when its token cannot be kept', async () => {
    expect(await send({ RequestType: 'Create', RequestId: 'request-1' }, { put: fails })).toMatchObject({
      Status: 'FAILED',
      Reason: 'the first administrator could not be made: ThrottlingException',
    });
    expect(await admins()).toEqual([]);
  });

  it('leaves nobody behind of an attempt that died, once the request comes again or is taken back', async () => {
    const request = { RequestType: 'Create', RequestId: 'request-1' };
    const dies = { put: fails, catalogue: { removeAgent: fails } };
    const failed = await send(request, dies);
    expect(await admins()).toHaveLength(1);
    await send(request);
    expect(await admins()).toHaveLength(1);
    expect(await holder()).toBe('first administrator request-1');
    await send({ RequestType: 'Delete', PhysicalResourceId: failed?.['PhysicalResourceId'] });
    expect(await admins()).toEqual([]);
  });

  it('is replaced when the stack asks for a new generation, the former one until it is deleted', async () => {
    const before = (await send({ RequestType: 'Create' }))?.['PhysicalResourceId'];
    const update = {
      RequestType: 'Update',
      PhysicalResourceId: before,
      ResourceProperties: { Generation: '2' },
      OldResourceProperties: { Generation: '1' },
    };
    const after = (await send(update))?.['PhysicalResourceId'];
    expect(after).not.toBe(before);
    expect(await admins()).toEqual(expect.arrayContaining([before, after]));
    expect(await holder()).toBe(after);
    expect(await send({ RequestType: 'Delete', PhysicalResourceId: before })).toMatchObject({ Status: 'SUCCESS' });
    expect(await admins()).toEqual([after]);
  });

  it('stays the former one when its replacement cannot be made', async () => {
    const before = (await send({ RequestType: 'Create' }))?.['PhysicalResourceId'];
    const properties = { ResourceProperties: { Generation: '2' }, OldResourceProperties: { Generation: '1' } };
    const update = { RequestType: 'Update', PhysicalResourceId: before, ...properties };
    const answer = await send(update, { put: fails });
    expect(answer).toMatchObject({ Status: 'FAILED', PhysicalResourceId: before });
    expect(await admins()).toEqual([before]);
    expect(await holder()).toBe(before);
  });

  it('stays when something else of the stack changes', async () => {
    const before = (await send({ RequestType: 'Create' }))?.['PhysicalResourceId'];
    const answer = await send({
      RequestType: 'Update',
      PhysicalResourceId: before,
      OldResourceProperties: { Generation: '1', ServiceToken: 'other' },
    });
    expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: before });
    expect(await admins()).toEqual([before]);
  });

  it.each<[string, string, Partial<Catalogue>]>([
    [
      'the table is gone',
      'first administrator request-1',
      { listAgents: () => Promise.reject(new StoreUnavailable('ResourceNotFoundException')) },
    ],
    ['the agent is gone', 'first administrator request-1', {}],
    ['it never was made', 'what CloudFormation makes up', { listAgents: fails }],
  ])('never keeps a stack from being deleted: %s', async (_name, PhysicalResourceId, catalogue) => {
    const answer = await send({ RequestType: 'Delete', PhysicalResourceId }, { catalogue });
    expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId });
    expect(captured.text()).not.toContain('canary');
  });

  it.each<[string, Error, string]>([
    ['the store is out', new StoreUnavailable('ThrottlingException'), 'ThrottlingException'],
    ['there is a bug', new TypeError('canary'), 'internal'],
  ])('says so where a former administrator may still be one: %s', async (_name, error, code) => {
    const catalogue = { listAgents: () => Promise.reject(error) };
    const answer = await send(
      { RequestType: 'Delete', PhysicalResourceId: 'first administrator request-1' },
      { catalogue },
    );
    expect(answer).toMatchObject({
      Status: 'FAILED',
      Reason: `the former administrator could not be removed: ${code}`,
    });
    expect(captured.text()).not.toContain('canary');
  });

  it.each<[string, Partial<Catalogue>, string]>([
    ['the store is out', { addAgent: fails }, 'ThrottlingException'],
    [
      'there is a bug',
      {
        addAgent: async () => {
          await Promise.reject(new TypeError('canary'));
        },
      },
      'internal',
    ],
  ])('fails the stack with a code when %s', async (_name, catalogue, code) => {
    const answer = await send({ RequestType: 'Create' }, { catalogue });
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: `the first administrator could not be made: ${code}` });
    expect(captured.text()).not.toContain('canary');
  });

  it('is answered again when the answer was not taken, and fails when it never is', async () => {
    refusals = 2;
    expect(await send({ RequestType: 'Create' })).toMatchObject({ Status: 'SUCCESS' });
    refusals = 100;
    await expect(send({ RequestType: 'Create' })).rejects.toThrow('CloudFormation did not take the answer');
  });

  it('is for CloudFormation only', async () => {
    await expect(send({ RequestType: 'Whatever' })).rejects.toThrow('not a request of CloudFormation');
    expect(await admins()).toEqual([]);
  });
});
