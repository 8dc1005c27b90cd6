/** A registry as the catalogue keeps it: everything but secrets. */
import type { CanonicalAddress } from './address.ts';
import type { CredentialRecord } from './credential.ts';
import type { ExpiryReported } from './expiry-date.ts';

export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/** How a credential is obtained, without the secret it takes. Each kind's file in sources/ knows its own further keys. */
export interface SourceSettings {
  readonly kind: string;
  readonly [key: string]: JsonValue | undefined;
}

/** Three different things, and hosts are told which. None given: HTTPS with the system's trusted authorities. */
export interface TlsSettings {
  /** PEM of the certificate authority (or of the self-signed certificate) to trust for this registry. */
  readonly ca?: string;
  readonly skipVerify?: true;
  readonly plainHttp?: true;
}

/** What asking the registry told. `verified` is the only success. */
export const VERIFICATION_STATUSES = [
  'verified',
  'refused_address',
  'dns',
  'unreachable',
  'timeout',
  'tls_untrusted',
  'http_only',
  'not_a_registry',
  'realm_not_trusted',
  'unauthorized',
  'forbidden',
  'scope_denied',
  'rate_limited',
] as const;
export type VerificationStatus = (typeof VERIFICATION_STATUSES)[number];

/**
 * What a success leaves open. `accepts_anyone`: the registry answers the same without a credential, so the password is not
 * proven. `pull_not_proven`: accounts without any rights log in there, too, and no probe was named.
 */
export const VERIFICATION_WARNINGS = ['accepts_anyone', 'pull_not_proven'] as const;
export type VerificationWarning = (typeof VERIFICATION_WARNINGS)[number];

export interface Verification {
  readonly status: VerificationStatus;
  readonly warning?: VerificationWarning;
  readonly at: number;
  /** It was well and is not any more: what it was, and since when it is known. Gone when it is as well as it was. */
  readonly drift?: Drift;
}

export interface Drift {
  readonly from: VerificationStatus | VerificationWarning;
  readonly at: number;
}

/** What can be done to several registries in one call. */
export const BULK_ACTIONS = ['delete', 'deactivate', 'activate', 'verify'] as const;
export type BulkAction = (typeof BULK_ACTIONS)[number];

export interface Registry {
  readonly id: string;
  /** Assigned by the catalogue; larger = added later. Decides which of two registries at one address answers. */
  readonly order: number;
  readonly address: CanonicalAddress;
  /** Environment names, or `*` for every environment. Never empty. */
  readonly environments: readonly string[];
  readonly state: 'active' | 'inactive';
  readonly source: SourceSettings;
  /** Which version of the source's secret in the vault belongs to `source`; absent where a source needs none. */
  readonly sourceVersion?: string;
  readonly tls: TlsSettings;
  /** A repository that the credential must be able to pull from; verification asks for that very scope. */
  readonly probe?: { readonly repository: string };
  /** Hosts, beside the registry's own, that its token realm may name. */
  readonly trustedRealms?: readonly string[];
  readonly email?: string;
  readonly description?: string;
  /** Of a typed password: the last day, in UTC, on which its vendor takes it (expiry-date.ts). */
  readonly expiresOn?: string;
  readonly expiryReported?: ExpiryReported;
  readonly verification?: Verification;
  readonly credential: CredentialRecord;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Counts administrators' changes, not refreshes: what `If-Match` compares. */
  readonly revision: number;
}
