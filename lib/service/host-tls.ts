/**
 * How hosts speak to each registry's host. A host's files and settings are for the whole host, so where several registries
 * on one host say different things the strictest holds: nothing is weakened for a registry that did not ask for it.
 */
import { splitAddress } from '../domain/address.ts';
import type { Registry, TlsSettings } from '../domain/registry.ts';
import type { HostTls } from '../formats/host-config/wanted.ts';

export interface HostsTls {
  readonly tls: readonly HostTls[];
  readonly notes: readonly string[];
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const WORDS = { verified: 'HTTPS, verified', skipVerify: 'HTTPS, not verified', plainHttp: 'plain HTTP' } as const;

/** From the strictest. */
const STRICTNESS = ['verified', 'skipVerify', 'plainHttp'] as const;
type Strictness = (typeof STRICTNESS)[number];

/** `registries` are those that answer, all of them active. Sorted by host. */
export function tlsByHost(registries: readonly Pick<Registry, 'address' | 'tls'>[]): HostsTls {
  const byHost = new Map<string, TlsSettings[]>();
  for (const { address, tls } of registries) {
    const { host } = splitAddress(address);
    const known = byHost.get(host);
    if (known === undefined) byHost.set(host, [tls]);
    else known.push(tls);
  }
  const found = [...byHost].sort(([left], [right]) => (left < right ? -1 : 1)).map(([host, all]) => onHost(host, all));
  return { tls: found.flatMap(({ tls }) => tls ?? []), notes: found.flatMap(({ note }) => note ?? []) };
}

function onHost(
  host: string,
  all: readonly TlsSettings[],
): { readonly tls: HostTls | undefined; readonly note: string | undefined } {
  const wanted = new Set(all.map(strictnessOf));
  const strictest = STRICTNESS.find((each) => wanted.has(each)) ?? 'verified';
  const note =
    wanted.size === 1
      ? undefined
      : `The registries on ${host} want different things of TLS (${STRICTNESS.filter((each) => wanted.has(each))
          .map((each) => WORDS[each])
          .join('; ')}): the strictest holds for the whole host.`;
  if (strictest !== 'verified') return { tls: { host, [strictest]: true }, note };
  const ca = joined(all.flatMap((tls) => tls.ca ?? []));
  return { tls: ca === undefined ? undefined : { host, ca }, note };
}

function strictnessOf({ skipVerify, plainHttp }: TlsSettings): Strictness {
  if (skipVerify === true) return 'skipVerify';
  return plainHttp === true ? 'plainHttp' : 'verified';
}

/** Only the certificates, each once: what stands between them is for people. */
function joined(pems: readonly string[]): string | undefined {
  const certificates = pems.flatMap((pem) => pem.match(CERTIFICATE) ?? []);
  const distinct = new Set(certificates.map((each) => each.replaceAll(/\r/g, '')));
  return distinct.size === 0 ? undefined : `${[...distinct].join('\n')}\n`;
}
