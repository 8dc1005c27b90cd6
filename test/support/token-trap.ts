/** A host of an attacker's on loopback: counts connections and keeps every login that arrives, whatever it is asked. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface TokenTrap {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** The logins that arrived, decoded: `user:password`. */
  readonly logins: string[];
  readonly connections: () => number;
  close(): Promise<void>;
}

/** Asks for a Basic login and takes any. */
export async function startTokenTrap(tls?: { readonly cert: string; readonly key: string }): Promise<TokenTrap> {
  const logins: string[] = [];
  let connections = 0;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const [, encoded] = (request.headers.authorization ?? '').split(' ');
    if (encoded !== undefined) logins.push(Buffer.from(encoded, 'base64').toString());
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    if (encoded === undefined) response.setHeader('www-authenticate', 'Basic realm="ECR"');
    response.writeHead(encoded === undefined ? 401 : 200, { 'content-type': 'application/json' });
    response.end('{}');
  };
  const server = tls === undefined ? createHttpServer(answer) : createHttpsServer(tls, answer);
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const bound: AddressInfo | string | null = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('not listening');
  return {
    address: `127.0.0.1:${bound.port}`,
    logins,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      });
    },
  };
}
