/**
 * A registry that answers anything at all. Whatever it says, a check ends in time with one of its typed results, and the
 * password went to nobody but the registry, over the transport that was asked for.
 */
import fc from 'fast-check';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERIFICATION_STATUSES, type TlsSettings } from '../../lib/domain/registry.ts';
import { createLoginCheck } from '../../lib/distribution/create-login-check.ts';
import { basic, LOOPBACK, PASSWORD, pem, requestTo } from './scripted-registry.ts';

/** Long enough for every answer on loopback, short enough for many that never come. */
const TIMEOUT_MS = 250;
const RUNS = 120;
const OWN = '@own@';
const THIEF = '@thief@';

interface Answer {
  /** `behave`: as a registry does that has given this challenge, and takes any login. */
  readonly mood: 'behave' | 'answer' | 'close' | 'reset' | 'hang';
  readonly bytes: string;
}

interface Heard {
  readonly transport: 'plain' | 'tls';
  readonly path: string;
  readonly authorization: string | undefined;
  readonly answered: string;
}

const ascii = fc.string({ unit: 'binary-ascii', maxLength: 40 });
const challenge = fc.oneof(
  { weight: 3, arbitrary: fc.constant('Basic realm="r"') },
  { weight: 3, arbitrary: fc.constant(`Bearer realm="${OWN}/token",service="s"`) },
  { weight: 2, arbitrary: fc.constant(`Bearer realm="${THIEF}/token"`) },
  { weight: 1, arbitrary: fc.constant(`Bearer realm="${THIEF}/token", Basic realm="r"`) },
  { weight: 1, arbitrary: fc.constant('Bearer realm="http://registry.test/token"') },
  { weight: 1, arbitrary: ascii.map((text) => `Bearer realm="https://${text}"`) },
  { weight: 1, arbitrary: ascii },
);
const header = fc.oneof(
  { weight: 4, arbitrary: challenge.map((value) => `www-authenticate: ${value}`) },
  { weight: 3, arbitrary: fc.constant('docker-distribution-api-version: registry/2.0') },
  { weight: 1, arbitrary: fc.constant(`location: ${THIEF}/`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('connection: upgrade', 'upgrade: x', 'content-encoding: gzip', 'retry-after: 7'),
  },
  { weight: 1, arbitrary: fc.tuple(ascii, ascii).map(([name, value]) => `${name}: ${value}`) },
);
const body = fc.oneof(
  fc.constantFrom('{}', '{"token":"t"}', '{"access_token":"t","token":""}', '{"token":"a\\r\\nb: c"}', '<html>', ''),
  fc.constantFrom('{"tags":["1"]}', '{"tags":["../x"]}', '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}', '{"token":'),
  ascii,
);
const status = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(200, 401) },
  { weight: 3, arbitrary: fc.constantFrom(103, 101, 204, 301, 307, 400, 403, 404, 405, 418, 429, 500, 503, 599) },
  { weight: 1, arbitrary: fc.nat(1_200) },
);
const framing = fc.constantFrom('length', 'length', 'end', 'chunked', 'short');

const http = fc.record({ status, headers: fc.array(header, { maxLength: 6 }), body, framing }).map((parts) => {
  const framed = {
    length: [`content-length: ${parts.body.length}`, parts.body],
    end: ['x: y', parts.body],
    chunked: ['transfer-encoding: chunked', `${parts.body.length.toString(16)}\r\n${parts.body}\r\n0\r\n\r\n`],
    short: [`content-length: ${parts.body.length + 9}`, parts.body],
  }[parts.framing];
  const [last = '', content = ''] = framed;
  return [`HTTP/1.1 ${parts.status} Whatever`, ...parts.headers, last, '', content].join('\r\n');
});
const bytes = fc.oneof(
  { weight: 9, arbitrary: http },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 99 }) },
);
const mood = fc.oneof(
  { weight: 60, arbitrary: fc.constant('behave' as const) },
  { weight: 20, arbitrary: fc.constant('answer' as const) },
  { weight: 1, arbitrary: fc.constantFrom('close', 'reset', 'hang') },
);
const script = fc.array(fc.record({ mood, bytes }), { minLength: 1, maxLength: 12 });

/** What the administrator said of the registry, and what stands there. */
interface Setting {
  readonly tls: TlsSettings;
  readonly server: 'plain' | 'server' | 'self-signed';
  readonly maySend: boolean;
}
const OPEN: Setting = { tls: { plainHttp: true }, server: 'plain', maySend: true };
const SEALED: readonly Setting[] = [
  { tls: { ca: pem('ca.pem') }, server: 'server', maySend: true },
  { tls: { skipVerify: true }, server: 'self-signed', maySend: true },
  { tls: { ca: pem('ca.pem') }, server: 'self-signed', maySend: false },
  { tls: {}, server: 'server', maySend: false },
  { tls: {}, server: 'plain', maySend: false },
  { tls: { plainHttp: true }, server: 'server', maySend: false },
];
const setting = fc.oneof(fc.constant(OPEN), fc.constantFrom(...SEALED));

const sockets = new Set<Socket>();
const servers: Server[] = [];
const ports = new Map<string, number>();
let answers: readonly Answer[] = [];
/** Of a registry that behaves. */
let scheme: 'Basic' | 'Bearer' = 'Basic';
let heard: Heard[] = [];
let stolen = 0;

