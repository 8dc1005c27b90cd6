/** A registry on loopback as far as a login goes: `/v2/` behind Basic authentication, its passwords changeable. */
import { createServer } from 'node:http';

export interface BasicRegistry {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** user -> password. */
  readonly accounts: Map<string, string>;
  close(): Promise<void>;
}

export async function startBasicRegistry(accounts: Record<string, string>): Promise<BasicRegistry> {
  const known = new Map(Object.entries(accounts));
  const server = createServer((request, response) => {
    const [scheme, encoded] = (request.headers.authorization ?? '').split(' ');
    const [user, ...password] = Buffer.from(encoded ?? '', 'base64')
      .toString()
      .split(':');
    const welcome = scheme === 'Basic' && user !== undefined && known.get(user) === password.join(':');
    response.setHeader('docker-distribution-api-version', 'registry/2.0');
    if (!welcome) response.setHeader('www-authenticate', 'Basic realm="test"');
    response.writeHead(welcome ? 200 : 401, { 'content-type': 'application/json' });
    response.end('{}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('not listening');
  return {
    address: `127.0.0.1:${bound.port}`,
    accounts: known,
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
