/** Changing registries: for administrators. Every change is in the audit trail, and can be held to a revision. */
import type { Agent, Role } from '../domain/agent.ts';
import { invalidInput } from '../domain/failures.ts';
import type { Registry } from '../domain/registry.ts';
import { failure, type Result } from '../domain/result.ts';
import { addRegistry, type AddRegistryDeps } from '../service/add-registry.ts';
import type { AuthenticateDeps } from '../service/authenticate.ts';
import { editRegistry, type EditRegistryFailure } from '../service/edit-registry.ts';
import {
  activateRegistry,
  deactivateRegistry,
  deleteRegistry,
  refreshRegistry,
  verifyRegistry,
  viewRegistry,
  type RegistryChangeDeps,
  type RegistryTarget,
} from '../service/registries.ts';
import type { ReleaseDeps } from '../service/release.ts';
import { json, NO_CONTENT, type ApiRequest, type ApiResponse } from './api-request.ts';
import { registryDocument } from './documents.ts';
import { parseJson } from './json-body.ts';
import type { ApiFailure, BadRequest, ProblemCode } from './problem.ts';
import { describedRegistryPatch, describedRegistryRequest, registryPatch, registryRequest } from './request-schemas.ts';
import {
  etag,
  expectedRevision,
  forRoles,
  parseBody,
  refuse,
  type Method,
  type Route,
  type RouteDescription,
} from './route.ts';

export type RegistryChangeRoutesDeps = RegistryChangeDeps &
  ReleaseDeps &
  AuthenticateDeps &
  Pick<AddRegistryDeps, 'newRegistryId'>;

const CHANGE: readonly Role[] = ['admin'];
const ALWAYS: readonly ProblemCode[] = ['unauthenticated', 'role_required', 'store_unavailable'];
const ITEM = '/v1/registries/{id}';
const AS_IT_IS_NOW = { 200: 'The registry as it is now' };

export function registryChangeRoutes(deps: RegistryChangeRoutesDeps): readonly Route[] {
  return [adding(deps), editing(deps), ...switching(deps), ...asking(deps), removing(deps)];
}

function adding(deps: RegistryChangeRoutesDeps): Route {
  return {
    method: 'POST',
    path: '/v1/registries',
    description: {
      summary: 'Add a registry; it is logged in to first',
      roles: CHANGE,
      body: describedRegistryRequest(deps.kinds),
      answers: { 201: 'The registry, without secrets' },
      problems: [...ALWAYS, 'invalid_input', 'bad_json', 'verification_failed', 'mint_failed'],
    },
    run: forRoles(CHANGE, deps, (request, caller) => runAdd(request, caller, deps)),
  };
}

async function runAdd(request: ApiRequest, caller: Agent, deps: RegistryChangeRoutesDeps): Promise<ApiResponse> {
  const body = parseBody(request, registryRequest);
  if (!body.ok) return refuse(body.failure);
  const added = await addRegistry(body.value, caller.id, deps);
  if (!added.ok) return refuse(added.failure);
  const { id, revision } = added.value;
  const headers = { ...etag(revision), location: `/v1/registries/${id}` };
  return json(201, registryDocument(await viewRegistry(added.value, deps)), headers);
}

function editing(deps: RegistryChangeRoutesDeps): Route {
  return toOne(deps, {
    method: 'PATCH',
    path: ITEM,
    summary: 'Edit a registry; the address never changes, secrets are write-only',
    body: describedRegistryPatch(deps.kinds),
    answers: AS_IT_IS_NOW,
    problems: ['invalid_input', 'bad_json', 'verification_failed', 'mint_failed', 'registry_busy'],
    run: (request, target) => runEdit(request, target, deps),
    answer: asItIsNow(deps),
  });
}

