/** The one call of host agents that changes something; as the others it is there twice. */
import type { AuthenticateDeps } from '../service/authenticate.ts';
import { reportRejection, type RejectionDeps } from '../service/rejections.ts';
import { json } from './api-request.ts';
import { rejectionRequest } from './host-request-schemas.ts';
import { behindIam, forRoles, parseBody, refuse, type Route } from './route.ts';

export function rejectionRoutes(deps: RejectionDeps & AuthenticateDeps): readonly Route[] {
  const route: Route = {
    method: 'POST',
    path: '/v1/environments/{environment}/rejections',
    description: {
      summary: 'The registry rejected this version of its credential: have it minted anew',
      roles: ['agent'],
      body: rejectionRequest,
      answers: { 202: 'Noted; each version is acted on once' },
      problems: [
        'unauthenticated',
        'role_required',
        'environment_not_allowed',
        'not_found',
        'invalid_input',
        'bad_json',
        'store_unavailable',
      ],
    },
    run: forRoles(['agent'], deps, async (request, _agent, caller) => {
      const environment = request.parameters['environment'] ?? '';
      const body = parseBody(request, rejectionRequest);
      if (!body.ok) return refuse(body.failure);
      const reported = await reportRejection({ caller, environment, ...body.value }, deps);
      return reported.ok ? json(202, { outcome: reported.value }) : refuse(reported.failure);
    }),
  };
  return [route, ...behindIam([route])];
}
