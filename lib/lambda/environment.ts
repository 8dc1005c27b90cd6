/**
 * What each function is told by its environment variables. The functions parse it (configuration.ts), the stack fills it in
 * with the same types, so that a variable that is missing there does not compile.
 */

/** Every function. */
export interface BaseEnvironment {
  /** The value of the metrics' first dimension. */
  readonly PULLPASS_INSTALLATION: string;
}

export interface CatalogueEnvironment extends BaseEnvironment {
  readonly PULLPASS_TABLE: string;
}

export interface StoresEnvironment extends CatalogueEnvironment {
  /** Names of secrets are `<prefix>/<registry id>/source` and `…/issued`. */
  readonly PULLPASS_SECRET_PREFIX: string;
}

/** Functions that write secrets. */
export interface VaultWriterEnvironment extends StoresEnvironment {
  /** ARN of the key that new secrets are encrypted with. */
  readonly PULLPASS_KMS_KEY: string;
  /** Days until a removed secret is gone for good, 7 to 30. */
  readonly PULLPASS_RECOVERY_DAYS: string;
  /** JSON: `[{"region": …, "kmsKey"?: …}]`, where secrets are replicated to. */
  readonly PULLPASS_SECRET_REPLICAS: string;
  /** CIDRs, comma-separated, of registries that are not on public addresses; empty: none. */
  readonly PULLPASS_ALLOWED_NETWORKS: string;
  /** `host[:port]`, comma-separated, before ECR that Pullpass's own identity may be used for; empty: none. */
  readonly PULLPASS_ECR_UPSTREAM_HOSTS: string;
}

export interface ResolveEnvironment extends StoresEnvironment {
  /** As above: a token of that identity is given out for no other host. */
  readonly PULLPASS_ECR_UPSTREAM_HOSTS: string;
}

export interface AdminEnvironment extends VaultWriterEnvironment {
  /** Names of the functions that it mints through. */
  readonly PULLPASS_MINT_ECR: string;
  readonly PULLPASS_MINT_GOOGLE: string;
  /** Exact URLs, comma-separated, beside Google's own, that a service account key may name; empty: none. */
  readonly PULLPASS_TRUSTED_TOKEN_URIS: string;
  readonly PULLPASS_VERSION: string;
}

export type RejectEnvironment = CatalogueEnvironment;

export type RefreshEcrEnvironment = VaultWriterEnvironment;

export interface MintGoogleEnvironment extends VaultWriterEnvironment {
  readonly PULLPASS_TRUSTED_TOKEN_URIS: string;
}

export type RecheckStaticEnvironment = VaultWriterEnvironment;

export interface RecordDecisionsEnvironment extends CatalogueEnvironment {
  /** Days that decisions are listed for. Their log has a retention of its own. */
  readonly PULLPASS_DECISION_DAYS: string;
}

export interface SweepVaultEnvironment extends StoresEnvironment {
  /** Days until a removed secret is gone for good, 7 to 30. */
  readonly PULLPASS_RECOVERY_DAYS: string;
}

export interface FirstAdminEnvironment extends CatalogueEnvironment {
  /** ARN of the secret that the first administrator's token is written to. */
  readonly PULLPASS_ADMIN_SECRET: string;
}
