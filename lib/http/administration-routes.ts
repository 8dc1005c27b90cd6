/** All routes but those of hosts, and the document that describes every one: put together the same way in every process. */
import { operationRoutes, type OperationRoutesDeps } from './operation-routes.ts';
import { policyRoutes } from './policy-routes.ts';
import { publicRoutes, type PublicRoutesDeps } from './public-routes.ts';
import { registryChangeRoutes, type RegistryChangeRoutesDeps } from './registry-change-routes.ts';
import { registryReadRoutes, type RegistryReadRoutesDeps } from './registry-read-routes.ts';
import type { Route } from './route.ts';

export type AdministrationDeps = RegistryReadRoutesDeps &
  RegistryChangeRoutesDeps &
  OperationRoutesDeps &
  Parameters<typeof policyRoutes>[0] &
  Omit<PublicRoutesDeps, 'openApiDocument'>;

/** @param hostRoutes for the document: they may well be served elsewhere. */
export function administrationRoutes(
  deps: AdministrationDeps,
  described: { readonly hostRoutes: readonly Route[]; readonly version: string },
): readonly Route[] {
  const routes: Route[] = [
    ...registryReadRoutes(deps),
    ...registryChangeRoutes(deps),
    ...policyRoutes(deps),
    ...operationRoutes(deps),
  ];
  const everyRoute = (): readonly Route[] => [...described.hostRoutes, ...routes];
  const openApiDocument = once(async () => {
    const made = await import('./openapi.ts');
    return made.openApiDocument(everyRoute(), described.version);
  });
  routes.push(...publicRoutes({ ...deps, openApiDocument }));
  return routes;
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
