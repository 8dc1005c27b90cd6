/** The library has sentences of its own for whatever a schema finds. Nobody is shown them, whichever of its parts is loaded. */
import { config } from 'zod/v4/core';
import en from 'zod/v4/locales/en.js';
import * as z from 'zod/mini';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from '../../lib/domain/parse-document.ts';
import { textWith } from '../support/text-like.ts';
import * as hostRequests from '../../lib/http/host-request-schemas.ts';
import * as requests from '../../lib/http/request-schemas.ts';
import { sourceKinds } from '../../lib/sources/kinds-in-place.ts';
import { parseServiceAccountKey } from '../../lib/sources/google/service-account-key.ts';

/** As it is where something loads all of the library: its sentences are then in force for everybody. */
beforeAll(() => {
  config(en());
});
afterAll(() => {
  config({ localeError: undefined });
});

function ruleFor(schema: z.core.$ZodType, document: unknown): string {
  const parsed = parseDocument(schema, document);
  return parsed.ok ? 'accepted' : parsed.failure.rule;
}

describe('what is wrong with a document', () => {
  it.each([
    ['nothing where a text is needed', z.string(), undefined, 'is required: a text'],
    ['a number where a text is needed', z.string(), 1, 'must be a text'],
    ['a text where a list is needed', z.array(z.string()), '', 'must be a list'],
    [
      'a text that is too long',
      z.string().check(z.maxLength(65_536)),
      'x'.repeat(65_537),
      'must have at most 65536 characters',
    ],
    ['a text of more than one', z.string().check(z.maxLength(1)), 'xx', 'must have at most 1 character'],
    ['an empty text', z.string().check(z.minLength(1)), '', 'must not be empty'],
    ['a text that is too short', z.string().check(z.minLength(2)), '', 'must have at least 2 characters'],
    ['an empty list', z.array(z.string()).check(z.minLength(1)), [], 'must not be empty'],
    ['a list that is too long', z.array(z.string()).check(z.maxLength(2)), ['', '', ''], 'must have at most 2 entries'],
    ['a number that is too small', z.int().check(z.minimum(1)), 0, 'must be at least 1'],
    ['a number that is too big', z.number().check(z.maximum(5)), 6, 'must be at most 5'],
    ['half a number', z.int(), 1.5, 'must be a whole number'],
    ['no multiple', z.number().check(z.multipleOf(5)), 6, 'must be a multiple of 5'],
    ['another value', z.literal('a'), 'b', 'must be "a"'],
    ['none of the values', z.enum(['a', 'b']), 'c', 'must be one of "a", "b"'],
    ['an unknown field', z.strictObject({}), { other: 1 }, 'is not a field that is known here'],
    [
      'an unknown field that may be a secret',
      z.strictObject({}),
      { 'a secret!': 1 },
      'has a field that is not known here, by no name that is shown',
    ],
    ['another form', z.string().check(z.regex(/^a+$/)), 'b', 'must be in the form /^a+$/'],
    ['neither of two types', z.union([z.string(), z.array(z.string())]), 1, 'must be a text or a list'],
    [
      'one of two types, too long',
      z.union([z.string().check(z.maxLength(1)), z.array(z.string())]),
      'xx',
      'must have at most 1 character',
    ],
    [
      'a bad name in a record',
      z.record(z.string().check(z.minLength(9)), z.string()),
      { a: 'b' },
      'has a field by a name that is not taken here',
    ],
    ['what a rule of ours refuses', z.string().check(z.refine(() => false)), 'a', 'is not valid'],
  ])('%s', (_name, schema, document, rule) => {
    expect(ruleFor(schema, document)).toBe(rule);
  });

  it.each([
    ['of a literal', z.literal('a', 'must be a, and this is why')],
    ['of a text', z.string('must be a, and this is why')],
    ['of a choice', z.enum(['a'], 'must be a, and this is why')],
    ['of a list', z.array(z.string(), 'must be a, and this is why')],
    ['of a union', z.union([z.string(), z.boolean()], 'must be a, and this is why')],
  ])('%s: its own sentence is told', (_name, schema) => {
    expect(ruleFor(schema, 1)).toBe('must be a, and this is why');
  });

  it.each(['authorized_user', 'external_account', 'impersonated_service_account'])(
    'a key file of the type %s is told not to be taken here',
    (type) => {
      expect(parseServiceAccountKey({ type }, 'source.key')).toMatchObject({
        failure: {
          field: 'source.key.type',
          rule: textWith('user and federation files are not taken here'),
        },
      });
    },
  );
});

/** Every schema within a schema. */
function partsOf(schema: z.core.$ZodType, found = new Set<z.core.$ZodType>()): ReadonlySet<z.core.$ZodType> {
  if (found.has(schema)) return found;
  found.add(schema);
  const { def } = schema._zod;
  for (const part of [
    ...('innerType' in def ? [def.innerType] : []),
    ...('element' in def ? [def.element] : []),
    ...('options' in def && Array.isArray(def.options) ? Array.from<unknown>(def.options) : []),
    ...('shape' in def && typeof def.shape === 'object' ? Object.values<unknown>({ ...def.shape }) : []),
  ]) {
    if (part instanceof z.core.$ZodType) partsOf(part, found);
  }
  return found;
}

const WRONG: readonly unknown[] = [
  ...[undefined, null, true, 0, -1, 1.5, 1e300, Number.NaN],
  ...['', ' ', 'x', '\n', ':', 'x'.repeat(100_000), 'x@', 'a secret', '2026-13-45', '\ud800'],
  ...[[], [1], ['x'], Array.from({ length: 2_000 }, () => 'x'), {}, { other: 1 }, { 'a secret': 1 }, { kind: 'x' }],
];

const SENTENCE = /^(?:must|is|has|takes|are|may) /;
const LIBRARY = /invalid (?!grant)|too (?:big|small)|expected|received|unrecognized|option:|>=|<=/i;

describe('no request is ever answered in the words of the library', () => {
  const schemas: readonly (readonly [string, z.core.$ZodType])[] = [
    ...Object.entries({ ...requests, ...hostRequests }).flatMap(([name, value]) =>
      value instanceof z.core.$ZodType ? [[name, value] as const] : [],
    ),
    ...sourceKinds().map(({ kind, inputSchema }) => [`a source of the kind ${kind}`, inputSchema] as const),
  ];

  it('and there are requests', () => {
    expect(schemas.length).toBeGreaterThan(15);
  });

  it.each(schemas)('%s', (_name, schema) => {
    const rules = [...partsOf(schema)].flatMap((part) => WRONG.map((document) => ruleFor(part, document)));
    const told = new Set(rules.filter((rule) => rule !== 'accepted'));
    expect(told.size).toBeGreaterThan(0);
    for (const rule of told) {
      expect(rule).toMatch(SENTENCE);
      expect(rule).not.toMatch(LIBRARY);
    }
  });
});
