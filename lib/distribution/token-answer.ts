/**
 * A token service's answer, read as Go's clients read it (docker, containerd, skopeo, crane decode it into a struct): names of
 * any case, `null` as absent, and one field of another type makes the whole answer worthless. What they cannot read must not
 * pass here. Not its job: asking for it (authorization.ts).
 */
import { failure, success, type Result } from '../domain/result.ts';
import type { GuardedResponse } from './guarded-request.ts';

export const TOKEN_FIELDS = ['token', 'access_token', 'refresh_token', 'expires_in', 'issued_at'] as const;
export type TokenField = (typeof TOKEN_FIELDS)[number];

/** What may stand after `Bearer ` in a header, and how long: common servers take headers of 8 to 16 KiB. */
const HEADER_SAFE = /^[!-~]{1,16384}$/;

const WHOLE_NUMBER = /^-?\d+$/;
const [LEAST, MOST] = [-(2n ** 63n), 2n ** 63n - 1n];
/** RFC 3339, as Go's `time.Time` takes it. */
const TIME =
  /^(?<year>\d{4})-(?<month>0[1-9]|1[0-2])-(?<day>\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const IS_READ: Readonly<Record<TokenField, (value: unknown) => boolean>> = {
  token: isText,
  access_token: isText,
  refresh_token: isText,
  expires_in: isWholeNumber,
  issued_at: isTime,
};

/** `no_token`: no JSON object, or without a token that a header can carry. A field: the one that clients cannot read. */
export function tokenOf({ body }: GuardedResponse): Result<string, 'no_token' | TokenField> {
  const fields = fieldsOf(body);
  if (fields === undefined) return failure('no_token');
  const unreadable = TOKEN_FIELDS.find((name) => fields.has(name) && !IS_READ[name](fields.get(name)));
  if (unreadable !== undefined) return failure(unreadable);
  const token = [fields.get('token'), fields.get('access_token')].find((value) => value !== undefined && value !== '');
  return typeof token === 'string' && HEADER_SAFE.test(token) ? success(token) : failure('no_token');
}

/** Of two that differ in case only the last one counts. */
function fieldsOf(body: string | undefined): ReadonlyMap<string, unknown> | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body ?? '', numbersAsSent);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const present = Object.entries(parsed).filter(([, value]) => value !== null);
  return new Map(present.map(([name, value]) => [name.toLowerCase(), value]));
}

/** Go takes neither `300.0` nor `3e2` for a whole number, and neither can be told from 300 afterwards. */
class NumberAsSent {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

function numbersAsSent(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? new NumberAsSent(context?.source ?? String(value)) : value;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isWholeNumber(value: unknown): boolean {
  if (!(value instanceof NumberAsSent) || !WHOLE_NUMBER.test(value.source)) return false;
  // Longer ones are out of range, and would only cost time to read.
  if (value.source.length > 20) return false;
  const number = BigInt(value.source);
  return number >= LEAST && number <= MOST;
}

function isTime(value: unknown): boolean {
  const groups = typeof value === 'string' ? TIME.exec(value)?.groups : undefined;
  if (groups === undefined) return false;
  const { year, month, day } = groups;
  // Day 0 of the next month; of a year with the same leap day, since years below 100 would be taken for 19xx.
  const days = new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate();
  return Number(day) >= 1 && Number(day) <= days;
}
