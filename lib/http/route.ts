/** What a route is. Its definition drives the router, the checks before it runs, and the OpenAPI document. */
import { PRINCIPAL_ROLES, type Agent, type Role } from '../domain/agent.ts';
import type { InvalidInput } from '../domain/failures.ts';
import { parseDocument } from '../domain/parse-document.ts';
import { failure, success, type Result } from '../domain/result.ts';
import {
  authenticate,
  firstAdmitted,
  requireRole,
  type AuthenticateDeps,
  type ProvenCaller,
} from '../service/authenticate.ts';
import type * as z from 'zod/mini';
import type { ApiRequest, ApiResponse, CallersOf } from './api-request.ts';
import { parseJson } from './json-body.ts';
import {
  plainProblemResponse,
  problemOf,
  problemResponse,
  type ApiFailure,
  type BadRequest,
  type ProblemCode,
} from './problem.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** For the OpenAPI document. */
export interface RouteDescription {
  readonly summary: string;
  /** Who may call it; empty: anybody. */
  readonly roles: readonly Role[];
  readonly body?: z.core.$ZodType;
  readonly query?: z.core.$ZodObject;
  /** A body that is text and not JSON. */
  readonly plainBody?: string;
  readonly ifMatch?: true;
  readonly answers: Readonly<Record<number, string>>;
  /** Every code that it can answer with, beside those that any route can (see openapi/problem-responses.ts). */
  readonly problems: readonly ProblemCode[];
}

export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly description: RouteDescription;
  readonly run: (request: ApiRequest) => Promise<ApiResponse>;
  /** How this route's callers read a failure. */
  readonly failureStyle?: 'plain';
  /** How its callers prove who they are; with a token, if nothing is said. */
  readonly callers?: CallersOf;
}

/** The same routes for callers whose signature API Gateway has checked against AWS IAM. */
export function behindIam(routes: readonly Route[]): readonly Route[] {
  return routes.map((route) => {
    const roles = route.description.roles.filter((role) => PRINCIPAL_ROLES.some((allowed) => allowed === role));
    const problems: readonly ProblemCode[] = [...route.description.problems, 'principal_not_bound'];
    const description = { ...route.description, roles, problems };
    return { ...route, path: `/iam${route.path}`, callers: 'principal', description };
  });
}

export function refuse(reason: ApiFailure): ApiResponse {
  return problemResponse(problemOf(reason));
}

export function refusePlainly(reason: ApiFailure): ApiResponse {
  return plainProblemResponse(problemOf(reason));
}

/**
 * Runs a step for a caller that is proven to be an agent of such a role. `caller` is for steps that ask more of the agent
 * than its role: a principal may be several, and another one than the first may be the one that passes.
 */
export function forRoles(
  roles: readonly Role[],
  deps: AuthenticateDeps,
  run: (request: ApiRequest, agent: Agent, caller: ProvenCaller) => Promise<ApiResponse>,
): (request: ApiRequest) => Promise<ApiResponse> {
  return async (request) => {
    const caller = await authenticate(request.caller, deps);
    if (!caller.ok) return refuse(caller.failure);
    const agent = firstAdmitted(caller.value, (candidate) => requireRole(candidate, roles));
    return agent.ok ? await run(request, agent.value, caller.value) : refuse(agent.failure);
  };
}

export function parseBody<Schema extends z.core.$ZodType>(
  request: ApiRequest,
  schema: Schema,
): Result<z.core.output<Schema>, InvalidInput | BadRequest> {
  const document = parseJson(request.body);
  return document.ok ? parseDocument(schema, document.value) : document;
}

const REVISION = /^(?:W\/)?"(?<revision>\d{1,15})"$/;

/** `If-Match: "3"`; absent or `*`: any revision. */
export function expectedRevision(request: ApiRequest): Result<number | undefined, BadRequest> {
  const { ifMatch } = request;
  if (ifMatch === undefined || ifMatch.trim() === '*') return success(undefined);
  const revision = REVISION.exec(ifMatch.trim())?.groups?.['revision'];
  if (revision !== undefined) return success(Number(revision));
  const reason = 'If-Match must be a revision in quotes, as the ETag header gave it, such as "3"';
  return failure({ kind: 'bad_request', code: 'bad_if_match', reason });
}

export function etag(revision: number): Readonly<Record<string, string>> {
  return { etag: `"${revision}"` };
}

export const BAD_CURSOR: BadRequest = {
  kind: 'bad_request',
  code: 'bad_cursor',
  reason: 'cursor must be one that the page before gave out',
};

const DEFAULT_LIMIT = 100;

export function pageOf(query: { readonly limit?: string | undefined; readonly cursor?: string | undefined }): {
  readonly limit: number;
  readonly cursor?: string;
} {
  const { limit, cursor } = query;
  return { limit: limit === undefined ? DEFAULT_LIMIT : Number(limit), ...(cursor === undefined ? {} : { cursor }) };
}
