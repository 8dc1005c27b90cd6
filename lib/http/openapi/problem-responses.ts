/**
 * What a route answers when it does not do what was asked: by status, the codes that it can have, a schema for each, an
 * example for each. The catalogue of problems says what they are; here they become responses.
 */
import * as z from 'zod/mini';
import type { ZodOpenApiContentObject, ZodOpenApiExampleObject } from 'zod-openapi';
import { plainProblemResponse, problemOf, problemResponse, type Problem, type ProblemCode } from '../problem.ts';
import type { Route } from '../route.ts';
import { PROBLEMS, type DescribedProblem } from './problem-catalogue.ts';

/** Met before a route runs, by unknown query parameters and by bodies that nobody can read; and by a bug. */
const EVERYWHERE: readonly ProblemCode[] = ['invalid_input', 'bad_encoding', 'body_too_large', 'internal'];
/** Whoever has to say who it is. */
const AUTHENTICATED: readonly ProblemCode[] = ['unauthenticated', 'store_unavailable'];

interface KnownProblem extends DescribedProblem {
  readonly code: string;
  readonly problem: Problem;
}

export interface ProblemResponse {
  readonly status: number;
  readonly description: string;
  readonly headers: readonly { readonly name: string; readonly required: boolean }[];
  readonly content: ZodOpenApiContentObject;
}

const KNOWN: ReadonlyMap<string, KnownProblem> = new Map(
  Object.entries(PROBLEMS).map(([code, described]) => [
    code,
    { ...described, code, problem: problemOf(described.sample) },
  ]),
);

const SCHEMAS: ReadonlyMap<string, z.ZodMiniObject> = new Map(
  [...KNOWN].map(([code, known]) => [code, problemSchema(known)]),
);

function problemCodes({ description }: Pick<Route, 'description'>): ReadonlySet<string> {
  const authenticated = description.roles.length === 0 ? [] : AUTHENTICATED;
  const codes = new Set<string>([...description.problems, ...authenticated, ...EVERYWHERE]);
  // Whatever reads the store can come upon what cannot be read.
  return codes.has('store_unavailable') ? codes.add('unreadable_row') : codes;
}

export function problemResponses(route: Route): readonly ProblemResponse[] {
  const codes = problemCodes(route);
  const known = [...KNOWN.values()].filter(({ code }) => codes.has(code));
  const statuses = [...new Set(known.map(({ problem }) => problem.status))];
  return statuses.map((status) =>
    responseOf(
      status,
      known.filter(({ problem }) => problem.status === status),
      route,
    ),
  );
}

function responseOf(status: number, known: readonly KnownProblem[], route: Route): ProblemResponse {
  const names = new Set(known.flatMap(({ problem }) => Object.keys(problem.headers ?? {})));
  return {
    status,
    description: known.map(({ code, when }) => `${code}: ${when}`).join(' '),
    headers: [...names].map((name) => ({
      name,
      required: known.every(({ problem }) => problem.headers?.[name] !== undefined),
    })),
    content: route.failureStyle === 'plain' ? plainContent(known) : problemContent(known),
  };
}

function problemContent(known: readonly KnownProblem[]): ZodOpenApiContentObject {
  const schemas = known.flatMap(({ code }) => SCHEMAS.get(code) ?? []);
  const [first, ...others] = schemas;
  if (first === undefined) return {};
  const schema = others.length === 0 ? first : z.discriminatedUnion('code', [first, ...others]);
  const examples = Object.fromEntries(known.map(({ code }) => [code, { $ref: `#/components/examples/${code}` }]));
  return { 'application/problem+json': { schema, examples } };
}

/** One line of text for a person, with the code at its end. */
function plainContent(known: readonly KnownProblem[]): ZodOpenApiContentObject {
  const codes = known.map(({ code }) => code).join('|');
  const schema = { type: 'string', pattern: `^[^\\n]+ \\((?:${codes})\\)$` } as const;
  const examples = Object.fromEntries(
    known.map(({ code, problem }) => [code, { value: plainProblemResponse(problem).body }]),
  );
  return { 'text/plain': { schema, examples } };
}

/** For the document's components: each is written once, and named where it can come. */
export function problemExamples(): Record<string, ZodOpenApiExampleObject> {
  return Object.fromEntries(
    [...KNOWN.values()].map(({ code, when, problem }) => {
      const value: unknown = JSON.parse(problemResponse(problem).body);
      return [code, { summary: when, value }];
    }),
  );
}

/** For the document's components: those that no operation names (a path that is not there) can come all the same. */
export function problemSchemas(): Record<string, z.ZodMiniObject> {
  return Object.fromEntries([...SCHEMAS].map(([code, schema]) => [componentName(code), schema]));
}

function problemSchema({ code, when, remedy, problem, members }: KnownProblem): z.ZodMiniObject {
  return z
    .strictObject({
      type: z.literal('about:blank'),
      title: z.literal(problem.title),
      status: z.literal(problem.status),
      code: z.literal(code),
      detail: z.string().check(z.meta({ description: 'One sentence for a person: what is wrong, and what to do' })),
      ...members,
    })
    .check(z.meta({ id: componentName(code), description: `${when} ${remedy}` }));
}

/** `registry_busy` -> `RegistryBusyProblem`. */
function componentName(code: string): string {
  const words = code.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}Problem`;
}
