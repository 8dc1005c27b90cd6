/**
 * TLS on an open connection: whom to trust, and in our words why a server was not trusted. Not its job: opening the
 * connection (guarded-connection.ts), advising (login-outcomes.ts).
 */
import { isIP, type Socket } from 'node:net';
import { addAbortSignal } from 'node:stream';
import nodeTls, { connect, createSecureContext, rootCertificates, type SecureContext, type TLSSocket } from 'node:tls';
import { readCertificates } from '../domain/ca-certificates.ts';
import type { TlsSettings } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { checkNames } from './certificate-names.ts';
import { errorCode } from './error-code.ts';

export interface TlsTrust {
  /** Absent: the system's authorities. */
  readonly context?: SecureContext;
  readonly verify: boolean;
}

export const SYSTEM_TRUST: TlsTrust = { verify: true };

export type CertificateProblem =
  | 'expired'
  | 'not_yet_valid'
  | 'self_signed'
  | 'unknown_authority'
  | 'wrong_name'
  | 'no_alternative_name'
  | 'revoked'
  | 'unusable';

export type HandshakeFailure =
  | { readonly kind: 'tls_untrusted'; readonly problem: CertificateProblem }
  /** No certificate was ever judged: another protocol, another version, or the peer went away. */
  | { readonly kind: 'no_handshake' }
  | { readonly kind: 'timeout' };

const PROBLEMS: Readonly<Record<string, CertificateProblem>> = {
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not_yet_valid',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self_signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown_authority',
  UNABLE_TO_GET_ISSUER_CERT: 'unknown_authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown_authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown_authority',
  CERT_UNTRUSTED: 'unknown_authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'wrong_name',
  HOSTNAME_MISMATCH: 'wrong_name',
  NO_ALTERNATIVE_NAME: 'no_alternative_name',
  CERT_REVOKED: 'revoked',
};

/**
 * A registry's own CA certificates are trusted beside the system's, not instead of them: registries move to a public
 * certificate, and their token service may have one already. Each is an anchor, an intermediate or the server's own included,
 * as it is for clients. `bad_ca`: the PEM holds no usable certificate.
 */
export function trustOf(tls: TlsSettings): Result<TlsTrust, 'bad_ca'> {
  if (tls.skipVerify === true) return success({ verify: false });
  if (tls.ca === undefined) return success(SYSTEM_TRUST);
  // OpenSSL passes over what it cannot read, which would leave only the system's CA certificates.
  const given = readCertificates(tls.ca);
  if (!given.ok) return failure('bad_ca');
  const ca = [...defaultCertificates(), ...given.value];
  return success({ context: createSecureContext({ ca, allowPartialTrustChain: true }), verify: true });
}

/** What Node trusts by itself. Node before 22.15 cannot tell what NODE_EXTRA_CA_CERTS adds to its own list. */
function defaultCertificates(): readonly string[] {
  return 'getCACertificates' in nodeTls ? nodeTls.getCACertificates('default') : rootCertificates;
}

export function startTls(
  socket: Socket,
  peer: { readonly host: string; readonly trust: TlsTrust },
  signal: AbortSignal,
): Promise<Result<TLSSocket, HandshakeFailure>> {
  const { promise, resolve } = Promise.withResolvers<Result<TLSSocket, HandshakeFailure>>();
  const secured = connect({
    socket,
    host: peer.host,
    // A server name must not be an address (RFC 6066); the certificate is then checked against `host`.
    servername: isIP(peer.host) === 0 ? peer.host : '',
    rejectUnauthorized: peer.trust.verify,
    checkServerIdentity: (_name, certificate) => checkNames(peer.host, certificate),
    ALPNProtocols: ['http/1.1'],
    ...(peer.trust.context === undefined ? {} : { secureContext: peer.trust.context }),
  });
  addAbortSignal(signal, secured);
  secured.on('error', (error) => {
    resolve(failure(reasonOf(errorCode(error), secured, signal)));
  });
  secured.once('close', () => {
    resolve(failure(signal.aborted ? { kind: 'timeout' } : { kind: 'no_handshake' }));
  });
  secured.once('secureConnect', () => {
    resolve(success(secured));
  });
  return promise;
}

function reasonOf(code: string, secured: TLSSocket, signal: AbortSignal): HandshakeFailure {
  if (signal.aborted) return { kind: 'timeout' };
  const problem = PROBLEMS[code];
  if (problem !== undefined) return { kind: 'tls_untrusted', problem };
  // Set by Node when it judged a certificate and rejected it, for whatever further reason.
  const wasJudged: unknown = secured.authorizationError;
  return typeof wasJudged === 'string' ? { kind: 'tls_untrusted', problem: 'unusable' } : { kind: 'no_handshake' };
}
