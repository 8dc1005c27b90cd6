/** A request as the HTTP API hands it to a function. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { postEvent } from '../../../../bench/support/post-event.ts';
import * as z from 'zod/mini';

export interface HttpRequest {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly token?: string;
  readonly body?: object;
}

export function httpEvent({ method = 'POST', path, token = '', body }: HttpRequest): APIGatewayProxyEventV2 {
  const event = postEvent(path, token, body === undefined ? '' : JSON.stringify(body));
  const http = { ...event.requestContext.http, method };
  return { ...event, requestContext: { ...event.requestContext, http } };
}

export const httpAnswer = z.object({ statusCode: z.number(), body: z.string() });
