/** Lambda's Invoke on loopback, as its client sees it: functions are JavaScript functions here. Faults are scripted. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { listenOnLoopback } from './listen-on-loopback.ts';

export interface Invocation {
  readonly functionName: string;
  readonly type: 'RequestResponse' | 'Event';
  readonly payload: unknown;
}

export type LambdaFault =
  | { readonly kind: 'error'; readonly status: number; readonly code: string }
  | { readonly kind: 'answer'; readonly body: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'drop' };

export interface LambdaWireServer {
  readonly endpoint: string;
  readonly invocations: Invocation[];
  /** Every invocation meets it, until told `undefined`. */
  readonly always: (fault: LambdaFault | undefined) => void;
  readonly close: () => Promise<void>;
}

/** In every error's message: it must not come back out of Pullpass. */
export const LAMBDA_TEXT = 'vendor text about arn:aws:lambda:eu-west-1:999988887777:function:x';

type Functions = Readonly<Record<string, (event: unknown) => Promise<unknown>>>;

const PATH = /^\/2015-03-31\/functions\/(?<name>[^/]+)\/invocations$/;

export async function startLambdaWireServer(functions: Functions = {}): Promise<LambdaWireServer> {
  const invocations: Invocation[] = [];
  let standing: LambdaFault | undefined;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const functionName = decodeURIComponent(PATH.exec(request.url ?? '')?.groups?.['name'] ?? '');
    const type = request.headers['x-amz-invocation-type'] === 'Event' ? 'Event' : 'RequestResponse';
    const payload: unknown = JSON.parse(body);
    invocations.push({ functionName, type, payload });
    if (standing !== undefined) {
      suffer(standing, response);
      return;
    }
    const run = functions[functionName];
    if (run === undefined) {
      suffer({ kind: 'error', status: 404, code: 'ResourceNotFoundException' }, response);
    } else {
      await answer(run, payload, response);
    }
  }

  const server = await listenOnLoopback(serve);
  return {
    ...server,
    invocations,
    always: (fault) => {
      standing = fault;
    },
  };
}

async function answer(
  run: (event: unknown) => Promise<unknown>,
  payload: unknown,
  response: ServerResponse,
): Promise<void> {
  try {
    respond(response, 200, JSON.stringify(await run(payload)));
  } catch (error) {
    // As the runtime tells it: the error's own text.
    response.setHeader('x-amz-function-error', 'Unhandled');
    respond(response, 200, JSON.stringify({ errorType: 'Error', errorMessage: String(error) }));
  }
}

function suffer(fault: LambdaFault, response: ServerResponse): void {
  switch (fault.kind) {
    case 'hang':
      return;
    case 'drop':
      response.destroy();
      return;
    case 'answer':
      respond(response, 200, fault.body);
      return;
    case 'error':
      response.setHeader('x-amzn-errortype', fault.code);
      respond(response, fault.status, JSON.stringify({ message: LAMBDA_TEXT }));
  }
}

function respond(response: ServerResponse, status: number, body: string): void {
  response.setHeader('content-type', 'application/json');
  response.writeHead(status).end(body);
}
