/** How much a request may hold: by the route that it is for, and by the token that it comes with. */
import type { Role } from '../domain/agent.ts';
import type { Secret } from '../domain/secret.ts';
import { authenticate, type AuthenticateDeps } from '../service/authenticate.ts';

export const MAX_BODY_BYTES = 262_144;
/** An image reference has at most 1024 characters, and a host sends little else. */
export const MAX_HOST_BODY_BYTES = 4_096;

/** `roles`: who may call it; empty: anybody. */
export function bodyLimitOfRoute(roles: readonly Role[]): number {
  return roles.length === 0 || roles.includes('agent') ? MAX_HOST_BODY_BYTES : MAX_BODY_BYTES;
}

/** 0 where the token is nobody's. */
export async function bodyLimitOfToken(token: Secret, deps: AuthenticateDeps): Promise<number> {
  const caller = await authenticate({ kind: 'token', token }, deps);
  if (!caller.ok) return 0;
  return Math.max(...caller.value.agents.map(({ role }) => bodyLimitOfRoute([role])));
}
