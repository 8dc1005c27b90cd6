/** A registry as its administrators and viewers see it: everything that is known of it, and no secret. */
import type { CredentialState, MintFailureCode } from '../domain/credential.ts';
import { daysLeftOf } from '../domain/expiry-date.ts';
import type { Standing } from '../domain/registry-overrides.ts';
import type { Registry } from '../domain/registry.ts';
import { stateOf } from './release.ts';

/** `overridden`: others at the same address answer in every environment this one is for. */
export interface RegistryView extends Standing {
  readonly registry: Registry;
  readonly credentialState: CredentialState;
  /** Null where the credential does not run out or is not there yet. Negative when it has run out. */
  readonly secondsLeft: number | null;
  /** Of a typed password with an expiry date: 0 on its last day, negative after it. */
  readonly expiresInDays: number | null;
  readonly lastError?: { readonly code: MintFailureCode; readonly at: number };
}

export function viewOf(registry: Registry, standing: Standing, now: number): RegistryView {
  const { lastError } = registry.credential;
  return {
    registry,
    ...standing,
    credentialState: stateOf(registry, now),
    secondsLeft: secondsLeftOf(registry, now),
    expiresInDays: daysLeftOf(registry, now) ?? null,
    ...(lastError === undefined ? {} : { lastError }),
  };
}

export function secondsLeftOf(registry: Registry, now: number): number | null {
  const expiresAt = registry.credential.current?.expiresAt;
  return expiresAt === undefined ? null : Math.floor((expiresAt - now) / 1000);
}
