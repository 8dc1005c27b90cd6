/**
 * Reads a request's body on this machine, and keeps little of it for a stranger: nothing without a token, no more than
 * hosts send before the token is proven.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Secret } from '../domain/secret.ts';
import { claimedAgentId } from '../service/tokens.ts';
import { bearerToken } from './api-request.ts';
import { MAX_BODY_BYTES, MAX_HOST_BODY_BYTES } from './body-limits.ts';

export interface ReadBody {
  readonly bytes: Buffer;
  /** False: it was not read to its end, and what follows must not be taken for the next request. */
  readonly complete: boolean;
}

/** How long what a client still sends is thrown away after its answer: many look for one only when they have sent all. */
const LINGER_MS = 500;

/** Of a caller who is nobody. Routes prove the caller before they look at a body, so that is what they answer. */
const UNREAD: ReadBody = { bytes: Buffer.alloc(0), complete: false };
/** Larger than any route takes: each refuses it in its own style. */
const OVERSIZE: ReadBody = { bytes: Buffer.alloc(MAX_BODY_BYTES + 1), complete: false };
const NONE: ReadBody = { bytes: Buffer.alloc(0), complete: true };

/** `limitOf`: how many bytes may come with a token; 0 for nobody's. Rejects where the client has gone. */
export async function readBody(
  request: IncomingMessage,
  limitOf: (token: Secret) => Promise<number>,
): Promise<ReadBody> {
  const { headers } = request;
  if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0) return NONE;
  const token = bearerToken(headers.authorization);
  if (token === undefined || claimedAgentId(token) === undefined) return UNREAD;
  const first = await readOn(request, NONE.bytes, MAX_HOST_BODY_BYTES);
  if (first.complete) return first;
  const limit = await limitOf(token);
  if (limit === 0) return UNREAD;
  const all = await readOn(request, first.bytes, limit);
  return all.complete ? all : OVERSIZE;
}

/**
 * Reads until the body ends or is longer than the limit, and then pauses. Bytes are copied together: a body that comes in
 * chunks of one byte would otherwise take a hundred times its size.
 */
async function readOn(request: IncomingMessage, before: Buffer, limit: number): Promise<ReadBody> {
  const announced = Number(request.headers['content-length'] ?? limit);
  if (announced > limit || before.length > limit) return { bytes: before, complete: false };
  const room = Buffer.allocUnsafe(announced);
  let size = before.copy(room);
  return await new Promise((resolve, reject) => {
    const keep = (chunk: Buffer): void => {
      if (size + chunk.length <= room.length) {
        size += chunk.copy(room, size);
        return;
      }
      request.pause().off('data', keep);
      resolve({ bytes: Buffer.concat([room.subarray(0, size), chunk]), complete: false });
    };
    request.on('data', keep);
    request.on('end', () => {
      resolve({ bytes: room.subarray(0, size), complete: true });
    });
    request.on('error', reject);
    request.on('close', () => {
      // The client has gone. (An error for each whole request would cost a twentieth of it.)
      if (!request.complete) reject(new Error('the request ended early'));
    });
    request.resume();
  });
}

/** Ends an answer to a body that was not read to its end: the client has the answer at once, and then the connection ends. */
export async function endUnread(request: IncomingMessage, response: ServerResponse, body: Buffer): Promise<void> {
  response.flushHeaders();
  response.write(body);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LINGER_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    request.once('end', done).once('close', done).resume();
  });
  response.end();
}
