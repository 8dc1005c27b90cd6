/** Secrets Manager on loopback as its client sees it: AWS JSON 1.1, signatures that are really checked, scripted faults. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { SecretsManagerClient, type SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager';
import { PATIENT } from '../../../lib/lambda/clients.ts';
import { readScope, signatureMatches } from '../../support/aws-signature.ts';
import { openShelf, Refused, type Shelf } from './secret-shelf.ts';

const ACCESS_KEY = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'secret-access-key' };

/** In every error's message, since the real ones name accounts and keys: it must not come back out of Pullpass. */
export const VENDOR_TEXT = 'arn:aws:secretsmanager:eu-west-1:999988887777:secret:vendor-text';

export type SecretsFault =
  | { readonly kind: 'error'; readonly code: string; readonly status: number }
  /** The connection breaks, before the operation is done or after it. */
  | { readonly kind: 'drop'; readonly done: boolean }
  /** Before it is done somebody else does this. */
  | { readonly kind: 'meanwhile'; readonly act: () => void };

export interface SecretsRequest {
  readonly operation: string;
  readonly body: string;
}

export interface SecretsManagerServer extends Shelf {
  /** Every request that arrived, repeated ones included. */
  readonly requests: SecretsRequest[];
  /** Names of the operations asked for since the last call of this. */
  readonly asked: () => readonly string[];
  /** The next requests for an operation meet these, one each. */
  readonly script: (operation: string, ...faults: readonly SecretsFault[]) => void;
  readonly client: (config?: SecretsManagerClientConfig) => SecretsManagerClient;
  readonly close: () => Promise<void>;
}

export async function startSecretsManager(shelf: Shelf = openShelf()): Promise<SecretsManagerServer> {
  const requests: SecretsRequest[] = [];
  const scripted = new Map<string, SecretsFault[]>();
  const clients: SecretsManagerClient[] = [];
  let told = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const operation = String(request.headers['x-amz-target']).replace('secretsmanager.', '');
    requests.push({ operation, body });
    const scope = readScope(request.headers.authorization);
    if (
      scope?.service !== 'secretsmanager' ||
      !signatureMatches({ headers: request.headers, body }, scope, ACCESS_KEY.secretAccessKey)
    ) {
      fail(response, 'InvalidSignatureException', 400);
      return;
    }
    const fault = scripted.get(operation)?.shift();
    if (fault?.kind === 'error') fail(response, fault.code, fault.status);
    else if (fault?.kind === 'drop' && !fault.done) response.destroy();
    else {
      if (fault?.kind === 'meanwhile') fault.act();
      answer(response, { operation, body }, fault?.kind === 'drop');
    }
  }

  function answer(response: ServerResponse, { operation, body }: SecretsRequest, dropped: boolean): void {
    try {
      const output = shelf.serve(operation, JSON.parse(body));
      if (dropped) response.destroy();
      else respond(response, 200, output);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      fail(response, error.code, 400);
    }
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
    ...shelf,
    requests,
    asked: () => {
      const since = requests.slice(told).map(({ operation }) => operation);
      told = requests.length;
      return since;
    },
    script: (operation, ...faults) => {
      scripted.set(operation, [...(scripted.get(operation) ?? []), ...faults]);
    },
    client: (config = {}) => {
      const endpoint = `http://127.0.0.1:${bound.port}`;
      const settings = {
        endpoint,
        region: 'eu-west-1',
        credentials: ACCESS_KEY,
        retryMode: PATIENT.retryMode,
        maxAttempts: PATIENT.maxAttempts,
        ...config,
      };
      const client = new SecretsManagerClient(settings);
      clients.push(client);
      return client;
    },
    close: async () => {
      for (const client of clients) client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function fail(response: ServerResponse, code: string, status: number): void {
  respond(response, status, { __type: code, Message: VENDOR_TEXT, message: VENDOR_TEXT });
}

function respond(response: ServerResponse, status: number, document: object): void {
  response.setHeader('content-type', 'application/x-amz-json-1.1');
  response.setHeader('x-amzn-requestid', 'test');
  response.writeHead(status).end(JSON.stringify(document));
}

async function readBody(request: IncomingMessage): Promise<string> {
  request.setEncoding('utf8');
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}
