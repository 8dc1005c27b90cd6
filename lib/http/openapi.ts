/** The OpenAPI 3.1 document, made from the routes and the schemas that validate. */
import * as z from 'zod/mini';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import type { Route, RouteDescription } from './route.ts';

const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string().check(z.meta({ description: 'Stable: what a program looks at' })),
  detail: z.string(),
  errors: z.optional(z.array(z.object({ field: z.string(), rule: z.string() }))),
});

const SECURITY_SCHEMES = {
  token: { type: 'http', scheme: 'bearer', description: 'pp_<id>_<secret>' },
  // The form in which API Gateway's own exports describe it.
  sigv4: {
    type: 'apiKey',
    in: 'header',
    name: 'authorization',
    description: 'AWS Signature Version 4 of the service execute-api; only where API Gateway stands in front',
    'x-amazon-apigateway-authtype': 'awsSigv4',
  },
} as const;

export function openApiDocument(routes: readonly Route[], version: string): unknown {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Pullpass', version, description: 'Container registry pull credentials, under policy.' },
    paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      schemas: { Problem: problem },
    },
  });
}

function operation(route: Route): ZodOpenApiOperationObject {
  const { description } = route;
  const plain = route.failureStyle === 'plain';
  return {
    summary: description.summary,
    operationId: operationId(route),
    ...(description.roles.length === 0 ? {} : { security: [{ [schemeOf(route)]: [] }] }),
    description: description.roles.length === 0 ? 'For anybody.' : `For the roles ${description.roles.join(', ')}.`,
    requestParams: parameters(route),
    ...requestBody(route),
    responses: {
      ...Object.fromEntries(
        Object.entries(description.answers).map(([status, text]) => [status, { description: text }]),
      ),
      default: {
        description: `A problem; code is one of: ${problemCodes(description).join(', ')}`,
        content: plain ? { 'text/plain': { schema: z.string() } } : { 'application/problem+json': { schema: problem } },
      },
    },
  };
}

function schemeOf({ callers = 'token' }: Route): keyof typeof SECURITY_SCHEMES {
  return callers === 'principal' ? 'sigv4' : 'token';
}

/** Any call can meet these. */
const EVERYWHERE = ['store_unavailable', 'body_too_large', 'internal'];

function problemCodes({ problems, query, body, plainBody }: RouteDescription): readonly string[] {
  const checked = query !== undefined || body !== undefined ? ['invalid_input'] : [];
  const encoded = body !== undefined || plainBody !== undefined ? ['bad_encoding'] : [];
  return [...new Set([...problems, ...checked, ...encoded, ...EVERYWHERE])];
}

function operationId(route: Route): string {
  const words = route.path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '' && word !== 'v1');
  return [route.method.toLowerCase(), ...words].join('_');
}

function parameters(route: Route): NonNullable<ZodOpenApiOperationObject['requestParams']> {
  const names = [...route.path.matchAll(/\{(?<name>\w+)\}/g)].flatMap((match) => match.groups?.['name'] ?? []);
  const path = z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
  const { query, ifMatch } = route.description;
  return {
    ...(names.length === 0 ? {} : { path }),
    ...(query === undefined ? {} : { query }),
    ...(ifMatch === undefined ? {} : { header: z.object({ 'if-match': z.optional(z.string()) }) }),
  };
}

function requestBody(route: Route): Pick<ZodOpenApiOperationObject, 'requestBody'> {
  const { body, plainBody } = route.description;
  if (plainBody !== undefined) {
    return { requestBody: { required: true, content: { 'text/plain': { schema: z.string() } } } };
  }
  if (body === undefined) return {};
  return { requestBody: { required: true, content: { 'application/json': { schema: body } } } };
}
