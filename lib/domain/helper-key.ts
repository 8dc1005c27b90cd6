/**
 * What a client asks its docker-credential helper for. docker, podman, skopeo and buildah name the registry. Clients of
 * go-containerregistry (crane, ko, cosign, kaniko) name the repository first and then the registry. Key what you send back
 * by the text that came.
 */
import { isQualified, parseImageReference, type ImageReference } from './image-reference.ts';
import { canonicalHost, parseRegistryHost } from './registry-host.ts';
import { failure, success, type Result } from './result.ts';

export type HelperKey =
  | {
      readonly kind: 'host';
      /** Canonical `host[:port]`. */
      readonly host: string;
    }
  | { readonly kind: 'repository'; readonly reference: ImageReference };

/** No registry can have this name. */
export interface NoRegistryKey {
  /** One sentence: what is wrong and what would be right. */
  readonly rule: string;
}

const MAX_LENGTH = 1024;
/** docker looks only at the host of a URL: the path is the API's. */
const SERVER_URL = /^https?:\/\/([^/]*)(?:\/[A-Za-z0-9._~/-]*)?$/i;
const API_PATH = /^v[12]$/;
/** docker keeps tokens of its own beside its login, and sends what it finds there to Docker's identity service. */
const DOCKER_TOKENS = /^(?:https?:\/\/)?index\.docker\.io\/v1\/(?:access|refresh)-token\/?$/i;
const FORMS = 'must be host or host:port, host/repository, or an http(s) URL of a registry';

/**
 * A key that has a path and no scheme is a repository. It must name its host: the client has chosen the server already, so a
 * default registry's credential would go to another server.
 */
export function parseHelperKey(text: string): Result<HelperKey, NoRegistryKey> {
  if (text.length > MAX_LENGTH) return failure({ rule: `must have at most ${MAX_LENGTH} characters` });
  if (DOCKER_TOKENS.test(text)) return failure({ rule: "is the key of docker's own token, not of a registry" });
  if (text.includes('://')) return hostKey(SERVER_URL.exec(text)?.[1] ?? '');
  const written = text.endsWith('/') ? text.slice(0, -1) : text;
  const slash = written.indexOf('/');
  if (slash < 0) return hostKey(written);
  if (API_PATH.test(written.slice(slash + 1))) return hostKey(written.slice(0, slash));
  if (!isQualified(written)) return failure({ rule: FORMS });
  const reference = parseImageReference(written);
  return reference.ok ? success({ kind: 'repository', reference: reference.value }) : reference;
}

function hostKey(written: string): Result<HelperKey, NoRegistryKey> {
  const host = parseRegistryHost(written);
  return host === undefined ? failure({ rule: FORMS }) : success({ kind: 'host', host: canonicalHost(host) });
}
