/** All routes but those of hosts, and the document that describes every one: put together the same way in every process. */
import { operationRoutes, type OperationRoutesDeps } from './operation-routes.ts';
import { policyRoutes } from './policy-routes.ts';
import { policyTestRoutes, type PolicyTestRoutesDeps } from './policy-test-routes.ts';
import { publicRoutes, type PublicRoutesDeps } from './public-routes.ts';
import { registryBulkRoutes } from './registry-bulk-routes.ts';
import { registryChangeRoutes, type RegistryChangeRoutesDeps } from './registry-change-routes.ts';
import { registryReadRoutes, type RegistryReadRoutesDeps } from './registry-read-routes.ts';
import type { Route } from './route.ts';

export type AdministrationDeps = RegistryReadRoutesDeps &
  RegistryChangeRoutesDeps &
  OperationRoutesDeps &
  Parameters<typeof policyRoutes>[0] &
  PolicyTestRoutesDeps &
  Omit<PublicRoutesDeps, 'openApiDocument' | 'reference'>;

/** @param hostRoutes for the document: they may well be served elsewhere. */
export function administrationRoutes(
  deps: AdministrationDeps,
  described: { readonly hostRoutes: readonly Route[]; readonly version: string },
): readonly Route[] {
  const routes: Route[] = [
    ...registryReadRoutes(deps),
    ...registryChangeRoutes(deps),
    ...registryBulkRoutes(deps),
    ...policyRoutes(deps),
    ...policyTestRoutes(deps),
    ...operationRoutes(deps),
  ];
  const everyRoute = (): readonly Route[] => [...described.hostRoutes, ...routes];
  const openApiDocument = once(async () => {
    const made = await import('./openapi/document.ts');
    return made.openApiDocument(everyRoute(), described.version);
  });
  const reference = once(async () => {
    const made = await import('./openapi/reference-page.ts');
    return made.referencePage(await openApiDocument());
  });
  routes.push(...publicRoutes({ ...deps, openApiDocument, reference }));
  return routes;
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
