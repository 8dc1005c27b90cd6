/**
 * Which IP addresses this program may connect to when somebody else chose the name. Public ones, and the networks that
 * the operator allows; never those where a machine's own secrets are to be had (link-local, cloud metadata). Its job:
 * judging addresses and host spellings. Not its job: resolving and connecting (guarded-connection.ts).
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { invalidInput, type InvalidInput } from '../domain/failures.ts';
import { failure, success, type Result } from '../domain/result.ts';

type IpAddress = ReturnType<typeof ipaddr.parse>;

export interface Network {
  readonly base: IpAddress;
  readonly prefixBits: number;
}

/** `needs_permission`: refused, but the operator may allow its network. `never`: nobody can allow it. */
export type AddressVerdict = 'allowed' | 'needs_permission' | 'never';

const PERMITTABLE: ReadonlySet<string> = new Set(['loopback', 'private', 'carrierGradeNat', 'uniqueLocal']);

/** IPv6 forms that are delivered to, or stand for, the IPv4 address which they hold at that byte. */
const CARRYING_IPV4 = [
  { network: network('::ffff:0:0/96'), firstByte: 12 }, // IPv4-mapped, RFC 4291
  { network: network('::ffff:0:0:0/96'), firstByte: 12 }, // IPv4-translated, RFC 2765
  { network: network('64:ff9b::/96'), firstByte: 12 }, // NAT64, RFC 6052
  { network: network('2002::/16'), firstByte: 2 }, // 6to4, RFC 3056
] as const;

/** Metadata and host services outside the link-local ranges: they hand credentials to whoever asks. */
const HOST_SERVICES = [
  network('fd00:ec2::/32'), // AWS: metadata ::254, DNS ::253, pod identity ::23
  network('fd20:ce::254/128'), // Google
  network('fd00:42::42/128'), // Scaleway
  network('100.100.100.200/32'), // Alibaba
  network('168.63.129.16/32'), // Azure
] as const;

/** The only IPv6 space that is assigned as global unicast (RFC 4291, IANA). */
const GLOBAL_IPV6 = network('2000::/3');

function network(cidr: string): Network {
  const [base, prefixBits] = ipaddr.parseCIDR(cidr);
  return { base, prefixBits };
}

function contains(within: Network, address: IpAddress): boolean {
  return address.kind() === within.base.kind() && address.match(within.base, within.prefixBits);
}

/** Networks as an operator writes them: `10.0.0.0/8`, `fd12::/16`. Short forms such as `10/8` are refused. */
export function parseNetworks(cidrs: readonly string[]): Result<readonly Network[], InvalidInput> {
  const networks: Network[] = [];
  for (const [index, cidr] of cidrs.entries()) {
    const [base, bits, ...rest] = cidr.split('/');
    const strict = isIP(base ?? '') !== 0 && /^\d{1,3}$/.test(bits ?? '') && rest.length === 0;
    if (!strict || !ipaddr.isValidCIDR(cidr)) {
      return failure(
        invalidInput(`allowedNetworks[${index}]`, 'must be a network such as "10.0.0.0/8" or "fd12::/16"'),
      );
    }
    networks.push(network(cidr));
  }
  return success(networks);
}

export function judgeAddress(text: string, allowedNetworks: readonly Network[]): AddressVerdict {
  const canonical = canonicalAddress(text);
  if (canonical === undefined) return 'never';
  const address = destination(ipaddr.parse(canonical));
  if (HOST_SERVICES.some((service) => contains(service, address))) return 'never';
  const range: string = address.range();
  if (PERMITTABLE.has(range)) {
    return allowedNetworks.some((allowed) => contains(allowed, address)) ? 'allowed' : 'needs_permission';
  }
  const isPublic = range === 'unicast' && (address.kind() === 'ipv4' || contains(GLOBAL_IPV6, address));
  return isPublic ? 'allowed' : 'never';
}

export function isAllowedAddress(text: string, allowedNetworks: readonly Network[]): boolean {
  return judgeAddress(text, allowedNetworks) === 'allowed';
}

/**
 * An IPv6 address in hexadecimal groups, as the URL standard writes it: in the dotted spellings (`::127.0.0.1`) parsers
 * see different addresses. Undefined for no address and for one with a zone, which only a link-local one needs.
 */
function canonicalAddress(text: string): string | undefined {
  if (isIP(text) !== 6) return isIP(text) === 4 ? text : undefined;
  return URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1);
}

function destination(address: IpAddress): IpAddress {
  const form = CARRYING_IPV4.find(({ network: carrying }) => contains(carrying, address));
  if (form === undefined) return address;
  return new ipaddr.IPv4(address.toByteArray().slice(form.firstByte, form.firstByte + 4));
}

const HOST_NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i;
const LAST_LABEL_IS_A_NUMBER = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i;

/**
 * What a host is, after its root dot: an address, a name to resolve, or neither. `127.1`, `0x7f.1`, `2130706433` and
 * `0177.0.0.1` are neither: each is an IPv4 address to some parsers and a name (or another address) to others, and no
 * real name ends in a number.
 */
export function classifyHost(host: string): { readonly kind: 'address' | 'name' | 'ambiguous'; readonly host: string } {
  const bare = host.endsWith('.') ? host.slice(0, -1) : host;
  if (isIP(bare) !== 0) return { kind: 'address', host: bare };
  const isName = HOST_NAME.test(bare) && !LAST_LABEL_IS_A_NUMBER.test(bare);
  return { kind: isName ? 'name' : 'ambiguous', host: bare };
}
