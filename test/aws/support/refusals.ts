/** Whom IAM refused what, as ministack_account.py says it on standard output. */
import type { Account } from './account.ts';

export interface Refusal {
  /** `arn:aws:sts::…:assumed-role/<role>/<session>` */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
}

export function refusals(account: Account): readonly Refusal[] {
  const lines = account.output().matchAll(/^REFUSED (\S+) (\S+) (\S+)$/gm);
  return Array.from(lines, ([, principal = '', action = '', resource = '']) => ({ principal, action, resource }));
}
