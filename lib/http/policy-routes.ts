/** Policies, for administrators; viewers may look. The organisation's and an environment's differ in their path only. */
import type { Role } from '../domain/agent.ts';
import type { AuthenticateDeps } from '../service/authenticate.ts';
import { parseScope, setPolicy, showPolicy, type PolicyDeps } from '../service/policies.ts';
import { json } from './api-request.ts';
import { policyDocument } from './documents.ts';
import type { ProblemCode } from './problem.ts';
import { policyRequest } from './request-schemas.ts';
import { parseJson } from './json-body.ts';
import { etag, expectedRevision, forRoles, refuse, type Route } from './route.ts';

const VIEW: readonly Role[] = ['viewer', 'admin'];
const CHANGE: readonly Role[] = ['admin'];
const ALWAYS: readonly ProblemCode[] = ['unauthenticated', 'role_required', 'store_unavailable', 'invalid_input'];

export function policyRoutes(deps: PolicyDeps & AuthenticateDeps): readonly Route[] {
  return ['/v1/policy', '/v1/environments/{environment}/policy'].flatMap((path): readonly Route[] => [
    {
      method: 'GET',
      path,
      description: {
        summary: 'The policy; revision 0 when nobody has set one',
        roles: VIEW,
        answers: { 200: 'The policy, its revision as ETag' },
        problems: ALWAYS,
      },
      run: forRoles(VIEW, deps, async (request) => {
        const { environment } = request.parameters;
        const scope = parseScope(environment);
        if (!scope.ok) return refuse(scope.failure);
        const stored = await showPolicy(scope.value, deps);
        return json(200, policyDocument(stored, { environment, now: deps.now() }), etag(stored.revision));
      }),
    },
    {
      method: 'PUT',
      path,
      description: {
        summary: 'Set the whole policy',
        roles: CHANGE,
        body: policyRequest,
        ifMatch: true,
        answers: { 200: 'The policy as it is now' },
        problems: [...ALWAYS, 'bad_json', 'bad_if_match', 'revision_conflict'],
      },
      run: forRoles(CHANGE, deps, async (request, caller) => {
        const { environment } = request.parameters;
        const scope = parseScope(environment);
        if (!scope.ok) return refuse(scope.failure);
        const revision = expectedRevision(request);
        if (!revision.ok) return refuse(revision.failure);
        const document = parseJson(request.body);
        if (!document.ok) return refuse(document.failure);
        const change = { document: document.value, expectedRevision: revision.value, actor: caller.id };
        const set = await setPolicy({ scope: scope.value, ...change }, deps);
        if (!set.ok) return refuse(set.failure);
        return json(200, policyDocument(set.value, { environment, now: deps.now() }), etag(set.value.revision));
      }),
    },
  ]);
}