async function runEdit(
  request: ApiRequest,
  target: RegistryTarget,
  deps: RegistryChangeRoutesDeps,
): Promise<Result<Registry, EditRegistryFailure | BadRequest>> {
  const document = parseJson(request.body);
  if (document.ok && typeof document.value === 'object' && document.value !== null && 'address' in document.value) {
    const rule = 'never changes: add a registry at the new address, then delete this one';
    return failure(invalidInput('address', rule));
  }
  const edit = parseBody(request, registryPatch);
  return edit.ok ? await editRegistry({ ...target, edit: edit.value }, deps) : edit;
}

function switching(deps: RegistryChangeRoutesDeps): readonly Route[] {
  return [
    toOne(deps, {
      method: 'POST',
      path: `${ITEM}/activate`,
      summary: 'Activate; needs no password',
      answers: AS_IT_IS_NOW,
      problems: [],
      run: (_request, target) => activateRegistry(target, deps),
      answer: asItIsNow(deps),
    }),
    toOne(deps, {
      method: 'POST',
      path: `${ITEM}/deactivate`,
      summary: 'Deactivate: no new pulls, at once',
      answers: AS_IT_IS_NOW,
      problems: [],
      run: (_request, target) => deactivateRegistry(target, deps),
      answer: asItIsNow(deps),
    }),
  ];
}

function asking(deps: RegistryChangeRoutesDeps): readonly Route[] {
  return [
    toOne(deps, {
      method: 'POST',
      path: `${ITEM}/refresh`,
      summary: 'Mint a new credential now',
      answers: { 200: 'The registry with its new credential' },
      problems: ['mint_failed', 'registry_busy'],
      run: (_request, target) => refreshRegistry(target, deps),
      answer: asItIsNow(deps),
    }),
    toOne(deps, {
      method: 'POST',
      path: `${ITEM}/verify`,
      summary: 'Log in with the present credential',
      answers: { 200: 'What came of it' },
      problems: ['credential_unavailable', 'credential_withheld', 'registry_busy'],
      run: (_request, target) => verifyRegistry(target, deps),
      answer: async ({ status, warning, advice }) => json(200, { status, warning: warning ?? null, advice }),
    }),
  ];
}

function removing(deps: RegistryChangeRoutesDeps): Route {
  return toOne(deps, {
    method: 'DELETE',
    path: ITEM,
    summary: 'Delete a registry and its secrets; an earlier one at the same address answers again',
    answers: { 204: 'It is gone' },
    problems: [],
    run: (_request, target) => deleteRegistry(target, deps),
    answer: async () => NO_CONTENT,
  });
}

interface ChangeOfOne<Value> extends Pick<RouteDescription, 'summary' | 'body' | 'answers' | 'problems'> {
  readonly method: Method;
  readonly path: string;
  readonly run: (request: ApiRequest, target: RegistryTarget) => Promise<Result<Value, ApiFailure>>;
  readonly answer: (value: Value) => Promise<ApiResponse>;
}

/** A route that does something to one registry, at the revision that `If-Match` names. */
function toOne<Value>(deps: RegistryChangeRoutesDeps, definition: ChangeOfOne<Value>): Route {
  const { run, answer, method, path, ...description } = definition;
  const problems: readonly ProblemCode[] = [
    ...ALWAYS,
    'not_found',
    'revision_conflict',
    'bad_if_match',
    ...description.problems,
  ];
  return {
    method,
    path,
    description: { ...description, roles: CHANGE, problems, ifMatch: true },
    run: forRoles(CHANGE, deps, async (request, caller) => {
      const revision = expectedRevision(request);
      if (!revision.ok) return refuse(revision.failure);
      const id = request.parameters['id'] ?? '';
      const done = await run(request, { id, actor: caller.id, expectedRevision: revision.value });
      return done.ok ? await answer(done.value) : refuse(done.failure);
    }),
  };
}

function asItIsNow(deps: RegistryChangeRoutesDeps): (registry: Registry) => Promise<ApiResponse> {
  return async (registry) => json(200, registryDocument(await viewRegistry(registry, deps)), etag(registry.revision));
}
