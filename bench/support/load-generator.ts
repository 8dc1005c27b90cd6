/**
 * A closed loop of keep-alive connections in a process of its own: each sends a request, waits for the whole answer and
 * sends the next. On bare sockets, so that it costs less than any server it measures.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import { answerParent } from './child.ts';
import { percentile } from './comparison.ts';

const job = z.object({
  port: z.number(),
  connections: z.number(),
  /** Not counted, so that what is slow only at first is not measured. */
  warmUpMilliseconds: z.number(),
  milliseconds: z.number(),
  /** Whole requests, head and body; the connections take turns. */
  requests: z.array(z.string()),
});

interface Tally {
  counting: boolean;
  ended: boolean;
  refused: number;
  readonly latencies: number[];
}

const HEAD_END = Buffer.from('\r\n\r\n');
const OK = Buffer.from('HTTP/1.1 200');
const LENGTH = /\r\ncontent-length: (?<length>\d+)/i;

/** How many bytes the answer at the beginning of `received` has; undefined while its head is not whole. */
function answerLength(received: Buffer): number | undefined {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const length = LENGTH.exec(received.toString('latin1', 0, headEnd))?.groups?.['length'];
  if (length === undefined) throw new Error('an answer without content-length');
  return headEnd + HEAD_END.length + Number(length);
}

function converse(socket: Socket, next: () => Buffer, tally: Tally): void {
  let received: Buffer = Buffer.alloc(0);
  let sentAt = 0;
  const send = (): void => {
    sentAt = performance.now();
    socket.write(next());
  };
  socket.setNoDelay(true);
  socket.on('connect', send);
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const length = answerLength(received);
    if (length === undefined || received.length < length) return;
    if (!received.subarray(0, OK.length).equals(OK)) tally.refused += 1;
    if (tally.counting) tally.latencies.push(performance.now() - sentAt);
    received = received.subarray(length);
    if (!tally.ended) send();
  });
  const onEnd = (): void => {
    if (!tally.ended) tally.refused += 1;
  };
  socket.on('error', onEnd);
  socket.on('close', onEnd);
}

answerParent(async (message) => {
  const { port, connections, warmUpMilliseconds, milliseconds, requests } = job.parse(message);
  const texts = requests.map((text) => Buffer.from(text));
  const tally: Tally = { counting: false, ended: false, refused: 0, latencies: [] };
  let turn = 0;
  const next = (): Buffer => texts[(turn += 1) % texts.length] ?? Buffer.alloc(0);
  const sockets = Array.from({ length: connections }, () => connect({ port, host: '127.0.0.1' }));
  for (const socket of sockets) converse(socket, next, tally);
  await sleep(warmUpMilliseconds);
  tally.counting = true;
  const startedAt = performance.now();
  await sleep(milliseconds);
  tally.counting = false;
  const seconds = (performance.now() - startedAt) / 1000;
  tally.ended = true;
  for (const socket of sockets) socket.destroy();
  return {
    answered: tally.latencies.length,
    refused: tally.refused,
    requestsPerSecond: tally.latencies.length / seconds,
    p50: percentile(tally.latencies, 0.5),
    p99: percentile(tally.latencies, 0.99),
  };
});
