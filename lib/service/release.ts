/**
 * The credential that the catalogue points at, from the vault, if it still works. Whoever lets it go records the decision
 * first: no record, no secret.
 */
import type { DecisionEntry } from '../domain/audit.ts';
import { credentialState, type Credential, type CredentialState } from '../domain/credential.ts';
import type { InvalidInput } from '../domain/failures.ts';
import type { Registry } from '../domain/registry.ts';
import { failure, success, type Result } from '../domain/result.ts';
import { ownIdentityFault, type OperatorHosts } from '../domain/secret-destination.ts';
import type { IssuedCredentials } from '../stores/vault.ts';
import { UnreadableRow } from '../stores/stored-json.ts';
import type { Report } from './events.ts';
import type { ExpiringCache } from './expiring-cache.ts';

/** A credential with less than this left counts as expired: a pull that starts with it would fail on its way. */
export const MINIMUM_REMAINING_MS = 5_000;

export interface CredentialUnavailable {
  readonly kind: 'credential_unavailable';
  readonly registryId: string;
  readonly state: CredentialState | 'missing';
  readonly retryAfterSeconds: number;
  readonly reason: string;
}

/**
 * A token of Pullpass's own identity must not go to that registry. A refusal and no outage, so that hosts forget the one that
 * they were given before.
 */
export interface CredentialWithheld {
  readonly kind: 'credential_withheld';
  readonly registryId: string;
  /** One sentence: which field of which registry breaks which rule. */
  readonly reason: string;
}

export type NotReleased = CredentialUnavailable | CredentialWithheld;

export interface ReleaseDeps extends OperatorHosts {
  readonly issued: IssuedCredentials;
  /** Keyed by registry and version: a version never changes, so an entry can only be forgotten, not be wrong. */
  readonly issuedCache: ExpiringCache<Credential>;
  /** Has the registry made due where its credential is lost; absent where nothing may be written. */
  readonly reportLost?: (registryId: string, version: string) => Promise<void>;
  readonly recordDecision: (entry: DecisionEntry) => Promise<void>;
  readonly report: Report;
  readonly now: () => number;
}

export async function currentCredential(
  registry: Registry,
  deps: Omit<ReleaseDeps, 'recordDecision'>,
): Promise<Result<Credential, NotReleased>> {
  const misdirected = ownIdentityFault(registry, deps);
  if (misdirected !== undefined) return failure(withheld(registry, misdirected));
  const current = registry.credential.current;
  if (current === undefined) return failure(unavailable(registry, 'pending', deps.now()));
  const { id } = registry;
  const { version } = current;
  const credential = await deps.issuedCache.get(`${id}:${version}`, () => readIssued(id, version, deps));
  if (credential === undefined) {
    deps.report({ level: 'error', code: 'vault.version_missing', fields: { registryId: id, version } });
    await deps.reportLost?.(id, version);
    return failure(unavailable(registry, 'missing', deps.now()));
  }
  if (credential.expiresAt !== undefined && credential.expiresAt - MINIMUM_REMAINING_MS <= deps.now()) {
    return failure(unavailable(registry, 'expired', deps.now()));
  }
  return success(credential);
}

function withheld({ id, address }: Registry, { field, rule }: InvalidInput): CredentialWithheld {
  return {
    kind: 'credential_withheld',
    registryId: id,
    reason: `the registry ${address} gets no token: its ${field} ${rule}`,
  };
}

/** One that cannot be read is lost like one that is not there. */
export async function readIssued(
  registryId: string,
  version: string,
  { issued }: Pick<ReleaseDeps, 'issued'>,
): Promise<Credential | undefined> {
  try {
    return await issued.getIssued(registryId, version);
  } catch (error) {
    if (error instanceof UnreadableRow) return undefined;
    throw error;
  }
}

function unavailable(registry: Registry, state: CredentialUnavailable['state'], now: number): CredentialUnavailable {
  const { dueAt, lastError } = registry.credential;
  const wait = dueAt === undefined ? 30 : Math.ceil((dueAt - now) / 1000);
  const why = lastError === undefined ? '' : `; the last refresh failed: ${lastError.code}`;
  const what =
    state === 'pending'
      ? 'has no credential yet'
      : state === 'expired'
        ? 'has a credential that ran out'
        : 'lost its credential';
  return {
    kind: 'credential_unavailable',
    registryId: registry.id,
    state,
    retryAfterSeconds: Math.min(60, Math.max(2, wait)),
    reason: `the registry ${registry.address} ${what}${why}`,
  };
}

/** What an operator sees of a credential's health, for explain and the registry views. */
export function stateOf(registry: Registry, now: number): CredentialState {
  if (registry.state === 'active') return credentialState(registry.credential, now);
  // Nobody refreshes an inactive registry, so being late is no fault.
  const { dueAt: _late, ...rest } = registry.credential;
  return credentialState(rest, now);
}
