/**
 * How a call of the SDK ended. Its job: expected errors become values, all others `StoreUnavailable` with the error's name.
 * Messages are dropped: they name accounts, identities and keys.
 */
import { failure, success, type Result } from '../../domain/result.ts';
import { StoreUnavailable } from '../catalogue.ts';
import { codeOf } from '../sdk-answer.ts';

/** Not there: the secret, or that version of it. */
export const NOT_FOUND = 'ResourceNotFoundException';
/** On a secret: it is scheduled for deletion, or is in another state that does not allow the call. */
export const NOT_NOW = 'InvalidRequestException';
export const EXISTS = 'ResourceExistsException';
/** On a label: it is not where the request said. */
export const NOT_SO = 'InvalidParameterException';

export async function outcome<Answer, Code extends string>(
  call: Promise<Answer>,
  expected: readonly Code[],
): Promise<Result<Answer, Code>> {
  try {
    return success(await call);
  } catch (error) {
    const code = codeOf(error);
    const known = expected.find((one) => one === code);
    if (known === undefined) throw new StoreUnavailable(code);
    return failure(known);
  }
}
