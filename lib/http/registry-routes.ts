/** Registries, for administrators; viewers may look. */
import type { Agent, Role } from '../domain/agent.ts';
import { parseAddress } from '../domain/address.ts';
import { parseDocument } from '../domain/parse-document.ts';
import type { Registry } from '../domain/registry.ts';
import type { Result } from '../domain/result.ts';
import { addRegistry, type AddRegistryDeps } from '../service/add-registry.ts';
import type { AuthenticateDeps } from '../service/authenticate.ts';
import { editRegistry } from '../service/edit-registry.ts';
import {
  activateRegistry,
  deactivateRegistry,
  deleteRegistry,
  listRegistries,
  refreshRegistry,
  showRegistry,
  verifyRegistry,
  viewRegistry,
  type RegistryChangeDeps,
} from '../service/registries.ts';
import type { ReleaseDeps } from '../service/release.ts';
import type { RegistryFilter } from '../stores/catalogue.ts';
import { json, NO_CONTENT, type ApiRequest, type ApiResponse } from './api-request.ts';
import { registryDocument } from './documents.ts';
import type { ApiFailure } from './problem.ts';
import { registryPatch, registryQuery, registryRequest } from './request-schemas.ts';
import {
  BAD_CURSOR,
  etag,
  expectedRevision,
  forRoles,
  pageOf,
  parseBody,
  refuse,
  type Method,
  type Route,
  type RouteDescription,
} from './route.ts';

export type RegistryRoutesDeps = RegistryChangeDeps &
  ReleaseDeps &
  AuthenticateDeps &
  Pick<AddRegistryDeps, 'newRegistryId'>;

const VIEW: readonly Role[] = ['viewer', 'admin'];
const CHANGE: readonly Role[] = ['admin'];
const ALWAYS = ['unauthenticated', 'role_required', 'store_unavailable'];

export function registryRoutes(deps: RegistryRoutesDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/registries',
      description: {
        summary: 'Add a registry; it is logged in to first',
        roles: CHANGE,
        body: registryRequest,
        answers: { 201: 'The registry, without secrets' },
        problems: [...ALWAYS, 'invalid_input', 'bad_json', 'verification_failed', 'mint_failed'],
      },
      run: forRoles(CHANGE, deps, (request, caller) => runAdd(request, caller, deps)),
    },
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
        const shown = await showRegistry(idOf(request), deps);
        if (!shown.ok) return refuse(shown.failure);
        return json(200, registryDocument(shown.value), etag(shown.value.registry.revision));
      }),
    },
    changing(
      {
        method: 'PATCH',
        path: '/v1/registries/{id}',
        summary: 'Edit a registry; the address never changes, secrets are write-only',
        body: registryPatch,
        ifMatch: true,
        answers: { 200: 'The registry as it is now' },
        problems: ['invalid_input', 'bad_json', 'verification_failed', 'mint_failed', 'registry_busy'],
        run: async (request, change) => {
          const body = parseBody(request, registryPatch);
          return body.ok ? await editRegistry({ ...change, edit: body.value }, deps) : body;
        },
      },
      deps,
    ),
    changing(
      {
        method: 'POST',
        path: '/v1/registries/{id}/activate',
        summary: 'Activate; needs no password',
        ifMatch: true,
        answers: { 200: 'The registry as it is now' },
        problems: [],
        run: (_request, change) => activateRegistry(change, deps),
      },
      deps,
    ),
    changing(
      {
        method: 'POST',
        path: '/v1/registries/{id}/deactivate',
        summary: 'Deactivate: no new pulls, at once',
        ifMatch: true,
        answers: { 200: 'The registry as it is now' },
        problems: [],
        run: (_request, change) => deactivateRegistry(change, deps),
      },
      deps,
    ),
    changing(
      {
        method: 'POST',
        path: '/v1/registries/{id}/refresh',
        summary: 'Mint a new credential now',
        answers: { 200: 'The registry with its new credential' },
        problems: ['mint_failed', 'registry_busy'],
        run: (request) => refreshRegistry(idOf(request), deps),
      },
      deps,
    ),
    {
      method: 'POST',
      path: '/v1/registries/{id}/verify',
      description: {
        summary: 'Log in with the present credential',
        roles: CHANGE,
        answers: { 200: 'What came of it' },
        problems: [...ALWAYS, 'not_found', 'credential_unavailable', 'registry_busy'],
      },
      run: forRoles(CHANGE, deps, async (request) => {
        const verified = await verifyRegistry(idOf(request), deps);
        if (!verified.ok) return refuse(verified.failure);
        const { status, warning, advice } = verified.value;
        return json(200, { status, warning: warning ?? null, advice });
      }),
    },
    {
      method: 'DELETE',
      path: '/v1/registries/{id}',
      description: {
        summary: 'Delete a registry and its secrets; an earlier one at the same address answers again',
        roles: CHANGE,
        ifMatch: true,
        answers: { 204: 'It is gone' },
        problems: [...ALWAYS, 'not_found', 'revision_conflict', 'bad_if_match'],
      },
      run: forRoles(CHANGE, deps, async (request, caller) => {
        const revision = expectedRevision(request);
        if (!revision.ok) return refuse(revision.failure);
        const target = { id: idOf(request), actor: caller.id, expectedRevision: revision.value };
        const removed = await deleteRegistry(target, deps);
        return removed.ok ? NO_CONTENT : refuse(removed.failure);
      }),
    },
  ];
}

