/**
 * Events as JSON lines on standard error, for people's log collectors. A collector that does not read must hold up nobody:
 * what it has not taken is kept up to a limit; then events are dropped, and counted once it reads again.
 */
import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { destination, pino, type DestinationStream } from 'pino';
import type { Report } from '../service/events.ts';

export interface EventLog {
  readonly report: Report;
  /** Waits a moment for the reader to take the rest. */
  readonly close: () => Promise<void>;
}

const STANDARD_ERROR = 2;
const MAX_WAITING_BYTES = 1024 * 1024;
const LAST_WORDS_MS = 1_000;

interface LogTarget extends DestinationStream {
  readonly close: () => Promise<void>;
}

export function eventLog(): EventLog {
  const target = logTarget();
  const log = pino(
    {
      base: null,
      messageKey: 'event',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    target,
  );
  return {
    report: ({ level, code, fields }) => {
      log[level]({ ...fields }, code);
    },
    close: target.close,
  };
}

/** Only a pipe or a socket has a reader that can stop reading. */
function logTarget(): LogTarget {
  const kind = fstatSync(STANDARD_ERROR);
  if (kind.isFIFO() || kind.isSocket()) {
    return boundedTarget(new Socket({ fd: STANDARD_ERROR, readable: false, writable: true }));
  }
  const file = destination({ fd: STANDARD_ERROR, sync: true });
  return {
    write: (line) => {
      file.write(line);
    },
    close: async () => undefined,
  };
}

function boundedTarget(pipe: Socket): LogTarget {
  let dropped = 0;
  let gone = false;
  // The reader has gone: there is nobody to tell.
  pipe.on('error', () => {
    gone = true;
  });
  return {
    write: (line) => {
      if (gone) return;
      if (pipe.writableLength > MAX_WAITING_BYTES) {
        dropped += 1;
        return;
      }
      if (dropped > 0) pipe.write(droppedLine(dropped));
      dropped = 0;
      pipe.write(line);
    },
    close: async () => {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LAST_WORDS_MS);
        pipe.end(() => {
          clearTimeout(timer);
          resolve();
        });
      });
      pipe.destroy();
    },
  };
}

function droppedLine(count: number): string {
  return `${JSON.stringify({ level: 'warn', time: new Date().toISOString(), count, event: 'log.dropped' })}\n`;
}
