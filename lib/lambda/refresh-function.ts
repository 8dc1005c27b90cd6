/**
 * The functions that hold a source kind's credentials: on schedule they refresh what is due of their kind, and when another
 * function asks they mint for it. Anything else is refused.
 */
import { performance } from 'node:perf_hooks';
import type { Context } from 'aws-lambda';
import * as z from 'zod/mini';
import { changeDeps, UNHURRIED } from '../service/change-deps.ts';
import { mint } from '../service/mint.ts';
import { refreshDue, type RefreshRun } from '../service/refresh.ts';
import { findKind } from '../sources/find-kind.ts';
import type { OperatorHosts } from '../domain/secret-destination.ts';
import type { SourceKind } from '../sources/source-kind.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import type { Vault } from '../stores/vault.ts';
import type { FunctionLog } from './function-log.ts';
import { METRICS } from './metric-names.ts';
import { decodeMintRequest, mintAnswer, type MintAnswer } from './mint-request.ts';
import { runLimits } from './time-budgets.ts';

export interface RefreshFunctionOptions extends OperatorHosts {
  readonly catalogue: Pick<
    Catalogue,
    'claimDue' | 'claimRegistry' | 'finishRefresh' | 'getRegistry' | 'soonestExpiries' | 'firstUrgent'
  >;
  readonly vault: Vault;
  readonly kinds: readonly SourceKind[];
  readonly allowNetworks: readonly string[];
  readonly log: FunctionLog;
}

const refreshEvent = z.strictObject({ pullpass: z.literal('refresh') });

/** Nobody's: the schedules and the functions send nothing else. Its message holds nothing of the event. */
class UnknownEvent extends Error {
  override readonly name = 'UnknownEvent';
}

export function refreshFunction(
  options: RefreshFunctionOptions,
): (event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>) => Promise<RefreshRun | MintAnswer> {
  const { catalogue, vault, kinds, allowNetworks, ecrUpstreamHosts, log } = options;
  const { report } = log;
  const deps = { catalogue, ...changeDeps({ vault, kinds, report, allowNetworks, ecrUpstreamHosts, ...UNHURRIED }) };
  return async (event, context) => {
    if (z.safeParse(refreshEvent, event).success) return await run(context.getRemainingTimeInMillis());
    const request = decodeMintRequest(event);
    const kind = request === undefined ? undefined : findKind(kinds, request.settings.kind);
    if (request === undefined || kind === undefined) throw new UnknownEvent();
    const { timeoutMilliseconds, ...what } = request;
    const minted = await mint(kind, what, { ...deps, mintTimeoutMilliseconds: timeoutMilliseconds });
    const outcome = minted.ok ? 'minted' : minted.failure.code;
    report({ level: minted.ok ? 'info' : 'warn', code: 'mint.answered', fields: { kind: kind.kind, outcome } });
    return mintAnswer(minted);
  };

  async function run(remainingMilliseconds: number): Promise<RefreshRun> {
    const since = performance.now();
    const summary = await refreshDue(runLimits(remainingMilliseconds), deps);
    const milliseconds = Math.round(performance.now() - since);
    report({ level: 'info', code: 'refresh.run', fields: { ...summary, milliseconds } });
    await measureRun(options);
    return summary;
  }
}

/** What the alarms look at. A kind without credentials that run out has no seconds left to tell. */
async function measureRun({ catalogue, kinds, log }: RefreshFunctionOptions): Promise<void> {
  const [expiries, urgent] = await Promise.all([catalogue.soonestExpiries(), catalogue.firstUrgent()]);
  const now = Date.now();
  const secondsUntil = (time: number): number => Math.floor((time - now) / 1000);
  for (const { kind } of kinds) {
    const dimensions = { Kind: kind };
    log.measure({ name: METRICS.refreshRuns, unit: 'Count', values: [1], dimensions });
    const first = expiries.find((expiry) => expiry.kind === kind);
    if (first === undefined) continue;
    const values = [secondsUntil(first.expiresAt)];
    log.measure({ name: METRICS.secondsLeft, unit: 'Seconds', values, dimensions });
  }
  if (urgent === undefined) return;
  const values = [secondsUntil(urgent.urgentAt)];
  log.measure({ name: METRICS.secondsUntilUrgent, unit: 'Seconds', values, dimensions: {} });
}
