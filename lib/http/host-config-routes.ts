/**
 * The files that a host needs to pull from an environment's registries, and to hold its policy: as JSON for people and
 * programs, as lines for a shell script. No secret is in them, so viewers may look. Twice, as all that hosts ask.
 */
import { hostConfigFor, checkedAnswer } from '../formats/host-config/host-config.ts';
import { hostConfigLines } from '../formats/host-config/lines.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { RUNTIMES, type Runtime } from '../domain/runtime.ts';
import type { AuthenticateDeps } from '../service/authenticate.ts';

import { hostConfig, HOST_CONFIG_ROLES, type HostConfigDeps } from '../service/host-config.ts';
import { json, text } from './api-request.ts';
import { hostConfigQuery } from './host-request-schemas.ts';
import { behindIam, forRoles, refuse, type Route } from './route.ts';

export type HostConfigRoutesDeps = HostConfigDeps & AuthenticateDeps;

export function hostConfigRoutes(deps: HostConfigRoutesDeps): readonly Route[] {
  const route: Route = {
    method: 'GET',
    path: '/v1/environments/{environment}/host-config/{runtime}',
    description: {
      summary:
        `The files that a host of the environment needs for a runtime (${RUNTIMES.join(', ')}): authorities of its ` +
        "registries, and policy as the runtime enforces it; with format=lines as text for Pullpass's own host script",
      roles: HOST_CONFIG_ROLES,
      query: hostConfigQuery,
      answers: { 200: 'What the runtime can enforce, notes, and files with path, mode and content' },
      problems: [
        'unauthenticated',
        'role_required',
        'environment_not_allowed',
        'invalid_input',
        'host_config_too_large',
        'store_unavailable',
      ],
    },
    run: forRoles(HOST_CONFIG_ROLES, deps, async (request, _agent, caller) => {
      const runtime = parseRuntime(request.parameters['runtime'] ?? '');
      if (!runtime.ok) return refuse(runtime.failure);
      const environment = request.parameters['environment'] ?? '';
      const wanted = await hostConfig({ caller, environment }, deps);
      if (!wanted.ok) return refuse(wanted.failure);
      const config = hostConfigFor(runtime.value, wanted.value);
      if (!config.ok) return refuse(config.failure);
      const lines = request.query['format'] === 'lines';
      const answer = lines ? text(200, hostConfigLines(config.value)) : json(200, config.value);
      const checked = checkedAnswer(answer.body);
      return checked.ok ? answer : refuse(checked.failure);
    }),
  };
  return [route, ...behindIam([route])];
}

function parseRuntime(name: string): Result<Runtime, InvalidInput> {
  const runtime = RUNTIMES.find((known) => known === name);
  if (runtime !== undefined) return success(runtime);
  return failure(invalidInput('runtime', `must be one of ${RUNTIMES.join(', ')}`));
}
