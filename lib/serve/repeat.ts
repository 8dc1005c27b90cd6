/** Does something again and again, one run at a time, until it is stopped. What a run throws is told, and does not end it. */
import type { Report } from '../service/events.ts';
import { whereThrown } from '../service/where-thrown.ts';
import { StoreUnavailable } from '../stores/catalogue.ts';

export interface Repetition {
  /** Nothing is begun after it; resolves when the run under way has ended. */
  stop(): Promise<void>;
}

export interface RepeatOptions {
  readonly firstAfterMilliseconds: number;
  /** Between the end of a run and the next one. */
  readonly pauseMilliseconds: number;
  /** `stop` is aborted when it is to end early. */
  readonly run: (stop: AbortSignal) => Promise<void>;
  /** The event's code when a run throws. */
  readonly failed: string;
  readonly report: Report;
}

export function repeat(options: RepeatOptions): Repetition {
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function once(): Promise<void> {
    try {
      await options.run(stop.signal);
    } catch (error) {
      const fields = error instanceof StoreUnavailable ? { reason: error.code } : whereThrown(error);
      options.report({ level: 'error', code: options.failed, fields: { ...fields } });
    }
    if (!stop.signal.aborted) timer = setTimeout(begin, options.pauseMilliseconds);
  }

  function begin(): void {
    running = once();
  }

  if (options.firstAfterMilliseconds === 0) begin();
  else timer = setTimeout(begin, options.firstAfterMilliseconds);
  return {
    async stop() {
      stop.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
