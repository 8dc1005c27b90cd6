/**
 * What host agents call to pull: POST on plain paths, everything in the body, so that a request signed by curl stays signed
 * right. Each is there twice: for callers with a token, and below /iam for those that AWS IAM knows. None writes anything
 * but the record of its decision.
 */
import type { AuthenticateDeps } from '../service/authenticate.ts';
import { explain } from '../service/explain.ts';
import { exportCredentials, type ExportDeps } from '../service/export-credentials.ts';
import type { Question } from '../service/situate.ts';
import type { Result } from '../domain/result.ts';
import type { ApiFailure, ProblemCode } from './problem.ts';
import { resolveHelperKey } from '../service/resolve-host.ts';
import { resolve, type ResolveDeps } from '../service/resolve.ts';
import { dockerConfig } from '../formats/docker-config.ts';
import { helperAnswer, HELPER_NOT_FOUND } from '../formats/docker-credential.ts';
import { json, text, type ApiRequest, type ApiResponse } from './api-request.ts';
import { explanationDocument, resolutionDocument } from './documents.ts';
import { behindIam, forRoles, parseBody, refuse, refusePlainly, type Route } from './route.ts';
import { exportQuery, resolveRequest } from './host-request-schemas.ts';

export type PullRoutesDeps = ResolveDeps & ExportDeps & AuthenticateDeps;

const PULL_PROBLEMS: readonly ProblemCode[] = [
  'unauthenticated',
  'role_required',
  'environment_not_allowed',
  'denied',
  'registry_inactive',
  'credential_unavailable',
  'credential_withheld',
  'store_unavailable',
  'invalid_input',
];

export function pullRoutes(deps: PullRoutesDeps): readonly Route[] {
  const routes = [...oneByOne(deps), everything(deps)];
  return [...routes, ...behindIam(routes)];
}

function oneByOne(deps: PullRoutesDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/environments/{environment}/resolve',
      description: {
        summary: 'The credential that pulls an image, under policy',
        roles: ['agent'],
        body: resolveRequest,
        answers: { 200: 'A credential that works now' },
        problems: [...PULL_PROBLEMS, 'no_credential', 'bad_reference', 'bad_json'],
      },
      run: (request) => runResolve(request, deps),
    },
    {
      method: 'POST',
      path: '/v1/environments/{environment}/docker-credential',
      failureStyle: 'plain',
      description: {
        summary: "A docker credential helper's get: its stdin in, its stdout out",
        roles: ['agent'],
        plainBody: 'The registry, or the repository, as the client names it',
        answers: {
          200: "A helper's answer; the headers pullpass-refresh-in and pullpass-expires-in are seconds from now (the latter `never` for a credential that does not run out)",
          404: 'No registry is for that host or repository, and nothing refuses it: the text by which clients know that they may pull anonymously',
        },
        problems: [...PULL_PROBLEMS, 'ambiguous_registry'],
      },
      run: (request) => runDockerCredential(request, deps),
    },
    {
      method: 'POST',
      path: '/v1/environments/{environment}/explain',
      description: {
        summary: 'What resolve would answer for an image, and why; no secret',
        roles: ['agent', 'viewer', 'admin'],
        body: resolveRequest,
        answers: { 200: 'The decision, the rules looked at, the registry that would answer' },
        problems: [
          'unauthenticated',
          'environment_not_allowed',
          'invalid_input',
          'bad_reference',
          'bad_json',
          'store_unavailable',
        ],
      },
      run: (request) => runExplain(request, deps),
    },
  ];
}

function everything(deps: PullRoutesDeps): Route {
  return {
    method: 'GET',
    path: '/v1/environments/{environment}/docker-config',
    description: {
      summary:
        'A docker config.json with all that the environment may use now; with paths=true also registries for a path, ' +
        'for podman and other readers that match keys by path (docker takes any of them for the whole host)',
      roles: ['agent'],
      query: exportQuery,
      answers: { 200: 'config.json' },
      problems: [
        'unauthenticated',
        'role_required',
        'environment_not_allowed',
        'export_not_allowed',
        'invalid_input',
        'store_unavailable',
      ],
    },
    run: forRoles(['agent'], deps, async (request, _agent, caller) => {
      const environment = request.parameters['environment'] ?? '';
      const paths = request.query['paths'] === 'true';
      const exported = await exportCredentials({ caller, environment, paths }, deps);
      return exported.ok ? json(200, dockerConfig(exported.value)) : refuse(exported.failure);
    }),
  };
}

/**
 * Asks about the image in the body. Who may not ask is told nothing about the body, so the caller is judged first: a body
 * that cannot be read asks about the empty image, and its own failure is told only where that comes to be looked at.
 */
async function aboutImage<Value>(
  request: ApiRequest,
  ask: (question: Question) => Promise<Result<Value, ApiFailure>>,
): Promise<Result<Value, ApiFailure>> {
  const body = parseBody(request, resolveRequest);
  const image = body.ok ? body.value.image : '';
  const environment = request.parameters['environment'] ?? '';
  const answer = await ask({ caller: request.caller, environment, image });
  return !body.ok && !answer.ok && answer.failure.kind === 'bad_reference' ? body : answer;
}

async function runResolve(request: ApiRequest, deps: PullRoutesDeps): Promise<ApiResponse> {
  const resolved = await aboutImage(request, (question) => resolve(question, deps));
  return resolved.ok ? json(200, resolutionDocument(resolved.value)) : refuse(resolved.failure);
}

async function runExplain(request: ApiRequest, deps: PullRoutesDeps): Promise<ApiResponse> {
  const explained = await aboutImage(request, (question) => explain(question, deps));
  return explained.ok ? json(200, explanationDocument(explained.value)) : refuse(explained.failure);
}

async function runDockerCredential(request: ApiRequest, deps: PullRoutesDeps): Promise<ApiResponse> {
  const environment = request.parameters['environment'] ?? '';
  const key = request.body.replace(/\r?\n$/, '');
  const resolved = await resolveHelperKey({ caller: request.caller, environment, key }, deps);
  if (!resolved.ok) {
    const refused = refusePlainly(resolved.failure);
    return resolved.failure.kind === 'no_credential' ? { ...refused, body: HELPER_NOT_FOUND } : refused;
  }
  const { credential, refreshAfter } = resolved.value;
  const now = deps.now();
  // Relative, so that a host whose clock is wrong still keeps an answer no longer than it may.
  // Both are always there: a host keeps no answer whose end it does not know.
  const headers = {
    'pullpass-refresh-in': secondsFrom(now, refreshAfter),
    'pullpass-expires-in': credential.expiresAt === undefined ? 'never' : secondsFrom(now, credential.expiresAt),
  };
  return text(200, helperAnswer(key, credential), headers);
}

function secondsFrom(now: number, then: number): string {
  return String(Math.max(0, Math.floor((then - now) / 1000)));
}
