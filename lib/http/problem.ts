/**
 * From a failure to its answer: RFC 9457 problem documents with a stable `code`. One total map; a failure that is new
 * does not compile until it has its line here.
 */
import type { InvalidInput, NotFound, RevisionConflict } from '../domain/failures.ts';
import type { BadReference } from '../domain/image-reference.ts';
import type { HostConfigTooLarge } from '../formats/host-config/wanted.ts';
import type { OwnIdentity } from '../service/agents.ts';
import type { CallerFailure, Forbidden, PrincipalNotBound, Unauthenticated } from '../service/authenticate.ts';
import type { NotBegun } from '../service/bulk.ts';
import type { RegistryBusy } from '../service/edit-registry.ts';
import type { VerificationFailed } from '../service/obtain-credential.ts';
import type { NotReleased } from '../service/release.ts';
import type { AmbiguousHost } from '../service/resolve-host.ts';
import type { Denied, NoCredential, RegistryInactive } from '../service/resolve.ts';
import type { MintFailure } from '../sources/source-kind.ts';
import type { ApiResponse } from './api-request.ts';

/** Failures of the transport itself. */
export interface BadRequest {
  readonly kind: 'bad_request';
  readonly code: 'bad_json' | 'bad_encoding' | 'bad_cursor' | 'bad_if_match';
  readonly reason: string;
}

export interface RouteFailure {
  readonly kind: 'route_failure';
  readonly code: 'route_not_found' | 'body_too_large' | 'store_unavailable' | 'unreadable_row' | 'internal';
}

export interface MethodNotAllowed {
  readonly kind: 'method_not_allowed';
  readonly allowed: readonly string[];
}

export type ApiFailure =
  | CallerFailure
  | Forbidden
  | InvalidInput
  | BadReference
  | BadRequest
  | Denied
  | RegistryInactive
  | NoCredential
  | AmbiguousHost
  | NotReleased
  | NotFound
  | RevisionConflict
  | RegistryBusy
  | NotBegun
  | OwnIdentity
  | VerificationFailed
  | MintFailure
  | HostConfigTooLarge
  | MethodNotAllowed
  | RouteFailure;

/** Failures whose own code is the problem's; of every other one the kind is. */
type SelfCoded = Forbidden | BadRequest | RouteFailure;

/** Every `code` that an answer can have. */
export type ProblemCode =
  Exclude<ApiFailure, SelfCoded | AmbiguousHost>['kind'] | SelfCoded['code'] | 'ambiguous_registry';

export interface Problem {
  readonly status: number;
  readonly code: ProblemCode;
  readonly title: string;
  /** One sentence: what is wrong, and what to do where that is known. */
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the problem document. */
  readonly members?: Readonly<Record<string, unknown>>;
}

export function problemOf(failure: ApiFailure): Problem {
  switch (failure.kind) {
    case 'unauthenticated':
      return { ...problem(401, 'unauthenticated', 'Not authenticated'), ...unauthenticated(failure.expected) };
    case 'principal_not_bound':
      return {
        ...problem(403, 'principal_not_bound', 'No agent is bound to this principal'),
        detail: notBound(failure),
        members: { principal: failure.arn },
      };
    case 'forbidden':
      return { ...problem(403, failure.code, 'Not allowed'), detail: failure.reason };
    case 'invalid_input':
      return {
        ...problem(400, 'invalid_input', 'The request breaks a rule'),
        detail: `${failure.field === '' ? 'the document' : failure.field} ${failure.rule}`,
        members: { errors: [{ field: failure.field, rule: failure.rule }] },
      };
    case 'bad_reference':
      return {
        ...problem(400, 'bad_reference', 'Not an image reference'),
        detail: `image: ${failure.rule}`,
        members: { errors: [{ field: 'image', rule: failure.rule }] },
      };
    case 'bad_request':
      return { ...problem(400, failure.code, 'The request cannot be read'), detail: failure.reason };
    case 'denied':
      return {
        ...problem(403, 'denied', 'Refused by policy'),
        detail: `pulling ${failure.image} is refused in ${failure.environment}: ${failure.rule}`,
        members: { image: failure.image, environment: failure.environment, rule: failure.rule },
      };
    case 'registry_inactive':
      return {
        ...problem(403, 'registry_inactive', 'The registry is deactivated'),
        detail: `the registry ${failure.address} is deactivated: an administrator can activate it`,
        members: { registryId: failure.registryId },
      };
    case 'no_credential':
      return {
        ...problem(404, 'no_credential', 'No credential for this image'),
        detail: `no registry here is for ${failure.image}, and nothing refuses it (${failure.rule}): it may be pulled anonymously`,
        members: { image: failure.image, rule: failure.rule },
      };
    case 'ambiguous_host':
      return {
        ...problem(403, 'ambiguous_registry', 'Several registries on that host'),
        detail: `several registries are for paths on ${failure.host}: ${failure.addresses.join(', ')}; ask for an image instead`,
        members: { addresses: failure.addresses },
      };
    case 'credential_unavailable':
      return {
        ...problem(503, 'credential_unavailable', 'No working credential at the moment'),
        detail: `${failure.reason}; try again in ${failure.retryAfterSeconds} seconds`,
        headers: { 'retry-after': String(failure.retryAfterSeconds) },
        members: { registryId: failure.registryId, state: failure.state },
      };
    case 'credential_withheld':
      return {
        ...problem(403, 'credential_withheld', 'No credential may go to that registry'),
        detail: failure.reason,
        members: { registryId: failure.registryId },
      };
    case 'not_found':
      return { ...problem(404, 'not_found', 'Not found'), detail: `there is no such ${failure.resource}` };
    case 'revision_conflict':
      return {
        ...problem(412, 'revision_conflict', 'Changed by somebody else'),
        detail: 'it has been changed meanwhile: read it again, then decide',
        members: { currentRevision: failure.currentRevision },
      };
    case 'registry_busy':
      return {
        ...problem(409, 'registry_busy', 'The registry is being refreshed'),
        detail: 'the registry is being refreshed right now and nothing was changed: try again in a few seconds',
        headers: { 'retry-after': '5' },
      };
    case 'not_begun':
      return {
        ...problem(503, 'not_begun', 'Its turn did not come'),
        detail: "the time of the call was over before this registry's turn: nothing was done to it; send it again",
      };
    case 'own_identity':
      return {
        ...problem(409, 'own_identity', 'That is you'),
        detail: 'this is the identity that asks: delete it with the token of another administrator',
      };
    case 'verification_failed':
      return {
        ...problem(422, 'verification_failed', 'The registry could not be logged in to'),
        detail: `${failure.advice} Nothing was stored.`,
        members: { verification: { status: failure.status } },
      };
    case 'mint_failed':
      return {
        ...problem(422, 'mint_failed', 'The source gave no credential'),
        detail: failure.advice,
        members: { reason: failure.code },
      };
    case 'host_config_too_large':
      return { ...problem(422, failure.kind, 'Too much for one answer'), detail: failure.reason };
    case 'method_not_allowed':
      return {
        ...problem(405, 'method_not_allowed', 'Not that method'),
        detail: `this path takes ${failure.allowed.join(', ')}`,
        headers: { allow: failure.allowed.join(', ') },
      };
    case 'route_failure':
      return routeProblem(failure.code);
  }
}

