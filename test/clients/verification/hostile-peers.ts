/** Peers that answer too slowly, too much, or nonsense, and what a verification says of each. */
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { VerificationStatus } from '../../../lib/domain/registry.ts';
import type { Scene } from '../support/scene.ts';
import { SERVER_CA, SERVER_TLS, startPeer, startTcpPeer, type Peer, type PeerOptions } from './peers.ts';

const MEBIBYTE = 1024 * 1024;
const REGISTRY = { 'docker-distribution-api-version': 'registry/2.0', 'content-type': 'application/json' };
const UNAUTHORIZED = 'HTTP/1.1 401 Unauthorized\r\n';
const TRUSTING = { ca: SERVER_CA };

type Statuses = readonly VerificationStatus[];

export interface Hostile {
  readonly name: string;
  readonly start: (scene: Scene) => Promise<Peer>;
  readonly tls?: { readonly ca: string };
  readonly statuses: Statuses;
}

/** Writes a text again and again, as fast as it is read. */
function pour(socket: Socket, text: string): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(text));
  };
  socket.on('drain', more);
  more();
}

function trickle(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 20);
  socket.on('close', () => {
    clearInterval(timer);
  });
}

function bytes(name: string, speak: (socket: Socket) => void, statuses: Statuses): Hostile {
  const start: Hostile['start'] = ({ workspace }) =>
    startTcpPeer(workspace, (socket) => {
      socket.once('data', () => {
        speak(socket);
      });
    });
  return { name, start, statuses };
}

function answers(name: string, listener: RequestListener, statuses: Statuses, options: PeerOptions = {}): Hostile {
  const tls = options.tls === undefined ? {} : { tls: TRUSTING };
  return { name, start: ({ workspace }) => startPeer(workspace, listener, options), statuses, ...tls };
}

/** Sends logins to a token service of its own, which answers that. */
function tokens(name: string, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Hostile {
  const listener: RequestListener = (request, response) => {
    const realm = `http://${request.headers.host ?? ''}/token`;
    if (request.url?.startsWith('/token')) response.writeHead(200, { ...REGISTRY, ...headers }).end(body);
    else response.writeHead(401, { ...REGISTRY, 'www-authenticate': `Bearer realm="${realm}"` }).end('{}');
  };
  return answers(`a token service: ${name}`, listener, ['not_a_registry']);
}

function challenges(name: string, lines: readonly string[], statuses: Statuses = ['not_a_registry']): Hostile {
  const listener: RequestListener = (_request, response) => {
    response.writeHead(401, { ...REGISTRY, 'www-authenticate': [...lines] }).end('{}');
  };
  return answers(`challenges: ${name}`, listener, statuses);
}

const NO_REGISTRY: Statuses = ['not_a_registry'];

const SLOW: readonly Hostile[] = [
  {
    name: 'accepts and says nothing',
    start: ({ workspace }) => startTcpPeer(workspace, () => undefined),
    statuses: ['timeout'],
  },
  bytes('hangs within the headers', (socket) => socket.write(`${UNAUTHORIZED}x: `), ['timeout']),
  bytes(
    'sends headers one byte at a time',
    (socket) => {
      socket.write(UNAUTHORIZED);
      trickle(socket, 'x');
    },
    ['timeout'],
  ),
  bytes(
    'sends its body in chunks of one byte',
    (socket) => {
      socket.write(`${UNAUTHORIZED}www-authenticate: Basic realm="r"\r\ntransfer-encoding: chunked\r\n\r\n`);
      trickle(socket, '1\r\na\r\n');
    },
    ['timeout'],
  ),
  { ...bytes('says nothing to TLS', () => undefined, ['timeout']), tls: TRUSTING },
  {
    ...bytes(
      'trickles into TLS',
      (socket) => {
        trickle(socket, '\u0016');
      },
      ['timeout', 'unreachable'],
    ),
    tls: TRUSTING,
  },
];

const LARGE: readonly Hostile[] = [
  bytes(
    'never ends its headers',
    (socket) => {
      pour(socket, `${UNAUTHORIZED}x: ${'y'.repeat(65_536)}`);
    },
    NO_REGISTRY,
  ),
  bytes(
    'sends a million headers',
    (socket) => {
      socket.write(UNAUTHORIZED);
      pour(socket, 'x: y\r\n'.repeat(1_000));
    },
    NO_REGISTRY,
  ),
  bytes(
    'never ends its body',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      pour(socket, '{}'.repeat(8_192));
    },
    NO_REGISTRY,
  ),
  bytes(
    'never ends its interim answers',
    (socket) => {
      pour(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(500));
    },
    NO_REGISTRY,
  ),
  answers(
    '10 MB of JSON',
    (_request, response) => response.writeHead(200).end(Buffer.alloc(10 * MEBIBYTE, '[')),
    NO_REGISTRY,
  ),
  answers(
    'a gzip bomb',
    (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(32 * MEBIBYTE))),
    NO_REGISTRY,
  ),
  challenges(
    'hundreds',
    Array.from({ length: 300 }, (_, index) => `Digest realm="${index}"`),
  ),
  challenges('one of 12 KiB', [`Bearer realm="https://${'a.'.repeat(6_000)}test/"`], ['realm_not_trusted']),
];

