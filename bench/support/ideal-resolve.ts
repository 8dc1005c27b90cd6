/**
 * The floor of a cached resolve: one function, written by hand for this one case, that does only what cannot be left
 * out. Parse the JSON, validate it and the reference, hash the token and compare, look up, decide, serialise.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

export interface IdealRegistry {
  readonly id: string;
  readonly host: string;
  readonly credential: { readonly username: string; readonly password: string; readonly issuedAt: number };
}

export interface IdealState {
  readonly agents: ReadonlyMap<string, { readonly tokenHash: Buffer; readonly environments: readonly string[] }>;
  readonly registries: ReadonlyMap<string, IdealRegistry>;
  readonly allowedSuffix: string;
}

const TOKEN = /^Bearer (?<token>pp_(?<id>[0-9a-f]{16})_[0-9a-f]{64})$/;
const REFERENCE = /^(?<host>[a-z0-9.:-]+)\/(?<repository>[a-z0-9._/-]{1,255})(?::(?<tag>\w[\w.-]{0,127}))?$/;

/** Undefined where anything is not as it should be. */
export function idealResolve(
  request: { readonly authorization: string; readonly environment: string; readonly body: string },
  state: IdealState,
): string | undefined {
  const image = imageOf(request.body);
  const proof = TOKEN.exec(request.authorization)?.groups;
  const reference = image === undefined ? undefined : REFERENCE.exec(image)?.groups;
  if (image === undefined || reference === undefined || proof === undefined) return undefined;

  const agent = state.agents.get(proof['id'] ?? '');
  const hash = createHash('sha256')
    .update(proof['token'] ?? '')
    .digest();
  if (agent === undefined || !timingSafeEqual(agent.tokenHash, hash)) return undefined;
  if (!agent.environments.includes(request.environment)) return undefined;

  const { host = '', repository = '', tag = 'latest' } = reference;
  const registry = state.registries.get(host);
  if (registry === undefined || !host.endsWith(state.allowedSuffix)) return undefined;
  return answer({ image, repository, tag, registry });
}

function imageOf(body: string): string | undefined {
  const document: unknown = JSON.parse(body);
  if (typeof document !== 'object' || document === null || Object.keys(document).length !== 1) return undefined;
  return 'image' in document && typeof document.image === 'string' ? document.image : undefined;
}

function answer(found: {
  readonly image: string;
  readonly repository: string;
  readonly tag: string;
  readonly registry: IdealRegistry;
}): string {
  const { image, repository, tag, registry } = found;
  const { username, password, issuedAt } = registry.credential;
  return JSON.stringify({
    image,
    reference: { canonical: image, registry: registry.host, repository, tag },
    decision: { allowed: true, rule: 'whitelist', mode: 'enforce' },
    credential: {
      username,
      password,
      serverAddress: registry.host,
      issuedAt: new Date(issuedAt).toISOString(),
      refreshAfter: new Date(Date.now() + 2_500).toISOString(),
      version: 'first',
      registryId: registry.id,
    },
    tls: {},
  });
}
