/** Does this credential log in at this registry? Used before a new credential is stored, and when somebody asks. */
import type { Registry } from '../domain/registry.ts';
import type { Secret } from '../domain/secret.ts';
import type { LoginCheck, LoginCheckOutcome } from '../distribution/login-check.ts';

export interface LoginDeps {
  readonly loginCheck: LoginCheck;
  /** A signal that aborts after that many milliseconds; injected, so that simulated time needs no timers. */
  readonly deadline: (milliseconds: number) => AbortSignal;
  readonly loginTimeoutMilliseconds: number;
}

type Target = Pick<Registry, 'address' | 'tls' | 'trustedRealms' | 'probe'>;

export async function checkLogin(
  target: Target,
  credential: { readonly username: string; readonly password: Secret; readonly expiresAt?: number },
  deps: LoginDeps,
): Promise<LoginCheckOutcome> {
  const { username, password, expiresAt } = credential;
  return await deps.loginCheck({
    address: target.address,
    tls: target.tls,
    trustedRealms: target.trustedRealms ?? [],
    ...(target.probe === undefined ? {} : { probeRepository: target.probe.repository }),
    username,
    password,
    // What runs out was issued by a cloud that checks it. A password that does not is somebody's word.
    ...(expiresAt === undefined ? { tryStranger: true } : {}),
    signal: deps.deadline(deps.loginTimeoutMilliseconds),
  });
}

/** The registry was reached and said no to this credential: it must not take the place of one that works. */
export function isRefusal(outcome: Pick<LoginCheckOutcome, 'status'>): boolean {
  return outcome.status === 'unauthorized' || outcome.status === 'scope_denied';
}
