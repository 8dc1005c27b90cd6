/**
 * Which expiry date a registry has after it was added or edited. Only typed passwords have one, since everything else is made
 * anew in time. Whoever gives another password gives its date, too: the old one's says nothing about it.
 */
import { daysUntil } from '../domain/expiry-date.ts';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import type { Registry } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { findKind } from '../sources/find-kind.ts';
import type { SourceKind } from '../sources/source-kind.ts';
import { kindName } from './registry-source.ts';

export interface ExpiryInput {
  /** A day that the calendar has. Absent = left as it is; null = taken away. */
  readonly expiresOn?: string | null | undefined;
  readonly source?: unknown;
}

type Dated = Pick<Registry, 'expiresOn'>;

/** @param previous in an edit. */
export function applyExpiryDate(
  { expiresOn, source }: ExpiryInput,
  previous: (Dated & Pick<Registry, 'source'>) | undefined,
  { kinds, now }: { readonly kinds: readonly SourceKind[]; readonly now: () => number },
): Result<Dated, InvalidInput> {
  const name = kindName(source) ?? previous?.source.kind;
  const renews = name !== undefined && findKind(kinds, name)?.renewable === true;
  const present = renews || givesPassword(source) ? undefined : previous?.expiresOn;
  const date = expiresOn === undefined ? present : (expiresOn ?? undefined);
  if (date === undefined) return success({});
  if (renews) {
    const rule = `is for typed passwords (source kind "static") only: Pullpass renews credentials of the kind "${name}" itself, leave it out`;
    return failure(invalidInput('expiresOn', rule));
  }
  if (date !== previous?.expiresOn && daysUntil(date, now()) < 0) {
    const today = new Date(now()).toISOString().slice(0, 'YYYY-MM-DD'.length);
    return failure(invalidInput('expiresOn', `must not be in the past: today is ${today} in UTC`));
  }
  return success({ expiresOn: date });
}

/** The field that a source of the kind `static` has its secret in. */
function givesPassword(source: unknown): boolean {
  return typeof source === 'object' && source !== null && 'password' in source;
}
