/** Waiting for something outside this process to come true. */
import { connect } from 'node:net';

const LIMIT_MS = 30_000;
const EVERY_MS = 15;

/** Asks until the answer is true; throws with `what` after `limitMs`. */
export async function waitUntil(
  what: string,
  condition: () => Promise<boolean> | boolean,
  limitMs: number = LIMIT_MS,
): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

/** Whether somebody accepts connections there: a port of 127.0.0.1, or the path of a Unix socket. */
export function accepts(target: number | string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
