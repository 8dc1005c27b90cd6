/**
 * The steps of a login check: ask, answer the challenge, ask again, then pull rights on the probe repository.
 *
 * When does a success prove nothing? A token that anybody gets is no sign: the big public registries give one to anyone
 * who asks for no scope, and refuse a wrong password all the same. Trying a wrong password would tell, and would also
 * count against the account's lock-out. So the warning is given where it is certain: `/v2/` needed no credential, or an
 * anonymous token pulls from the probe repository too.
 */
import type { Result } from '../domain/result.ts';
import { authorize } from './authorization.ts';
import type { Challenge } from './challenge.ts';
import type { GuardedResponse } from './guarded-request.ts';
import type { LoginCheckOutcome } from './login-check.ts';
import {
  ACCEPTS_ANYONE,
  NO_USABLE_CHALLENGE,
  NOT_A_REGISTRY,
  REFUSED_BEFORE_LOGIN,
  SCOPE_DENIED,
  TOKEN_REFUSED,
  UNAUTHORIZED,
  VERIFIED,
  WANTS_HTTPS,
} from './login-outcomes.ts';
import { errorCodes, looksLikeRegistry, usableChallenge } from './registry-answer.ts';
import { HUB, type Conversation, type Headers } from './registry-conversation.ts';

const BASE = '/v2/';
const NOBODY: Headers = {};

const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

const REPOSITORY = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;

export async function logIn(conversation: Conversation): Promise<LoginCheckOutcome> {
  const { probeRepository } = conversation.request;
  const repository = probeRepository === undefined ? undefined : repositoryOnRegistry(conversation, probeRepository);
  if (repository !== undefined && !REPOSITORY.test(repository)) return SCOPE_DENIED;

  const ping = await conversation.askRegistry(BASE, NOBODY);
  if (!ping.ok) return ping.failure;
  const { status } = ping.value;
  if (status === 401) return await logInByChallenge(conversation, ping.value, repository);
  if (!looksLikeRegistry(ping.value)) {
    // How the usual TLS servers answer a plain request.
    return status === 400 && !conversation.endpoint.secure ? WANTS_HTTPS : NOT_A_REGISTRY;
  }
  if (status === 403) return REFUSED_BEFORE_LOGIN;
  if (status !== 200) return NOT_A_REGISTRY;
  return repository === undefined ? ACCEPTS_ANYONE : await probeOpenRegistry(conversation, repository);
}

async function logInByChallenge(
  conversation: Conversation,
  refusal: GuardedResponse,
  repository: string | undefined,
): Promise<LoginCheckOutcome> {
  const challenge = usableChallenge(refusal);
  if (challenge === undefined) return NO_USABLE_CHALLENGE;
  // Without a scope first: so a wrong password is tried once, and is told apart from a scope that is not granted.
  const login = await authorize(conversation, challenge, {});
  if (!login.ok) return login.failure;
  const entered = await conversation.askRegistry(BASE, login.value);
  if (!entered.ok) return entered.failure;
  const { status } = entered.value;
  if (status === 401 || status === 403) return challenge.scheme === 'basic' ? UNAUTHORIZED : TOKEN_REFUSED;
  if (status !== 200 || !looksLikeRegistry(entered.value)) return NOT_A_REGISTRY;
  return repository === undefined ? VERIFIED : await probe(conversation, challenge, repository);
}

/** `/v2/` is open, which some registries are although they guard each repository. */
async function probeOpenRegistry(conversation: Conversation, repository: string): Promise<LoginCheckOutcome> {
  const listed = await conversation.askRegistry(tagsPath(repository), NOBODY);
  if (!listed.ok) return listed.failure;
  if (listed.value.status === 200) return ACCEPTS_ANYONE;
  const challenge = listed.value.status === 401 ? usableChallenge(listed.value) : undefined;
  if (challenge === undefined) return SCOPE_DENIED;
  const login = await authorize(conversation, challenge, {});
  return login.ok ? await probe(conversation, challenge, repository) : login.failure;
}

async function probe(conversation: Conversation, challenge: Challenge, repository: string): Promise<LoginCheckOutcome> {
  const scope = `repository:${repository}:pull`;
  const authorization = await authorize(conversation, challenge, { scope });
  if (!authorization.ok) return authorization.failure === UNAUTHORIZED ? SCOPE_DENIED : authorization.failure;
  const pulled = await askToPull(conversation, repository, authorization.value);
  if (pulled !== VERIFIED || challenge.scheme === 'basic') return pulled;

  const anonymous = await authorize(conversation, challenge, { scope, anonymous: true });
  if (!anonymous.ok) return VERIFIED;
  const listed = await conversation.askRegistry(tagsPath(repository), anonymous.value);
  return hasStatus(listed, 200) ? ACCEPTS_ANYONE : VERIFIED;
}

/**
 * Listing tags is a right of its own in some registries (a pull-only role in ECR lacks it). There a manifest is asked
 * for: any answer about the manifest, even that there is none of that tag, is one that only a puller gets.
 */
async function askToPull(
  conversation: Conversation,
  repository: string,
  authorization: Headers,
): Promise<LoginCheckOutcome> {
  const listed = await conversation.askRegistry(tagsPath(repository), authorization);
  if (!listed.ok) return listed.failure;
  if (listed.value.status === 200) return VERIFIED;
  if (listed.value.status !== 401 && listed.value.status !== 403) return SCOPE_DENIED;
  const path = `${BASE}${repository}/manifests/latest`;
  const manifest = await conversation.askRegistry(path, { ...authorization, accept: MANIFEST_TYPES });
  if (!manifest.ok) return manifest.failure;
  const { status } = manifest.value;
  const isAbsent = status === 404 && errorCodes(manifest.value).includes('MANIFEST_UNKNOWN');
  return status === 200 || isAbsent ? VERIFIED : SCOPE_DENIED;
}

function hasStatus(answer: Result<GuardedResponse, LoginCheckOutcome>, status: number): boolean {
  return answer.ok && answer.value.status === status;
}

function tagsPath(repository: string): string {
  return `${BASE}${repository}/tags/list?n=1`;
}

/** Docker Hub's own images are under `library/`, and only Docker Hub's. */
function repositoryOnRegistry({ hosts }: Conversation, repository: string): string {
  return hosts.includes(HUB) && !repository.includes('/') ? `library/${repository}` : repository;
}
