/** The document that describes the API: that it is OpenAPI, that nothing is left out, and that its examples are true. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { PROBLEMS } from '../../lib/http/openapi/problem-catalogue.ts';
import { problemOf, problemResponse, type ApiFailure } from '../../lib/http/problem.ts';
import { closed, describedAnswers, type GivenAnswer } from '../support/described-answers.ts';
import { startPullpass } from '../support/running-pullpass.ts';

const MEDIA = z.object({
  schema: z.optional(z.looseObject({})),
  example: z.optional(z.unknown()),
  examples: z.optional(
    z.record(z.string(), z.object({ value: z.optional(z.unknown()), $ref: z.optional(z.string()) })),
  ),
});
const RESPONSE = z.object({ description: z.string(), content: z.optional(z.record(z.string(), MEDIA)) });
const PARAMETER = z.object({
  name: z.string(),
  in: z.string(),
  description: z.optional(z.string()),
  schema: z.looseObject({ pattern: z.optional(z.string()), examples: z.optional(z.array(z.unknown())) }),
});
const OPERATION = z.object({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()),
  parameters: z.optional(z.array(PARAMETER)),
  requestBody: z.optional(z.object({ content: z.record(z.string(), MEDIA) })),
  responses: z.record(z.string(), RESPONSE),
});
const DOCUMENT = z.object({
  tags: z.array(z.object({ name: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), OPERATION)),
  components: z.object({
    schemas: z.record(z.string(), z.unknown()),
    examples: z.record(z.string(), z.object({ value: z.unknown() })),
  }),
});

let served: unknown;
let document: z.infer<typeof DOCUMENT>;
let operations: readonly { readonly name: string; readonly operation: z.infer<typeof OPERATION> }[];

beforeAll(async () => {
  const pullpass = await startPullpass();
  served = (await pullpass.call('GET /openapi.json', undefined, { token: '' })).body;
  await pullpass.close();
  document = DOCUMENT.parse(served);
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
});

/** What is not as it has to be, by operation: a failing test shows all of it. */
function faults(find: (operation: z.infer<typeof OPERATION>) => readonly string[]): readonly string[] {
  return operations.flatMap(({ name, operation }) => find(operation).map((fault) => `${name}: ${fault}`));
}

describe('the OpenAPI document', () => {
  it('is OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(z.looseObject({}).parse(served));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('has an answer that succeeds for every operation, and a schema with an example for every answer with a body', () => {
    const found = faults(({ responses }) => {
      const statuses = Object.entries(responses);
      const silent = statuses.some(([status]) => /^2\d\d$/.test(status)) ? [] : ['no answer that succeeds'];
      return [...silent, ...statuses.flatMap(([status, response]) => answerFaults(status, response))];
    });
    expect(found).toEqual([]);
  });

  it('names the codes of every status that is a problem, each with an example', () => {
    const found = faults(({ responses }) =>
      Object.entries(responses).flatMap(([status, { content = {} }]) => {
        const media = content['application/problem+json'];
        if (media === undefined) return [];
        const codes = codesOf(media.schema);
        const examples = Object.keys(media.examples ?? {});
        const wrong = codes.filter((code) => String(statusOf(code)) !== status);
        return [
          ...(codes.length === 0 ? [`${status} has no code`] : []),
          ...(codes.toSorted().join() === examples.toSorted().join()
            ? []
            : [`${status}: not an example for each code`]),
          ...wrong.map((code) => `${code} is not ${status}`),
        ];
      }),
    );
    expect(found).toEqual([]);
  });

  it('has examples that its own schemas take, with no field that is not described', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(z.looseObject({}).parse(closed(served)), 'https://pullpass.example/openapi.json');
    const resolved = z.object({ schemas: z.looseObject({}) });
    const found = faults(({ requestBody, responses }) => {
      const media = [requestBody, ...Object.values(responses)].flatMap((part) => Object.values(part?.content ?? {}));
      return media.flatMap(({ schema, example, examples = {} }) => {
        const rooted = withRoot(closed({ schemas: schema }));
        const validate = ajv.compile(resolved.parse(rooted).schemas);
        const values = [
          ...(example === undefined ? [] : [example]),
          ...Object.values(examples).map(({ value, $ref }) => ($ref === undefined ? value : exampleAt($ref))),
        ];
        return values.filter((value) => !validate(value)).map((value) => `refused: ${JSON.stringify(value)}`);
      });
    });
    expect(found).toEqual([]);
  });

  it('has an example of every body that is sent', () => {
    const found = faults(({ requestBody }) =>
      Object.entries(requestBody?.content ?? {}).flatMap(([type, { examples = {} }]) =>
        Object.keys(examples).length === 0 ? [`no example of ${type}`] : [],
      ),
    );
    expect(found).toEqual([]);
  });

  it('says of every name in a path what it looks like', () => {
    const found = faults(({ parameters = [] }) =>
      parameters
        .filter((parameter) => parameter.in === 'path')
        .flatMap(({ name, description, schema: { pattern, examples = [] } }) => {
          const [example] = examples;
          const told = description !== undefined && pattern !== undefined && typeof example === 'string';
          return told && new RegExp(pattern, 'u').test(example) ? [] : [name];
        }),
    );
    expect(found).toEqual([]);
  });

  it('gives every operation a name of its own and a tag that there is', () => {
    const names = operations.map(({ operation }) => operation.operationId);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    const tags = document.tags.map(({ name }) => name);
    expect(faults((operation) => operation.tags.filter((tag) => !tags.includes(tag)))).toEqual([]);
    const used = new Set(operations.flatMap(({ operation }) => operation.tags));
    expect(tags.filter((tag) => !used.has(tag))).toEqual([]);
  });
});

