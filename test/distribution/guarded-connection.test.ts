import { describe, expect, it, vi } from 'vitest';
import { parseNetworks } from '../../lib/distribution/address-guard.ts';
import {
  openConnection,
  resolveBySystem,
  type Guard,
  type Resolve,
} from '../../lib/distribution/guarded-connection.ts';
import { closedPort, LOOPBACK, serveTcp } from './scripted-registry.ts';

const unaborted = new AbortController().signal;

function guard(resolve: Resolve, allowed: readonly string[] = LOOPBACK): Guard {
  const networks = parseNetworks(allowed);
  if (!networks.ok) throw new Error(networks.failure.rule);
  return { allowedNetworks: networks.value, resolve };
}

const resolveNothing: Resolve = () => Promise.reject(new Error('a test resolved a name'));

describe('a guarded connection', () => {
  it.each([
    ['127.0.0.1', 'needs_permission'],
    ['127.0.0.1.', 'needs_permission'],
    ['::1', 'needs_permission'],
    ['::ffff:127.0.0.1', 'needs_permission'],
    ['10.0.0.1', 'needs_permission'],
    ['169.254.169.254', 'never'],
    ['169.254.169.254.', 'never'],
    ['::ffff:169.254.169.254', 'never'],
    ['fd00:ec2::254', 'never'],
    ['0.0.0.0', 'never'],
    ['127.1', 'ambiguous'],
    ['0x7f.1', 'ambiguous'],
    ['2130706433', 'ambiguous'],
    ['', 'ambiguous'],
  ])('to %j is refused without a look-up or a packet', async (host, reason) => {
    const opened = await openConnection({ host, port: 9 }, guard(resolveNothing, []), unaborted);
    expect(opened).toEqual({ ok: false, failure: { kind: 'refused_address', reason } });
  });

  it('to localhost is refused when loopback is not allowed', async () => {
    const opened = await openConnection({ host: 'localhost', port: 9 }, guard(resolveBySystem, []), unaborted);
    expect(opened).toEqual({ ok: false, failure: { kind: 'refused_address', reason: 'needs_permission' } });
  });

  it.each([
    ['only a forbidden one', ['169.254.169.254'], 'never'],
    ['a forbidden one behind an allowed one', ['127.0.0.1', '169.254.169.254'], 'never'],
    ['a private one behind a public one', ['93.184.216.34', '10.0.0.1'], 'needs_permission'],
    ['something that is no address', ['127.1'], 'never'],
  ])('is refused for a name that resolves to %s', async (_name, addresses, reason) => {
    const opened = await openConnection(
      { host: 'registry.test', port: 9 },
      guard(() => Promise.resolve(addresses)),
      unaborted,
    );
    expect(opened).toEqual({ ok: false, failure: { kind: 'refused_address', reason } });
  });

  it('goes to the address that was checked, without asking for the name again', async () => {
    const server = await serveTcp(() => undefined);
    const resolve = vi.fn<Resolve>().mockResolvedValueOnce(['127.0.0.1']).mockResolvedValue(['169.254.169.254']);
    const target = { host: 'registry.test', port: server.port };
    const first = await openConnection(target, guard(resolve), unaborted);
    expect(first.ok && first.value.remoteAddress).toBe('127.0.0.1');
    expect(resolve.mock.calls).toEqual([['registry.test']]);
    expect(await openConnection(target, guard(resolve), unaborted)).toMatchObject({
      failure: { kind: 'refused_address' },
    });
    expect(server.connections()).toBe(1);
  });

  it('tries the next address when one does not answer', async () => {
    const server = await serveTcp(() => undefined);
    const resolve: Resolve = () => Promise.resolve(['::1', '127.0.0.1']);
    const opened = await openConnection({ host: 'registry.test', port: server.port }, guard(resolve), unaborted);
    expect(opened.ok && opened.value.remoteAddress).toBe('127.0.0.1');
  });

  it('tells a name that does not resolve from a port that does not answer', async () => {
    const port = await closedPort();
    const unknown = await openConnection({ host: 'registry.test', port }, guard(resolveNothing), unaborted);
    const empty = await openConnection(
      { host: 'registry.test', port },
      guard(() => Promise.resolve([])),
      unaborted,
    );
    const closed = await openConnection({ host: '127.0.0.1', port }, guard(resolveNothing), unaborted);
    expect([unknown, empty]).toEqual([
      { ok: false, failure: { kind: 'dns' } },
      { ok: false, failure: { kind: 'dns' } },
    ]);
    expect(closed).toEqual({ ok: false, failure: { kind: 'unreachable', code: 'ECONNREFUSED' } });
  });

  it('ends with its deadline while the resolver hangs, and does not start after it', async () => {
    const deadline = new AbortController();
    const hanging: Resolve = () => {
      deadline.abort();
      return new Promise(() => undefined);
    };
    const timeout = { ok: false, failure: { kind: 'timeout' } };
    expect(await openConnection({ host: 'registry.test', port: 9 }, guard(hanging), deadline.signal)).toEqual(timeout);
    expect(await openConnection({ host: '127.0.0.1', port: 9 }, guard(hanging), deadline.signal)).toEqual(timeout);
  });
});
