/** The same change to several registries in one call: each is answered for on its own. */
import type { Agent, Role } from '../domain/agent.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import { failure, success, type Result } from '../domain/result.ts';
import type { AuthenticateDeps } from '../service/authenticate.ts';
import { changeSeveral, type BulkDeps, type BulkFailure, type BulkItem, type BulkRequest } from '../service/bulk.ts';
import { json, type ApiRequest, type ApiResponse } from './api-request.ts';
import { registryDocument } from './documents.ts';
import { problemDocument, problemOf, type ApiFailure, type BadRequest } from './problem.ts';
import { bulkRequest } from './request-schemas.ts';
import { forRoles, parseBody, refuse, type Route } from './route.ts';

export type RegistryBulkRoutesDeps = BulkDeps & AuthenticateDeps;

const CHANGE: readonly Role[] = ['admin'];

export function registryBulkRoutes(deps: RegistryBulkRoutesDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/registries/bulk',
      description: {
        summary: 'Delete, deactivate, activate or verify several registries, each on its own',
        roles: CHANGE,
        body: bulkRequest,
        answers: { 200: 'What became of each, in the order asked; some may have failed' },
        problems: ['unauthenticated', 'role_required', 'store_unavailable', 'invalid_input', 'bad_json'],
      },
      run: forRoles(CHANGE, deps, (request, caller) => runBulk(request, caller, deps)),
    },
  ];
}

async function runBulk(request: ApiRequest, caller: Agent, deps: RegistryBulkRoutesDeps): Promise<ApiResponse> {
  const wanted = parseRequest(request);
  if (!wanted.ok) return refuse(wanted.failure);
  const items = await changeSeveral({ ...wanted.value, actor: caller.id }, deps);
  const done = items.filter(({ result }) => result.ok).length;
  return json(200, { items: items.map(itemDocument), done, failed: items.length - done });
}

function parseRequest(request: ApiRequest): Result<Omit<BulkRequest, 'actor'>, InvalidInput | BadRequest> {
  const body = parseBody(request, bulkRequest);
  if (!body.ok) return body;
  const ids = body.value.registries.map(({ id }) => id);
  const repeated = ids.findIndex((id, index) => ids.indexOf(id) < index);
  if (repeated >= 0) return failure(invalidInput(`registries[${repeated}].id`, 'must not be there a second time'));
  return success(body.value);
}

function itemDocument({ id, result }: BulkItem): Readonly<Record<string, unknown>> {
  if (!result.ok) return { id, outcome: 'failed', problem: problemDocument(problemOf(failureOf(result.failure))) };
  const registry = result.value === undefined ? {} : { registry: registryDocument(result.value) };
  return { id, outcome: 'done', ...registry };
}

function failureOf(reason: BulkFailure): ApiFailure {
  return reason.kind === 'broken_off' ? { kind: 'route_failure', code: reason.code } : reason;
}
