/**
 * containerd: one folder a host in certs.d, read at every pull. `server` stands in for the registry itself, so a server that
 * leads nowhere shuts a host, and one in `_default` every host without a folder of its own. It decides on hosts: of a path
 * it knows nothing, and of `*.host` neither.
 */
import { stringify } from 'smol-toml';
import { DEFAULT_PORT, hostAccess, refusesAnything, type Access, type HostAccess } from '../../domain/access-scopes.ts';
import { canonicalHost, DOCKER_HUB, DOCKER_HUB_ALIASES, foldDockerHub } from '../../domain/registry-host.ts';
import { caFile, commented, hostFile } from './host-file.ts';
import { spelledHosts } from './spelled-hosts.ts';
import type { HostConfig, HostFile, HostTls, WantedHostConfig } from './wanted.ts';

const CERTS = ['etc', 'containerd', 'certs.d'];
const EVERY_OTHER_HOST = '_default';
/** Reserved (RFC 6761): it resolves nowhere, and an error that shows it says what happened. */
const NOWHERE = 'https://not-allowed-by-pullpass.invalid';
/**
 * containerd before 2.0 takes a file without this table for broken, and goes on as if there were none: everything would be
 * open (containerd issue 10027; seen with 1.6.20).
 */
const NO_MIRRORS = {};
const DOCKER_HUB_SERVER = 'https://registry-1.docker.io';

export function containerdConfig(wanted: WantedHostConfig): HostConfig {
  return {
    runtime: 'containerd',
    environment: wanted.environment,
    enforces: 'hosts',
    notes: [...notesOn(wanted), ...wanted.notes],
    files: containerdFiles(wanted),
  };
}

export function containerdFiles(wanted: WantedHostConfig): readonly HostFile[] {
  const { enforced } = wanted;
  const access = hostAccess(enforced);
  const tls = new Map(wanted.tls.map((each) => [each.host, each]));
  const named = [...new Set([...hostsNamedIn(enforced), ...wanted.knownHosts])].sort();
  const files = named.flatMap((host) => {
    if (!access.allowsAnything(host)) return shutFiles(host, wanted);
    const settings = tls.get(host);
    return enforced.allowedElsewhere && settings === undefined ? [] : openFiles(host, settings, wanted);
  });
  return enforced.allowedElsewhere ? files : [shutFile(EVERY_OTHER_HOST, wanted), ...files];
}

/** As an image may name them, and of Docker Hub's names the one that policy knows it by. */
function hostsNamedIn({ scopes }: Access): readonly string[] {
  return scopes.flatMap(({ name, wildcard, port, path }) =>
    wildcard || port === undefined || path !== '' ? [] : [canonicalHost({ name, port })],
  );
}

function openFiles(host: string, tls: HostTls | undefined, wanted: WantedHostConfig): readonly HostFile[] {
  const ca = tls?.ca === undefined ? undefined : caFile(CERTS, host, tls.ca);
  const settings = {
    server: host === DOCKER_HUB ? DOCKER_HUB_SERVER : `${tls?.plainHttp === true ? 'http' : 'https'}://${host}`,
    ...(ca === undefined ? {} : { ca: ca.path }),
    ...(tls?.skipVerify === true ? { skip_verify: true } : {}),
    host: NO_MIRRORS,
  };
  const content = commented(wanted, stringify(settings));
  const files = spelledHosts(host).map((each) => hostFile([...CERTS, each, 'hosts.toml'], content));
  return ca === undefined ? files : [ca, ...files];
}

/**
 * Where every host is open that has no folder, each spelling of a shut one needs its own. With a whitelist a host that is
 * known has one, too: a folder that somebody made for it would come before `_default`.
 */
function shutFiles(host: string, wanted: WantedHostConfig): readonly HostFile[] {
  const names = host === DOCKER_HUB ? [DOCKER_HUB, ...DOCKER_HUB_ALIASES] : [host];
  return names.flatMap(spelledHosts).map((each) => shutFile(each, wanted));
}

function shutFile(folder: string, wanted: WantedHostConfig): HostFile {
  const content = stringify({ server: NOWHERE, host: NO_MIRRORS });
  return hostFile([...CERTS, folder, 'hosts.toml'], commented(wanted, content));
}

const NEEDS_CONFIG_PATH =
  'containerd reads these files where its configuration has config_path = "/etc/containerd/certs.d" for the CRI plug-in; ' +
  'nerdctl reads them, ctr only with --hosts-dir.';
const PLATFORM =
  'Every host that policy does not allow is shut, those of the platform (pause and system images) included: allow them first.';

export function notesOn({ enforced }: WantedHostConfig): readonly string[] {
  if (!refusesAnything(enforced)) return [NEEDS_CONFIG_PATH];
  const access = hostAccess(enforced);
  return [
    NEEDS_CONFIG_PATH,
    ...(enforced.allowedElsewhere ? [] : [PLATFORM]),
    ...pathNotes(enforced, access),
    ...enforced.scopes.flatMap((scope) =>
      scope.wildcard && scope.port === DEFAULT_PORT ? wildcardNotes(scope, enforced) : [],
    ),
    ...portNotes(enforced),
  ];
}

function pathNotes(enforced: Access, access: HostAccess): readonly string[] {
  const partly = hostsNamedIn(enforced).filter((host) => access.allowsAnything(host) && access.refusesAnything(host));
  if (partly.length === 0) return [];
  return [
    `containerd holds hosts, not paths: everything can be pulled from ${listed(partly)}, though policy allows only a part.`,
  ];
}

function wildcardNotes(
  { name, allowed }: { readonly name: string; readonly allowed: boolean },
  { allowedElsewhere }: Access,
): readonly string[] {
  if (allowed === allowedElsewhere) return [];
  return [
    allowed
      ? `containerd knows no *.${name}: hosts below it that are registered or named here are open, all others are shut.`
      : `containerd knows no *.${name}: hosts below it that are registered or named here are shut, all others are open.`,
  ];
}

function portNotes({ scopes, allowedElsewhere }: Access): readonly string[] {
  if (!allowedElsewhere) return [];
  const shut = scopes.filter(
    ({ wildcard, port, path, allowed }) => !wildcard && port === undefined && path === '' && !allowed,
  );
  const names = [...new Set(shut.map(({ name }) => foldDockerHub(name)))];
  if (names.length === 0) return [];
  return [
    `Without a whitelist containerd shuts a host as it is named here: on a port that nobody named, or spelled in upper case, ${listed(names)} is open.`,
  ];
}

const SHOWN = 5;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ');
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
}
