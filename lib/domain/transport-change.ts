/**
 * Would a change of a registry send its stored secret somewhere weaker or new? Then only somebody who knows the secret may
 * make it. Not its job: making the change.
 */
import type { Registry, TlsSettings } from './registry.ts';

type Transport = Pick<Registry, 'tls' | 'trustedRealms'>;

/**
 * Verifying where nothing was verified before is the one change that only strengthens; unless an authority is given along
 * with it, which speaks for the named token hosts, too, and those were verified all the time.
 */
export function weakensTransport(previous: Transport, next: Transport): boolean {
  const addedRealm = (next.trustedRealms ?? []).some((realm) => !(previous.trustedRealms ?? []).includes(realm));
  return addedRealm || weakensTls(previous.tls, next.tls) || givesRealmsAnAuthority(previous, next);
}

function givesRealmsAnAuthority(previous: Transport, next: Transport): boolean {
  if ((next.trustedRealms ?? []).length === 0) return false;
  const authority = realmAuthority(next.tls);
  return authority !== undefined && authority !== realmAuthority(previous.tls);
}

/** Whom a token host may be vouched for by, beside the system's authorities. What is not verified does not reach it. */
function realmAuthority({ ca, skipVerify }: TlsSettings): string | undefined {
  return skipVerify === true ? undefined : ca;
}

function weakensTls(previous: TlsSettings, next: TlsSettings): boolean {
  const same =
    previous.ca === next.ca && previous.skipVerify === next.skipVerify && previous.plainHttp === next.plainHttp;
  if (same) return false;
  const verifiedNothing = previous.skipVerify === true || previous.plainHttp === true;
  const verifiesNow = next.skipVerify !== true && next.plainHttp !== true;
  return !(verifiedNothing && verifiesNow);
}
