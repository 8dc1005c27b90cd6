/**
 * The functions as the stack puts them together, in this process: the embedded store stands in for table and secrets, Lambda's
 * Invoke is on loopback, and a call goes to the function that the HTTP API would give it to.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { LambdaClient } from '@aws-sdk/client-lambda';
import type { ApiEvent } from '../../lib/http/api-request.ts';
import { LOCAL_CONTEXT } from '../../lib/http/local-context.ts';
import { adminApi } from '../../lib/lambda/admin-api.ts';
import { invocation } from '../../lib/lambda/invocation.ts';
import { recordDecisions } from '../../lib/lambda/record-decisions.ts';
import { refreshFunction } from '../../lib/lambda/refresh-function.ts';
import { rejectApi } from '../../lib/lambda/reject-api.ts';
import { mintedRemotely } from '../../lib/lambda/remote-mint.ts';
import { resolveApi } from '../../lib/lambda/resolve-api.ts';
import { createAgent } from '../../lib/service/agents.ts';
import { ecrAcceptance } from '../../lib/sources/ecr/ecr-acceptance.ts';
import { ecrSource, type EcrSourceConfig } from '../../lib/sources/ecr.ts';
import { googleAcceptance, trustsTokenUri } from '../../lib/sources/google/google-acceptance.ts';
import { googleSource } from '../../lib/sources/google.ts';
import { staticSource } from '../../lib/sources/static.ts';
import { openEmbeddedStore, type EmbeddedStore } from '../../lib/stores/embedded/open-embedded-store.ts';
import { capturedLog, type CapturedLog } from './captured-log.ts';
import { startLambdaWireServer, type LambdaWireServer } from './lambda-wire-server.ts';

export type FunctionName = 'resolve' | 'reject' | 'admin' | 'refresh-ecr' | 'mint-google' | 'recheck-static';

export interface Called {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: unknown;
}

export interface RunningFunctions {
  readonly store: EmbeddedStore;
  readonly lambda: LambdaWireServer;
  readonly logs: Readonly<Record<FunctionName, CapturedLog>>;
  readonly adminToken: string;
  /** `call('POST /v1/registries', { … })`, as the administrator unless another token (or none: '') is given. */
  call(what: string, body?: unknown, options?: CallOptions): Promise<Called>;
  /** What the schedule sends. */
  refresh(name: 'refresh-ecr' | 'mint-google' | 'recheck-static', event?: unknown): Promise<unknown>;
  /** Delivers what the resolving function has logged since, as CloudWatch does. */
  deliverDecisions(): Promise<void>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly token?: string;
  /** What API Gateway says of a signed request's caller. */
  readonly arn?: string;
}

