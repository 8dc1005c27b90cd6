/**
 * Would a change of a registry send its stored secret somewhere weaker or new? Then only somebody who knows the secret may
 * make it. Not its job: making the change.
 */
import type { Registry, TlsSettings } from './registry.ts';

type Transport = Pick<Registry, 'tls' | 'trustedRealms'>;

/** Verifying with the system's authorities where nothing was verified before is the one change that only strengthens. */
export function weakensTransport(previous: Transport, next: Transport): boolean {
  const addedRealm = (next.trustedRealms ?? []).some((realm) => !(previous.trustedRealms ?? []).includes(realm));
  return addedRealm || weakensTls(previous.tls, next.tls);
}

function weakensTls(previous: TlsSettings, next: TlsSettings): boolean {
  const same =
    previous.ca === next.ca && previous.skipVerify === next.skipVerify && previous.plainHttp === next.plainHttp;
  if (same) return false;
  const verifiedNothing = previous.skipVerify === true || previous.plainHttp === true;
  const verifiesNow = next.skipVerify !== true && next.plainHttp !== true;
  return !(verifiedNothing && verifiesNow);
}
