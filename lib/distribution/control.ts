/**
 * The control of a login check: is a login that somebody made up accepted as well? It fails almost everywhere, and failed
 * logins have consequences, so it is tried sparingly: under a name that no account has, so that none is locked; for passwords
 * that do not run out only (the clouds that issue the others check them); by one check at a time; and where it failed, it is
 * not repeated for a while, however many registries are on that host, lest it bans this machine.
 */
import type { Challenge } from './challenge.ts';
import type { LoginCheckOutcome } from './login-check.ts';
import { FORBIDDEN, SCOPE_DENIED, TOKEN_REFUSED, UNAUTHORIZED, VERIFIED } from './login-outcomes.ts';
import type { Conversation } from './registry-conversation.ts';

/**
 * What strangers were refused lately. Of a login: by the realm of a token service, or the registry's host. Of a pull: by that
 * and the repository, since it says nothing about a login, or about the next repository.
 */
export interface RefusedStrangers {
  has(refused: string): boolean;
  add(refused: string): void;
}

export interface StrangersTry {
  /** Absent: a login, which is the same whatever is pulled. */
  readonly repository?: string;
  readonly attempt: () => Promise<LoginCheckOutcome>;
}

/** True only where every try was answered as the credential was. Whatever else comes of it says nothing. */
export type Control = (
  conversation: Conversation,
  asked: { readonly challenge: Challenge; readonly tries: readonly StrangersTry[] },
) => Promise<boolean>;

type Reception = 'let_in' | 'refused' | 'unknown';

const REFUSALS: readonly LoginCheckOutcome[] = [UNAUTHORIZED, TOKEN_REFUSED, FORBIDDEN, SCOPE_DENIED];

export function controlWith(refused: RefusedStrangers): Control {
  /** By judge. */
  const underway = new Map<string, Promise<Reception>>();

  async function receive(judge: string, tries: readonly StrangersTry[]): Promise<Reception> {
    if (tries.some((one) => refused.has(keyOf(judge, one)))) return 'refused';
    for (const one of tries) {
      const outcome = await one.attempt();
      if (outcome === VERIFIED) continue;
      if (!REFUSALS.includes(outcome)) return 'unknown';
      refused.add(keyOf(judge, one));
      return 'refused';
    }
    return 'let_in';
  }

  return async ({ request, endpoint, signal }, { challenge, tries }) => {
    if (request.tryStranger !== true) return false;
    const host = `${endpoint.host}:${endpoint.port}`;
    const judge = challenge.scheme === 'bearer' ? (challenge.parameters.get('realm') ?? host) : host;
    const aborted = abortOf(signal);
    for (let other = underway.get(judge); other !== undefined; other = underway.get(judge)) {
      const reception = await Promise.race([other, aborted]);
      if (reception === 'aborted') return false;
      // Where strangers are let in no try fails, and none has to wait for the others.
      if (reception === 'let_in') return (await receive(judge, tries)) === 'let_in';
    }
    const started = receive(judge, tries).finally(() => underway.delete(judge));
    underway.set(judge, started);
    return (await started) === 'let_in';
  };
}

function keyOf(judge: string, { repository }: StrangersTry): string {
  return repository === undefined ? judge : `${judge} ${repository}`;
}

function abortOf(signal: AbortSignal): Promise<'aborted'> {
  const { promise, resolve } = Promise.withResolvers<'aborted'>();
  const end = (): void => {
    resolve('aborted');
  };
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return promise;
}
