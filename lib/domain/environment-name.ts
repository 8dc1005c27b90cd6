/** An environment: a named group of hosts with one policy. */
import { failure, success, type Result } from './result.ts';

declare const brand: unique symbol;
export type EnvironmentName = string & { readonly [brand]: 'EnvironmentName' };

/** In a registry's list of environments: every environment, those yet to come included. */
export const EVERY_ENVIRONMENT = '*';

/**
 * What one registry or agent may name. A change of all of them is one transaction, of at most 100 items in DynamoDB: one
 * for each name that goes, one for each that comes, and the change itself.
 */
export const MAX_ENVIRONMENTS = 48;
export const TOO_MANY_ENVIRONMENTS = `must name at most ${MAX_ENVIRONMENTS} environments; "*" stands for every one`;

const SLUG = /^[a-z0-9-]{1,63}$/;
const RULE = 'must be 1 to 63 characters of a-z, 0-9 and "-"';

function isEnvironmentName(text: string): text is EnvironmentName {
  return SLUG.test(text);
}

export function parseEnvironmentName(text: string): Result<EnvironmentName, { readonly rule: string }> {
  return isEnvironmentName(text) ? success(text) : failure({ rule: RULE });
}
