/**
 * The one call of hosts that changes something: a credential was rejected, have it minted anew. Here it is only made due:
 * whoever may start a refresher could also ask it for credentials, so that is left to the schedule, which looks every
 * minute.
 */
import { performance } from 'node:perf_hooks';
import { api, type ApiHandler } from '../http/api.ts';
import type { AuthenticateDeps } from '../service/authenticate.ts';
import type { RejectionDeps } from '../service/rejections.ts';
import type { FunctionLog } from './function-log.ts';
import { rejectionRoutes } from '../http/rejection-routes.ts';

export interface RejectApiOptions {
  readonly catalogue: RejectionDeps['catalogue'] & AuthenticateDeps['catalogue'];
  readonly log: FunctionLog;
}

export function rejectApi({ catalogue, log }: RejectApiOptions): ApiHandler {
  const routes = rejectionRoutes({ catalogue, now: Date.now });
  return api({ routes, report: log.report, now: () => performance.now() });
}
