/**
 * How hosts speak to each registry's host. A host's files and settings are for the whole host, so what weakens TLS there has to
 * be agreed on by every registry there: a CA certificate that only one of them has, or plain HTTP, would let
 * whoever added that one read the others' credentials.
 */
import { splitAddress } from '../domain/address.ts';
import { readCertificates } from '../domain/ca-certificates.ts';
import type { Registry, TlsSettings } from '../domain/registry.ts';
import type { HostTls } from '../formats/host-config/wanted.ts';

export interface HostsTls {
  readonly tls: readonly HostTls[];
  readonly notes: readonly string[];
}

const WORDS = { verified: 'HTTPS, verified', skipVerify: 'HTTPS, not verified', plainHttp: 'plain HTTP' } as const;

/** From the strictest. */
const STRICTNESS = ['verified', 'skipVerify', 'plainHttp'] as const;
type Strictness = (typeof STRICTNESS)[number];

type Reached = Pick<Registry, 'address' | 'tls'>;

/**
 * `used`: those that hosts may pull from now. `neighbours`: all on the same hosts, deactivated, denied and overridden ones and those
 * of other environments included: what hosts trust outlives the moment in which one of these answers again. Sorted by host.
 */
export function tlsByHost(used: readonly Reached[], neighbours: readonly Reached[] = used): HostsTls {
  const byHost = settingsByHost(used);
  const agreeing = settingsByHost(neighbours);
  const found = [...byHost]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([host, settings]) => onHost(host, settings, agreeing.get(host) ?? settings));
  return { tls: found.flatMap(({ tls }) => tls ?? []), notes: found.flatMap(({ notes }) => notes) };
}

function settingsByHost(registries: readonly Reached[]): ReadonlyMap<string, readonly TlsSettings[]> {
  const byHost = Map.groupBy(registries, ({ address }) => splitAddress(address).host);
  return new Map([...byHost].map(([host, all]) => [host, all.map(({ tls }) => tls)]));
}

function onHost(
  host: string,
  used: readonly TlsSettings[],
  neighbours: readonly TlsSettings[],
): { readonly tls: HostTls | undefined; readonly notes: readonly string[] } {
  const wanted = STRICTNESS.filter((each) => neighbours.some((tls) => strictnessOf(tls) === each));
  const strictest = wanted[0] ?? 'verified';
  const { shared, disputed } = agreedCertificates(used, neighbours);
  const notes = [
    ...(wanted.length > 1 ? [differingTls(host, wanted)] : []),
    ...(disputed ? [differingCertificates(host)] : []),
  ];
  if (strictest !== 'verified') return { tls: { host, [strictest]: true }, notes };
  return { tls: shared.length === 0 ? undefined : { host, ca: shared.join('') }, notes };
}

function agreedCertificates(
  used: readonly TlsSettings[],
  neighbours: readonly TlsSettings[],
): { readonly shared: readonly string[]; readonly disputed: boolean } {
  const wanted = new Set(used.flatMap(certificatesOf));
  const sets = neighbours.map((tls) => new Set(certificatesOf(tls)));
  const shared = [...wanted].filter((certificate) => sets.every((set) => set.has(certificate)));
  return { shared, disputed: shared.length < wanted.size };
}

/** What cannot be read is trusted by nobody. */
function certificatesOf({ ca }: TlsSettings): readonly string[] {
  const read = ca === undefined ? undefined : readCertificates(ca);
  return read?.ok === true ? read.value : [];
}

function differingTls(host: string, wanted: readonly Strictness[]): string {
  const words = wanted.map((each) => WORDS[each]).join('; ');
  return `The registries on ${host} want different things of TLS (${words}): the strictest holds for the whole host.`;
}

function differingCertificates(host: string): string {
  return `The registries on ${host} have different CA certificates: hosts trust only those that all of them have. Give all the same tls.ca.`;
}

function strictnessOf({ skipVerify, plainHttp }: TlsSettings): Strictness {
  if (skipVerify === true) return 'skipVerify';
  return plainHttp === true ? 'plainHttp' : 'verified';
}
