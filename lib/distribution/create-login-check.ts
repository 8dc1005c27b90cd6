/** Puts a login check together: which networks it may reach, how long it may take, who resolves names. */
import { parseNetworks } from './address-guard.ts';
import { controlWith, type RefusedStrangers } from './control.ts';
import { resolveBySystem, type Resolve } from './guarded-connection.ts';
import { logIn } from './log-in.ts';
import type { LoginCheck } from './login-check.ts';
import { startConversation } from './registry-conversation.ts';

export interface LoginCheckOptions {
  /** Networks (CIDR) beyond public addresses that the operator allows. Link-local and metadata stay refused. */
  readonly allowedNetworks: readonly string[];
  /** For the whole check, all its requests together; the request's own signal may end it sooner. */
  readonly timeoutMs?: number;
  readonly resolve?: Resolve;
  /** Left out: every check that is to try a stranger does. */
  readonly refusedStrangers?: RefusedStrangers;
}

const NO_MEMORY: RefusedStrangers = { has: () => false, add: () => undefined };

const DEFAULT_TIMEOUT_MS = 10_000;

/** Throws RangeError when a network is malformed: validate what a user wrote with `parseNetworks` before. */
export function createLoginCheck(options: LoginCheckOptions): LoginCheck {
  const networks = parseNetworks(options.allowedNetworks);
  if (!networks.ok) throw new RangeError(`${networks.failure.field} ${networks.failure.rule}`);
  const guard = { allowedNetworks: networks.value, resolve: options.resolve ?? resolveBySystem };
  const control = controlWith(options.refusedStrangers ?? NO_MEMORY);
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;

  return async (request) => {
    const overdue = new AbortController();
    const timer = setTimeout(() => {
      overdue.abort();
    }, timeoutMs);
    try {
      const conversation = startConversation(request, guard, AbortSignal.any([request.signal, overdue.signal]));
      return conversation.ok ? await logIn(conversation.value, control) : conversation.failure;
    } finally {
      clearTimeout(timer);
    }
  };
}
