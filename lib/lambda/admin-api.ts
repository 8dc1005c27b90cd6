/**
 * Administrators' and viewers' calls, and what anybody may ask. Credentials of ECR and Google are minted by the functions of
 * their kinds, so that this one, which anybody can reach, may not.
 */
import { performance } from 'node:perf_hooks';
import { administrationRoutes } from '../http/administration-routes.ts';
import { hostConfigRoutes } from '../http/host-config-routes.ts';
import { pullRoutes } from '../http/pull-routes.ts';
import { rejectionRoutes } from '../http/rejection-routes.ts';
import { api, type ApiHandler } from '../http/api.ts';
import { changeDeps } from '../service/change-deps.ts';
import type { OperatorHosts } from '../domain/secret-destination.ts';
import { lostCredentials, pullDeps } from '../service/pull-deps.ts';
import type { SourceKind } from '../sources/source-kind.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import type { Vault } from '../stores/vault.ts';
import type { FunctionLog } from './function-log.ts';
import { ADMIN_BUDGET } from './time-budgets.ts';

export interface AdminApiOptions extends OperatorHosts {
  readonly catalogue: Catalogue;
  readonly vault: Vault;
  readonly kinds: readonly SourceKind[];
  readonly allowNetworks: readonly string[];
  readonly hostScripts: ReadonlyMap<string, string>;
  readonly version: string;
  readonly log: FunctionLog;
}

export function adminApi(options: AdminApiOptions): ApiHandler {
  const { catalogue, vault, kinds, allowNetworks, ecrUpstreamHosts, hostScripts, version, log } = options;
  const { report } = log;
  const { mintTimeoutMilliseconds, loginTimeoutMilliseconds } = ADMIN_BUDGET;
  const limits = { mintTimeoutMilliseconds, loginTimeoutMilliseconds };
  // It releases nothing: the credential that `verify` logs in with stays here, and so there is no decision to record.
  const recordDecision = async (): Promise<never> => {
    throw new Error('this function releases nothing');
  };
  const deps = {
    catalogue,
    hostScripts,
    ...changeDeps({ vault, kinds, report, allowNetworks, ecrUpstreamHosts, ...limits }),
    ...pullDeps({
      ...{ catalogue, issued: vault, recordDecision, report, ecrUpstreamHosts },
      reportLost: lostCredentials(catalogue),
    }),
  };
  // Described here, answered by other functions.
  const hostRoutes = [...pullRoutes(deps), ...hostConfigRoutes(deps), ...rejectionRoutes(deps)];
  const routes = administrationRoutes(deps, { hostRoutes, version });
  return api({ routes, report, now: () => performance.now() });
}