function behaved(path: string, authorization: string | undefined): string {
  const body = path.startsWith('/token') ? '{"token":"t"}' : path.includes('/tags/') ? '{"tags":["1"]}' : '{}';
  const isIn = path.startsWith('/token') || authorization !== undefined;
  const lines = [
    isIn ? 'HTTP/1.1 200 OK' : 'HTTP/1.1 401 Unauthorized',
    scheme === 'Basic' ? 'www-authenticate: Basic realm="r"' : `www-authenticate: Bearer realm="${OWN}/token"`,
    'docker-distribution-api-version: registry/2.0',
    `content-length: ${body.length}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** Every connection gets the next answer, the last one again and again. */
function onConnection(transport: Heard['transport'], origin: () => string): (socket: Socket) => void {
  return (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let head = '';
    socket.on('data', (chunk: Buffer) => {
      const wasWhole = head.includes('\r\n\r\n');
      head += chunk.toString('latin1');
      // Who hears TLS and speaks none goes away, as servers do.
      if (head.startsWith('\u0016')) socket.end();
      if (wasWhole || !head.includes('\r\n\r\n')) return;
      const answer = answers[Math.min(heard.length, answers.length - 1)] ?? { mood: 'close', bytes: '' };
      const path = head.split(' ')[1] ?? '';
      const authorization = /\r\nauthorization: ([^\r]*)/i.exec(head)?.[1];
      const template = answer.mood === 'behave' ? behaved(path, authorization) : answer.bytes;
      const text = template.replaceAll(OWN, origin()).replaceAll(THIEF, thiefOrigin());
      const speaks = answer.mood === 'behave' || answer.mood === 'answer';
      heard.push({ transport, path, authorization, answered: speaks ? text : '' });
      if (speaks) socket.end(text, 'utf8');
      else if (answer.mood === 'close') socket.end();
      // TLS has no reset of its own: its connection just goes.
      else if (answer.mood === 'reset' && transport === 'plain') socket.resetAndDestroy();
      else if (answer.mood === 'reset') socket.destroy();
    });
  };
}

function thiefOrigin(): string {
  return `https://thief.test:${ports.get('thief') ?? 0}`;
}

async function listen(name: string, server: Server): Promise<void> {
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  ports.set(name, address.port);
}

beforeAll(async () => {
  const origin = (scheme: string, name: string) => () => `${scheme}://registry.test:${ports.get(name) ?? 0}`;
  await listen('plain', createTcpServer(onConnection('plain', origin('http', 'plain'))));
  for (const name of ['server', 'self-signed']) {
    const tls = { cert: pem(`${name}.pem`), key: pem(`${name}.key`) };
    await listen(name, createTlsServer(tls, onConnection('tls', origin('https', name))));
  }
  const thief = createTlsServer({ cert: pem('server.pem'), key: pem('server.key') });
  thief.on('connection', () => {
    stolen += 1;
  });
  await listen('thief', thief);
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
});

const check = createLoginCheck({
  allowedNetworks: LOOPBACK,
  timeoutMs: TIMEOUT_MS,
  resolve: async () => ['127.0.0.1'],
});

function isOurs({ authorization = '' }: Heard): boolean {
  return authorization === basic();
}

describe('a registry that answers anything', () => {
  it('gets a typed result in time, and the password to nobody else', { timeout: 120_000 }, async () => {
    const schemes = fc.constantFrom('Basic' as const, 'Bearer' as const);
    const asked = fc.record({ setting, script, schemes, probe: fc.boolean(), tryStranger: fc.boolean() });
    const property = fc.asyncProperty(asked, async ({ setting: { tls, server, maySend }, ...run }) => {
      [answers, heard, stolen, scheme] = [run.script, [], 0, run.schemes];
      const outcome = await check(
        requestTo(`registry.test:${ports.get(server) ?? 0}`, {
          tls,
          ...(run.probe ? { probeRepository: 'team/app' } : {}),
          ...(run.tryStranger ? { tryStranger: true } : {}),
        }),
      );
      expect(VERIFICATION_STATUSES).toContain(outcome.status);
      expect(outcome.advice).toMatch(/^The .*\.$|^Anybody .*\.$/);
      expect(JSON.stringify(outcome)).not.toContain(PASSWORD.slice(0, 8));
      expect(stolen).toBe(0);

      const ours = heard.filter(isOurs);
      if (!maySend) expect(ours).toEqual([]);
      expect(ours.filter(({ transport }) => (transport === 'plain') !== (tls.plainHttp === true))).toEqual([]);
      // In no other form, and never in a path.
      expect(heard.filter(({ path }) => path.includes(encodeURIComponent(PASSWORD)))).toEqual([]);
      // A password that was refused is not tried again: that is how accounts are locked.
      const refused = ours.findIndex(
        ({ answered, path }) => / 401 /.test(answered.slice(0, 14)) && !path.includes('/team/'),
      );
      expect(ours.slice(refused === -1 ? ours.length : refused + 1)).toEqual([]);
    });
    await fc.assert(property, { numRuns: RUNS });
  });
});