export async function startFunctions(sources: {
  readonly ecr?: EcrSourceConfig;
  readonly trustedTokenUris?: readonly string[];
  readonly ecrUpstreamHosts?: readonly string[];
}): Promise<RunningFunctions> {
  const { trustedTokenUris = [], ecrUpstreamHosts = [] } = sources;
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-functions-'));
  const opened = await openEmbeddedStore({ directory });
  if (!opened.ok) throw new Error(opened.failure.advice);
  const store = opened.value;
  const { catalogue, vault } = store;
  const logs = {
    resolve: capturedLog(),
    reject: capturedLog(),
    admin: capturedLog(),
    'refresh-ecr': capturedLog(),
    'mint-google': capturedLog(),
    'recheck-static': capturedLog(),
  };
  const operator = { allowNetworks: ['127.0.0.0/8'], ecrUpstreamHosts };
  const refreshers = {
    'refresh-ecr': ecrSource({ ...sources.ecr, ecrUpstreamHosts }),
    'mint-google': googleSource({ trustedTokenUris }),
    'recheck-static': staticSource(),
  };
  const refresherOf = (name: keyof typeof refreshers) => {
    const { log } = logs[name];
    return invocation({ log }, refreshFunction({ catalogue, vault, kinds: [refreshers[name]], ...operator, log }));
  };
  const context = { ...LOCAL_CONTEXT, getRemainingTimeInMillis: () => 180_000 };
  const run = {
    'refresh-ecr': refresherOf('refresh-ecr'),
    'mint-google': refresherOf('mint-google'),
    'recheck-static': refresherOf('recheck-static'),
  };
  const lambda = await startLambdaWireServer({
    'refresh-ecr': (event) => run['refresh-ecr'](event, context),
    'mint-google': (event) => run['mint-google'](event, context),
    'recheck-static': (event) => run['recheck-static'](event, context),
  });
  const client = new LambdaClient({
    region: 'eu-west-1',
    endpoint: lambda.endpoint,
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  });
  const remote = { client, timeoutMilliseconds: 5_000, report: logs.admin.log.report };
  const isTrusted = trustsTokenUri(trustedTokenUris);
  const apis = {
    resolve: resolveApi({ catalogue, issued: vault, ecrUpstreamHosts, log: logs.resolve.log }),
    reject: rejectApi({ catalogue, log: logs.reject.log }),
    admin: adminApi({
      catalogue,
      vault,
      kinds: [
        staticSource(),
        mintedRemotely(ecrAcceptance, { ...remote, functionName: 'refresh-ecr' }),
        mintedRemotely(googleAcceptance(isTrusted), { ...remote, functionName: 'mint-google' }),
      ],
      ...operator,
      hostScripts: new Map([['install.sh', '#!/bin/sh\n']]),
      version: 'test',
      log: logs.admin.log,
    }),
  };
  const admin = await createAgent({ name: 'test admin', role: 'admin' }, 'test', { catalogue, now: Date.now });
  if (!admin.ok) throw new Error('no administrator');
  const adminToken = admin.value.token.reveal();
  let delivered = 0;

  return {
    store,
    lambda,
    logs,
    adminToken,
    call: async (what, body, options = {}) => {
      const event = apiEvent(what, body, { token: adminToken, ...options });
      const name = servedBy(event.rawPath);
      const answer = await invocation({ log: logs[name].log }, apis[name])(event, context);
      const text = answer.body ?? '';
      return { status: answer.statusCode ?? 0, headers: answer.headers ?? {}, text, body: parsed(text) };
    },
    refresh: async (name, event = { pullpass: 'refresh' }) => await run[name](event, context),
    deliverDecisions: async () => {
      const lines = logs.resolve.text().split('\n').slice(delivered, -1);
      const logEvents = lines.map((message, index) => ({ id: `event-${delivered + index}`, timestamp: 0, message }));
      delivered += lines.length;
      const { log } = capturedLog();
      await recordDecisions(logsEvent({ messageType: 'DATA_MESSAGE', logEvents }), {
        store: async (decisions) => {
          for (const { entry } of decisions) await catalogue.recordDecision(entry);
        },
        report: log.report,
      });
    },
    close: async () => {
      client.destroy();
      await lambda.close();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** As CloudWatch Logs sends its batches. */
export function logsEvent(batch: unknown): { readonly awslogs: { readonly data: string } } {
  return { awslogs: { data: gzipSync(JSON.stringify(batch)).toString('base64') } };
}

/** As the stack's routes do. */
function servedBy(path: string): 'resolve' | 'reject' | 'admin' {
  if (/^(?:\/iam)?\/v1\/environments\/[^/]+\/rejections$/.test(path)) return 'reject';
  const pulls =
    /^(?:\/iam)?\/v1\/environments\/[^/]+\/(?:resolve|docker-credential|explain|docker-config|host-config\/[^/]+)$/;
  return pulls.test(path) ? 'resolve' : 'admin';
}

/** As API Gateway makes it of a request. */
export function apiEvent(what: string, body: unknown, options: CallOptions): ApiEvent {
  const [method = 'GET', target = '/'] = what.split(' ');
  const { pathname, search, searchParams } = new URL(target, 'http://localhost');
  const { token = '', arn } = options;
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: pathname,
    rawQueryString: search.slice(1),
    queryStringParameters: Object.fromEntries(searchParams),
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
    requestContext: {
      accountId: '111122223333',
      apiId: 'api',
      domainName: 'localhost',
      domainPrefix: 'localhost',
      http: { method, path: pathname, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      requestId: 'request',
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
      ...(arn === undefined ? {} : { authorizer: { iam: iamCaller(arn) } }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    isBase64Encoded: false,
  };
}

function iamCaller(userArn: string) {
  return {
    accessKey: 'ASIAEXAMPLE',
    accountId: '111122223333',
    callerId: 'AROAEXAMPLE:host',
    cognitoIdentity: null,
    principalOrgId: 'o-1',
    userArn,
    userId: 'AROAEXAMPLE:host',
  };
}

function parsed(text: string): unknown {
  try {
    const document: unknown = JSON.parse(text);
    return document;
  } catch {
    return undefined;
  }
}
