/**
 * Which option gets past a login that failed. The API's own sentence says what was seen and what to do about it; here is
 * how that is said to this command line.
 */

/** What of the registry can be set otherwise. None where the answer is final: a refused password, an address out of bounds. */
const OPTION_AGAINST: Readonly<Record<string, { readonly goal: string; readonly option: string }>> = {
  http_only: { goal: 'if that is what you want', option: '--plain-http' },
  tls_untrusted: { goal: 'to trust its certificate', option: '--ca FILE (or --skip-verify)' },
  realm_not_trusted: { goal: 'to trust that host', option: '--trusted-realm HOST' },
  scope_denied: { goal: 'to ask for another repository', option: '--probe REPOSITORY' },
};

/** Where the registry could not be asked. Elsewhere storing it all the same only moves the failure to the first pull. */
const NOT_ASKED: ReadonlySet<string> = new Set(['dns', 'unreachable', 'timeout', 'rate_limited']);

/** After `registry add` or `edit`. */
export function optionAgainst(status: string): string | undefined {
  if (NOT_ASKED.has(status)) return 'to store it without logging in: --no-verify';
  const against = OPTION_AGAINST[status];
  return against === undefined ? undefined : `${against.goal}: ${against.option}`;
}

/** After `registry verify`: the whole command. */
export function editAgainst(status: string, registryId: string): string | undefined {
  const against = OPTION_AGAINST[status];
  return against === undefined ? undefined : `${against.goal}: pullpass registry edit ${registryId} ${against.option}`;
}