function idOf(request: ApiRequest): string {
  return request.parameters['id'] ?? '';
}

interface Change {
  readonly id: string;
  readonly actor: string;
  readonly expectedRevision: number | undefined;
}

/** A route that changes one registry and answers what it is afterwards. */
function changing(
  definition: Omit<RouteDescription, 'roles'> & {
    readonly method: Method;
    readonly path: string;
    readonly run: (request: ApiRequest, change: Change) => Promise<Result<Registry, ApiFailure>>;
  },
  deps: RegistryRoutesDeps,
): Route {
  const { run, method, path, ...description } = definition;
  const problems = [...ALWAYS, 'not_found', 'revision_conflict', 'bad_if_match', ...description.problems];
  return {
    method,
    path,
    description: { ...description, roles: CHANGE, problems },
    run: forRoles(CHANGE, deps, async (request, caller) => {
      const revision = expectedRevision(request);
      if (!revision.ok) return refuse(revision.failure);
      const change = { id: idOf(request), actor: caller.id, expectedRevision: revision.value };
      const changed = await run(request, change);
      if (!changed.ok) return refuse(changed.failure);
      return json(200, registryDocument(await viewRegistry(changed.value, deps)), etag(changed.value.revision));
    }),
  };
}

async function runAdd(request: ApiRequest, caller: Agent, deps: RegistryRoutesDeps): Promise<ApiResponse> {
  const body = parseBody(request, registryRequest);
  if (!body.ok) return refuse(body.failure);
  const added = await addRegistry(body.value, caller.id, deps);
  if (!added.ok) return refuse(added.failure);
  const { id, revision } = added.value;
  const headers = { ...etag(revision), location: `/v1/registries/${id}` };
  return json(201, registryDocument(await viewRegistry(added.value, deps)), headers);
}

async function runList(request: ApiRequest, deps: RegistryRoutesDeps): Promise<ApiResponse> {
  const query = parseDocument(registryQuery, request.query);
  if (!query.ok) return refuse(query.failure);
  const { environment, kind, state } = query.value;
  const address = query.value.address === undefined ? undefined : parseAddress(query.value.address);
  if (address?.ok === false) {
    return refuse({ kind: 'invalid_input', field: 'address', rule: address.failure.rule });
  }
  const filter: RegistryFilter = {
    ...(environment === undefined ? {} : { environment }),
    ...(address === undefined ? {} : { address: address.value.canonical }),
    ...(kind === undefined ? {} : { kind }),
    ...(state === undefined ? {} : { state }),
  };
  const page = await listRegistries({ filter, ...pageOf(query.value) }, deps);
  if (page === 'bad_cursor') return refuse(BAD_CURSOR);
  return json(200, { ...page, items: page.items.map(registryDocument) });
}