function answerFaults(status: string, { content = {} }: z.infer<typeof RESPONSE>): readonly string[] {
  const types = Object.entries(content);
  if (types.length === 0) return status === '204' ? [] : [`${status} has no schema`];
  return types.flatMap(([type, { schema, example, examples }]) => [
    ...(schema === undefined || Object.keys(schema).length === 0 ? [`${status} ${type}: no schema`] : []),
    ...(example === undefined && examples === undefined ? [`${status} ${type}: no example`] : []),
  ]);
}

/** Of a schema for one code, or for one of several. */
function codesOf(schema: unknown): readonly string[] {
  const { oneOf, $ref = '' } = z
    .object({ oneOf: z.optional(z.array(z.unknown())), $ref: z.optional(z.string()) })
    .parse(schema);
  if (oneOf !== undefined) return oneOf.flatMap(codesOf);
  const named = document.components.schemas[$ref.slice($ref.lastIndexOf('/') + 1)];
  const shape = z.object({ properties: z.object({ code: z.object({ const: z.string() }) }) });
  return [shape.parse(named).properties.code.const];
}

function statusOf(code: string): number | undefined {
  const known = Object.entries(PROBLEMS).find(([name]) => name === code)?.[1];
  return known === undefined ? undefined : problemOf(known.sample).status;
}

function exampleAt(pointer: string): unknown {
  return document.components.examples[pointer.slice(pointer.lastIndexOf('/') + 1)]?.value;
}

/** References are to the document, wherever the schema that has them is looked at. */
function withRoot(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value).replaceAll('"#/components', '"https://pullpass.example/openapi.json#/components'),
  );
}

