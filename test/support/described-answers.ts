/**
 * Holds what the API answers against the document that it serves: status, content type, headers, body, each has to be
 * described, and an answer may not have a field that is not. Where the document is open on purpose (clients must bear new
 * fields), it is closed here.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import * as z from 'zod/mini';
import type { ApiHandler } from '../../lib/http/api.ts';
import { LOCAL_CONTEXT } from '../../lib/http/local-context.ts';
import { apiGatewayEvent } from './api-gateway-event.ts';

const RESPONSE = z.object({
  headers: z.optional(z.record(z.string(), z.object({ required: z.optional(z.boolean()), schema: z.unknown() }))),
  content: z.optional(z.record(z.string(), z.object({ schema: z.optional(z.unknown()) }))),
});
const DOCUMENT = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), z.object({ responses: z.record(z.string(), RESPONSE) }))),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});

export interface GivenAnswer {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** What in the answer is not described; undefined when all of it is. */
export type FindUndescribed = (answer: GivenAnswer) => string | undefined;

export function describedAnswers(served: unknown): FindUndescribed {
  const document = DOCUMENT.parse(closed(served));
  // Formats are said a second time, as patterns, where it matters.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, ROOT);
  const compiled = new Map<string, ValidateFunction>();
  const validator = (pointer: string): ValidateFunction => {
    const known = compiled.get(pointer) ?? ajv.compile({ $ref: `${ROOT}#${pointer}` });
    compiled.set(pointer, known);
    return known;
  };
  return (answer) => {
    const { method, path, status } = answer;
    const fault = faultIn(answer, document, validator);
    return fault === undefined ? undefined : `${method} ${path} -> ${status}: ${fault}`;
  };
}

const ROOT = 'https://pullpass.example/openapi.json';

function faultIn(
  answer: GivenAnswer,
  document: z.infer<typeof DOCUMENT>,
  validator: (pointer: string) => ValidateFunction,
): string | undefined {
  const path = templateOf(answer, Object.keys(document.paths));
  const method = answer.method.toLowerCase();
  const operation = path === undefined ? undefined : document.paths[path]?.[method];
  if (path === undefined || operation === undefined) return strangersFault(answer, validator);
  const response = operation.responses[String(answer.status)];
  if (response === undefined) return `the status is not described: ${answer.body}`;
  const pointer = `/paths/${escaped(path)}/${method}/responses/${answer.status}`;
  return (
    headersFault(answer, response, (name) => validator(`${pointer}/headers/${escaped(name)}/schema`)) ??
    bodyFault(answer, response, (type) => validator(`${pointer}/content/${escaped(type)}/schema`))
  );
}

/** The most literal one: a word in a path may look like a parameter's value, too. */
function templateOf({ path }: GivenAnswer, templates: readonly string[]): string | undefined {
  const parts = path.replace(/\/$/, '').split('/');
  const literal = (template: string): number => template.split('/').filter((part) => !part.startsWith('{')).length;
  return templates
    .filter((template) => {
      const expected = template.split('/');
      return (
        expected.length === parts.length &&
        expected.every((part, index) => part === parts[index] || (part.startsWith('{') && parts[index] !== ''))
      );
    })
    .toSorted((one, other) => literal(other) - literal(one))[0];
}

/** To a path or a method that is not there. */
function strangersFault(answer: GivenAnswer, validator: (pointer: string) => ValidateFunction): string | undefined {
  const name = answer.status === 404 ? 'RouteNotFound' : answer.status === 405 ? 'MethodNotAllowed' : 'Internal';
  if (name === 'MethodNotAllowed' && answer.headers['allow'] === undefined) return 'allow is missing';
  return violations(validator(`/components/schemas/${name}Problem`), parsed(answer.body));
}

/** These go with the body or the connection. */
const OF_THE_TRANSPORT = new Set(['content-type', 'content-length', 'connection']);

function headersFault(
  { headers }: GivenAnswer,
  response: z.infer<typeof RESPONSE>,
  validatorOf: (name: string) => ValidateFunction,
): string | undefined {
  const described = response.headers ?? {};
  const missing = Object.keys(described).find((name) => described[name]?.required && headers[name] === undefined);
  if (missing !== undefined) return `the header ${missing} is missing`;
  for (const [name, value] of Object.entries(headers)) {
    if (OF_THE_TRANSPORT.has(name)) continue;
    if (!(name in described)) return `the header ${name} is not described`;
    const text = String(value);
    const fault = violations(validatorOf(name), /^\d+$/.test(text) ? Number(text) : text);
    if (fault !== undefined) return `the header ${name} (${text}): ${fault}`;
  }
  return undefined;
}

function bodyFault(
  { headers, body }: GivenAnswer,
  response: z.infer<typeof RESPONSE>,
  validatorOf: (type: string) => ValidateFunction,
): string | undefined {
  const named = headers['content-type'];
  const type = typeof named === 'string' ? (named.split(';')[0] ?? '') : '';
  const content = response.content ?? {};
  if (Object.keys(content).length === 0) return body === '' ? undefined : 'a body where none is described';
  if (content[type] === undefined) return `the content type "${type}" is not described: ${body}`;
  return violations(validatorOf(type), /json$/.test(type) ? parsed(body) : body);
}

function violations(validate: ValidateFunction, value: unknown): string | undefined {
  if (validate(value)) return undefined;
  const said = (validate.errors ?? []).map(
    ({ instancePath, message = '', params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
  return `${said.join('; ')} in ${JSON.stringify(value)}`;
}

function parsed(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    return value;
  } catch {
    return body;
  }
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** A copy in which objects of answers have no other fields than those that are described. */
export function closed(document: unknown): unknown {
  return mapped(document, false);
}

function mapped(value: unknown, inAnswer: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => mapped(item, inAnswer));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, part]): [string, unknown] => {
    if (key === 'example' || key === 'examples') return [key, part];
    return [key, mapped(part, inAnswer || key === 'responses' || key === 'schemas')];
  });
  const copy = Object.fromEntries(entries);
  const isClosable = inAnswer && copy['type'] === 'object' && 'properties' in copy && !('additionalProperties' in copy);
  return isClosable ? { ...copy, additionalProperties: false } : copy;
}

/** The handler, and what it answered that is not described. */
export async function checkedHandler(handler: ApiHandler): Promise<{
  readonly handler: ApiHandler;
  readonly undescribed: readonly string[];
}> {
  const undescribed: string[] = [];
  const find = await findFor(handler);
  return {
    undescribed,
    handler: async (event, context) => {
      const answer = await handler(event, context);
      const { method } = event.requestContext.http;
      const { statusCode: status = 200, headers = {}, body = '' } = answer;
      const found = find({ method, path: event.rawPath, status, headers, body });
      if (found !== undefined) undescribed.push(found);
      return answer;
    },
  };
}

let known: FindUndescribed | undefined;

/** The same for every instance in this process: the document is made from the routes and not from what is stored. */
async function findFor(handler: ApiHandler): Promise<FindUndescribed> {
  if (known === undefined) {
    const served = await handler(apiGatewayEvent({ what: 'GET /openapi.json' }), LOCAL_CONTEXT);
    known = describedAnswers(JSON.parse(served.body ?? ''));
  }
  return known;
}
