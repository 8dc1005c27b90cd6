/** Listening on an address, with what can go wrong as values. */
import type { Server } from 'node:http';
import ipaddr from 'ipaddr.js';
import { failure, success, type Result } from '../domain/result.ts';
import type { Report } from '../service/events.ts';

export interface ListenFailure {
  readonly code: 'in_use' | 'not_allowed' | 'no_such_address' | 'failed';
}

/** The port: the one asked for, or the one the system chose for 0. */
export async function listen(
  server: Server,
  where: { readonly host: string; readonly port: number },
): Promise<Result<number, ListenFailure>> {
  return await new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      resolve(failure({ code: CODES[error.code ?? ''] ?? 'failed' }));
    });
    server.listen(where.port, where.host, () => {
      const address = server.address();
      resolve(success(typeof address === 'object' && address !== null ? address.port : where.port));
    });
  });
}

const CODES: Readonly<Record<string, ListenFailure['code']>> = {
  EADDRINUSE: 'in_use',
  EACCES: 'not_allowed',
  EADDRNOTAVAIL: 'no_such_address',
  ENOTFOUND: 'no_such_address',
};

const SAY_AGAIN_MS = 60_000;

/** Reports connections that are refused because there are too many: at most once a minute, since a flood is what it is for. */
export function reportRefusedConnections(
  server: Server,
  deps: { readonly report: Report; readonly now: () => number },
): void {
  let saidAt = Number.NEGATIVE_INFINITY;
  server.on('drop', () => {
    if (deps.now() - saidAt < SAY_AGAIN_MS) return;
    saidAt = deps.now();
    deps.report({ level: 'warn', code: 'serve.connections_full', fields: { limit: server.maxConnections } });
  });
}

export function isLoopbackHost(host: string): boolean {
  if (host === 'localhost') return true;
  return ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback';
}
