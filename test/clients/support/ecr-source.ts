/**
 * ECR's API as far as Pullpass calls it (GetAuthorizationToken, in AWS's JSON 1.1), with tokens that live as long as the
 * test wants. A token opens the front from the moment it is given out until it runs out, and not a moment longer.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { freePort } from './free-port.ts';
import type { EcrFront } from './ecr-front.ts';
import type { Workspace } from './workspace.ts';

/** `hang`: takes the call and never answers. */
export type SourceMood = 'answer' | 'throttle' | 'fail' | 'hang' | 'deny';

export interface GivenToken {
  readonly password: string;
  readonly expiresAt: number;
}

export interface EcrSource {
  /** For the process that is to call it: endpoint, region and keys. */
  readonly environment: Readonly<Record<string, string>>;
  /** How it behaves from the next call on. */
  mood: SourceMood;
  /** Every call until now, by how it was answered. */
  readonly calls: readonly SourceMood[];
  readonly tokens: readonly GivenToken[];
}

/** As long as the real ones are. */
const TOKEN_BYTES = 1_200;
const ACTION = 'AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken';
/** For registries over plain HTTP, or under a custom CA: tokens of Pullpass's own identity do not go there. */
export const ECR_KEY = {
  accessKeyId: 'AKIAEXAMPLEEXAMPLE01',
  secretAccessKey: 'an-example-that-opens-nothing',
} as const;
const FAILURES = {
  throttle: [400, 'ThrottlingException', 'Rate exceeded'],
  fail: [500, 'ServerException', 'internal failure'],
  deny: [400, 'AccessDeniedException', 'not authorized to perform: ecr:GetAuthorizationToken'],
} as const;

function send(response: ServerResponse, status: number, document: Readonly<Record<string, unknown>>): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(JSON.stringify(document));
}

export interface EcrSourceOptions {
  readonly front: EcrFront;
  readonly lifetimeMs: number;
  /** Told of every token before it is given out: where a test registers its canaries. */
  readonly onToken?: (password: string) => void;
}

export async function startEcrSource(workspace: Workspace, options: EcrSourceOptions): Promise<EcrSource> {
  const { front, lifetimeMs } = options;
  const port = await freePort();
  const tokens: GivenToken[] = [];
  const calls: SourceMood[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const keepFront = (): void => {
    front.accept(tokens.filter(({ expiresAt }) => expiresAt > Date.now()).map(({ password }) => password));
  };
  const mint = (): GivenToken => {
    const token = { password: randomBytes(TOKEN_BYTES).toString('base64'), expiresAt: Date.now() + lifetimeMs };
    options.onToken?.(token.password);
    tokens.push(token);
    timers.add(setTimeout(keepFront, lifetimeMs + 1));
    keepFront();
    return token;
  };
  const source: EcrSource = {
    environment: {
      AWS_ENDPOINT_URL_ECR: `http://127.0.0.1:${port}`,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: ECR_KEY.accessKeyId,
      AWS_SECRET_ACCESS_KEY: ECR_KEY.secretAccessKey,
    },
    mood: 'answer',
    calls,
    tokens,
  };
  const server = createServer((request, response) => {
    const { mood } = source;
    calls.push(mood);
    request.resume();
    if (request.headers['x-amz-target'] !== ACTION) {
      send(response, 400, { __type: 'UnknownOperationException' });
    } else if (mood === 'answer') {
      const { password, expiresAt } = mint();
      const authorizationToken = Buffer.from(`AWS:${password}`).toString('base64');
      const proxyEndpoint = `http://${front.address}`;
      send(response, 200, {
        authorizationData: [{ authorizationToken, expiresAt: expiresAt / 1000, proxyEndpoint }],
      });
    } else if (mood !== 'hang') {
      const [status, type, message] = FAILURES[mood];
      send(response, status, { __type: type, message });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  workspace.onEnd(async () => {
    timers.forEach(clearTimeout);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return source;
}
