/** What the SDK throws, as the outage that it is: its code is kept, its text goes no further. */
import { StoreUnavailable } from './catalogue.ts';

export async function answered<Answer>(sent: Promise<Answer>): Promise<Answer> {
  try {
    return await sent;
  } catch (error) {
    throw new StoreUnavailable(codeOf(error));
  }
}

/** Names come over the wire as well: what does not look like a code is none. */
const CODE = /^[A-Za-z][A-Za-z0-9_]{0,79}$/;

/** The service's or the SDK's name for it (`ThrottlingException`, `TimeoutError`), or the system's (`ECONNREFUSED`). */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const system = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const nameless = error.name === 'Error' || error.name === 'AggregateError';
  const code = nameless && CODE.test(system) ? system : error.name;
  return CODE.test(code) ? code : 'unknown';
}
