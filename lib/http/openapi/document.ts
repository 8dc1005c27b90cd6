/**
 * The OpenAPI 3.1 document, made from the routes and the schemas that validate, and from what is written down of the answers.
 * Its job: putting it together. What is in it: operation.ts, the answers, the catalogue of problems.
 */
import { createDocument, type ZodOpenApiPathsObject } from 'zod-openapi';
import type { Route } from '../route.ts';
import { operation } from './operation.ts';
import { problemExamples, problemSchemas } from './problem-responses.ts';
import { SECURITY_SCHEMES } from './security-schemes.ts';
import { TAGS } from './tags.ts';

export type OpenApiDocument = ReturnType<typeof createDocument>;

const DESCRIPTION =
  'Container registry pull credentials, under policy. Times are RFC 3339 in UTC. Unknown fields and query parameters are ' +
  'refused; answers may get further fields, so leave alone what you do not know. Whatever is not done is answered with a ' +
  'problem document (RFC 9457), whose code is what a program looks at. A path that is not there answers 404 ' +
  'route_not_found, a method that a path does not take 405 method_not_allowed.';

export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  return createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'Pullpass',
        version,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: TAGS,
      paths,
      components: {
        securitySchemes: SECURITY_SCHEMES,
        schemas: problemSchemas(),
        examples: problemExamples(),
      },
    },
    { override: leaveAnswersOpen },
  );
}

/**
 * An answer may get a field without being another API, and a client that is generated from "no others" would refuse it. The
 * tests close them again, so that no answer has a field that is not described.
 */
function leaveAnswersOpen({
  jsonSchema,
  io,
}: {
  readonly jsonSchema: { additionalProperties?: unknown };
  readonly io: string;
}): void {
  if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
}
