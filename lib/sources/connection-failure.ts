/**
 * Tells the failures of a connection apart by Node's error code, or by the name that an HTTP library gives to them.
 * Only codes and names are read; messages may hold a URL or worse.
 */
import { failedMint, type FailedMint } from './mint-failure.ts';

const TIMEOUTS: ReadonlySet<string> = new Set([
  'AbortError',
  'ABORT_ERR',
  'ERR_CANCELED',
  'ESOCKETTIMEDOUT',
  'ETIMEDOUT',
  'TimeoutError',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
]);

const UNREACHABLE: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EAI_NONAME',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'EPROTO',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_SOCKET',
]);

/** Neither the service nor the network is at fault: this process may open no further file or socket. */
const NO_DESCRIPTORS: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

/** OpenSSL's verification results, which Node gives as codes. https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const TLS =
  /^(?:CERT_|CRL_|DEPTH_ZERO_|ERR_SSL_|ERR_TLS_|HOSTNAME_MISMATCH$|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_|SELF_SIGNED_|UNABLE_TO_)/;

/** How far down a chain of causes to look: libraries wrap twice at most. */
const DEPTH = 4;

/** @returns undefined where the error is not one of the connection. `service` is the name an operator knows it by. */
export function connectionFailure(error: unknown, service: string): FailedMint | undefined {
  const codes = codesOf(error);
  if (codes.some((code) => NO_DESCRIPTORS.has(code))) {
    return failedMint(
      'unavailable',
      'Pullpass has no file descriptor left to connect with; raise its limit (ulimit -n, LimitNOFILE in systemd)',
    );
  }
  if (codes.some((code) => TIMEOUTS.has(code))) {
    return failedMint('timeout', `${service} did not answer in time; it is tried again`);
  }
  if (codes.some((code) => TLS.test(code))) {
    return failedMint(
      'unreachable',
      `${service} presented a certificate that is not trusted here; check proxies and clocks`,
    );
  }
  if (codes.some((code) => UNREACHABLE.has(code))) {
    return failedMint('unreachable', `${service} could not be reached; check DNS, routes, firewalls and proxies`);
  }
  return undefined;
}

function codesOf(error: unknown): readonly string[] {
  const codes: string[] = [];
  let current = error;
  for (let depth = 0; depth < DEPTH && typeof current === 'object' && current !== null; depth += 1) {
    // The code says more: the AWS SDK names a connection that was reset "TimeoutError".
    if ('code' in current && typeof current.code === 'string') codes.push(current.code);
    else if ('name' in current && typeof current.name === 'string') codes.push(current.name);
    if ('errors' in current && Array.isArray(current.errors)) codes.push(...current.errors.flatMap(codeOf));
    current = 'cause' in current ? current.cause : undefined;
  }
  return codes;
}

/** Node tries every address of a name and gives one error that holds all of theirs. */
function codeOf(error: unknown): readonly string[] {
  const known = typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';
  return known ? [String(error.code)] : [];
}
