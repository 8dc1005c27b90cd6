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
  // With the input in the issue: "is required" and "must be" are different mistakes. It goes no further than that.
  const parsed = safeParse(schema, document, { reportInput: true });
  if (parsed.success) return success(parsed.data);
  const [issue] = parsed.error.issues;
  if (issue === undefined) return failure(invalidInput(field, 'is not valid'));
  return failure(invalidInput(pathOf(issue, field), ruleOf(issue)));
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
function unknownKeyOf(issue: z.core.$ZodIssue): string | undefined {
  return issue.code === 'unrecognized_keys' ? issue.keys.find(isPlainName) : undefined;
}

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,40}$/;

/** Whether it looks like the name of a field: anything else may be a secret that was typed in the wrong place. */
export function isPlainName(key: string): boolean {
  return PLAIN_NAME.test(key);
}

function ruleOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `is required: ${article(issue.expected)}`
        : `must be ${article(issue.expected)}`;
    case 'unrecognized_keys':
      return unknownKeyOf(issue) === undefined
        ? 'has a field that is not known here, by no name that is shown'
        : 'is not a field that is known here';
    case 'too_small':
      return withOwnMessage(issue, `must ${sizeVerb(issue.origin)} at least ${issue.minimum}${sizeUnit(issue.origin)}`);
    case 'too_big':
      return withOwnMessage(issue, `must ${sizeVerb(issue.origin)} at most ${issue.maximum}${sizeUnit(issue.origin)}`);
    case 'invalid_value':
      return `must be one of ${issue.values.map((value) => `"${String(value)}"`).join(', ')}`;
    case 'invalid_format':
      return withOwnMessage(issue, `must be in the form ${issue.format}`);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return withOwnMessage(issue, 'is not valid');
  }
}

const ARTICLES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  string: 'a text',
};

function article(expected: string): string {
  return ARTICLES[expected] ?? `a ${expected}`;
}

/** A schema that says more than what broke says it best. */
function withOwnMessage(issue: z.core.$ZodIssue, rule: string): string {
  return issue.message === 'Invalid input' ? rule : issue.message;
}

function sizeVerb(origin: string): 'have' | 'be' {
  return origin === 'string' || origin === 'array' ? 'have' : 'be';
}

function sizeUnit(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
}
