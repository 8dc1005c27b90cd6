/** A request and an answer as routes see them: no event, no socket. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { Secret } from '../domain/secret.ts';

export interface ApiRequest {
  readonly parameters: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Empty text where there is none. */
  readonly body: string;
  readonly token: Secret | undefined;
  /** The header's raw value. */
  readonly ifMatch: string | undefined;
}

export interface ApiResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function apiRequest(event: APIGatewayProxyEventV2): ApiRequest {
  const { headers, body } = event;
  return {
    parameters: event.pathParameters ?? {},
    query: event.queryStringParameters ?? {},
    body: body === undefined ? '' : event.isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body,
    token: bearerToken(headers['authorization']),
    ifMatch: headers['if-match'],
  };
}

const BEARER = /^bearer +(?<token>[\x21-\x7e]{1,512})$/i;

function bearerToken(header: string | undefined): Secret | undefined {
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
