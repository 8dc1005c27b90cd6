/**
 * The API as one handler of HTTP API events (payload 2.0), the same in a Lambda and under the local server. middy carries
 * transport only: its error shell turns whatever is thrown into a problem without showing what it was.
 */
import middy from '@middy/core';
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import { parseDocument } from '../domain/parse-document.ts';
import { failure, type Result } from '../domain/result.ts';
import type { Report } from '../service/events.ts';
import { whereThrown } from '../service/where-thrown.ts';
import { StoreUnavailable } from '../stores/catalogue.ts';
import { UnreadableRow } from '../stores/stored-json.ts';
import { apiRequest, type ApiEvent, type ApiRequest, type ApiResponse } from './api-request.ts';
import { bodyLimitOfRoute } from './body-limits.ts';
import type { BadRequest, RouteFailure } from './problem.ts';
import { noQuery } from './host-request-schemas.ts';
import { refuse, refusePlainly, type Route } from './route.ts';

export type ApiHandler = (event: ApiEvent, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

export interface ApiDeps {
  readonly routes: readonly Route[];
  readonly report: Report;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

export function api(deps: ApiDeps): ApiHandler {
  const literalPaths = deps.routes.map(({ path }) => path).filter((path) => !path.includes('{'));
  const router = httpRouter<ApiEvent, Answered>({
    routes: deps.routes.map((route) => ({
      method: route.method,
      path: route.path,
      handler: besides(literalPaths, route, deps),
    })),
    notFoundResponse: (asked) => noRoute(asked, deps),
  });
  // No early time-out: its timer costs more than the rest of middy, and each flow has deadlines of its own.
  const handler = middy<ApiEvent, APIGatewayProxyStructuredResultV2>({ timeoutEarlyInMillis: 0 })
    .onError((request) => {
      const response = refuse(thrown(request.error, deps));
      // What is no event at all ends here, too: it has no address.
      request.response = report(unrouted(response, deps), undefined, deps);
    })
    .handler(async (event, context) => {
      // Of the connection: what a header says of it is whatever a stranger sends.
      const { sourceIp } = event.requestContext.http;
      return report(await router(event, context), sourceIp, deps);
    });
  return async (event, context) => await handler(event, context);
}

interface Answered extends ApiResponse {
  /** For the log; not sent. */
  readonly asked: { readonly method: string; readonly route: string; readonly startedAt: number };
}

/** Neither path nor method is logged: they are whatever a stranger sends. */
function unrouted(response: ApiResponse, deps: ApiDeps): Answered {
  return { ...response, asked: { method: 'other', route: 'none', startedAt: deps.now() } };
}

/** `/v1/registries/bulk` is a path of its own, also for methods that only `/v1/registries/{id}` takes. */
function besides(literalPaths: readonly string[], route: Route, deps: ApiDeps): (event: ApiEvent) => Promise<Answered> {
  const others = new Set(literalPaths.filter((path) => path !== route.path && matches(route.path, path)));
  if (others.size === 0) return (event) => answer(route, event, deps);
  return async (event) =>
    others.has(withoutSlash(event.rawPath)) ? noRoute({ path: event.rawPath }, deps) : await answer(route, event, deps);
}

async function answer(route: Route, event: ApiEvent, deps: ApiDeps): Promise<Answered> {
  const startedAt = deps.now();
  const refuseInStyle = route.failureStyle === 'plain' ? refusePlainly : refuse;
  let response: ApiResponse;
  try {
    const request = readRequest(event, route);
    response = request.ok ? await route.run(request.value) : refuseInStyle(request.failure);
  } catch (error) {
    response = refuseInStyle(thrown(error, deps));
  }
  return { ...response, asked: { method: route.method, route: route.path, startedAt } };
}

/** What no route has to look at itself: a body that is too large or not text, query parameters that it does not know. */
function readRequest(event: ApiEvent, route: Route): Result<ApiRequest, RouteFailure | BadRequest | InvalidInput> {
  const limit = bodyLimitOfRoute(route.description.roles);
  if ((event.body?.length ?? 0) > limit) return failure({ kind: 'route_failure', code: 'body_too_large' });
  const request = apiRequest(event, route.callers ?? 'token');
  if (!request.ok) return request;
  const { body, plainBody } = route.description;
  if (body === undefined && plainBody === undefined && !/^\s*(?:\{\s*\})?\s*$/.test(request.value.body)) {
    return failure(invalidInput('', 'must be left out: this call takes no body'));
  }
  const query = parseDocument(route.description.query ?? noQuery, request.value.query);
  return query.ok ? request : query;
}

function noRoute({ path }: { readonly path: string }, deps: ApiDeps): Answered {
  const literal = deps.routes.filter((route) => route.path === withoutSlash(path));
  const matching = literal.length > 0 ? literal : deps.routes.filter((route) => matches(route.path, path));
  const methods = matching.map(({ method }) => method);
  const response =
    methods.length === 0
      ? refuse({ kind: 'route_failure', code: 'route_not_found' })
      : refuse({ kind: 'method_not_allowed', allowed: [...new Set(methods)].sort() });
  return unrouted(response, deps);
}

function matches(pattern: string, path: string): boolean {
  const expected = pattern.split('/');
  const parts = withoutSlash(path).split('/');
  return (
    expected.length === parts.length &&
    expected.every((part, index) => part === parts[index] || (part.startsWith('{') && parts[index] !== ''))
  );
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Logs the answer, and gives it back without what is only for the log. */
function report(answered: Answered, clientAddress: string | undefined, deps: ApiDeps): ApiResponse {
  const { asked, problemCode, ...response } = answered;
  const { method, route, startedAt } = asked;
  const { statusCode: status } = response;
  const milliseconds = Math.round(deps.now() - startedAt);
  const fields = { method, route, status, problem: problemCode, milliseconds, clientAddress };
  deps.report({ level: status >= 500 ? 'error' : 'info', code: 'http.answer', fields });
  return response;
}

function thrown(error: unknown, deps: ApiDeps): RouteFailure {
  if (error instanceof StoreUnavailable) {
    deps.report({ level: 'error', code: 'store.unavailable', fields: { reason: error.code } });
    return { kind: 'route_failure', code: error instanceof UnreadableRow ? 'unreadable_row' : 'store_unavailable' };
  }
  deps.report({ level: 'error', code: 'internal_error', fields: whereThrown(error) });
  return { kind: 'route_failure', code: 'internal' };
}
