/**
 * Which option gets past a login that failed. The API's own sentence says what was seen and what to do about it; here is
 * how that is said to this command line.
 */

interface Way {
  readonly status: string;
  /** Only where the API's sentence names that setting: elsewhere the option would fail just the same. */
  readonly setting?: string;
  readonly goal: string;
  readonly option: string;
}

/** What of the registry can be set otherwise. None where the answer is final: a refused password, an address out of bounds. */
const WAYS: readonly Way[] = [
  { status: 'http_only', goal: 'if that is what you want', option: '--plain-http' },
  {
    status: 'tls_untrusted',
    setting: 'tls.ca',
    goal: 'to trust its certificate',
    option: '--ca FILE (or --skip-verify)',
  },
  { status: 'tls_untrusted', goal: 'to go on without checking its certificate', option: '--skip-verify' },
  { status: 'realm_not_trusted', setting: 'trustedRealms', goal: 'to trust that host', option: '--trusted-realm HOST' },
  { status: 'scope_denied', goal: 'to ask for another repository', option: '--probe REPOSITORY' },
];

/** Where the registry could not be asked. Elsewhere storing it all the same only moves the failure to the first pull. */
const NOT_ASKED: ReadonlySet<string> = new Set(['dns', 'unreachable', 'timeout', 'rate_limited', 'forbidden']);

interface FailedLogin {
  readonly status: string;
  /** The API's sentence. */
  readonly advice: string;
}

function wayAround({ status, advice }: FailedLogin): Way | undefined {
  return WAYS.find((way) => way.status === status && (way.setting === undefined || advice.includes(way.setting)));
}

/** After `registry add` or `edit`. */
export function optionAgainst(failed: FailedLogin): string | undefined {
  if (NOT_ASKED.has(failed.status)) return 'to store it without logging in: --no-verify';
  const way = wayAround(failed);
  return way === undefined ? undefined : `${way.goal}: ${way.option}`;
}

/** After `registry verify`: the whole command. */
export function editAgainst(failed: FailedLogin, registryId: string): string | undefined {
  const way = wayAround(failed);
  return way === undefined ? undefined : `${way.goal}: pullpass registry edit ${registryId} ${way.option}`;
}

/** What a login that worked leaves open. Of a warning from a later Pullpass only the name is known. */
export function warningWords(warning: string, registryId: string): string {
  const why = `see why with: pullpass registry verify ${registryId}`;
  switch (warning) {
    case 'accepts_anyone':
      return `warning: ${warning}: the login proves nothing; ${why}`;
    case 'pull_not_proven':
      return `warning: ${warning}: login proven, pulling not proven; name a repository to try: pullpass registry edit ${registryId} --probe REPOSITORY`;
    default:
      return `warning: ${warning}; ${why}`;
  }
}
