import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { parseNetworks } from '../../lib/distribution/address-guard.ts';
import { askGuarded, type Endpoint } from '../../lib/distribution/guarded-request.ts';
import { SYSTEM_TRUST, trustOf, type TlsTrust } from '../../lib/distribution/tls-handshake.ts';
import { LOOPBACK, pem, serve, serveTcp, type CertificateName } from './scripted-registry.ts';

const KIBIBYTE = 1024;

interface Sending {
  readonly endpoint: Endpoint;
  readonly trust?: TlsTrust;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

async function get({ endpoint, trust, headers, signal }: Sending) {
  const networks = parseNetworks(LOOPBACK);
  if (!networks.ok) throw new Error(networks.failure.rule);
  const guard = { allowedNetworks: networks.value, resolve: () => Promise.resolve(['127.0.0.1']) };
  const request = { endpoint, trust: trust ?? SYSTEM_TRUST, path: '/x?y=1', headers: headers ?? {} };
  return await askGuarded(request, guard, signal ?? new AbortController().signal);
}

function plain(port: number): Endpoint {
  return { secure: false, host: 'registry.test', port };
}

function trusting(ca: string): TlsTrust {
  const trust = trustOf({ ca });
  if (!trust.ok) throw new Error(trust.failure);
  return trust.value;
}

describe('a guarded request', () => {
  it('sends path, headers and the name it was given, on a connection of its own', async () => {
    const server = await serve((_request, response) => response.end('answer'));
    const headers = { authorization: 'Bearer t', host: 'elsewhere.test' };
    const got = [await get({ endpoint: plain(server.port), headers }), await get({ endpoint: plain(server.port) })];
    expect(got).toMatchObject([{ value: { status: 200, body: 'answer' } }, { value: { status: 200 } }]);
    const host = `registry.test:${server.port}`;
    expect(server.seen).toEqual([
      { path: '/x?y=1', authorization: 'Bearer t', host },
      { path: '/x?y=1', authorization: undefined, host },
    ]);
    expect(server.connections()).toBe(2);
  });

  it('does not follow a redirect', async () => {
    const server = await serve((_request, response) => response.writeHead(302, { location: '/elsewhere' }).end());
    expect(await get({ endpoint: plain(server.port) })).toMatchObject({ value: { status: 302 } });
    expect(server.seen).toHaveLength(1);
  });

  it('does not ask a proxy that the environment names', async () => {
    const proxy = await serve((_request, response) => response.end('proxied'));
    const server = await serve((_request, response) => response.end('direct'));
    for (const name of ['NODE_USE_ENV_PROXY', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY']) {
      vi.stubEnv(name, name === 'NODE_USE_ENV_PROXY' ? '1' : `http://${proxy.address}`);
    }
    const got = await get({ endpoint: plain(server.port) });
    vi.unstubAllEnvs();
    expect(got).toMatchObject({ value: { body: 'direct' } });
    expect(proxy.connections()).toBe(0);
  });

  it('keeps every line of a repeated header', async () => {
    const lines = ['Basic realm="a"', 'Bearer realm="b"'];
    const server = await serve((_request, response) => response.writeHead(401, { 'www-authenticate': lines }).end());
    expect(await get({ endpoint: plain(server.port) })).toMatchObject({
      value: { headers: { 'www-authenticate': lines } },
    });
  });

  it('takes a body up to the cap, and stops reading a larger one', async () => {
    const fits = 'a'.repeat(64 * KIBIBYTE);
    const small = await serve((_request, response) => response.end(fits));
    expect(await get({ endpoint: plain(small.port) })).toMatchObject({ value: { body: fits } });

    const closed = Promise.withResolvers<boolean>();
    const large = await serve((_request, response) => {
      response.on('close', () => {
        closed.resolve(response.writableFinished);
      });
      response.end(Buffer.alloc(32 * KIBIBYTE * KIBIBYTE, 'a'));
    });
    expect(await get({ endpoint: plain(large.port) })).toMatchObject({ value: { status: 200, body: undefined } });
    expect(await closed.promise).toBe(false);
  });

  it('refuses headers beyond the cap', async () => {
    const server = await serve((_request, response) => response.writeHead(200, { x: 'a'.repeat(17 * KIBIBYTE) }).end());
    expect(await get({ endpoint: plain(server.port) })).toEqual({ ok: false, failure: { kind: 'not_http' } });
  });

  it.each([
    ['interim answers', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'],
    ['chunks that are mostly extension', `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n`],
  ])('is over when the peer never stops sending %s', async (_name, part) => {
    const chunk = part.includes('chunked') ? `1;${'x'.repeat(4_000)}\r\na\r\n` : part;
    const ended = Promise.withResolvers<undefined>();
    const server = await serveTcp((socket) => {
      socket.write(part);
      const pour = (): void => {
        while (!socket.destroyed && socket.write(chunk.repeat(16)));
      };
      socket.on('drain', pour);
      socket.once('data', pour);
      socket.on('close', () => {
        ended.resolve(undefined);
      });
    });
    const got = await get({ endpoint: plain(server.port) });
    expect(got.ok ? got.value.body : got.failure.kind).toBe(got.ok ? undefined : 'not_http');
    await ended.promise;
  });

  it('asks for nothing compressed, and unpacks nothing', async () => {
    const seen: (string | undefined)[] = [];
    const bomb = gzipSync(Buffer.alloc(16 * KIBIBYTE * KIBIBYTE, '{}'));
    const server = await serve((request, response) => {
      seen.push(request.headers['accept-encoding']?.toString());
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    const got = await get({ endpoint: plain(server.port) });
    expect(got).toMatchObject({ ok: true, value: { status: 200 } });
    expect(got.ok && (got.value.body?.length ?? 0)).toBeLessThanOrEqual(bomb.length);
    expect(seen).toEqual(['identity']);
  });

  it.each([
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nanswer'],
    [
      'one chunk a byte',
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${Array.from('answer', (byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`,
    ],
  ])('reads %s', async (_name, text) => {
    const server = await serveTcp((socket) => socket.once('data', () => socket.end(text)));
    expect(await get({ endpoint: plain(server.port) })).toMatchObject({ value: { status: 200, body: 'answer' } });
  });

  it('reads to the end what comes with the end of the connection', async () => {
    const text = 'a'.repeat(60 * KIBIBYTE);
    const server = await serveTcp((socket) => socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n\r\n${text}`)));
    for (let round = 0; round < 20; round += 1) {
      expect(await get({ endpoint: plain(server.port) })).toMatchObject({ value: { body: text } });
    }
  });

  it('takes a body of the largest size in chunks of one byte', async () => {
    const server = await serveTcp((socket) => {
      const body = '1\r\na\r\n'.repeat(64 * KIBIBYTE);
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${body}0\r\n\r\n`));
    });
    const got = await get({ endpoint: plain(server.port) });
    expect(got.ok && got.value.body?.length).toBe(64 * KIBIBYTE);
  });

  it.each([
    ['says nothing', ''],
    ['stops within the headers', 'HTTP/1.1 200 OK\r\nx: '],
    ['stops within the body', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na'],
  ])('ends with its deadline when the peer %s', async (_name, start) => {
    const deadline = new AbortController();
    const server = await serveTcp((socket) => {
      socket.write(start, () =>
        setTimeout(() => {
          deadline.abort();
        }, 50),
      );
    });
    const got = await get({ endpoint: plain(server.port), signal: deadline.signal });
    expect(got).toEqual({ ok: false, failure: { kind: 'timeout' } });
  });

  it.each([
    ['headers', 'HTTP/1.1 200 OK\r\nx: '],
    ['body', 'HTTP/1.1 200 OK\r\n\r\n'],
  ])('ends with its deadline when the %s trickle in one byte at a time', async (_name, start) => {
    const deadline = new AbortController();
    let sent = 0;
    const server = await serveTcp((socket) => {
      socket.write(start);
      const trickle = setInterval(() => {
        socket.write('a');
        if (++sent === 5) deadline.abort();
      }, 10);
      socket.on('close', () => {
        clearInterval(trickle);
      });
    });
    const got = await get({ endpoint: plain(server.port), signal: deadline.signal });
    expect(got).toEqual({ ok: false, failure: { kind: 'timeout' } });
  });

  it.each([
    ['closes at once', '', { kind: 'unreachable', code: 'ECONNRESET' }],
    ['breaks off within the body', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\na', { kind: 'unreachable' }],
    ['speaks another protocol', 'SSH-2.0-x\r\n', { kind: 'not_http' }],
  ])('fails as a value when the peer %s', async (_name, text, wanted) => {
    const server = await serveTcp((socket) => socket.once('data', () => socket.end(text)));
    expect(await get({ endpoint: plain(server.port) })).toMatchObject({ ok: false, failure: wanted });
  });
});

describe('a guarded request over TLS', () => {
  async function getSecurely(certificate: CertificateName, trust: TlsTrust, host = 'registry.test') {
    const server = await serve((_request, response) => response.end('answer'), certificate);
    const got = await get({ endpoint: { secure: true, host, port: server.port }, trust });
    return { got, server };
  }

  it.each([
    { what: 'a name', certificate: 'server', ca: 'ca.pem', host: 'registry.test' },
    { what: 'an address', certificate: 'server', ca: 'ca.pem', host: '127.0.0.1' },
    { what: 'a self-signed certificate', certificate: 'self-signed', ca: 'self-signed.pem', host: 'registry.test' },
    { what: 'an issuing CA', certificate: 'issued', ca: 'intermediate.pem', host: 'registry.test' },
    { what: 'the server’s own certificate', certificate: 'issued', ca: 'issued.pem', host: 'registry.test' },
  ] as const)('trusts $what that it was given', async ({ certificate, ca, host }) => {
    const { got } = await getSecurely(certificate, trusting(pem(ca)), host);
    expect(got).toMatchObject({ value: { status: 200, body: 'answer' } });
  });

  it.each(['root.pem', 'intermediate.pem', 'issued.pem'])(
    'trusts a server that sends its issuer’s certificate, too, where the CA is %s',
    async (ca) => {
      const server = await serve((_request, response) => response.end('answer'), 'issued', pem('intermediate.pem'));
      const endpoint = { secure: true, host: 'registry.test', port: server.port };
      expect(await get({ endpoint, trust: trusting(pem(ca)) })).toMatchObject({ value: { body: 'answer' } });
    },
  );

  it('trusts every certificate of a file in which they are glued together', async () => {
    const glued = `${pem('root.pem').trimEnd()}${pem('ca.pem')}`;
    const { got } = await getSecurely('server', trusting(glued));
    expect(got).toMatchObject({ value: { status: 200 } });
  });

  it.each([
    { what: 'expired', certificate: 'expired', ca: 'ca.pem', problem: 'expired' },
    { what: 'for another name', certificate: 'wrong-name', ca: 'ca.pem', problem: 'wrong_name' },
    { what: 'self-signed', certificate: 'self-signed', ca: undefined, problem: 'self_signed' },
    { what: 'of an unknown authority', certificate: 'server', ca: undefined, problem: 'unknown_authority' },
    { what: 'of another authority', certificate: 'server', ca: 'self-signed.pem', problem: 'unknown_authority' },
    { what: 'of another issuer', certificate: 'server', ca: 'intermediate.pem', problem: 'unknown_authority' },
  ] as const)('sends nothing to a server whose certificate is $what', async ({ certificate, ca, problem }) => {
    const { got, server } = await getSecurely(certificate, ca === undefined ? SYSTEM_TRUST : trusting(pem(ca)));
    expect(got).toEqual({ ok: false, failure: { kind: 'tls_untrusted', problem } });
    expect(server.seen).toEqual([]);
  });

  it('sends nothing to a server that names its host in the common name only', async () => {
    const { got, server } = await getSecurely('common-name', trusting(pem('root.pem')), 'localhost');
    expect(got).toEqual({ ok: false, failure: { kind: 'tls_untrusted', problem: 'no_alternative_name' } });
    expect(server.seen).toEqual([]);
  });

  it.each(['expired', 'wrong-name', 'self-signed', 'server', 'common-name'] as const)(
    'takes any certificate when verification is skipped: %s',
    async (certificate) => {
      const { got } = await getSecurely(certificate, { verify: false });
      expect(got).toMatchObject({ value: { status: 200 } });
    },
  );

  it('ends with its deadline when the peer hangs in the handshake', async () => {
    const deadline = new AbortController();
    const server = await serveTcp((socket) =>
      socket.once('data', () => {
        deadline.abort();
      }),
    );
    const endpoint = { secure: true, host: 'registry.test', port: server.port };
    expect(await get({ endpoint, signal: deadline.signal })).toEqual({ ok: false, failure: { kind: 'timeout' } });
  });

  it('calls a peer that does not speak TLS just that', async () => {
    const server = await serve((_request, response) => response.end());
    const endpoint = { secure: true, host: 'registry.test', port: server.port };
    expect(await get({ endpoint })).toEqual({ ok: false, failure: { kind: 'no_handshake' } });
  });

  it('refuses a CA that holds no certificate', () => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(trustOf({ ca: broken })).toEqual({ ok: false, failure: 'bad_ca' });
  });
});
