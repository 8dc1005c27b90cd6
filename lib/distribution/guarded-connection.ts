/**
 * A TCP connection to a host that somebody else named, which cannot be led inside: every address of the name is judged,
 * and the connection goes to an address that was judged, so that a name which changes between check and connect
 * (rebinding) gains nothing. It reads no proxy settings. Usable for every outbound call to a host from user input.
 */
import { lookup } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import { failure, success, type Result } from '../domain/result.ts';
import { classifyHost, judgeAddress, type Network } from './address-guard.ts';
import { errorCode } from './error-code.ts';

/** All addresses of a name, in the order to try them. Rejects or answers with none when there are none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

export interface Guard {
  readonly allowedNetworks: readonly Network[];
  readonly resolve: Resolve;
}

export type ConnectFailure =
  | { readonly kind: 'refused_address'; readonly reason: 'ambiguous' | 'needs_permission' | 'never' }
  | { readonly kind: 'dns' }
  | { readonly kind: 'unreachable'; readonly code: string }
  | { readonly kind: 'timeout' };

/** A name with more addresses than this is not tried to the end. */
const MAXIMUM_ADDRESSES = 8;
/** How long one address may take while there are others to try: IPv6 that leads nowhere must not eat the whole budget. */
const ATTEMPT_MILLISECONDS = 2_000;

/** The system's resolver: the hosts file and search domains count, as they do for clients on the same machine. */
export const resolveBySystem: Resolve = async (name) => {
  const found = await lookup(name, { all: true, order: 'verbatim' });
  return found.map(({ address }) => address);
};

/** `host` without brackets. The signal stays tied to the socket: when it aborts, the connection ends. */
export async function openConnection(
  target: { readonly host: string; readonly port: number },
  guard: Guard,
  signal: AbortSignal,
): Promise<Result<Socket, ConnectFailure>> {
  const addresses = await checkedAddresses(target.host, guard, signal);
  if (!addresses.ok) return addresses;
  const candidates = addresses.value.slice(0, MAXIMUM_ADDRESSES);
  let code = 'none';
  for (const [index, address] of candidates.entries()) {
    const isLast = index === candidates.length - 1;
    const attempt = await dial({ address, port: target.port, giveUp: !isLast }, signal);
    if (attempt.ok) return attempt;
    if (signal.aborted) return failure({ kind: 'timeout' });
    code = attempt.failure;
  }
  return failure({ kind: 'unreachable', code });
}

/** One refused address refuses the name: a public one beside it is how a rebinding name looks. */
async function checkedAddresses(
  host: string,
  guard: Guard,
  signal: AbortSignal,
): Promise<Result<readonly string[], ConnectFailure>> {
  const classified = classifyHost(host);
  if (classified.kind === 'ambiguous') return failure({ kind: 'refused_address', reason: 'ambiguous' });
  const resolved =
    classified.kind === 'address'
      ? success([classified.host])
      : await resolveOrGiveUp(guard.resolve, classified.host, signal);
  if (!resolved.ok) return resolved;
  const verdicts = resolved.value.map((address) => judgeAddress(address, guard.allowedNetworks));
  for (const reason of ['never', 'needs_permission'] as const) {
    if (verdicts.includes(reason)) return failure({ kind: 'refused_address', reason });
  }
  return resolved;
}

/** The system's resolver cannot be interrupted, so it is left behind. */
async function resolveOrGiveUp(
  resolve: Resolve,
  name: string,
  signal: AbortSignal,
): Promise<Result<readonly string[], ConnectFailure>> {
  const aborted = Promise.withResolvers<'aborted'>();
  const onAbort = (): void => {
    aborted.resolve('aborted');
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) return failure({ kind: 'timeout' });
    const found = await Promise.race([resolve(name), aborted.promise]);
    if (found === 'aborted') return failure({ kind: 'timeout' });
    return found.length === 0 ? failure({ kind: 'dns' }) : success(found);
  } catch {
    return failure({ kind: 'dns' });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function dial(
  to: { readonly address: string; readonly port: number; readonly giveUp: boolean },
  signal: AbortSignal,
): Promise<Result<Socket, string>> {
  const { promise, resolve } = Promise.withResolvers<Result<Socket, string>>();
  const socket = connect({ host: to.address, port: to.port, signal });
  if (to.giveUp) socket.setTimeout(ATTEMPT_MILLISECONDS);
  socket.once('timeout', () => {
    socket.destroy();
    resolve(failure('ETIMEDOUT'));
  });
  // Stays for the socket's whole life: an error that nobody listens to would end the process.
  socket.on('error', (error) => {
    resolve(failure(errorCode(error)));
  });
  socket.once('connect', () => {
    socket.setTimeout(0);
    socket.removeAllListeners('timeout');
    resolve(success(socket));
  });
  return promise;
}
