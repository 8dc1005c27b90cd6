/**
 * Does a server's certificate name its host, as Go's crypto/x509 reads it? Container clients are written in Go, so what Go
 * refuses must not pass here, and the other way round. Node's own check is softer (it falls back to the common name, takes
 * `re*.example` and `localhost.`) and harder (it refuses `*.corp`). Not its job: the chain of trust, which OpenSSL checks.
 */
import { isIP } from 'node:net';
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';

/** The codes are those of Node, where it has one. */
export type NameProblem = 'ERR_TLS_CERT_ALTNAME_INVALID' | 'NO_ALTERNATIVE_NAME' | 'NEGATIVE_SERIAL_NUMBER';

/** `alternativeNames` as Node prints them: `DNS:a.example, IP Address:192.0.2.7`. Strange characters are in quotes. */
export function nameProblem(host: string, alternativeNames: string | undefined): NameProblem | undefined {
  const entries = (alternativeNames ?? '').split(', ');
  const names = entries.flatMap((entry) => valueOf(entry, 'DNS:'));
  const addresses = entries.flatMap((entry) => valueOf(entry, 'IP Address:'));
  if (names.length === 0 && addresses.length === 0) return 'NO_ALTERNATIVE_NAME';
  const isNamed =
    isIP(host) === 0
      ? names.some((name) => matches(name.toLowerCase(), host.toLowerCase()))
      : addresses.some((address) => canonicalIp(address) === canonicalIp(host));
  return isNamed ? undefined : 'ERR_TLS_CERT_ALTNAME_INVALID';
}

/** For `checkServerIdentity` of Node: the reason is the error's code. */
export function checkNames(host: string, certificate: PeerCertificate): Error | undefined {
  const code = hasNegativeSerial(certificate)
    ? 'NEGATIVE_SERIAL_NUMBER'
    : nameProblem(host, certificate.subjectaltname);
  return code === undefined ? undefined : Object.assign(new Error(code), { code });
}

function valueOf(entry: string, prefix: string): readonly string[] {
  return entry.startsWith(prefix) && !entry.includes('"') ? [entry.slice(prefix.length)] : [];
}

/** `*` stands for the whole first label, and never for the only one. */
function matches(pattern: string, host: string): boolean {
  const wanted = pattern.split('.');
  const labels = host.split('.');
  if (wanted.length !== labels.length) return false;
  return wanted.every((part, index) => part === labels[index] || (index === 0 && part === '*' && wanted.length > 1));
}

/** One IPv6 address has many spellings. */
function canonicalIp(address: string): string {
  return isIP(address) === 6 ? (URL.parse(`http://[${address}]/`)?.hostname ?? address) : address;
}

/** RFC 5280 wants positive numbers; Go refuses the certificate, wherever it is in the chain. */
function hasNegativeSerial(certificate: PeerCertificate | DetailedPeerCertificate): boolean {
  const seen = new Set<object>();
  let each: PeerCertificate | DetailedPeerCertificate | undefined = certificate;
  while (each !== undefined && !seen.has(each)) {
    if (each.serialNumber.startsWith('-')) return true;
    seen.add(each);
    each = 'issuerCertificate' in each ? each.issuerCertificate : undefined;
  }
  return false;
}
