/** Which hosts are Google's registries (Container Registry, Artifact Registry). Matched whole: look-alikes are not. */

const CONTAINER_REGISTRY: ReadonlySet<string> = new Set([
  'gcr.io',
  'us.gcr.io',
  'eu.gcr.io',
  'asia.gcr.io',
  'marketplace.gcr.io',
  'mirror.gcr.io',
]);

/** One label each for the location; other hosts below `pkg.dev` hold packages of other kinds, and no images. */
const ARTIFACT_REGISTRY = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*-docker\.pkg\.dev$/;
const ARTIFACT_REGISTRY_REGIONAL = /^docker\.[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.rep\.pkg\.dev$/;

/** `host` is a canonical host; one with a port is not Google's. */
export function isGoogleHost(host: string): boolean {
  return CONTAINER_REGISTRY.has(host) || ARTIFACT_REGISTRY.test(host) || ARTIFACT_REGISTRY_REGIONAL.test(host);
}
