/**
 * May somebody pull from the probe repository? Asked as a client asks that pulls: with a token of that very scope where
 * there are tokens, for a manifest. The tag list comes first, since it names a tag that is there.
 */
import { failure, success, type Result } from '../domain/result.ts';
import { authorize, type Identity } from './authorization.ts';
import type { Challenge } from './challenge.ts';
import type { LoginCheckOutcome } from './login-check.ts';
import { SCOPE_DENIED, VERIFIED } from './login-outcomes.ts';
import { errorCodes, firstTag } from './registry-answer.ts';
import { HUB, type Conversation, type Headers } from './registry-conversation.ts';

const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

const REPOSITORY = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;

/** What goes into paths and scopes; a failure is nothing to ask with. Docker Hub's own images are under `library/`. */
export function probeRepository({ hosts, request }: Conversation): Result<string | undefined, LoginCheckOutcome> {
  const named = request.probeRepository;
  if (named === undefined) return success(undefined);
  const repository = hosts.includes(HUB) && !named.includes('/') ? `library/${named}` : named;
  return REPOSITORY.test(repository) ? success(repository) : failure(SCOPE_DENIED);
}

export function tagsPath(repository: string): string {
  return `/v2/${repository}/tags/list?n=1`;
}

/** VERIFIED, SCOPE_DENIED, or what came in between. */
export async function tryPull(
  conversation: Conversation,
  challenge: Challenge,
  wanted: { readonly repository: string; readonly as: Identity },
): Promise<LoginCheckOutcome> {
  const { repository, as } = wanted;
  const authorization = await authorize(conversation, challenge, { as, scope: `repository:${repository}:pull` });
  if (!authorization.ok) return authorization.failure;
  const listed = await conversation.askRegistry(tagsPath(repository), authorization.value);
  if (!listed.ok) return listed.failure;
  const { status } = listed.value;
  if (status === 401 || status === 403) return await tryUnlisted(conversation, repository, authorization.value);
  if (status !== 200) return SCOPE_DENIED;
  const reference = firstTag(listed.value) ?? 'latest';
  return await tryListed(conversation, manifestPath(repository, reference), authorization.value);
}

/**
 * Listing can be allowed without pulling (two permissions in ECR), so the manifest is asked for all the same; by HEAD,
 * which rate limits of pulls do not count. Only a refusal speaks against it: not every registry answers HEAD.
 */
async function tryListed(conversation: Conversation, path: string, authorization: Headers): Promise<LoginCheckOutcome> {
  const manifest = await conversation.askRegistry(path, { ...authorization, accept: MANIFEST_TYPES }, 'HEAD');
  if (!manifest.ok) return manifest.failure;
  const { status } = manifest.value;
  return status === 401 || status === 403 ? SCOPE_DENIED : VERIFIED;
}

/**
 * Pulling can be allowed without listing, too. Any answer about the manifest, even that there is none of that tag, is one
 * that only a puller gets.
 */
async function tryUnlisted(
  conversation: Conversation,
  repository: string,
  authorization: Headers,
): Promise<LoginCheckOutcome> {
  const path = manifestPath(repository, 'latest');
  const manifest = await conversation.askRegistry(path, { ...authorization, accept: MANIFEST_TYPES });
  if (!manifest.ok) return manifest.failure;
  const { status } = manifest.value;
  const isAbsent = status === 404 && errorCodes(manifest.value).includes('MANIFEST_UNKNOWN');
  return status === 200 || isAbsent ? VERIFIED : SCOPE_DENIED;
}

function manifestPath(repository: string, reference: string): string {
  return `/v2/${repository}/manifests/${reference}`;
}
