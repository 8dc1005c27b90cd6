/** Exceptions of a policy as they come in: an entry, why, and until when. Not its job: what they open. */
import * as z from 'zod/mini';
import { invalidInput, type InvalidInput } from './failures.ts';
import { parseDocument } from './parse-document.ts';
import { parsePolicyEntry } from './policy-entry.ts';
import { hasEnded, type PolicyDocument, type PolicyException } from './policy.ts';
import { readableLine } from './readable-text.ts';
import { failure, success, type Result } from './result.ts';

/** Each is a decision that somebody took and has to look at again: where there are more, the policy itself is not right. */
export const MAX_EXCEPTIONS = 200;
export const MAX_REASON_LENGTH = 500;

const TIME_RULE = 'must be an RFC 3339 time such as 2027-01-31T00:00:00Z';
/** The last moment that RFC 3339 can write. */
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/** Also what describes an exception that is sent. */
export const exceptionSchema = z.strictObject({
  entry: z.string().check(z.minLength(1), z.maxLength(600), z.meta({ examples: ['quay.io/team/app'] })),
  reason: readableLine.check(z.maxLength(MAX_REASON_LENGTH), z.meta({ description: 'One line that says why' })),
  until: z.iso.datetime({ offset: true, message: TIME_RULE }),
});

const listSchema = z
  .array(exceptionSchema, { error: 'must be a list of exceptions, or null' })
  .check(z.maxLength(MAX_EXCEPTIONS));

/** None and null are an empty list. The same entry twice is refused: which of the two ends would hold? */
export function parseExceptions(value: unknown): Result<readonly PolicyException[], InvalidInput> {
  const parsed = parseDocument(listSchema, value ?? [], 'exceptions');
  if (!parsed.ok) return parsed;
  const exceptions = new Map<string, PolicyException>();
  for (const [index, { entry: text, reason, until }] of parsed.value.entries()) {
    const entry = parsePolicyEntry(text);
    if (!entry.ok) return failure(invalidInput(`exceptions[${index}].entry`, entry.failure.rule));
    const { canonical } = entry.value;
    if (exceptions.has(canonical)) {
      return failure(invalidInput(`exceptions[${index}].entry`, 'must be excepted once only: it is in the list twice'));
    }
    const end = Date.parse(until);
    if (!(end <= LATEST)) return failure(invalidInput(`exceptions[${index}].until`, TIME_RULE));
    exceptions.set(canonical, { entry: canonical, reason: reason.trim(), until: end });
  }
  return success([...exceptions.values()]);
}

/**
 * An exception that has ended already when it is set would be a mistake. One that `present` has with the same end may stay,
 * so that what else the policy says can still be changed.
 */
export function endedExceptionFault(
  document: PolicyDocument,
  context: { readonly present: PolicyDocument | undefined; readonly at: number },
): InvalidInput | undefined {
  const ends = new Map(context.present?.exceptions.map(({ entry, until }) => [entry, until]));
  for (const [index, exception] of document.exceptions.entries()) {
    if (!hasEnded(exception, context.at) || ends.get(exception.entry) === exception.until) continue;
    return invalidInput(
      `exceptions[${index}].until`,
      'must be in the future: an exception that has ended does nothing',
    );
  }
  return undefined;
}
