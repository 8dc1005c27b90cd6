/** DynamoDB on loopback, as its client sees it: every call is recorded and answered by what the test says. */
import { createServer, type ServerResponse } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';

/** In every error's message, since the real ones name accounts, tables and identities: it must not come back out. */
export const VENDOR_TEXT = 'arn:aws:sts::999988887777:assumed-role/vendor-text is not authorized';

export interface WireCall {
  /** `GetItem`, `TransactWriteItems`, … */
  readonly operation: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export type WireAnswer =
  | { readonly kind: 'ok'; readonly body: object }
  | { readonly kind: 'error'; readonly code: string; readonly status?: number; readonly body?: object }
  | { readonly kind: 'text'; readonly status: number; readonly text: string }
  | { readonly kind: 'drop' }
  | { readonly kind: 'hang' };

export interface DynamoWire {
  readonly client: DynamoDBClient;
  readonly calls: readonly WireCall[];
  /** Answers every call from now on. */
  readonly answer: (answering: (call: WireCall) => WireAnswer) => void;
  readonly close: () => Promise<void>;
}

export const NOTHING: WireAnswer = { kind: 'ok', body: {} };

const bodyShape = z.record(z.string(), z.unknown());

/** `maxAttempts`: those of the SDK. */
export async function startDynamoWire({
  maxAttempts = 1,
}: { readonly maxAttempts?: number } = {}): Promise<DynamoWire> {
  const calls: WireCall[] = [];
  let answering: (call: WireCall) => WireAnswer = () => NOTHING;
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
      const call = { operation, body: bodyShape.parse(JSON.parse(text)) };
      calls.push(call);
      give(answering(call), response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('not listening');
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${bound.port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'wire-secret' },
    maxAttempts,
    requestHandler: { requestTimeout: 300, throwOnRequestTimeout: true },
  });
  return {
    client,
    calls,
    answer: (next) => {
      answering = next;
    },
    close: async () => {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function give(answer: WireAnswer, response: ServerResponse): void {
  response.setHeader('content-type', 'application/x-amz-json-1.0');
  switch (answer.kind) {
    case 'ok':
      response.end(JSON.stringify(answer.body));
      return;
    case 'error':
      response.writeHead(answer.status ?? 400);
      response.end(JSON.stringify({ __type: answer.code, message: VENDOR_TEXT, Message: VENDOR_TEXT, ...answer.body }));
      return;
    case 'text':
      response.writeHead(answer.status).end(answer.text);
      return;
    case 'drop':
      response.destroy();
      return;
    case 'hang':
      return;
  }
}

/** A transaction that was called off, with each item's reason. */
export function cancelled(...reasons: readonly string[]): WireAnswer {
  return {
    kind: 'error',
    code: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
    body: { CancellationReasons: reasons.map((Code) => ({ Code, Message: VENDOR_TEXT })) },
  };
}
