/** Any AWS service that speaks JSON, on loopback: what is asked is kept, what is answered is the test's to say. */
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from './listen-on-loopback.ts';

export interface AwsJsonRequest {
  /** `DynamoDB_20120810.GetItem`. */
  readonly target: string;
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface AwsJsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface AwsJsonServer {
  readonly endpoint: string;
  readonly requests: AwsJsonRequest[];
  readonly close: () => Promise<void>;
}

export async function startAwsJsonServer(
  respond: (request: AwsJsonRequest) => AwsJsonAnswer | 'hang',
): Promise<AwsJsonServer> {
  const requests: AwsJsonRequest[] = [];
  const server = await listenOnLoopback(async (incoming, outgoing) => {
    const { headers } = incoming;
    const sessionToken = headers['x-amz-security-token'];
    const request = {
      target: String(headers['x-amz-target']),
      accessKeyId: /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '',
      sessionToken: typeof sessionToken === 'string' ? sessionToken : undefined,
      body: documentOf(await text(incoming)),
    };
    requests.push(request);
    const answer = respond(request);
    if (answer === 'hang') return;
    outgoing.setHeader('content-type', 'application/x-amz-json-1.0');
    outgoing.writeHead(answer.status).end(JSON.stringify(answer.body));
  });
  return { ...server, requests };
}

function documentOf(body: string): Record<string, unknown> {
  const document: unknown = JSON.parse(body);
  return typeof document === 'object' && document !== null ? { ...document } : {};
}
