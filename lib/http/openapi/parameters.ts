/** What a route takes beside its body: names in its path, query, headers. */
import * as z from 'zod/mini';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import type { Route } from '../route.ts';

interface PathParameter {
  readonly pattern: RegExp;
  readonly description: string;
  readonly example: string;
}

const REGISTRY_ID: PathParameter = {
  pattern: /^[0-9a-z]{26}$/,
  description: 'A registry’s id, as the list of registries has it',
  example: '01k2v9m6q3t8w5x7y0z1a2b3c4',
};

const AGENT_ID: PathParameter = {
  pattern: /^[0-9a-f]{16}$/,
  description: 'An agent’s id, as the list of agents has it',
  example: '8f14e45fceea167a',
};

const PATH_PARAMETERS: Readonly<Record<string, PathParameter>> = {
  environment: {
    pattern: /^[a-z0-9-]{1,63}$/,
    description: 'An environment; it need not exist yet',
    example: 'prod',
  },
  runtime: {
    pattern: /^(?:docker|containerd|podman|kubernetes)$/,
    description: 'What runs the host’s containers',
    example: 'podman',
  },
  file: { pattern: /^[A-Za-z0-9._-]{1,64}$/, description: 'The name of a script', example: 'install.sh' },
};

/** Of this form in the document, and refused (or not found) by the route when they are not. */
export function parametersOf(route: Route): NonNullable<ZodOpenApiOperationObject['requestParams']> {
  const names = [...route.path.matchAll(/\{(?<name>\w+)\}/g)].flatMap((match) => match.groups?.['name'] ?? []);
  const path = z.object(Object.fromEntries(names.map((name) => [name, pathParameter(name, route.path)])));
  const { query, ifMatch } = route.description;
  return {
    ...(names.length === 0 ? {} : { path }),
    ...(query === undefined ? {} : { query: describedQuery(query) }),
    ...(ifMatch === undefined ? {} : { header: z.object({ 'if-match': z.optional(IF_MATCH) }) }),
  };
}

function pathParameter(name: string, path: string): z.ZodMiniString {
  const known = name === 'id' ? (path.startsWith('/v1/agents/') ? AGENT_ID : REGISTRY_ID) : PATH_PARAMETERS[name];
  if (known === undefined) return z.string();
  const { pattern, description, example } = known;
  return z.string().check(z.regex(pattern), z.meta({ description, examples: [example] }));
}

const IF_MATCH = z.string().check(
  z.regex(/^(?:\*|(?:W\/)?"\d{1,15}")$/),
  z.meta({
    description: 'The revision that the change is meant for, as ETag gave it; left out or "*": whichever there is',
    examples: ['"3"'],
  }),
);

/** The routes read a number from the query's text; callers are told that it is one. */
const LIMIT = z
  .int()
  .check(z.minimum(1), z.maximum(500), z.meta({ description: 'Items on a page at most; 100, if nothing is said' }));

function describedQuery(query: z.core.$ZodObject): z.ZodMiniObject {
  const { shape } = query._zod.def;
  return z.strictObject('limit' in shape ? { ...shape, limit: z.optional(LIMIT) } : shape);
}
