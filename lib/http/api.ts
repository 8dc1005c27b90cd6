/**
 * The API as one handler of HTTP API events (payload 2.0), the same in a Lambda and under the local server. middy carries
 * transport only: its error shell turns whatever is thrown into a problem without showing what it was.
 */
import middy from '@middy/core';
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type { Report } from '../service/events.ts';
import { whereThrown } from '../service/where-thrown.ts';
import { StoreUnavailable } from '../stores/catalogue.ts';
import { apiRequest, type ApiResponse } from './api-request.ts';
import type { RouteFailure } from './problem.ts';
import { refuse, refusePlainly, type Route } from './route.ts';

export type ApiHandler = (event: Event, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

export interface ApiDeps {
  readonly routes: readonly Route[];
  readonly report: Report;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
}

export const MAX_BODY_BYTES = 262_144;

type Event = APIGatewayProxyEventV2;

export function api(deps: ApiDeps): ApiHandler {
  const router = httpRouter<Event, APIGatewayProxyStructuredResultV2>({
    routes: deps.routes.map((route) => ({
      method: route.method,
      path: route.path,
      handler: (event: Event) => answer(route, event, deps),
    })),
    notFoundResponse: () => refuse({ kind: 'route_failure', code: 'route_not_found' }),
  });
  // No early time-out: its timer costs more than the rest of middy, and each flow has deadlines of its own.
  const handler = middy<Event, APIGatewayProxyStructuredResultV2>({ timeoutEarlyInMillis: 0 })
    .onError((request) => {
      request.response = refuse(thrown(request.error, deps));
    })
    .handler(router);
  return async (event, context) => await handler(event, context);
}

async function answer(route: Route, event: Event, deps: ApiDeps): Promise<ApiResponse> {
  const startedAt = deps.now();
  const refuseInStyle = route.failureStyle === 'plain' ? refusePlainly : refuse;
  let response: ApiResponse;
  if ((event.body?.length ?? 0) > MAX_BODY_BYTES) {
    response = refuseInStyle({ kind: 'route_failure', code: 'body_too_large' });
  } else {
    try {
      response = await route.run(apiRequest(event));
    } catch (error) {
      response = refuseInStyle(thrown(error, deps));
    }
  }
  const { statusCode: status } = response;
  const milliseconds = Math.round(deps.now() - startedAt);
  const fields = { method: route.method, route: route.path, status, milliseconds };
  deps.report({ level: status >= 500 ? 'error' : 'info', code: 'http.answer', fields });
  return response;
}

function thrown(error: unknown, deps: ApiDeps): RouteFailure {
  if (error instanceof StoreUnavailable) {
    deps.report({ level: 'error', code: 'store.unavailable', fields: { reason: error.code } });
    return { kind: 'route_failure', code: 'store_unavailable' };
  }
  deps.report({ level: 'error', code: 'internal_error', fields: whereThrown(error) });
  return { kind: 'route_failure', code: 'internal' };
}
