/** The hosts' routes, parted by what a function may do: those that only read, and the one that marks a registry. */
import { agentRoutes } from '../http/agent-routes.ts';
import type { Route } from '../http/route.ts';
import type { AuthenticateDeps } from '../service/authenticate.ts';
import type { ExportDeps } from '../service/export-credentials.ts';
import { pullDeps } from '../service/pull-deps.ts';
import type { RejectionDeps } from '../service/rejections.ts';
import type { ResolveDeps } from '../service/resolve.ts';

export type PullRoutesDeps = ResolveDeps & ExportDeps & AuthenticateDeps;

export function pullRoutes(deps: PullRoutesDeps): readonly Route[] {
  const catalogue = { ...deps.catalogue, getRegistry: elsewhere, reportRejection: elsewhere };
  return agentRoutes({ ...deps, catalogue }).filter((route) => !isRejection(route));
}

export function rejectionRoutes(deps: RejectionDeps & AuthenticateDeps): readonly Route[] {
  const { catalogue } = deps;
  const none = pullDeps({
    catalogue: { readForResolve: elsewhere },
    issued: { getIssued: elsewhere },
    recordDecision: elsewhere,
    report: () => undefined,
  });
  const reads = { listRegistries: elsewhere, getPolicy: elsewhere };
  return agentRoutes({ ...none, ...deps, catalogue: { ...reads, ...catalogue } }).filter(isRejection);
}

function isRejection({ path }: Route): boolean {
  return path.endsWith('/rejections');
}

/** Behind a route that was left out: nothing can call it. */
async function elsewhere(): Promise<never> {
  throw new Error('another function does this');
}
