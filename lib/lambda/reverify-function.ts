/** The background check as a function: on its schedule's event it runs; every other event is for whom it stands before. */
import { performance } from 'node:perf_hooks';
import type { Context } from 'aws-lambda';
import * as z from 'zod/mini';
import { changeDeps, UNHURRIED } from '../service/change-deps.ts';
import { lostCredentials } from '../service/pull-deps.ts';
import { pause, reverifyDue, type ReverifyRun } from '../service/reverify.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import { METRICS } from './metric-names.ts';
import type { RefreshFunctionOptions } from './refresh-function.ts';
import { reverifyLimits } from './time-budgets.ts';

export type ReverifyFunctionOptions = Omit<RefreshFunctionOptions, 'catalogue'> & {
  readonly catalogue: Pick<
    Catalogue,
    'listRegistries' | 'getRegistry' | 'claimRegistry' | 'finishRefresh' | 'reportRejection'
  >;
};

type Runtime = Pick<Context, 'getRemainingTimeInMillis'>;

const reverifyEvent = z.strictObject({ pullpass: z.literal('reverify') });

/** Lambda ends a run by its time, and reverifyLimits says when that is. */
const NEVER_STOPPED = new AbortController().signal;

export function reverifyFunction<Answer>(
  options: ReverifyFunctionOptions,
  otherwise: (event: unknown, context: Runtime) => Promise<Answer>,
): (event: unknown, context: Runtime) => Promise<Answer | ReverifyRun> {
  const { catalogue, vault, kinds, allowNetworks, ecrUpstreamHosts, log } = options;
  const { report } = log;
  const deps = {
    catalogue,
    issued: vault,
    reportLost: lostCredentials(catalogue),
    pause,
    ...changeDeps({ vault, kinds, report, allowNetworks, ecrUpstreamHosts, ...UNHURRIED }),
  };
  return async (event, context) => {
    if (!z.safeParse(reverifyEvent, event).success) return await otherwise(event, context);
    const since = performance.now();
    const run = await reverifyDue(reverifyLimits(context.getRemainingTimeInMillis()), deps, NEVER_STOPPED);
    const milliseconds = Math.round(performance.now() - since);
    report({ level: run.complete ? 'info' : 'warn', code: 'reverify.run', fields: { ...run, milliseconds } });
    // Of a part only, it would end the alarm for what is in the other.
    if (run.complete) {
      log.measure({ name: METRICS.driftedRegistries, unit: 'Count', values: [run.drifted], dimensions: {} });
      log.measure({ name: METRICS.expiringPasswords, unit: 'Count', values: [run.expiring], dimensions: {} });
    }
    return run;
  };
}
