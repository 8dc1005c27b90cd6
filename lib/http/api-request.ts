/** A request and an answer as routes see them: no event, no socket. */
import type { APIGatewayEventRequestContextIAMAuthorizer, APIGatewayProxyEventV2 } from 'aws-lambda';
import { failure, success, type Result } from '../domain/result.ts';
import { Secret } from '../domain/secret.ts';
import type { Caller } from '../service/authenticate.ts';
import type { BadRequest } from './problem.ts';

export interface ApiRequest {
  readonly parameters: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Empty text where there is none. */
  readonly body: string;
  readonly caller: Caller;
  /** The header's raw value. */
  readonly ifMatch: string | undefined;
}

export interface ApiResponse {
  /** For the log; not sent. */
  readonly problemCode?: string;
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** As it comes from API Gateway: with an authorizer where the route has one, and locally never. */
export type ApiEvent = APIGatewayProxyEventV2 & {
  readonly requestContext: { readonly authorizer?: Partial<APIGatewayEventRequestContextIAMAuthorizer> };
};

/** What is not the event's to say, but the route's: who may be asked about the caller. */
export type CallersOf = Caller['kind'];

export function apiRequest(event: ApiEvent, callers: CallersOf): Result<ApiRequest, BadRequest> {
  const body = textOf(event);
  if (body === undefined) {
    return failure({ kind: 'bad_request', code: 'bad_encoding', reason: 'the body must be text in UTF-8' });
  }
  const { headers } = event;
  return success({
    parameters: event.pathParameters ?? {},
    query: event.queryStringParameters ?? {},
    body,
    caller: callerOf(event, callers),
    ifMatch: headers['if-match'],
  });
}

/** A byte that is replaced in silence would be stored as another password than the one that was sent. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf({ body = '', isBase64Encoded }: APIGatewayProxyEventV2): string | undefined {
  if (!isBase64Encoded) return body;
  try {
    return UTF8.decode(Buffer.from(body, 'base64'));
  } catch {
    return undefined;
  }
}

/**
 * Each route believes one witness, and never the other: where API Gateway has checked a signature a token says nothing,
 * and where it has not, whatever stands in its place was not put there by API Gateway.
 */
function callerOf({ headers, requestContext }: ApiEvent, callers: CallersOf): Caller {
  if (callers === 'token') return { kind: 'token', token: bearerToken(headers['authorization']) };
  const arn: unknown = requestContext.authorizer?.iam?.userArn;
  return { kind: 'principal', arn: typeof arn === 'string' && arn !== '' ? arn : undefined };
}

const BEARER = /^bearer +(?<token>[\x21-\x7e]{1,512})$/i;

export function bearerToken(header: string | undefined): Secret | undefined {
  const token = header === undefined ? undefined : BEARER.exec(header.trim())?.groups?.['token'];
  return token === undefined ? undefined : new Secret(token);
}

export function json(
  statusCode: number,
  document: unknown,
  headers: Readonly<Record<string, string>> = {},
): ApiResponse {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(document),
  };
}

export function text(statusCode: number, body: string, headers: Readonly<Record<string, string>> = {}): ApiResponse {
  return {
    statusCode,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headers },
    body,
  };
}

export const NO_CONTENT: ApiResponse = { statusCode: 204, headers: { 'cache-control': 'no-store' }, body: '' };
