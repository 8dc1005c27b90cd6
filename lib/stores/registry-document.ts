/**
 * A registry as stores keep it: two JSON documents, and beside them what is conditional or searched by (order, revision,
 * due time, claim). Where those go is each store's own.
 */
import * as z from 'zod/mini';

import type { CanonicalAddress } from '../domain/address.ts';
import { MINT_FAILURE_CODES, type CredentialRecord } from '../domain/credential.ts';
import { EXPIRY_STAGES } from '../domain/expiry-date.ts';
import {
  VERIFICATION_STATUSES,
  VERIFICATION_WARNINGS,
  type Registry,
  type SourceSettings,
} from '../domain/registry.ts';
import type { Catalogue, RefreshOutcome } from './catalogue.ts';

type RegistryUpdate = Parameters<Catalogue['updateRegistry']>[0];

export type RegistryDocument = Omit<Registry, 'order' | 'revision' | 'credential'>;
export type CredentialDocument = Omit<CredentialRecord, 'dueAt' | 'claim'>;

/** It was parsed before it was stored: here it only has to be there. */
const address = z.custom<CanonicalAddress>((value) => typeof value === 'string' && value !== '');

/** All of it is JSON, as it comes from JSON.parse; what else a kind keeps there, the kind itself checks. */
const settings = z.looseObject({ kind: z.string() });
const source = z.custom<SourceSettings>((value) => settings.safeParse(value).success);

/** Strict, and complete by `satisfies`: a field that the domain gains and this forgets can't be lost unnoticed. */
export const registryDocument: z.ZodMiniType<RegistryDocument> = z.strictObject({
  id: z.string(),
  address,
  environments: z.array(z.string()),
  state: z.enum(['active', 'inactive']),
  source,
  sourceVersion: z.exactOptional(z.string()),
  tls: z.strictObject({
    ca: z.exactOptional(z.string()),
    skipVerify: z.exactOptional(z.literal(true)),
    plainHttp: z.exactOptional(z.literal(true)),
  }),
  probe: z.exactOptional(z.strictObject({ repository: z.string() })),
  trustedRealms: z.exactOptional(z.array(z.string())),
  email: z.exactOptional(z.string()),
  description: z.exactOptional(z.string()),
  expiresOn: z.exactOptional(z.string()),
  expiryReported: z.exactOptional(z.strictObject({ on: z.string(), stage: z.literal(EXPIRY_STAGES) })),
  verification: z.exactOptional(
    z.strictObject({
      status: z.enum(VERIFICATION_STATUSES),
      warning: z.exactOptional(z.enum(VERIFICATION_WARNINGS)),
      at: z.number(),
      drift: z.exactOptional(
        z.strictObject({ from: z.enum([...VERIFICATION_STATUSES, ...VERIFICATION_WARNINGS]), at: z.number() }),
      ),
    }),
  ),
  createdAt: z.number(),
  updatedAt: z.number(),
} satisfies Record<keyof RegistryDocument, z.ZodMiniType>);

export const credentialDocument: z.ZodMiniType<CredentialDocument> = z.strictObject({
  current: z.exactOptional(
    z.strictObject({
      version: z.string(),
      username: z.string(),
      issuedAt: z.number(),
      expiresAt: z.exactOptional(z.number()),
    }),
  ),
  urgentAt: z.exactOptional(z.number()),
  consecutiveFailures: z.number(),
  lastError: z.exactOptional(
    z.strictObject({
      code: z.enum(MINT_FAILURE_CODES),
      at: z.number(),
    }),
  ),
  rejectedVersion: z.exactOptional(z.string()),
} satisfies Record<keyof CredentialDocument, z.ZodMiniType>);

/** Undefined fields are left out of JSON: they are stored beside it. */
export function documentText(registry: Omit<Registry, 'order' | 'revision'>): string {
  return JSON.stringify({ ...registry, order: undefined, revision: undefined, credential: undefined });
}

export function credentialText(credential: CredentialRecord): string {
  return JSON.stringify({ ...credential, dueAt: undefined, claim: undefined });
}

/** What becomes of a stored registry that an administrator changes: `updateRegistry` of every catalogue. */
export function editedRegistry(
  stored: Registry,
  { registry: given, replaceCredential }: Pick<RegistryUpdate, 'registry' | 'replaceCredential'>,
): Registry {
  const { expiryReported: _outdated, ...next } = replaceCredential
    ? { ...given, credential: withoutClaim(given.credential) }
    : withStoredLogin(given, stored);
  const { expiryReported } = stored;
  return {
    ...next,
    // Whoever read it before a report must not take that back, or the same is reported twice.
    ...(expiryReported !== undefined && expiryReported.on === next.expiresOn ? { expiryReported } : {}),
    // What never changes is not taken from the caller.
    order: stored.order,
    address: stored.address,
    createdAt: stored.createdAt,
    revision: stored.revision + 1,
  };
}

/** What logins make of a registry stays as it is stored: whoever read it before a login must not take that back. */
function withStoredLogin(given: Registry, { credential, verification }: Registry): Registry {
  const { verification: _outdated, ...rest } = given;
  return { ...rest, credential, ...(verification === undefined ? {} : { verification }) };
}

/** What becomes of a stored registry when a claim on it ends: `finishRefresh` of every catalogue. */
export function finishedRegistry(stored: Registry, outcome: RefreshOutcome): Registry {
  const { verification, expiryReported } = outcome;
  return {
    ...stored,
    credential: recordAfterClaim(stored.credential, outcome),
    ...(verification === undefined ? {} : { verification }),
    ...(expiryReported === undefined ? {} : { expiryReported }),
  };
}

/**
 * The record that a claim ends with. What a host reported meanwhile was promised to be looked at, and whoever held the claim
 * knew nothing of it: as long as it is the same credential, it stays rejected, and due.
 */
function recordAfterClaim(
  stored: CredentialRecord,
  { credential, knownRejection }: Pick<RefreshOutcome, 'credential' | 'knownRejection'>,
): CredentialRecord {
  const { rejectedVersion, dueAt } = stored;
  if (credential === undefined) return withoutClaim(stored);
  const isNews = rejectedVersion !== undefined && rejectedVersion !== knownRejection;
  if (!isNews || rejectedVersion !== credential.current?.version) return withoutClaim(credential);
  return withoutClaim({ ...credential, rejectedVersion, ...(dueAt === undefined ? {} : { dueAt }) });
}

function withoutClaim(credential: CredentialRecord): CredentialRecord {
  const copy: { -readonly [Key in keyof CredentialRecord]: CredentialRecord[Key] } = { ...credential };
  delete copy.claim;
  return copy;
}
