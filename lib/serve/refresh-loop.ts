/** Runs the refresher every few seconds, one run at a time, until it is stopped. */
import type { Report } from '../service/events.ts';
import { whereThrown } from '../service/where-thrown.ts';
import { refreshDue, type RefreshRun } from '../service/refresh.ts';
import type { RefreshDeps } from '../service/refresh-registry.ts';
import { StoreUnavailable } from '../stores/catalogue.ts';

const INTERVAL_MS = 2_000;
const LIMITS = { budgetMilliseconds: 60_000, concurrency: 16 };

export interface RefreshLoop {
  /** Resolves when the run under way has ended. */
  stop(): Promise<void>;
}

export function startRefreshLoop(deps: RefreshDeps, onRun: (run: RefreshRun) => void): RefreshLoop {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;

  async function run(): Promise<void> {
    try {
      onRun(await refreshDue(LIMITS, deps));
    } catch (error) {
      reportFailure(error, deps.report);
    }
    if (!stopped) timer = setTimeout(begin, INTERVAL_MS);
  }

  function begin(): void {
    running = run();
  }

  begin();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

function reportFailure(error: unknown, report: Report): void {
  const fields = error instanceof StoreUnavailable ? { reason: error.code } : whereThrown(error);
  report({ level: 'error', code: 'refresh.run_failed', fields: { ...fields } });
}
