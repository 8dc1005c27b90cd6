/**
 * Checks a document from outside against a schema and says, for the first thing that is wrong, which field it is and what
 * would be right. Never shows a value, nor a name that does not look like one: they may be secrets.
 */
import type * as z from 'zod/mini';
import { safeParse } from 'zod/v4/core';
import { invalidInput, type InvalidInput } from './failures.ts';
import { failure, success, type Result } from './result.ts';

export function parseDocument<Schema extends z.core.$ZodType>(
  schema: Schema,
  document: unknown,
  field = '',
): Result<z.core.output<Schema>, InvalidInput> {
  // What a schema says of itself comes before `ruleOf`, and `ruleOf` before the library's own sentences, which nobody is shown.
  const parsed = safeParse(schema, document, { error: ruleOf });
  if (parsed.success) return success(parsed.data);
  const [issue] = parsed.error.issues;
  if (issue === undefined) return failure(invalidInput(field, 'is not valid'));
  return failure(invalidInput(pathOf(issue, field), issue.message));
}

function pathOf(issue: z.core.$ZodIssue, field: string): string {
  const unknownKey = unknownKeyOf(issue);
  const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey];
  let text = field;
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}

/** Of a field that is not known, where its name can be shown. */
function unknownKeyOf(issue: z.core.$ZodIssue | z.core.$ZodRawIssue): string | undefined {
  return issue.code === 'unrecognized_keys' ? issue.keys.find(isPlainName) : undefined;
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,40}$/;

/** Whether it looks like the name of a field: anything else may be a secret that was typed in the wrong place. */
export function isPlainName(key: string): boolean {
  return PLAIN_NAME.test(key);
}

function ruleOf(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `${issue.input === undefined ? 'is required:' : 'must be'} ${article(issue.expected)}`;
    case 'unrecognized_keys':
      return unknownKeyOf(issue) === undefined
        ? 'has a field that is not known here, by no name that is shown'
        : 'is not a field that is known here';
    case 'too_small':
      return sizeRule('at least', issue.minimum, issue.origin);
    case 'too_big':
      return sizeRule('at most', issue.maximum, issue.origin);
    case 'invalid_value':
      return valuesRule(issue.values);
    case 'invalid_format':
      return `must be in the form ${issue.pattern ?? issue.format}`;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return unionRule(issue.errors);
    case 'invalid_key':
      return 'has a field by a name that is not taken here';
    case 'invalid_element':
    case 'custom':
      return 'is not valid';
  }
}

const ARTICLES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  never: 'left out',
  null: 'null',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'a text',
};

function article(expected: string): string {
  return ARTICLES[expected] ?? `a ${expected}`;
}

function valuesRule(values: readonly z.core.util.Primitive[]): string {
  const quoted = values.map((value) => `"${String(value)}"`).join(', ');
  return values.length === 1 ? `must be ${quoted}` : `must be one of ${quoted}`;
}

/** What the form that came closest says; where each wants another type, all of these. */
function unionRule(forms: readonly (readonly z.core.$ZodIssue[])[]): string {
  const atTop = forms.flatMap(([issue]) => (issue?.path.length === 0 ? [issue] : []));
  const closest = atTop.find(({ code }) => code !== 'invalid_type');
  if (closest !== undefined) return closest.message;
  const types = atTop.flatMap((issue) => (issue.code === 'invalid_type' ? [article(issue.expected)] : []));
  return types.length === 0 ? 'is not valid' : `must be ${types.join(' or ')}`;
}

function sizeRule(limit: 'at least' | 'at most', size: number | bigint, origin: string): string {
  const [one, many] = UNITS[origin] ?? ['', ''];
  if (limit === 'at least' && size === 1 && many !== '') return 'must not be empty';
  if (many === '') return `must be ${limit} ${size}`;
  return `must have ${limit} ${size} ${size === 1 ? one : many}`;
}

const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  array: ['entry', 'entries'],
  string: ['character', 'characters'],
};
