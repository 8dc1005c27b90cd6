/** The environment variables of functions that write secrets and log in at registries. */
import * as z from 'zod/mini';
import { parseNetworks } from '../distribution/address-guard.ts';
import { list, operatorHosts, reader, stores, text, wholeDays, type Schemas } from './configuration.ts';
import type { AdminEnvironment, MintGoogleEnvironment, VaultWriterEnvironment } from './environment.ts';

const networks = z.pipe(
  list,
  z
    .array(z.string())
    .check(z.refine((cidrs) => parseNetworks(cidrs).ok, 'must be networks such as 10.0.0.0/8, comma-separated')),
);

const REPLICAS = 'must be a JSON list of {"region": …, "kmsKey"?: …}';

const replicas = z.pipe(
  z.pipe(
    z.string('must be set'),
    z.transform((value: string) => jsonOrUndefined(value)),
  ),
  z.array(z.strictObject({ region: z.string(REPLICAS), kmsKey: z.optional(z.string(REPLICAS)) }, REPLICAS), REPLICAS),
);

/** A syntax error quotes what it stumbled over. */
function jsonOrUndefined(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

const vaultWriter = {
  ...stores,
  PULLPASS_KMS_KEY: text,
  PULLPASS_RECOVERY_DAYS: wholeDays(7, 30),
  PULLPASS_SECRET_REPLICAS: replicas,
  PULLPASS_ALLOWED_NETWORKS: networks,
  PULLPASS_ECR_UPSTREAM_HOSTS: operatorHosts,
};

export const readVaultWriterConfiguration = reader(vaultWriter satisfies Schemas<keyof VaultWriterEnvironment>);
export type VaultWriterConfiguration = ReturnType<typeof readVaultWriterConfiguration>;

export const readMintGoogleConfiguration = reader({
  ...vaultWriter,
  PULLPASS_TRUSTED_TOKEN_URIS: list,
} satisfies Schemas<keyof MintGoogleEnvironment>);

export const readAdminConfiguration = reader({
  ...vaultWriter,
  PULLPASS_MINT_ECR: text,
  PULLPASS_MINT_GOOGLE: text,
  PULLPASS_TRUSTED_TOKEN_URIS: list,
  PULLPASS_VERSION: text,
} satisfies Schemas<keyof AdminEnvironment>);