/** One of each, and what differs within one. A failure that is new does not compile without a line here. */
const FAILURES: Readonly<Record<ApiFailure['kind'], readonly ApiFailure[]>> = {
  unauthenticated: [
    { kind: 'unauthenticated', expected: 'token' },
    { kind: 'unauthenticated', expected: 'principal' },
  ],
  principal_not_bound: [{ kind: 'principal_not_bound', arn: 'arn:aws:iam::123456789012:root', bindable: undefined }],
  forbidden: [
    { kind: 'forbidden', code: 'role_required', reason: 'x' },
    { kind: 'forbidden', code: 'environment_not_allowed', reason: 'x' },
    { kind: 'forbidden', code: 'export_not_allowed', reason: 'x' },
  ],
  invalid_input: [{ kind: 'invalid_input', field: '', rule: 'x' }],
  bad_reference: [{ kind: 'bad_reference', rule: 'x' }],
  bad_request: [
    { kind: 'bad_request', code: 'bad_json', reason: 'x' },
    { kind: 'bad_request', code: 'bad_encoding', reason: 'x' },
    { kind: 'bad_request', code: 'bad_cursor', reason: 'x' },
    { kind: 'bad_request', code: 'bad_if_match', reason: 'x' },
  ],
  denied: [{ kind: 'denied', rule: 'x', image: 'quay.io/a', environment: 'prod' }],
  registry_inactive: [{ kind: 'registry_inactive', registryId: '0'.repeat(26), address: 'quay.io' }],
  no_credential: [{ kind: 'no_credential', image: 'quay.io/a', rule: 'x' }],
  ambiguous_host: [{ kind: 'ambiguous_host', host: 'quay.io', addresses: ['quay.io/a', 'quay.io/b'] }],
  credential_unavailable: (['pending', 'expired', 'missing'] as const).map((state) => ({
    ...{ kind: 'credential_unavailable', registryId: '0'.repeat(26), state, retryAfterSeconds: 2, reason: 'x' },
  })),
  credential_withheld: [{ kind: 'credential_withheld', registryId: '0'.repeat(26), reason: 'x' }],
  not_found: [{ kind: 'not_found', resource: 'agent' }],
  revision_conflict: [
    { kind: 'revision_conflict', currentRevision: 0 },
    { kind: 'revision_conflict', currentRevision: undefined },
  ],
  registry_busy: [{ kind: 'registry_busy' }],
  not_begun: [{ kind: 'not_begun' }],
  host_config_too_large: [{ kind: 'host_config_too_large', reason: 'x' }],
  own_identity: [{ kind: 'own_identity' }],
  verification_failed: [{ kind: 'verification_failed', status: 'tls_untrusted', advice: 'x' }],
  mint_failed: [{ kind: 'mint_failed', code: 'throttled', advice: 'x' }],
  method_not_allowed: [{ kind: 'method_not_allowed', allowed: ['GET'] }],
  route_failure: [
    { kind: 'route_failure', code: 'route_not_found' },
    { kind: 'route_failure', code: 'body_too_large' },
    { kind: 'route_failure', code: 'store_unavailable' },
    { kind: 'route_failure', code: 'unreadable_row' },
    { kind: 'route_failure', code: 'internal' },
  ],
};

describe('the catalogue of problems', () => {
  const every = Object.values(FAILURES).flat();

  it('has each code that a failure becomes, and no other', () => {
    const codes = new Set(every.map((failure) => problemOf(failure).code));
    expect(Object.keys(PROBLEMS).toSorted()).toEqual([...codes].toSorted());
  });

  it.each(Object.entries(PROBLEMS))('%s is shown by a failure that becomes it', (code, { sample }) => {
    expect(problemOf(sample).code).toBe(code);
  });

  it.each(every.map((failure, index) => [`${index} ${failure.kind}`, failure] as const))(
    'describes failure %s: its members and its headers',
    (_name, failure) => {
      const problem = problemOf(failure);
      const { sample, members = {} } = PROBLEMS[problem.code];
      const known = problemOf(sample);
      expect(problem.status).toBe(known.status);
      expect(Object.keys(problem.headers ?? {})).toEqual(Object.keys(known.headers ?? {}));
      const schema = z.strictObject({
        ...{ type: z.literal('about:blank'), title: z.literal(known.title), status: z.literal(known.status) },
        ...{ code: z.literal(problem.code), detail: z.string(), ...members },
      });
      expect(z.safeParse(schema, JSON.parse(problemResponse(problem).body)).error).toBeUndefined();
    },
  );
});

describe('holding answers against the document', () => {
  const good: GivenAnswer = {
    method: 'GET',
    path: '/healthz',
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: '{"status": "ok", "soonestSecondsLeft": null}',
  };
  const { 'content-type': _type, ...untyped } = good.headers;
  const { 'cache-control': _control, ...cached } = good.headers;

  it('finds nothing where all is described', () => {
    expect(describedAnswers(served)(good)).toBeUndefined();
  });

  it.each<[string, Partial<GivenAnswer>, RegExp]>([
    ['a status', { status: 418 }, /the status is not described/],
    ['a field', { body: '{"status": "ok", "soonestSecondsLeft": null, "more": 1}' }, /additional properties.*"more"/],
    ['a field that is missing', { body: '{"status": "ok"}' }, /soonestSecondsLeft/],
    ['a value', { body: '{"status": "fine", "soonestSecondsLeft": null}' }, /status must be equal to one of/],
    [
      'a content type',
      { headers: { ...good.headers, 'content-type': 'text/plain' } },
      /"text\/plain" is not described/,
    ],
    ['a body without a type', { headers: untyped }, /"" is not described/],
    ['a header', { headers: { ...good.headers, etag: '"1"' } }, /etag is not described/],
    ['a header that is missing', { headers: cached }, /cache-control is missing/],
    ['a path that is answered and not there', { path: '/nowhere' }, /must be equal to constant/],
  ])('finds %s', (_name, change, found) => {
    expect(describedAnswers(served)({ ...good, ...change })).toMatch(found);
  });
});
