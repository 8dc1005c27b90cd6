/** The names by which an image may mean a host, for runtimes that compare texts. Not its job: Docker Hub's other names. */
import { DEFAULT_PORT } from '../../domain/access-scopes.ts';
import { namesHost, parseRegistryHost } from '../../domain/registry-host.ts';

/** `host` is as canonical addresses have it: an image may add the default port to it. */
export function spelledHosts(host: string): readonly string[] {
  const parsed = parseRegistryHost(host);
  const bare = parsed?.port === DEFAULT_PORT && namesHost(parsed.name);
  return bare && host === parsed.name ? [host, `${host}:${DEFAULT_PORT}`] : [host];
}
