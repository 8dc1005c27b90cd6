/** A TCP relay in front of a stand-in on loopback, whose connections fail as networks and overloaded servers do. */
import { connect, createServer, type Socket } from 'node:net';

export type WireFault =
  /** Accepted, and never answered. */
  | { readonly kind: 'hang' }
  /** What connects is reset at once. */
  | { readonly kind: 'reset' }
  /** Broken off in the middle of the answer. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'late'; readonly milliseconds: number };

export interface FaultyWire {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Connections of the time before are broken off. */
  readonly suffer: (fault: WireFault | undefined) => void;
  readonly close: () => Promise<void>;
}

export async function startFaultyWire(targetPort: number): Promise<FaultyWire> {
  const open = new Set<Socket>();
  let fault: WireFault | undefined;

  const server = createServer((client) => {
    open.add(client);
    client.on('close', () => open.delete(client));
    client.on('error', () => client.destroy());
    if (fault?.kind === 'hang') client.resume();
    else if (fault?.kind === 'reset') client.resetAndDestroy();
    else relay(client, targetPort, fault);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('not listening');
  const breakAll = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    address: `127.0.0.1:${bound.port}`,
    suffer: (next) => {
      fault = next;
      breakAll();
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      breakAll();
      await closed;
    },
  };
}

function relay(client: Socket, targetPort: number, fault: WireFault | undefined): void {
  const target = connect(targetPort, '127.0.0.1');
  const end = (): void => {
    client.destroy();
    target.destroy();
  };
  target.on('error', end);
  target.on('close', end);
  client.on('close', end);
  client.pipe(target);
  let passed = 0;
  target.on('data', (data: Buffer) => {
    if (fault?.kind === 'cut' && passed + data.length > fault.afterBytes) {
      client.write(data.subarray(0, Math.max(0, fault.afterBytes - passed)), end);
      return;
    }
    passed += data.length;
    if (fault?.kind !== 'late') client.write(data);
    else setTimeout(() => client.writable && client.write(data), fault.milliseconds).unref();
  });
}
