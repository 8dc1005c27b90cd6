/**
 * What a login check can end with, in words for the operator: what was seen, and what to do. Settings are named as the
 * API has them. Of what a peer says only two things get through, both checked first: the host of a token service, and how
 * many seconds to wait. No secret.
 */
import type { GuardedResponse, RequestFailure } from './guarded-request.ts';
import type { LoginCheckOutcome } from './login-check.ts';
import { retryAfterSeconds } from './registry-answer.ts';
import type { CertificateProblem } from './tls-handshake.ts';
import type { TokenField } from './token-answer.ts';

export type Peer = 'registry' | 'token service';

export const VERIFIED: LoginCheckOutcome = {
  status: 'verified',
  advice: 'The registry accepted the credential: there is nothing to do.',
};

export const ACCEPTS_ANYONE: LoginCheckOutcome = {
  status: 'verified',
  warning: 'accepts_anyone',
  advice:
    'The registry answers the same without a credential, so this proves nothing about the password: name a private repository as probe.repository.',
};

export const PUBLIC_PROBE: LoginCheckOutcome = {
  status: 'verified',
  warning: 'accepts_anyone',
  advice:
    'Anybody may pull the probe repository, so this proves nothing about the credential: name a private repository as probe.repository.',
};

export const TAKES_ANY_PASSWORD: LoginCheckOutcome = {
  status: 'verified',
  warning: 'accepts_anyone',
  advice:
    'The registry accepts a made-up user name and password just as well, so this proves nothing: check how its login is set up.',
};

/** Of registries whose accounts log in whether or not they may pull anything. */
export const PULL_NOT_PROVEN: LoginCheckOutcome = {
  status: 'verified',
  warning: 'pull_not_proven',
  advice:
    'The login is proven, pulling is not, since accounts without any rights log in here, too: name a repository to try as probe.repository.',
};

export const UNAUTHORIZED: LoginCheckOutcome = {
  status: 'unauthorized',
  advice: 'The registry was reached and refused the credential: check the user name and the password or token.',
};

export const TOKEN_REFUSED: LoginCheckOutcome = {
  status: 'unauthorized',
  advice:
    'The token service took the credential, but the registry refused the token it gave: check that the two belong together, and their clocks.',
};

export const COLON_IN_USERNAME: LoginCheckOutcome = {
  status: 'unauthorized',
  advice: 'The user name holds a colon, which Basic authentication cannot carry: check the user name.',
};

/** Said before any login, so it says nothing about the credential, and hosts may well be let in. */
export const REFUSED_BEFORE_LOGIN: LoginCheckOutcome = {
  status: 'unreachable',
  advice: 'The registry refuses Pullpass before any login (403): check which client addresses it lets in.',
};

export const SCOPE_DENIED: LoginCheckOutcome = {
  status: 'scope_denied',
  advice: 'The login works, but not for the probe repository: check probe.repository, and that this user may pull it.',
};

export const NOT_A_REGISTRY: LoginCheckOutcome = {
  status: 'not_a_registry',
  advice: 'The host answers, but not as a container registry at /v2/: check host and port of the address.',
};

export const WANTS_HTTPS: LoginCheckOutcome = {
  status: 'not_a_registry',
  advice: 'The host refuses plain HTTP on this port (400): if it speaks HTTPS, take tls.plainHttp away.',
};

export const REFUSES_REQUEST: LoginCheckOutcome = {
  status: 'not_a_registry',
  advice:
    'The host refuses the very first request (400): check host and port, and that it asks for no client certificate.',
};

export const NO_USABLE_CHALLENGE: LoginCheckOutcome = {
  status: 'not_a_registry',
  advice: 'The host asks for a login by neither Basic nor Bearer, which container clients need: check host and port.',
};

/** Nobody was asked for the credential, so this says nothing about it. */
export const PROBE_WITHOUT_LOGIN: LoginCheckOutcome = {
  status: 'not_a_registry',
  advice:
    'Anybody gets into /v2/, and the probe repository asks for no login by Basic or Bearer, so none was tried: check probe.repository.',
};

export const UNREADABLE_CHALLENGE: LoginCheckOutcome = {
  status: 'not_a_registry',
  advice:
    'The registry asks for a login, and its WWW-Authenticate header cannot be read: correct its token settings, with the realm in double quotes.',
};

/**
 * No wrong password, or not for certain: an address that was banned, a firewall, an account that is locked. So it says nothing
 * lasting about the credential, and is asked again soon.
 */
export const FORBIDDEN: LoginCheckOutcome = {
  status: 'forbidden',
  advice:
    'The token service forbids this login (403), which need not be the password: check which client addresses it lets in, and that the account is not locked.',
};

/** The registry was right to send the login there, or its settings are wrong: only those who run it can tell. */
export function tokenServiceAnswered(status: number): LoginCheckOutcome {
  const advice = `The token service answered ${status} to the login: check the user name and password, and the realm that the registry names.`;
  return { status: 'not_a_registry', advice };
}

export const NO_TOKEN: LoginCheckOutcome = {
  status: 'not_a_registry',
  advice: 'The token service answered without a usable token: check what answers where the registry sends logins.',
};

/** One such field, and clients cannot decode the answer at all. */
export function unreadableToken(field: TokenField): LoginCheckOutcome {
  const wanted = { expires_in: 'a whole number', issued_at: 'an RFC 3339 time, or leave it out' };
  const right = field === 'expires_in' || field === 'issued_at' ? wanted[field] : 'text';
  const advice = `The token service’s answer has an unusable ${field}, and clients cannot read it: correct it there to ${right}.`;
  return { status: 'not_a_registry', advice };
}

