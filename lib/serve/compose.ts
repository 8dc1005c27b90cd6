/**
 * One local process: the embedded store, the services and the routes, put together. What is the same for every process
 * that runs Pullpass is in service/ and http/; what is special here: this process makes its changes itself, so its cache
 * is dropped when it does.
 */
import { randomUUID } from 'node:crypto';
import { monotonicFactory } from 'ulid';
import { createLoginCheck } from '../distribution/create-login-check.ts';
import { agentRoutes } from '../http/agent-routes.ts';
import { api, type ApiHandler } from '../http/api.ts';
import { operationRoutes } from '../http/operation-routes.ts';
import { policyRoutes } from '../http/policy-routes.ts';
import { publicRoutes } from '../http/public-routes.ts';
import { registryChangeRoutes } from '../http/registry-change-routes.ts';
import { registryReadRoutes } from '../http/registry-read-routes.ts';
import type { Route } from '../http/route.ts';
import type { Credential } from '../domain/credential.ts';
import type { Report } from '../service/events.ts';
import { expiringCache } from '../service/expiring-cache.ts';
import type { RefreshDeps } from '../service/refresh-registry.ts';
import { cachedResolveViews } from '../service/resolve-view.ts';
import { sourceKinds, type SourceKindsConfig } from '../sources/registered-kinds.ts';
import type { Catalogue } from '../stores/catalogue.ts';
import type { Vault } from '../stores/vault.ts';

/** Together less than the 5 seconds within which a revocation holds everywhere. */
const CATALOGUE_CACHE_MS = 2_000;
const HOST_CACHE_MS = 2_500;

const ISSUED_CACHE_MS = 300_000;

export interface Composition {
  readonly handler: ApiHandler;
  readonly refreshDeps: RefreshDeps;
  /** To be called when the catalogue was changed in another way than through the handler. */
  readonly forget: () => void;
}

export interface CompositionOptions {
  readonly catalogue: Catalogue;
  readonly vault: Vault;
  readonly report: Report;
  readonly allowNetworks: readonly string[];
  readonly sources: SourceKindsConfig;
  readonly hostScripts: ReadonlyMap<string, string>;
  readonly version: string;
  /** Milliseconds that catalogue answers are kept; for benchmarks and tests. */
  readonly catalogueCacheMilliseconds?: number;
}

export function compose(options: CompositionOptions): Composition {
  const { catalogue, vault, report } = options;
  const now = Date.now;
  const ulid = monotonicFactory();
  const views = cachedResolveViews(catalogue, {
    ttlMilliseconds: options.catalogueCacheMilliseconds ?? CATALOGUE_CACHE_MS,
    now,
  });
  const deps = {
    catalogue,
    vault,
    views,
    report,
    now,
    issued: vault,
    issuedCache: expiringCache<Credential>({ ttlMilliseconds: ISSUED_CACHE_MS, maxEntries: 5_000, now }),
    recordDecision: catalogue.recordDecision.bind(catalogue),
    hostCacheMilliseconds: HOST_CACHE_MS,
    kinds: sourceKinds(options.sources),
    loginCheck: createLoginCheck({ allowedNetworks: options.allowNetworks, timeoutMs: 10_000 }),
    deadline: (milliseconds: number) => AbortSignal.timeout(milliseconds),
    mintTimeoutMilliseconds: 15_000,
    loginTimeoutMilliseconds: 12_000,
    random: Math.random,
    newId: () => randomUUID(),
    newRegistryId: () => ulid().toLowerCase(),
  };
  const routes: Route[] = [
    ...agentRoutes(deps),
    ...registryReadRoutes(deps),
    ...registryChangeRoutes(deps),
    ...policyRoutes(deps),
    ...operationRoutes(deps),
  ];
  const document = once(async () => {
    const { openApiDocument } = await import('../http/openapi.ts');
    return openApiDocument(routes, options.version);
  });
  routes.push(...publicRoutes({ catalogue, now, hostScripts: options.hostScripts, openApiDocument: document }));
  const handler = api({ routes, report, now: () => performance.now() });
  return {
    handler: async (event, context) => {
      const answer = await handler(event, context);
      const { method } = event.requestContext.http;
      if (isSuccess(answer.statusCode) && !READS.has(method) && !isAgentCall(event.rawPath)) views.forget();
      return answer;
    },
    refreshDeps: deps,
    forget: () => {
      views.forget();
    },
  };
}

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Agents' calls change nothing that a view shows. */
function isAgentCall(path: string): boolean {
  return /\/(?:resolve|docker-credential|explain|rejections)\/?$/.test(path);
}

/** A request that was refused changed nothing: nobody can empty the cache from outside. */
function isSuccess(status: number | undefined): boolean {
  return status !== undefined && status < 300;
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
