/** Between a client and DynamoDB: counts the requests, and loses answers of requests that were carried out. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';

export interface AnswerDroppingProxy {
  readonly endpoint: string;
  /** Operations that arrived, in order. */
  readonly operations: readonly string[];
  /** The next request of each of these operations is carried out, and its answer lost. */
  readonly loseNext: (...operations: readonly string[]) => void;
  readonly close: () => Promise<void>;
}

export async function startAnswerDroppingProxy(target: string): Promise<AnswerDroppingProxy> {
  const operations: string[] = [];
  const losing: string[] = [];

  function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const operation = String(incoming.headers['x-amz-target']).split('.').at(-1) ?? '';
    operations.push(operation);
    const lost = losing.indexOf(operation);
    if (lost >= 0) losing.splice(lost, 1);
    const { method, headers } = incoming;
    const onward = request(new URL(incoming.url ?? '/', target), { method: method ?? 'POST', headers }, (answer) => {
      if (lost < 0) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      } else answer.resume().on('end', () => outgoing.destroy());
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }

  const server = createServer(pass);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('not listening');
  return {
    endpoint: `http://127.0.0.1:${bound.port}`,
    operations,
    loseNext: (...next) => {
      losing.push(...next);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
