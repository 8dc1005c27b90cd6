/**
 * Checks a document from outside against a schema and says, for the first thing that is wrong, which field it is and what
 * would be right. Never shows a value: the field may be a secret.
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
  const parsed = safeParse(schema, document);
  if (parsed.success) return success(parsed.data);
  const [issue] = parsed.error.issues;
  if (issue === undefined) return failure(invalidInput(field, 'is not valid'));
  return failure(invalidInput(pathOf(issue, field), ruleOf(issue)));
}

function pathOf(issue: z.core.$ZodIssue, field: string): string {
  const [unknownKey] = issue.code === 'unrecognized_keys' ? issue.keys : [];
  const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey];
  let text = field;
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? String(part) : `.${String(part)}`;
  }
  return text;
}

function ruleOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `is required: ${article(issue.expected)}`
        : `must be ${article(issue.expected)}`;
    case 'unrecognized_keys':
      return 'is not a field that is known here';
    case 'too_small':
      return issue.origin === 'string'
        ? `must have at least ${issue.minimum} characters`
        : `must be at least ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'string'
        ? `must have at most ${issue.maximum} characters`
        : `must be at most ${issue.maximum}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map((value) => `"${String(value)}"`).join(', ')}`;
    case 'invalid_format':
      return issue.message === 'Invalid input' ? `must be in the form ${issue.format}` : issue.message;
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return issue.message === 'Invalid input' ? 'is not valid' : issue.message;
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
