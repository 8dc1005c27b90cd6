/**
 * podman, skopeo, buildah and CRI-O (containers/image): authorities in certs.d, what is insecure, blocked and where short
 * names lead in a drop-in of registries.conf, and policy.json for what may be pulled (podman-policy.ts).
 */
import { stringify } from 'smol-toml';
import { DEFAULT_PORT, refusesAnything } from '../../domain/access-scopes.ts';
import { DOCKER_HUB_ALIASES, parseRegistryHost } from '../../domain/registry-host.ts';
import { caFile, commented, hostFile } from './host-file.ts';
import { imagePolicy, looselyHeldNames, shutAliases } from './podman-policy.ts';
import { spelledHosts } from './spelled-hosts.ts';
import type { HostConfig, HostFile, HostTls, WantedHostConfig } from './wanted.ts';

const ETC = ['etc', 'containers'];

interface RegistryTable {
  readonly prefix: string;
  readonly location: string;
  readonly insecure?: boolean;
  readonly blocked?: true;
}

export function podmanConfig(wanted: WantedHostConfig): HostConfig {
  const { tls, enforced } = wanted;
  return {
    runtime: 'podman',
    environment: wanted.environment,
    enforces: 'repositories',
    notes: [...notesOn(wanted), ...wanted.notes],
    files: [
      ...tls.flatMap(({ host, ca }) => (ca === undefined ? [] : caFiles(host, ca))),
      ...registriesFile(wanted),
      ...(refusesAnything(enforced) ? [policyFile(wanted)] : []),
    ],
  };
}

/** An image may name the default port; the folder is found by what it names. */
function caFiles(host: string, ca: string): readonly HostFile[] {
  return spelledHosts(host).map((each) => caFile([...ETC, 'certs.d'], each, ca));
}

function policyFile({ enforced }: WantedHostConfig): HostFile {
  return hostFile([...ETC, 'policy.json'], `${JSON.stringify(imagePolicy(enforced), undefined, 2)}\n`);
}

function registriesFile(wanted: WantedHostConfig): readonly HostFile[] {
  const { defaultRegistry } = wanted;
  const registry = registryTables(wanted);
  if (registry.length === 0 && defaultRegistry === undefined) return [];
  const document = {
    ...(defaultRegistry === undefined ? {} : { 'unqualified-search-registries': [defaultRegistry] }),
    ...(registry.length === 0 ? {} : { registry }),
  };
  return [hostFile([...ETC, 'registries.conf.d', '99-pullpass.conf'], commented(wanted, stringify(document)))];
}

function registryTables(wanted: WantedHostConfig): readonly RegistryTable[] {
  const tables = new Map<string, RegistryTable>();
  for (const prefix of blockedPrefixes(wanted)) tables.set(prefix, { prefix, location: prefix, blocked: true });
  for (const { host } of wanted.tls.filter(isInsecure)) {
    for (const prefix of spelledHosts(host)) {
      if (!tables.has(prefix)) tables.set(prefix, { prefix, location: prefix, insecure: true });
    }
  }
  // A prefix without port covers every port of that host: what is not insecure has to be called so.
  for (const host of wanted.knownHosts) {
    const name = parseRegistryHost(host)?.name ?? host;
    if (name === host || tables.has(host) || tables.get(name)?.insecure !== true) continue;
    tables.set(host, { prefix: host, location: host, insecure: false });
  }
  for (const prefix of openedPrefixes(wanted)) {
    if (!tables.has(prefix)) tables.set(prefix, { prefix, location: prefix, insecure: false });
  }
  return [...tables.values()].sort((left, right) => (left.prefix < right.prefix ? -1 : 1));
}

function isInsecure({ skipVerify, plainHttp }: HostTls): boolean {
  return skipVerify === true || plainHttp === true;
}

/** Hosts of which nothing is allowed on any port: a prefix covers every port, which policy.json cannot say. */
function blockedPrefixes({ enforced }: WantedHostConfig): readonly string[] {
  const open = new Set<string>();
  const shut = new Set<string>();
  for (const { name, wildcard, allowed } of enforced.scopes) {
    if (!wildcard) (allowed ? open : shut).add(name);
  }
  const aliases = shutAliases(enforced);
  return [...new Set([...[...shut].filter((name) => !open.has(name)), ...aliases])].sort();
}

/** A registry on a port of a name that is blocked as one of Docker Hub's: a longer prefix comes first. */
function openedPrefixes({ enforced }: WantedHostConfig): readonly string[] {
  const aliases = new Set(shutAliases(enforced));
  return enforced.scopes.flatMap(({ name, wildcard, port, allowed }) =>
    allowed && !wildcard && aliases.has(name) && port !== undefined && port !== DEFAULT_PORT ? [`${name}:${port}`] : [],
  );
}

function notesOn({ enforced, tls }: WantedHostConfig): readonly string[] {
  const loose = looselyHeldNames(enforced);
  return [
    ...(tls.some(isInsecure) ? [FALLS_BACK] : []),
    ...(refusesAnything(enforced) ? [OTHER_POLICIES] : []),
    ...(shutAliases(enforced).length === 0
      ? []
      : [
          `Docker Hub is docker.io here: by its other names (${DOCKER_HUB_ALIASES.join(', ')}) nothing can be pulled, but from ports that are allowed by themselves.`,
        ]),
    ...(loose.wildcards.length === 0
      ? []
      : [`podman takes ${loose.wildcards.join(', ')} for every port, policy for the default port only.`]),
    ...(loose.hosts.length === 0
      ? []
      : [
          `podman refuses what is refused on ${loose.hosts.join(', ')} only as it is named here, not on another port or in upper case: everything else there is open to it.`,
        ]),
  ];
}

const FALLS_BACK =
  'podman does not tell apart "not verified" and plain HTTP: for an insecure registry it tries HTTPS without verifying, then plain HTTP.';
const OTHER_POLICIES =
  'policy.json takes the place of the one that is there; a user who has ~/.config/containers/policy.json is not held by it.';
