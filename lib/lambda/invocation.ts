/**
 * The shell around every function: its log knows the request, and whatever is thrown ends as one bland error, because the
 * runtime prints errors with all that they hold and the caller of a function sees their text.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { whereThrown } from '../service/where-thrown.ts';
import { StoreUnavailable } from '../stores/catalogue.ts';
import type { FunctionLog } from './function-log.ts';

/** All that the runtime prints and the caller is told. The log line before it says more. */
export class InvocationFailed extends Error {
  override readonly name = 'InvocationFailed';

  constructor() {
    super('this invocation failed: the line before says where');
  }
}

export interface Shell {
  readonly log: FunctionLog;
  /** Begun while the function started: the first invocation waits for it. */
  readonly ready?: readonly Promise<void>[];
}

export function invocation<Event, Answer>(
  shell: Shell,
  run: (event: Event, context: Context) => Promise<Answer>,
): (event: Event, context: Context) => Promise<Answer> {
  const { log, ready = [] } = shell;
  const started = Promise.all(ready);
  return async (event, context) => {
    log.begin(context.awsRequestId);
    try {
      await started;
      return await run(event, context);
    } catch (error) {
      reportThrown(error, log);
      throw new InvocationFailed();
    } finally {
      log.end();
    }
  };
}

function reportThrown(error: unknown, { report }: Pick<FunctionLog, 'report'>): void {
  if (error instanceof StoreUnavailable) {
    report({ level: 'error', code: 'store.unavailable', fields: { reason: error.code } });
  } else {
    report({ level: 'error', code: 'function.failed', fields: { ...whereThrown(error) } });
  }
}

const WARM_UP_MS = 1_500;

/**
 * One real call of each client while the function starts, where processor time is plentiful: names are resolved,
 * connections open, code is compiled. Never rejects, and never takes long.
 */
export async function warmUp(
  calls: readonly (() => Promise<unknown>)[],
  { report }: Pick<FunctionLog, 'report'>,
): Promise<void> {
  const given = new AbortController();
  const timer = wait(WARM_UP_MS, 'late', { signal: given.signal, ref: false }).catch(() => 'late');
  const called = Promise.allSettled(calls.map(async (call) => await call())).then((outcomes) =>
    outcomes.every(({ status }) => status === 'fulfilled') ? 'warm' : 'failed',
  );
  const outcome = await Promise.race([called, timer]);
  given.abort();
  if (outcome !== 'warm') report({ level: 'warn', code: 'function.not_warm', fields: { reason: outcome } });
}