function unauthenticated(expected: Unauthenticated['expected']): Pick<Problem, 'detail' | 'headers'> {
  switch (expected) {
    case 'token':
      return {
        detail:
          'the token is missing, malformed, unknown, revoked or past its end: send "authorization: Bearer <token>"',
        headers: { 'www-authenticate': 'Bearer' },
      };
    case 'principal':
      return {
        detail:
          'paths below /iam are for requests signed with AWS credentials (SigV4) that came through API Gateway, and ' +
          'this one was not; with a token, ask the same path without /iam',
        headers: { 'www-authenticate': 'AWS4-HMAC-SHA256' },
      };
  }
}

function notBound({ arn, bindable }: PrincipalNotBound): string {
  if (bindable === undefined) return `the caller is ${arn}: only roles and users of AWS IAM can be bound to an agent`;
  return `the caller is ${arn}, and no agent is bound to it: an administrator can bind one to ${bindable}`;
}

function routeProblem(code: RouteFailure['code']): Problem {
  switch (code) {
    case 'route_not_found':
      return { ...problem(404, code, 'No such path'), detail: 'there is no such method and path: see /openapi.json' };
    case 'body_too_large':
      return {
        ...problem(413, code, 'Too large'),
        detail: 'the request body may have at most 4 KiB where hosts call, and 256 KiB elsewhere',
      };
    case 'store_unavailable':
      return {
        ...problem(503, code, 'The store cannot be reached'),
        detail: 'the catalogue, the vault or the audit trail cannot be read or written: nothing was decided; try again',
        headers: { 'retry-after': '5' },
      };
    case 'unreadable_row':
      return {
        ...problem(503, code, 'Something stored cannot be read'),
        detail:
          'what is stored for this cannot be read, and nothing was decided: `pullpass status` names it; delete it, or set it anew',
        headers: { 'retry-after': '5' },
      };
    case 'internal':
      return {
        ...problem(500, code, 'Internal error'),
        detail: 'this is a bug in Pullpass; its log has a line with the same time',
      };
  }
}

function problem(status: number, code: ProblemCode, title: string): Pick<Problem, 'status' | 'code' | 'title'> {
  return { status, code, title };
}

export function problemResponse(problem: Problem): ApiResponse {
  return {
    problemCode: problem.code,
    statusCode: problem.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...problem.headers },
    body: JSON.stringify(problemDocument(problem)),
  };
}

export function problemDocument(problem: Problem): Readonly<Record<string, unknown>> {
  const { status, code, title, detail, members } = problem;
  return { type: 'about:blank', title, status, code, detail, ...members };
}

/** For clients that show a person one line of text. */
export function plainProblemResponse(problem: Problem): ApiResponse {
  return {
    problemCode: problem.code,
    statusCode: problem.status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...problem.headers },
    body: `${problem.detail} (${problem.code})`,
  };
}
