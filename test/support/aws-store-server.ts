/**
 * DynamoDB and Secrets Manager on loopback, as far as a function that answers hosts reads them: a few items and secrets that
 * are given, and every call noted. Signatures are not checked and nothing can be written; stores are tested elsewhere.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import * as z from 'zod/mini';
import { listenOnLoopback } from './listen-on-loopback.ts';

/** In DynamoDB's own notation. */
type Item = Readonly<Record<string, { readonly S?: string }>>;

export interface StoredSecret {
  readonly name: string;
  readonly versionId: string;
  readonly text: string;
}

export interface StoreCall {
  /** `ExecuteStatement`, `GetSecretValue`. */
  readonly operation: string;
  readonly startedAt: number;
  /** Undefined while it is not answered. */
  endedAt?: number;
}

export type Behaviour = 'answer' | 'refuse' | 'hang';

export interface AwsStoreServer {
  /** `AWS_ENDPOINT_URL`. */
  readonly endpoint: string;
  /** In the order of their arrival. */
  readonly calls: StoreCall[];
  readonly behave: (behaviour: Behaviour) => void;
  readonly close: () => Promise<void>;
}

/** In every error's message: it must not come back out of a function. */
export const VENDOR_TEXT = 'arn:aws:sts::999988887777:assumed-role/vendor-text is not authorized';

interface Answer {
  readonly status: number;
  readonly document: object;
}

export async function startAwsStoreServer(stored: {
  readonly items: readonly Item[];
  readonly secrets: readonly StoredSecret[];
}): Promise<AwsStoreServer> {
  const calls: StoreCall[] = [];
  let behaviour: Behaviour = 'answer';

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    const call: StoreCall = { operation, startedAt: performance.now() };
    calls.push(call);
    const parameters: unknown = await json(request);
    if (behaviour === 'hang') return;
    const { status, document } =
      behaviour === 'refuse' ? failed('AccessDeniedException') : answerTo(operation, parameters, stored);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'test' });
    response.end(JSON.stringify(document));
    call.endedAt = performance.now();
  }

  const server = await listenOnLoopback(serve);
  return {
    ...server,
    calls,
    behave: (next) => {
      behaviour = next;
    },
  };
}

const text = z.object({ S: z.string() });
const statement = z.object({ Parameters: z.array(text) });
const key = z.object({ Key: z.object({ pk: text, sk: text }) });
const secretVersion = z.object({ SecretId: z.string(), VersionId: z.string() });

function answerTo(operation: string, parameters: unknown, stored: Parameters<typeof startAwsStoreServer>[0]): Answer {
  switch (operation) {
    case 'ExecuteStatement': {
      const partitions = statement.parse(parameters).Parameters.map(({ S }) => S);
      return answered({ Items: stored.items.filter(({ pk }) => partitions.includes(pk?.S ?? '')) });
    }
    case 'GetItem': {
      const { pk, sk } = key.parse(parameters).Key;
      return answered({ Item: stored.items.find((item) => item['pk']?.S === pk.S && item['sk']?.S === sk.S) });
    }
    case 'GetSecretValue': {
      const { SecretId, VersionId } = secretVersion.parse(parameters);
      const found = stored.secrets.find(({ name, versionId }) => name === SecretId && versionId === VersionId);
      if (found === undefined) return failed('ResourceNotFoundException');
      return answered({ Name: SecretId, VersionId, SecretString: found.text, VersionStages: ['AWSCURRENT'] });
    }
    default:
      return failed('AccessDeniedException');
  }
}

function answered(document: object): Answer {
  return { status: 200, document };
}

function failed(code: string): Answer {
  return { status: 400, document: { __type: code, message: VENDOR_TEXT } };
}
