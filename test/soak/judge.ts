/** Is a credential right at this moment? The ledger of the stand-ins says, and what administrators wrote; never Pullpass. */
import type { ReleasedCredential } from './api.ts';
import { admits } from './belief.ts';
import type { Ledger } from './ledger.ts';
import type { ModelRegistry } from './model.ts';

export const DEAD = 'was given a credential that does not work';

/** @returns what is wrong with it; undefined: nothing. */
export function wrongCredential(
  { username, password }: ReleasedCredential,
  registry: ModelRegistry,
  { askedAt, ledger }: { readonly askedAt: number; readonly ledger: Ledger },
): string | undefined {
  const issued = ledger.find(password);
  if (issued === undefined) return 'was given a credential that nobody ever issued';
  if (issued.holder !== registry.holder) return `was given the credential of ${issued.holder}`;
  if (issued.username !== username) return `was given the user name ${username}`;
  if (registry.password !== undefined && !admits(registry.password, password, askedAt)) {
    return 'was given an older password than the one acknowledged';
  }
  // It may have ended on its way: what counts is the moment of the question.
  return issued.endsAt > askedAt ? undefined : DEAD;
}
