/** Looking at registries: for administrators and viewers. No secret is ever in an answer. */
import type { Role } from '../domain/agent.ts';
import { parseAddress } from '../domain/address.ts';
import { parseEnvironmentName } from '../domain/environment-name.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import { parseDocument } from '../domain/parse-document.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { AuthenticateDeps } from '../service/authenticate.ts';
import { listRegistries, showRegistry, type RegistryReadDeps } from '../service/registries.ts';
import { registryHistory, type RegistryHistoryDeps } from '../service/registry-history.ts';
import { findKind } from '../sources/find-kind.ts';
import type { SourceKind } from '../sources/source-kind.ts';
import type { RegistryFilter } from '../stores/catalogue.ts';
import type * as z from 'zod/mini';
import { json, type ApiRequest, type ApiResponse } from './api-request.ts';
import { auditPage } from './audit-page.ts';
import { registryDocument } from './documents.ts';
import type { ProblemCode } from './problem.ts';
import { pageQuery, registryQuery } from './request-schemas.ts';
import { BAD_CURSOR, etag, forRoles, pageOf, refuse, type Route } from './route.ts';

export type RegistryReadRoutesDeps = RegistryReadDeps &
  RegistryHistoryDeps &
  AuthenticateDeps & { readonly kinds: readonly SourceKind[] };

const VIEW: readonly Role[] = ['viewer', 'admin'];
const ALWAYS: readonly ProblemCode[] = ['unauthenticated', 'role_required', 'store_unavailable'];

export function registryReadRoutes(deps: RegistryReadRoutesDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/registries',
      description: {
        summary: 'List registries, newest first',
        roles: VIEW,
        query: registryQuery,
        answers: { 200: 'A page of registries' },
        problems: [...ALWAYS, 'invalid_input', 'bad_cursor'],
      },
      run: forRoles(VIEW, deps, (request) => runList(request, deps)),
    },
    {
      method: 'GET',
      path: '/v1/registries/{id}',
      description: {
        summary: 'One registry',
        roles: VIEW,
        answers: { 200: 'The registry, without secrets' },
        problems: [...ALWAYS, 'not_found'],
      },
      run: forRoles(VIEW, deps, async (request) => {
        const shown = await showRegistry(request.parameters['id'] ?? '', deps);
        if (!shown.ok) return refuse(shown.failure);
        return json(200, registryDocument(shown.value), etag(shown.value.registry.revision));
      }),
    },
    {
      method: 'GET',
      path: '/v1/registries/{id}/history',
      description: {
        summary: 'What was done to a registry, newest first; also after it was deleted',
        roles: VIEW,
        query: pageQuery,
        answers: { 200: 'A page of its changes, as in the audit trail' },
        problems: [...ALWAYS, 'invalid_input', 'bad_cursor', 'not_found'],
      },
      run: forRoles(VIEW, deps, (request) => runHistory(request, deps)),
    },
  ];
}

async function runHistory(request: ApiRequest, deps: RegistryReadRoutesDeps): Promise<ApiResponse> {
  const query = parseDocument(pageQuery, request.query);
  if (!query.ok) return refuse(query.failure);
  const history = await registryHistory({ id: request.parameters['id'] ?? '', ...pageOf(query.value) }, deps);
  if (!history.ok) return refuse(history.failure);
  return history.value === 'bad_cursor' ? refuse(BAD_CURSOR) : await auditPage(history.value, deps);
}

async function runList(request: ApiRequest, deps: RegistryReadRoutesDeps): Promise<ApiResponse> {
  const query = parseDocument(registryQuery, request.query);
  if (!query.ok) return refuse(query.failure);
  const filter = parseFilter(query.value, deps.kinds);
  if (!filter.ok) return refuse(filter.failure);
  const page = await listRegistries({ filter: filter.value, ...pageOf(query.value) }, deps);
  if (page === 'bad_cursor') return refuse(BAD_CURSOR);
  return json(200, { ...page, items: page.items.map(registryDocument) });
}

/** A filter that nothing can ever match is a mistake, and an empty list would hide it. */
function parseFilter(
  query: z.infer<typeof registryQuery>,
  kinds: readonly SourceKind[],
): Result<RegistryFilter, InvalidInput> {
  const { environment, kind, state } = query;
  const name = environment === undefined ? undefined : parseEnvironmentName(environment);
  if (name?.ok === false) return failure(invalidInput('environment', name.failure.rule));
  const address = query.address === undefined ? undefined : parseAddress(query.address);
  if (address?.ok === false) return failure(invalidInput('address', address.failure.rule));
  if (kind !== undefined && findKind(kinds, kind) === undefined) {
    return failure(invalidInput('kind', `must be one of ${kinds.map((known) => `"${known.kind}"`).join(', ')}`));
  }
  return success({
    ...(name === undefined ? {} : { environment: name.value }),
    ...(address === undefined ? {} : { address: address.value.canonical }),
    ...(kind === undefined ? {} : { kind }),
    ...(state === undefined ? {} : { state }),
  });
}
