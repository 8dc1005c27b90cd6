/** One route as an operation of the OpenAPI document. */
import * as z from 'zod/mini';
import type { ZodOpenApiContentObject, ZodOpenApiOperationObject, ZodOpenApiResponseObject } from 'zod-openapi';
import type { Route } from '../route.ts';
import { answersOf } from './answers.ts';
import type { Answer } from './answer.ts';
import { describedHeaders } from './headers.ts';
import { parametersOf } from './parameters.ts';
import { problemResponses, type ProblemResponse } from './problem-responses.ts';
import { requestExamplesOf } from './request-examples.ts';
import { schemeOf } from './security-schemes.ts';
import { tagOf } from './tags.ts';

export function operation(route: Route): ZodOpenApiOperationObject {
  const { summary, roles } = route.description;
  return {
    summary,
    operationId: operationId(route),
    tags: [tagOf(route)],
    security: roles.length === 0 ? [] : [{ [schemeOf(route)]: [] }],
    description: roles.length === 0 ? 'For anybody.' : `For the roles ${roles.join(', ')}.`,
    requestParams: parametersOf(route),
    ...requestBody(route),
    responses: responses(route),
  };
}

/** Stable: generated clients name their functions by it. */
function operationId(route: Route): string {
  const words = route.path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '' && word !== 'v1');
  return [route.method.toLowerCase(), ...words].join('_');
}

/** One line, with or without its end. */
const PLAIN_BODY = String.raw`^[!-~]{1,600}(?:\r?\n)?$`;

function requestBody(route: Route): Pick<ZodOpenApiOperationObject, 'requestBody'> {
  const { body, plainBody } = route.description;
  const examples = Object.fromEntries(
    Object.entries(requestExamplesOf(route)).map(([name, value]) => [name, { value }]),
  );
  if (plainBody !== undefined) {
    const schema = z.string().check(z.meta({ description: plainBody, pattern: PLAIN_BODY }));
    return { requestBody: { required: true, content: { 'text/plain': { schema, examples } } } };
  }
  if (body === undefined) return {};
  return { requestBody: { required: true, content: { 'application/json': { schema: body, examples } } } };
}

function responses(route: Route): Record<`${1 | 2 | 3 | 4 | 5}${string}`, ZodOpenApiResponseObject> {
  const problems = problemResponses(route);
  const described = answersOf(route);
  const successes = Object.entries(route.description.answers).map(([status, sentence]) => {
    const problem = problems.find((each) => each.status === Number(status));
    return [status, answered(sentence, described[Number(status)] ?? {}, problem)] as const;
  });
  const failures = problems
    .filter(({ status }) => !(status in route.description.answers))
    .map((problem) => [String(problem.status), refused(problem)] as const);
  return Object.fromEntries([...successes, ...failures]);
}

/** Some statuses are an answer or a problem: the body says which, by its content type. */
function answered(sentence: string, answer: Answer, problem: ProblemResponse | undefined): ZodOpenApiResponseObject {
  const own = Object.entries(answer.headers ?? {}).map(([name, description]) => ({
    name,
    description,
    required: problem === undefined,
  }));
  const others = (problem?.headers ?? []).map((header) => ({ ...header, required: false }));
  return {
    description: problem === undefined ? sentence : `${sentence}. Or a problem: ${problem.description}`,
    headers: describedHeaders([...own, ...others]),
    content: { ...contentOf(answer), ...problem?.content },
  };
}

function contentOf(answer: Answer): ZodOpenApiContentObject {
  const { schema, contentType = 'application/json', example, otherFormat } = answer;
  if (schema === undefined) return {};
  return {
    [contentType]: { schema, ...(example === undefined ? {} : { example }) },
    ...(otherFormat === undefined ? {} : contentOf(otherFormat)),
  };
}

function refused({ description, headers, content }: ProblemResponse): ZodOpenApiResponseObject {
  return { description, headers: describedHeaders(headers), content };
}
