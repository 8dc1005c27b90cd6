/**
 * What hosts ask, in a function that reads the catalogue and issued credentials and can do nothing else. Its record of a
 * decision is a line in its log, written before the secret leaves; record-decisions.ts makes the list of them.
 */
import { performance } from 'node:perf_hooks';
import { api, type ApiHandler } from '../http/api.ts';
import type { OperatorHosts } from '../domain/secret-destination.ts';
import { pullDeps } from '../service/pull-deps.ts';
import { StoreUnavailable, type Catalogue } from '../stores/catalogue.ts';
import type { IssuedCredentials } from '../stores/vault.ts';
import type { FunctionLog } from './function-log.ts';
import { hostConfigRoutes } from '../http/host-config-routes.ts';
import { pullRoutes, type PullRoutesDeps } from '../http/pull-routes.ts';

export interface ResolveApiOptions extends OperatorHosts {
  readonly catalogue: PullRoutesDeps['catalogue'] & Pick<Catalogue, 'readForResolve' | 'registriesOnHost'>;
  readonly issued: IssuedCredentials;
  readonly log: FunctionLog;
}

export function resolveApi({ catalogue, issued, ecrUpstreamHosts, log }: ResolveApiOptions): ApiHandler {
  const { report } = log;
  const recordDecision: PullRoutesDeps['recordDecision'] = async (entry) => {
    try {
      await log.record(entry.type, entry);
    } catch {
      throw new StoreUnavailable('log_not_written');
    }
  };
  const deps = { catalogue, ...pullDeps({ catalogue, issued, recordDecision, report, ecrUpstreamHosts }) };
  const routes = [...pullRoutes(deps), ...hostConfigRoutes(deps)];
  return api({ routes, report, now: () => performance.now() });
}
