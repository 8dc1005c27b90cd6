/** The one call of hosts that changes something: a credential was rejected, have it minted anew. */
import { performance } from 'node:perf_hooks';
import { api, type ApiHandler } from '../http/api.ts';
import type { AuthenticateDeps } from '../service/authenticate.ts';
import type { RejectionDeps } from '../service/rejections.ts';
import type { FunctionLog } from './function-log.ts';
import { rejectionRoutes } from '../http/rejection-routes.ts';
import { promptingRefresh, type PromptRefresh } from './prompt-refresh.ts';

export interface RejectApiOptions {
  readonly catalogue: RejectionDeps['catalogue'] & AuthenticateDeps['catalogue'];
  readonly log: FunctionLog;
  readonly prompt: Pick<PromptRefresh, 'client' | 'functionNames'>;
}

export function rejectApi({ catalogue, log, prompt }: RejectApiOptions): ApiHandler {
  const now = Date.now;
  const { report } = log;
  const prompting = promptingRefresh(catalogue, { ...prompt, now, report });
  const { getAgent, listPrincipals } = catalogue;
  const routes = rejectionRoutes({ catalogue: { getAgent, listPrincipals, ...prompting }, now });
  return api({ routes, report, now: () => performance.now() });
}
