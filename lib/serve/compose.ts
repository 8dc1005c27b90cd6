/**
 * One local process: the embedded store, the services and the routes, put together. What is the same for every process
 * that runs Pullpass is in service/ and http/; what is special here: this process makes its changes itself, so its cache
 * is dropped when it does.
 */
import { administrationRoutes } from '../http/administration-routes.ts';
import { hostConfigRoutes } from '../http/host-config-routes.ts';
import { pullRoutes } from '../http/pull-routes.ts';
import { rejectionRoutes } from '../http/rejection-routes.ts';
import { api, type ApiHandler } from '../http/api.ts';
import { bodyLimitOfToken } from '../http/body-limits.ts';
import type { LocalApi } from '../http/local-server.ts';
import { changeDeps, UNHURRIED } from '../service/change-deps.ts';
import type { Report } from '../service/events.ts';
import { lostCredentials, pullDeps } from '../service/pull-deps.ts';
import type { RefreshDeps } from '../service/refresh-registry.ts';
import { pause, type ReverifyDeps } from '../service/reverify.ts';
import type { OperatorHosts } from '../domain/secret-destination.ts';
import { sourceKinds, type SourceKindsConfig } from '../sources/kinds-in-place.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import type { Vault } from '../stores/vault.ts';

export interface Composition {
  readonly handler: ApiHandler;
  readonly bodyLimitOf: LocalApi['bodyLimitOf'];
  readonly refreshDeps: RefreshDeps;
  readonly reverifyDeps: ReverifyDeps;
  /** To be called when the catalogue was changed in another way than through the handler. */
  readonly forget: () => void;
}

export interface CompositionOptions extends OperatorHosts {
  readonly catalogue: Catalogue;
  readonly vault: Vault;
  readonly report: Report;
  readonly allowNetworks: readonly string[];
  readonly sources: SourceKindsConfig;
  readonly hostScripts: ReadonlyMap<string, string>;
  readonly version: string;
  /** Milliseconds that catalogue answers are kept; for benchmarks and tests. */
  readonly catalogueCacheMilliseconds?: number;
  /** Ends what is being minted and logged in with, because the process is to end. */
  readonly ending?: AbortSignal;
}

export function compose(options: CompositionOptions): Composition {
  const { catalogue, vault, report } = options;
  const recordDecision = catalogue.recordDecision.bind(catalogue);
  const { catalogueCacheMilliseconds, allowNetworks, ecrUpstreamHosts } = options;
  const { ecr, google = {} } = options.sources;
  const kinds = sourceKinds({ ecr: { ...ecr, ecrUpstreamHosts }, google });
  const deps = {
    catalogue,
    ...changeDeps({ vault, report, kinds, allowNetworks, ecrUpstreamHosts, ...UNHURRIED }),
    deadline: deadlineUntil(options.ending),
    ...pullDeps({
      ...{ catalogue, issued: vault, recordDecision, report, ecrUpstreamHosts, catalogueCacheMilliseconds },
      reportLost: lostCredentials(catalogue),
    }),
    hostScripts: options.hostScripts,
  };
  const { views } = deps;
  const hostRoutes = [...pullRoutes(deps), ...hostConfigRoutes(deps), ...rejectionRoutes(deps)];
  const routes = [...hostRoutes, ...administrationRoutes(deps, { hostRoutes, version: options.version })];
  const handler = api({ routes, report, now: () => performance.now() });
  return {
    handler: async (event, context) => {
      const answer = await handler(event, context);
      const { method } = event.requestContext.http;
      if (isSuccess(answer.statusCode) && !READS.has(method) && !changesNothing(event.rawPath)) views.forget();
      return answer;
    },
    // Where the store cannot say it, the route cannot either, and says so.
    bodyLimitOf: (token) => bodyLimitOfToken(token, deps).catch(() => 0),
    refreshDeps: deps,
    reverifyDeps: { ...deps, pause },
    forget: () => {
      views.forget();
    },
  };
}

function deadlineUntil(ending: AbortSignal | undefined): (milliseconds: number) => AbortSignal {
  return (milliseconds) => {
    const timeout = AbortSignal.timeout(milliseconds);
    return ending === undefined ? timeout : AbortSignal.any([timeout, ending]);
  };
}

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Agents' calls change nothing that a view shows; nor does a policy that is only tested, which viewers may do. */
function changesNothing(path: string): boolean {
  return /\/(?:resolve|docker-credential|explain|rejections|policy\/test)\/?$/.test(path);
}

/** A request that was refused changed nothing: nobody can empty the cache from outside. */
function isSuccess(status: number | undefined): boolean {
  return status !== undefined && status < 300;
}