export const BAD_CA: LoginCheckOutcome = {
  status: 'tls_untrusted',
  advice: 'The CA that was given holds no usable certificate: give the authority’s certificate in PEM as tls.ca.',
};

export const HTTP_ONLY: LoginCheckOutcome = {
  status: 'http_only',
  advice: 'The port speaks plain HTTP, not HTTPS: put TLS in front of it, or set tls.plainHttp.',
};

export const BAD_ADDRESS = refusedAddress('registry', 'ambiguous');

/** `host`: the one named, where it is spelled like a host; nothing else of a challenge is repeated. */
export function realmNotTrusted(
  reason: 'not_a_url' | 'with_username' | 'not_https' | 'not_trusted' | 'redirect',
  host?: string,
): LoginCheckOutcome {
  const advice = {
    not_a_url: 'The registry names a token service that is no full https URL: correct its token settings.',
    with_username:
      'The registry names a token service with a user name in its URL, which gets no credential: correct its token settings.',
    not_https: 'The registry names a token service without TLS: give that service TLS, a credential needs it.',
    not_trusted: `The registry sends logins to ${host ?? 'a token service'}, another host: if that is right, add it to trustedRealms.`,
    redirect: 'The token service answers with a redirect, which gets no credential: check its URL in the registry.',
  }[reason];
  return { status: 'realm_not_trusted', advice };
}

/** Statuses that mean the same whatever was asked: undefined for those that the asker has to judge. `isOwnHost`: of a redirect. */
export function outcomeOfStatus(peer: Peer, answer: GuardedResponse, isOwnHost = false): LoginCheckOutcome | undefined {
  const { status } = answer;
  if (status === 429) {
    const seconds = retryAfterSeconds(answer);
    const when = seconds === undefined ? 'later' : `in ${seconds} seconds`;
    return { status: 'rate_limited', advice: `The ${peer} limits requests from here (429): try again ${when}.` };
  }
  if (status >= 500) {
    return { status: 'unreachable', advice: `The ${peer} has an error of its own (${status}): try again later.` };
  }
  if (status < 300 || status >= 400) return undefined;
  if (peer === 'token service') return realmNotTrusted('redirect');
  if (isOwnHost) {
    const advice = `The host redirects /v2/ to a path of its own (${status}), and no registry answers there: correct what redirects in front of it.`;
    return { status: 'not_a_registry', advice };
  }
  const advice = `The host answers with a redirect (${status}), which gets no credential: give the address that it leads to.`;
  return { status: 'not_a_registry', advice };
}

export function outcomeOfFailure(peer: Peer, failed: RequestFailure): LoginCheckOutcome {
  switch (failed.kind) {
    case 'refused_address':
      return refusedAddress(peer, failed.reason);
    case 'dns': {
      const advice = `The name of the ${peer} does not resolve where Pullpass runs: check its spelling, and the DNS there.`;
      return { status: 'dns', advice };
    }
    case 'unreachable':
      return { status: 'unreachable', advice: unreachableAdvice(peer, failed.code) };
    case 'timeout': {
      const advice = `The ${peer} did not answer in time: check port and firewall; Pullpass goes there without a proxy.`;
      return { status: 'timeout', advice };
    }
    case 'tls_untrusted':
      return { status: 'tls_untrusted', advice: `The ${peer}’s certificate ${CERTIFICATE_ADVICE[failed.problem]}` };
    case 'no_handshake': {
      const advice = `The ${peer} ended the TLS handshake: check that the port speaks TLS 1.2 or later and asks for no client certificate.`;
      return { status: 'unreachable', advice };
    }
    case 'not_http': {
      const advice = `The ${peer} answers something other than HTTP: check the port, and whether it wants HTTPS.`;
      return { status: 'not_a_registry', advice };
    }
  }
}

const CERTIFICATE_ADVICE: Readonly<Record<CertificateProblem, string>> = {
  expired: 'has expired: renew it there.',
  not_yet_valid: 'is not valid yet: check the clocks of both sides.',
  self_signed: 'is self-signed: give that very certificate as tls.ca.',
  unknown_authority: 'comes from an authority that is not trusted here: give the authority’s certificate as tls.ca.',
  no_alternative_name:
    'names no host in a subject alternative name, and clients ignore the common name: have it reissued with one.',
  wrong_name: 'is for another name: give a name that is in it as address, or have it reissued.',
  revoked: 'was revoked: replace it there.',
  unusable: 'was rejected as unfit for a server: have it reissued.',
};

function unreachableAdvice(peer: Peer, code: string): string {
  if (code === 'ECONNREFUSED') return `The ${peer} refused the connection: check the port, and that it runs.`;
  if (code === 'ECONNRESET') {
    return `The ${peer} broke the connection off: check the port, what stands before it, and whether it wants HTTPS.`;
  }
  return `The ${peer} cannot be reached from here: check address, port, routing and firewall.`;
}

function refusedAddress(peer: Peer, reason: 'ambiguous' | 'needs_permission' | 'never'): LoginCheckOutcome {
  const why = {
    ambiguous: 'is neither a host name nor a plainly written IP address: write it like 192.0.2.7.',
    needs_permission:
      'is at a private or loopback address: have its network allowed where Pullpass runs (serve --allow-network, on AWS allowedNetworks).',
    never: 'is at an address where no registry can be (link-local, metadata, reserved): give another address.',
  }[reason];
  return { status: 'refused_address', advice: `The ${peer} ${why}` };
}
