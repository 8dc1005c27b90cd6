/**
 * The control of a login check: is a login that somebody made up accepted as well? It fails almost everywhere, and failed
 * logins have consequences, so it is tried sparingly: under a name that no account has, so that none is locked; for passwords
 * that do not run out only (the clouds that issue the others check them); and where it failed, that host is left in peace
 * for a while, however many registries are on it, lest it bans this machine.
 */
import type { Challenge } from './challenge.ts';
import type { LoginCheckOutcome } from './login-check.ts';
import { SCOPE_DENIED, TOKEN_REFUSED, UNAUTHORIZED, VERIFIED } from './login-outcomes.ts';
import type { Conversation } from './registry-conversation.ts';

/** Who refused a stranger lately: the realm of a token service, or the registry's host. */
export interface RefusedStrangers {
  has(judge: string): boolean;
  add(judge: string): void;
}

const REFUSALS: readonly LoginCheckOutcome[] = [UNAUTHORIZED, TOKEN_REFUSED, SCOPE_DENIED];

/** True only where every try was answered as the credential was. Whatever else comes of it says nothing. */
export async function acceptsStranger(
  { request, endpoint }: Conversation,
  control: {
    readonly challenge: Challenge;
    readonly refused: RefusedStrangers;
    readonly tries: readonly (() => Promise<LoginCheckOutcome>)[];
  },
): Promise<boolean> {
  if (request.tryStranger !== true) return false;
  const { challenge, refused, tries } = control;
  const host = `${endpoint.host}:${endpoint.port}`;
  const judge = challenge.scheme === 'bearer' ? (challenge.parameters.get('realm') ?? host) : host;
  if (refused.has(judge)) return false;
  for (const attempt of tries) {
    const outcome = await attempt();
    if (outcome === VERIFIED) continue;
    if (REFUSALS.includes(outcome)) refused.add(judge);
    return false;
  }
  return true;
}
