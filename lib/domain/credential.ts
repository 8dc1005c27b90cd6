/**
 * A pull credential and what the catalogue knows of it. The catalogue's part holds no secret: it is what lists, status
 * and the refresher's queue are made from. Times are milliseconds since the epoch.
 */
import type { Secret } from './secret.ts';

export interface Credential {
  readonly username: string;
  readonly password: Secret;
  readonly issuedAt: number;
  /** Absent for credentials that do not run out (a static user name and password). */
  readonly expiresAt?: number;
  /** Opaque; a new one for every credential ever issued. */
  readonly version: string;
}

/** Why a credential could not be had from its source. A vendor's text is never kept, only what kind of failure it was. */
export const MINT_FAILURE_CODES = [
  'throttled',
  'denied',
  'unreachable',
  'timeout',
  'unavailable',
  'bad_secret',
  'bad_answer',
  'login_refused',
  'destination_refused',
  'internal',
] as const;
export type MintFailureCode = (typeof MINT_FAILURE_CODES)[number];

export interface CredentialRecord {
  /** Absent until the first credential is stored (`pending`). */
  readonly current?: {
    readonly version: string;
    readonly username: string;
    readonly issuedAt: number;
    readonly expiresAt?: number;
  };
  /** When the refresher looks at it next; absent = never by itself (static sources). */
  readonly dueAt?: number;
  /** Who refreshes it now, and until when nobody else may. */
  readonly claim?: { readonly id: string; readonly until: number };
  /** From when on somebody has to act: most of the life is over, or there is nothing that works. */
  readonly urgentAt?: number;
  readonly consecutiveFailures: number;
  readonly lastError?: { readonly code: MintFailureCode; readonly at: number };
  /** The newest version that the registry refused, as a host reported or a login showed: acted on once. */
  readonly rejectedVersion?: string;
}

/** The registry refused the present credential: what is minted next takes its place, however long it lives. */
export function withRejection(record: CredentialRecord): CredentialRecord {
  return record.current === undefined ? record : { ...record, rejectedVersion: record.current.version };
}

export type CredentialState = 'fresh' | 'stale' | 'expired' | 'pending';

/** A refresh that is this late counts as stale even when nobody recorded a failure: the refresher may not be running. */
const OVERDUE_MS = 5 * 60_000;

export function credentialState(record: CredentialRecord, now: number): CredentialState {
  if (record.current === undefined) return 'pending';
  if (record.current.expiresAt !== undefined && record.current.expiresAt <= now) return 'expired';
  if (record.consecutiveFailures > 0) return 'stale';
  if (record.dueAt !== undefined && record.dueAt + OVERDUE_MS < now) return 'stale';
  return 'fresh';
}
