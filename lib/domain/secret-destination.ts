/**
 * May a registry's secret go to the registry's address, in the way that its settings say? Asked before anything is minted
 * or sent, on add, edit and refresh, and before hosts are given a token of Pullpass's own identity.
 *
 * Not its job: when a stored secret has to be given again (transport-change.ts, and each source kind).
 */
import { parseAddress, splitAddress } from './address.ts';
import { parseEcrHost } from './ecr-host.ts';
import { invalidInput, type InvalidInput } from './failures.ts';
import { isGoogleHost } from './google-host.ts';
import { parseRegistryHost } from './registry-host.ts';
import type { Registry } from './registry.ts';
import { failure, success, type Result } from './result.ts';

export type Destination = Pick<Registry, 'address' | 'source' | 'tls' | 'trustedRealms'>;

/** What only whoever runs Pullpass may say, never an administrator. */
export interface OperatorHosts {
  /** Canonical `host[:port]` of registries in front of ECR that Pullpass's own AWS identity may be used for. */
  readonly ecrUpstreamHosts: readonly string[];
}

/** As they are compared: canonical, each once. */
export function parseOperatorHosts(texts: readonly string[]): Result<readonly string[], { readonly rule: string }> {
  const hosts = new Set<string>();
  for (const text of texts) {
    const parsed = parseAddress(text);
    if (!parsed.ok) return failure({ rule: `${text}: ${parsed.failure.rule}` });
    if (parsed.value.path !== '') return failure({ rule: `${text}: must be host or host:port, without a path` });
    hosts.add(parsed.value.host);
  }
  return success([...hosts]);
}

/** @returns the field and the rule that it breaks; undefined: the secret may go there. */
export function destinationFault(destination: Destination, operator: OperatorHosts): InvalidInput | undefined {
  return (
    cloudHostFault(destination) ?? ownIdentityFault(destination, operator) ?? foreignCaFault(destination, operator)
  );
}

/** AWS and Google ask for none of these at their own hosts: there they only help whoever is on the way. */
function cloudHostFault(destination: Destination): InvalidInput | undefined {
  const { host } = splitAddress(destination.address);
  // Without the port: another port of the same host is no reason to speak plain HTTP to it.
  const name = parseRegistryHost(host)?.name ?? host;
  const owner = parseEcrHost(name) !== undefined ? 'ECR' : isGoogleHost(name) ? 'Google' : undefined;
  if (owner === undefined) return undefined;
  return weakFieldFault(destination, `must be left out for a host of ${owner}, which does not need it`);
}

/**
 * Nobody types a token of Pullpass's own identity, so nobody can be asked for it again: an administrator must not be able to
 * send one to a server of his choice. It opens every repository that this identity may pull.
 */
export function ownIdentityFault(
  destination: Destination,
  { ecrUpstreamHosts }: OperatorHosts,
): InvalidInput | undefined {
  const { address, source } = destination;
  if (!isOwnIdentity(source)) return undefined;
  const { host } = splitAddress(address);
  const isNamed = ecrUpstreamHosts.includes(host);
  // A token is for the partition of the host that it is asked for, so an ECR host must not stand for another one.
  const isEcr = parseEcrHost(host) !== undefined && source['upstream'] === undefined;
  if (!isNamed && !isEcr) {
    const rule =
      "is not enough here: a token of Pullpass's own AWS identity goes only to ECR hosts, and to hosts that are named where " +
      'Pullpass runs (serve --ecr-upstream-host, on AWS ecrUpstreamHosts). Have this host named there, or give an access key';
    return invalidInput('source.upstream', rule);
  }
  const weak = weakFieldFault(
    destination,
    "must be left out: a token of Pullpass's own AWS identity goes over verified TLS only, and to no other host. Give an access key if it is needed",
  );
  return weak ?? foreignCaFault(destination, { ecrUpstreamHosts });
}

/**
 * ECR's certificates come from a public CA. With another one, its owner could read on the way what hosts send to this host,
 * tokens of Pullpass's own identity included: so it is for no kind of source.
 */
function foreignCaFault({ address, tls }: Destination, { ecrUpstreamHosts }: OperatorHosts): InvalidInput | undefined {
  const { host } = splitAddress(address);
  if (tls.ca === undefined || parseEcrHost(host) === undefined || ecrUpstreamHosts.includes(host)) return undefined;
  const rule =
    "must be left out: ECR is reached under the system's CA certificates. Where another CA is right, have this host named where " +
    'Pullpass runs (serve --ecr-upstream-host, on AWS ecrUpstreamHosts)';
  return invalidInput('tls.ca', rule);
}

/** With or without a role: what the role gives is had by this identity alone. */
function isOwnIdentity(source: Destination['source']): boolean {
  return source.kind === 'ecr' && typeof source['accessKeyId'] !== 'string';
}

function weakFieldFault({ tls, trustedRealms }: Destination, rule: string): InvalidInput | undefined {
  if (tls.plainHttp === true) return invalidInput('tls.plainHttp', rule);
  if (tls.skipVerify === true) return invalidInput('tls.skipVerify', rule);
  return (trustedRealms ?? []).length === 0 ? undefined : invalidInput('trustedRealms', rule);
}
