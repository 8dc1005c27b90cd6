/**
 * dockerd: authorities in certs.d, which it reads at every pull, and the registries that daemon.json has to call insecure.
 * Nothing here blocks anything: dockerd knows no list of registries that it may pull from.
 */
import { DEFAULT_PORT, refusesAnything } from '../../domain/access-scopes.ts';
import { caFile } from './host-file.ts';
import type { HostConfig, WantedHostConfig } from './wanted.ts';

const CERTS = ['etc', 'docker', 'certs.d'];

const CANNOT_BLOCK =
  'docker cannot hold policy: it pulls a public image anonymously whatever a credential helper answers, and has no list of ' +
  'registries that it may pull from. Use podman or containerd where that matters, or an authorization plug-in.';

export function dockerConfig(wanted: WantedHostConfig): HostConfig {
  const insecure = wanted.tls.filter(({ skipVerify, plainHttp }) => skipVerify === true || plainHttp === true);
  return {
    runtime: 'docker',
    environment: wanted.environment,
    enforces: 'nothing',
    notes: [
      ...(refusesAnything(wanted.enforced) ? [CANNOT_BLOCK] : []),
      ...(insecure.some(({ skipVerify }) => skipVerify === true) ? [FALLS_BACK] : []),
      ...wanted.notes,
    ],
    files: wanted.tls.flatMap(({ host, ca }) => (ca === undefined ? [] : [caFile(CERTS, host, ca)])),
    daemon: { 'insecure-registries': insecure.map(({ host }) => withPortOfIpv6(host)) },
  };
}

/** Older versions of dockerd do not start with an IPv6 address that has no port. */
function withPortOfIpv6(host: string): string {
  return host.endsWith(']') ? `${host}:${DEFAULT_PORT}` : host;
}

const FALLS_BACK =
  'docker does not tell apart "not verified" and plain HTTP: for its insecure registries it tries HTTPS without verifying, ' +
  'then plain HTTP.';
