/**
 * The steps of a login check: ask, answer the challenge, ask again, then pull rights on the probe repository.
 *
 * When does a success prove nothing? When others get the same: nobody at all (`/v2/` or the probe repository is open), or
 * whoever makes a login up (control.ts). That anybody gets a token is no sign: the big public registries give one to
 * whoever asks for no scope, and refuse a wrong password all the same.
 */
import { authorize, type Identity } from './authorization.ts';
import type { Challenge } from './challenge.ts';
import type { Control } from './control.ts';
import type { GuardedResponse } from './guarded-request.ts';
import type { LoginCheckOutcome } from './login-check.ts';
import {
  ACCEPTS_ANYONE,
  NO_USABLE_CHALLENGE,
  NOT_A_REGISTRY,
  PROBE_WITHOUT_LOGIN,
  PULL_NOT_PROVEN,
  PUBLIC_PROBE,
  REFUSED_BEFORE_LOGIN,
  REFUSES_REQUEST,
  TAKES_ANY_PASSWORD,
  TOKEN_REFUSED,
  UNAUTHORIZED,
  UNREADABLE_CHALLENGE,
  VERIFIED,
  WANTS_HTTPS,
} from './login-outcomes.ts';
import { probeRepository, tagsPath, tryPull } from './pull-probe.ts';
import { isWebPage, looksLikeRegistry, usableChallenge } from './registry-answer.ts';
import type { Conversation, Headers } from './registry-conversation.ts';

const BASE = '/v2/';
const NOBODY: Headers = {};

export async function logIn(conversation: Conversation, control: Control): Promise<LoginCheckOutcome> {
  const probe = probeRepository(conversation);
  if (!probe.ok) return probe.failure;
  const repository = probe.value;

  const ping = await conversation.askRegistry(BASE, NOBODY);
  if (!ping.ok) return ping.failure;
  const { status } = ping.value;
  if (status === 401) return await answerChallenge(conversation, ping.value, { repository, control });
  if (!looksLikeRegistry(ping.value)) {
    // 400 is how the usual TLS servers answer a plain request, and nginx a client without the certificate that it wants.
    if (status === 400) return conversation.endpoint.secure ? REFUSES_REQUEST : WANTS_HTTPS;
    return NOT_A_REGISTRY;
  }
  if (status === 403) return REFUSED_BEFORE_LOGIN;
  if (status !== 200) return NOT_A_REGISTRY;
  return repository === undefined ? ACCEPTS_ANYONE : await logInAtRepository(conversation, { repository, control });
}

async function answerChallenge(
  conversation: Conversation,
  refusal: GuardedResponse,
  { repository, control }: { readonly repository: string | undefined; readonly control: Control },
): Promise<LoginCheckOutcome> {
  const challenge = usableChallenge(refusal);
  if (challenge === undefined) return NO_USABLE_CHALLENGE;
  if (challenge === 'unreadable') return UNREADABLE_CHALLENGE;
  // Without a scope first: so a wrong password is tried once, and is told apart from a scope that is not granted.
  const entered = await enter(conversation, challenge, 'credential');
  if (entered !== VERIFIED) return entered;
  const asStranger = (): Promise<LoginCheckOutcome> => enter(conversation, challenge, 'stranger');
  if (repository !== undefined) return await pullAs(conversation, challenge, { repository, control, asStranger });
  const isProven = !(await control(conversation, { challenge, tries: [{ attempt: asStranger }] }));
  if (!isProven) return TAKES_ANY_PASSWORD;
  return letsInWithoutRights(conversation, challenge) ? PULL_NOT_PROVEN : VERIFIED;
}

/** GitHub Packages (a token without `read:packages`), also of GitHub Enterprise Cloud; Quay (a robot account nobody gave rights). */
const LETS_IN_WITHOUT_RIGHTS = /^(?:ghcr\.io|containers\.[a-z0-9-]+\.ghe\.com|quay\.io)$/;

/** Harbor, wherever it is, gives a token without any right also to a robot account that has expired. */
function letsInWithoutRights({ hosts }: Conversation, { parameters }: Challenge): boolean {
  return parameters.get('service') === 'harbor-registry' || hosts.some((host) => LETS_IN_WITHOUT_RIGHTS.test(host));
}

/** `/v2/` is open, which some registries are although they guard each repository. */
async function logInAtRepository(
  conversation: Conversation,
  { repository, control }: { readonly repository: string; readonly control: Control },
): Promise<LoginCheckOutcome> {
  const listed = await conversation.askRegistry(tagsPath(repository), NOBODY);
  if (!listed.ok) return listed.failure;
  if (listed.value.status === 200) return PUBLIC_PROBE;
  const challenge = listed.value.status === 401 ? usableChallenge(listed.value) : undefined;
  if (challenge === undefined) return PROBE_WITHOUT_LOGIN;
  if (challenge === 'unreadable') return UNREADABLE_CHALLENGE;
  const login = await authorize(conversation, challenge, { as: 'credential' });
  if (!login.ok) return login.failure;
  if (challenge.scheme === 'basic') {
    // The first answer to this password: here 401 is about the password, and not about the repository.
    const entered = await conversation.askRegistry(tagsPath(repository), login.value);
    if (!entered.ok) return entered.failure;
    if (entered.value.status === 401) return UNAUTHORIZED;
  }
  return await pullAs(conversation, challenge, { repository, control });
}

async function enter(conversation: Conversation, challenge: Challenge, as: Identity): Promise<LoginCheckOutcome> {
  const login = await authorize(conversation, challenge, { as });
  if (!login.ok) return login.failure;
  const entered = await conversation.askRegistry(BASE, login.value);
  if (!entered.ok) return entered.failure;
  const { status } = entered.value;
  if (status === 401 || status === 403) return challenge.scheme === 'basic' ? UNAUTHORIZED : TOKEN_REFUSED;
  return status === 200 && !isWebPage(entered.value) ? VERIFIED : NOT_A_REGISTRY;
}

/** `asStranger`: where there is a login before the pull. */
async function pullAs(
  conversation: Conversation,
  challenge: Challenge,
  what: {
    readonly repository: string;
    readonly control: Control;
    readonly asStranger?: () => Promise<LoginCheckOutcome>;
  },
): Promise<LoginCheckOutcome> {
  const { repository, control, asStranger } = what;
  const pull = (as: Identity): Promise<LoginCheckOutcome> => tryPull(conversation, challenge, { repository, as });
  const pulled = await pull('credential');
  if (pulled !== VERIFIED) return pulled;
  if ((await pull('nobody')) === VERIFIED) return PUBLIC_PROBE;
  const login = asStranger === undefined ? [] : [{ attempt: asStranger }];
  const tries = [...login, { repository, attempt: () => pull('stranger') }];
  return (await control(conversation, { challenge, tries })) ? TAKES_ANY_PASSWORD : VERIFIED;
}
