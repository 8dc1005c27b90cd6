/** What a login check can end with, in words for the operator: what was seen, and what to do. No peer's text, no secret. */
import type { RequestFailure } from './guarded-request.ts';
import type { LoginCheckOutcome } from './login-check.ts';
import type { CertificateProblem } from './tls-handshake.ts';

export type Peer = 'registry' | 'token service';

export const VERIFIED: LoginCheckOutcome = { status: 'verified', advice: 'The registry accepted the credential.' };

export const ACCEPTS_ANYONE: LoginCheckOutcome = {
  status: 'verified',
  warning: 'accepts_anyone',
  advice:
    'The registry answers the same without a credential, so this proves nothing about the password: name a private repository as probe.',
};

export const UNAUTHORIZED: LoginCheckOutcome = {
  status: 'unauthorized',
  advice: 'The registry was reached and refused the credential: check the user name and the password or token.',
};

export const TOKEN_REFUSED: LoginCheckOutcome = {
  status: 'unauthorized',
  advice:
    'The token service took the credential, but the registry refused the token it gave: check that the two belong together.',
};

export const COLON_IN_USERNAME: LoginCheckOutcome = {
  status: 'unauthorized',
  advice: 'The user name holds a colon, which Basic authentication cannot carry: check the user name.',
};

export const REFUSED_BEFORE_LOGIN: LoginCheckOutcome = {
  status: 'unauthorized',
  advice: 'The registry refuses this machine before any login: check its list of allowed addresses.',
};

export const SCOPE_DENIED: LoginCheckOutcome = {
  status: 'scope_denied',
  advice: 'The login works, but not for the probe repository: check its name and that this user may pull from it.',
};

export const NOT_A_REGISTRY: LoginCheckOutcome = {
  status: 'not_a_registry',
  advice: 'The host answers, but not as a container registry at /v2/: check host and port.',
};

export const WANTS_HTTPS: LoginCheckOutcome = {
  status: 'not_a_registry',
  advice: 'The host refuses plain HTTP on this port: if it speaks HTTPS, do not declare the registry as plain HTTP.',
};

export const NO_USABLE_CHALLENGE: LoginCheckOutcome = {
  status: 'not_a_registry',
  advice: 'The host asks for a login by neither Basic nor Bearer, which container clients need: check host and port.',
};

export const NO_TOKEN: LoginCheckOutcome = {
  status: 'not_a_registry',
  advice: 'The token service answered without a usable token: check that the address is the registry itself.',
};

export const BAD_CA: LoginCheckOutcome = {
  status: 'tls_untrusted',
  advice: 'The given CA holds no usable certificate: give the PEM of the authority (--ca FILE).',
};

export const HTTP_ONLY: LoginCheckOutcome = {
  status: 'http_only',
  advice: 'The port speaks plain HTTP, not HTTPS: put TLS in front of it, or declare the registry as plain HTTP.',
};

export const BAD_ADDRESS = refusedAddress('registry', 'ambiguous');

const REALM_ADVICE = {
  not_a_url: 'The registry names a token service that is not a full https URL: correct the registry’s token settings.',
  not_https: 'The registry names a token service without TLS: a credential is sent there only over https.',
  not_trusted:
    'The registry sends logins to a token service on another host: if the realm of its WWW-Authenticate header is right, add that host to the trusted realms.',
  redirect: 'The token service answered with a redirect, which is not followed with a credential: check its settings.',
} as const;

export function realmNotTrusted(reason: keyof typeof REALM_ADVICE): LoginCheckOutcome {
  return { status: 'realm_not_trusted', advice: REALM_ADVICE[reason] };
}

/** Statuses that mean the same whatever was asked: undefined for those that the asker has to judge. */
export function outcomeOfStatus(peer: Peer, status: number): LoginCheckOutcome | undefined {
  if (status === 429) {
    return { status: 'rate_limited', advice: `The ${peer} limits requests from here (429): try again later.` };
  }
  if (status >= 500) {
    return { status: 'unreachable', advice: `The ${peer} has an error of its own (${status}): try again later.` };
  }
  if (status < 300 || status >= 400) return undefined;
  if (peer === 'token service') return realmNotTrusted('redirect');
  const advice = `The host answers with a redirect (${status}), which is not followed with a credential: give the address it leads to.`;
  return { status: 'not_a_registry', advice };
}

export function outcomeOfFailure(peer: Peer, failed: RequestFailure): LoginCheckOutcome {
  switch (failed.kind) {
    case 'refused_address':
      return refusedAddress(peer, failed.reason);
    case 'dns':
      return {
        status: 'dns',
        advice: `The name of the ${peer} does not resolve here: check its spelling and the DNS.`,
      };
    case 'unreachable':
      return { status: 'unreachable', advice: unreachableAdvice(peer, failed.code) };
    case 'timeout':
      return { status: 'timeout', advice: `The ${peer} did not answer in time: check port, firewall and proxy.` };
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
  self_signed: 'is self-signed: give that certificate (--ca FILE).',
  unknown_authority: 'comes from an authority that is not trusted here: give the authority’s certificate (--ca FILE).',
  wrong_name: 'is for another name: use the name that is in it as address, or have it reissued.',
  revoked: 'was revoked: replace it there.',
  unusable: 'was rejected as unfit for a server: have it reissued.',
};

function unreachableAdvice(peer: Peer, code: string): string {
  if (code === 'ECONNREFUSED') return `The ${peer} refused the connection: check the port and that it runs.`;
  if (code === 'ECONNRESET') return `The ${peer} broke the connection off: check the port and what stands before it.`;
  return `The ${peer} cannot be reached from here: check address, port, routing and firewall.`;
}

function refusedAddress(peer: Peer, reason: 'ambiguous' | 'needs_permission' | 'never'): LoginCheckOutcome {
  const why = {
    ambiguous: 'is neither a host name nor a plainly written IP address: write it out.',
    needs_permission: 'is at a private or loopback address: the operator of Pullpass has to allow that network first.',
    never: 'is at an address where no registry can be (link-local, metadata, reserved): give another address.',
  }[reason];
  return { status: 'refused_address', advice: `The ${peer} ${why}` };
}
