/**
 * A key of `auths` or `credHelpers`: how docker, podman and Kubernetes name a registry. A bare host, a host with a path, or
 * a URL with the API's path at its end.
 */
import { parseAddress, type CanonicalAddress } from '../../domain/address.ts';
import { mistakenHost } from '../../domain/registry-host.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import { faultOfAddress } from './shown.ts';

const URL_KEY = /^(?<scheme>https?):\/\/(?<rest>.*)$/i;
/** Right after the host of a URL it is the API, whatever follows. */
const API_OF_URL = /^([^/]*)\/v[12](?:\/.*)?$/;
/** Elsewhere a path may well have such a part: what follows it says for which repositories the login is. */
const API_AT_END = /\/v[12]\/?$/;
/** Docker Desktop keeps its own tokens beside the login. */
const DOCKER_TOKENS = /\/v1\/(?:access|refresh)-token\/?$/;

export interface ServerKey {
  readonly address: CanonicalAddress;
  /** It was written as `http://…`. Says what somebody typed once, and not that the registry speaks no TLS. */
  readonly plainHttp: boolean;
  /** It was written as a URL with a path: docker goes by the host alone, Kubernetes by the path. */
  readonly isUrlOfPath: boolean;
}

/** The failure's rule holds nothing of the key: what is no address may be a secret. */
export function parseServerKey(key: string): Result<ServerKey, { readonly rule: string }> {
  if (DOCKER_TOKENS.test(key)) return failure({ rule: 'is a token of the docker client itself, and no login' });
  const { scheme, rest } = URL_KEY.exec(key)?.groups ?? {};
  const written = (rest?.replace(API_OF_URL, '$1') ?? key).replace(API_AT_END, '');
  const address = parseAddress(written);
  if (!address.ok) {
    return failure({ rule: `is no registry's address: it ${faultOfAddress(written, address.failure.rule)}` });
  }
  const mistake = mistakenHost(address.value.host);
  if (mistake !== undefined) return failure({ rule: mistake });
  return success({
    address: address.value.canonical,
    plainHttp: scheme?.toLowerCase() === 'http',
    isUrlOfPath: scheme !== undefined && address.value.path !== '',
  });
}
