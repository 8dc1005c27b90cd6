/** What policy would say, and what it refused: for administrators before they change it, and for viewers. Nothing changes. */
import type { Role } from '../domain/agent.ts';
import { parseDocument } from '../domain/parse-document.ts';
import type { AuthenticateDeps } from '../service/authenticate.ts';
import { testPolicy, type PolicyTestDeps } from '../service/policy-test.ts';
import { refusals, type RefusalsDeps } from '../service/refusals.ts';
import { json } from './api-request.ts';
import { policyTestDocument, refusalsDocument } from './policy-test-documents.ts';
import type { ProblemCode } from './problem.ts';
import { policyTestInput, policyTestRequest, refusalsQuery } from './request-schemas.ts';
import { BAD_CURSOR, forRoles, parseBody, refuse, type Route } from './route.ts';

export type PolicyTestRoutesDeps = AuthenticateDeps & {
  readonly catalogue: PolicyTestDeps['catalogue'] & RefusalsDeps['catalogue'];
  readonly now: () => number;
};

const VIEW: readonly Role[] = ['viewer', 'admin'];
const ALWAYS: readonly ProblemCode[] = ['unauthenticated', 'role_required', 'store_unavailable', 'invalid_input'];

export function policyTestRoutes(deps: PolicyTestRoutesDeps): readonly Route[] {
  return [testRoute(deps), refusalsRoute(deps)];
}

function testRoute(deps: PolicyTestRoutesDeps): Route {
  return {
    method: 'POST',
    path: '/v1/policy/test',
    description: {
      summary:
        'What the present policy, or a proposed one, says about a list of images; nothing is changed or recorded',
      roles: VIEW,
      body: policyTestRequest,
      answers: { 200: 'For each image what holds, and with a proposed policy what would change' },
      problems: [...ALWAYS, 'bad_json'],
    },
    run: forRoles(VIEW, deps, async (request) => {
      const body = parseBody(request, policyTestInput);
      if (!body.ok) return refuse(body.failure);
      const { images = [], hosts = [], at, ...rest } = body.value;
      const moment = at === undefined ? undefined : Date.parse(at);
      const tested = await testPolicy({ ...rest, images, hosts, at: moment }, deps);
      return tested.ok ? json(200, policyTestDocument(tested.value)) : refuse(tested.failure);
    }),
  };
}

function refusalsRoute(deps: PolicyTestRoutesDeps): Route {
  return {
    method: 'GET',
    path: '/v1/environments/{environment}/refusals',
    description: {
      summary: 'What was refused, and what audit mode let through that enforce would have refused, by rule and image',
      roles: VIEW,
      query: refusalsQuery,
      answers: { 200: 'Counts over a stretch of the record, the newest first; with a cursor there is more' },
      problems: [...ALWAYS, 'bad_cursor'],
    },
    run: forRoles(VIEW, deps, async (request) => {
      const query = parseDocument(refusalsQuery, request.query);
      if (!query.ok) return refuse(query.failure);
      const { since, cursor, all } = query.value;
      const counted = await refusals(
        {
          environment: request.parameters['environment'] ?? '',
          since: since === undefined ? undefined : Date.parse(since),
          cursor,
          all: all === 'true',
        },
        deps,
      );
      if (counted === 'bad_cursor') return refuse(BAD_CURSOR);
      return counted.ok ? json(200, refusalsDocument(counted.value)) : refuse(counted.failure);
    }),
  };
}