const NONSENSE: readonly Hostile[] = [
  bytes('speaks SSH', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), NO_REGISTRY),
  bytes('speaks HTTP/0.9', (socket) => socket.end('<html>'), NO_REGISTRY),
  bytes(
    'speaks HTTP/1.0 and asks for a login',
    (socket) => socket.end('HTTP/1.0 401 No\r\nWWW-Authenticate: Basic realm="r"\r\n\r\n'),
    ['unauthorized'],
  ),
  bytes('sends zeros', (socket) => socket.end(Buffer.alloc(4_096)), NO_REGISTRY),
  bytes('closes at once', (socket) => socket.end(), ['unreachable']),
  bytes('resets', (socket) => socket.resetAndDestroy(), ['unreachable']),
  bytes('closes within its body', (socket) => socket.end(`${UNAUTHORIZED}content-length: 99\r\n\r\n{`), [
    'unreachable',
  ]),
  bytes(
    'answers with two lengths',
    (socket) => socket.end(`${UNAUTHORIZED}content-length: 1\r\ncontent-length: 2\r\n\r\n{}`),
    NO_REGISTRY,
  ),
  bytes(
    'switches protocols',
    (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ['not_a_registry', 'unreachable'],
  ),
  challenges('none', []),
  challenges('a realm without its end', ['Bearer realm="https://localhost/token']),
  challenges('a realm twice', ['Bearer realm="https://a.test/",realm="https://b.test/"'], ['realm_not_trusted']),
  challenges('schemes that nobody has', ['Negotiate', 'NTLM abc==', 'Digest realm="r"']),
  challenges('a broken line, then a good one', ['Bearer realm="', 'Basic realm="r"'], ['unauthorized']),
  challenges(
    'Basic and Bearer in a line',
    ['Basic realm="r", Bearer realm="https://elsewhere.test/"'],
    ['unauthorized'],
  ),
  tokens('no JSON', '<html>'),
  tokens('no token', '{}'),
  tokens('a list', '[{"token":"x"}]'),
  tokens('a token that ends its header', JSON.stringify({ token: 'x\r\nx-injected: y' })),
  tokens('a token of 60 KB', JSON.stringify({ token: 'x'.repeat(60_000) })),
  tokens('10 MB', Buffer.alloc(10 * MEBIBYTE, ' ')),
  tokens('a gzip bomb', gzipSync(JSON.stringify({ token: 'x'.repeat(8 * MEBIBYTE) })), { 'content-encoding': 'gzip' }),
];

const OLD_TLS = { ...SERVER_TLS, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
const TLS: readonly Hostile[] = [
  answers('speaks TLS 1.1 at most', (_request, response) => response.end(), ['unreachable'], { tls: OLD_TLS }),
  answers('speaks HTTP/2 only', (_request, response) => response.end(), ['unreachable'], {
    tls: { ...SERVER_TLS, ALPNProtocols: ['h2'] },
  }),
  { ...bytes('ends the handshake', (socket) => socket.end(), ['unreachable']), tls: TRUSTING },
  {
    ...bytes('answers TLS with zeros', (socket) => socket.end(Buffer.alloc(64)), ['unreachable', 'not_a_registry']),
    tls: TRUSTING,
  },
];

export const HOSTILE = [...SLOW, ...LARGE, ...NONSENSE, ...TLS];
