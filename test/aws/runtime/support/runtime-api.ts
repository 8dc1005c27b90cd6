/**
 * Lambda's Runtime API on loopback: hands one event at a time to the runtime client that asks for it, and keeps what the
 * client posts back, byte for byte. Ending a function whose deadline has passed is its caller's job, as it is Lambda's.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** What the client posted. */
export type Posted =
  { readonly kind: 'response'; readonly body: string } | { readonly kind: 'error'; readonly body: string };

export type InitOutcome = { readonly kind: 'ready' } | { readonly kind: 'init_error'; readonly body: string };

export interface Invocation {
  readonly event: unknown;
  readonly deadlineMilliseconds: number;
}

export interface RuntimeApi {
  /** `AWS_LAMBDA_RUNTIME_API`. */
  readonly address: string;
  /** Settles when the client asks for its first event, or says that the function cannot be loaded. */
  readonly initialised: Promise<InitOutcome>;
  /** Settles when the client posts; never when it does not. One at a time. */
  readonly invoke: (invocation: Invocation) => Promise<Posted>;
  readonly close: () => Promise<void>;
}

const PREFIX = '/2018-06-01/runtime';
const POSTED = /^\/2018-06-01\/runtime\/invocation\/(?<id>[^/]+)\/(?<kind>response|error)$/;

interface Pending {
  readonly id: string;
  readonly invocation: Invocation;
  readonly settle: (posted: Posted) => void;
}

export async function startRuntimeApi(functionName: string): Promise<RuntimeApi> {
  const initialised = Promise.withResolvers<InitOutcome>();
  let waiting: ServerResponse | undefined;
  let pending: Pending | undefined;

  function handOut(): void {
    if (waiting === undefined || pending === undefined) return;
    const { id, invocation } = pending;
    waiting.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': id,
      'lambda-runtime-deadline-ms': String(Date.now() + invocation.deadlineMilliseconds),
      'lambda-runtime-invoked-function-arn': `arn:aws:lambda:us-east-1:111122223333:function:${functionName}`,
      'lambda-runtime-trace-id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0',
    });
    waiting.end(JSON.stringify(invocation.event));
    waiting = undefined;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request;
    if (method === 'GET' && url === `${PREFIX}/invocation/next`) {
      waiting = response;
      initialised.resolve({ kind: 'ready' });
      handOut();
      return;
    }
    const body = await text(request);
    response.writeHead(202).end();
    if (url === `${PREFIX}/init/error`) initialised.resolve({ kind: 'init_error', body });
    const { id, kind } = POSTED.exec(url)?.groups ?? {};
    if (pending === undefined || id !== pending.id) return;
    const { settle } = pending;
    pending = undefined;
    settle({ kind: kind === 'response' ? 'response' : 'error', body });
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('not listening');
  return {
    address: `127.0.0.1:${bound.port}`,
    initialised: initialised.promise,
    invoke: (invocation) =>
      new Promise((settle) => {
        pending = { id: randomUUID(), invocation, settle };
        handOut();
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
