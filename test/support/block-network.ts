/**
 * Loaded before every unit test: nothing may leave this machine. A connection to anything but loopback is a bug in the
 * test or in the code, and fails with a message that names where it wanted to go.
 */
import net from 'node:net';

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|localhost|\[::1\])$/;

type Connect = (this: net.Socket, ...parameters: unknown[]) => net.Socket;

function isConnect(value: unknown): value is Connect {
  return typeof value === 'function';
}

function destination(first: unknown): string | undefined {
  const options: unknown = Array.isArray(first) ? first[0] : first;
  if (typeof options !== 'object' || options === null) return undefined;
  // A socket file is on this machine. (fetch names the member even where it has none.)
  if ('path' in options && typeof options.path === 'string') return undefined;
  return 'host' in options && typeof options.host === 'string' ? options.host : undefined;
}

const connect: unknown = Object.getOwnPropertyDescriptor(net.Socket.prototype, 'connect')?.value;
if (!isConnect(connect)) throw new Error('net.Socket has no connect: the network cannot be blocked');

net.Socket.prototype.connect = function (this: net.Socket, ...parameters: unknown[]): net.Socket {
  const host = destination(parameters[0]);
  if (host !== undefined && !LOOPBACK.test(host)) {
    throw new Error(`a test tried to connect to ${host}: only loopback is allowed`);
  }
  return connect.apply(this, parameters);
};
