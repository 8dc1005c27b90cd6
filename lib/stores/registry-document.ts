/**
 * A registry as stores keep it: two documents (stored-document.ts), and beside them what is conditional or searched by (order, revision,
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
import type { Catalogue, RefreshOutcome, RejectionReport } from './catalogue.ts';
import { EARLIER_CREDENTIAL, EARLIER_REGISTRY } from './earlier-shapes.ts';
import type { DocumentKind } from './stored-document.ts';

type RegistryUpdate = Parameters<Catalogue['updateRegistry']>[0];

export type RegistryDocument = Omit<Registry, 'order' | 'revision' | 'credential'>;
export type CredentialDocument = Omit<CredentialRecord, 'dueAt' | 'claim'>;

/** It was parsed before it was stored: here it only has to be there. */
const address = z.custom<CanonicalAddress>((value) => typeof value === 'string' && value !== '');

/** All of it is JSON, as it comes from JSON.parse; what else a kind keeps there, the kind itself checks. */
const settings = z.looseObject({ kind: z.string() });
const source = z.custom<SourceSettings>((value) => settings.safeParse(value).success);

/** Complete by `satisfies`: a field that the domain gains and this forgets can't be lost unnoticed. */
const registrySchema: z.ZodMiniType<RegistryDocument> = z.object({
  id: z.string(),
  address,
  environments: z.array(z.string()),
  state: z.enum(['active', 'inactive']),
  source,
  sourceVersion: z.exactOptional(z.string()),
  tls: z.object({
    ca: z.exactOptional(z.string()),
    skipVerify: z.exactOptional(z.literal(true)),
    plainHttp: z.exactOptional(z.literal(true)),
  }),
  probe: z.exactOptional(z.object({ repository: z.string() })),
  trustedRealms: z.exactOptional(z.array(z.string())),
  email: z.exactOptional(z.string()),
  description: z.exactOptional(z.string()),
  expiresOn: z.exactOptional(z.string()),
  expiryReported: z.exactOptional(z.object({ on: z.string(), stage: z.literal(EXPIRY_STAGES) })),
  verification: z.exactOptional(
    z.object({
      status: z.enum(VERIFICATION_STATUSES),
      warning: z.exactOptional(z.enum(VERIFICATION_WARNINGS)),
      at: z.number(),
      drift: z.exactOptional(
        z.object({ from: z.enum([...VERIFICATION_STATUSES, ...VERIFICATION_WARNINGS]), at: z.number() }),
      ),
    }),
  ),
  createdAt: z.number(),
  updatedAt: z.number(),
} satisfies Record<keyof RegistryDocument, z.ZodMiniType>);

const credentialSchema: z.ZodMiniType<CredentialDocument> = z.object({
  current: z.exactOptional(
    z.object({
      version: z.string(),
      username: z.string(),
      issuedAt: z.number(),
      expiresAt: z.exactOptional(z.number()),
    }),
  ),
  urgentAt: z.exactOptional(z.number()),
  consecutiveFailures: z.number(),
  lastError: z.exactOptional(
    z.object({
      code: z.enum(MINT_FAILURE_CODES),
      at: z.number(),
    }),
  ),
  rejectedVersion: z.exactOptional(z.string()),
} satisfies Record<keyof CredentialDocument, z.ZodMiniType>);

export const registryDocument: DocumentKind<RegistryDocument> = {
  schema: registrySchema,
  earlier: EARLIER_REGISTRY,
};
export const credentialDocument: DocumentKind<CredentialDocument> = {
  schema: credentialSchema,
  earlier: EARLIER_CREDENTIAL,
};

/** Without what is stored beside it. */
export function documentOf(registry: Omit<Registry, 'order' | 'revision'> & Partial<Registry>): RegistryDocument {
  const { order: _order, revision: _revision, credential: _credential, ...document } = registry;
  return document;
}

export function credentialDocumentOf(credential: CredentialRecord): CredentialDocument {
  const { dueAt: _dueAt, claim: _claim, ...document } = credential;
  return document;
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
  const { rejectedVersion, dueAt, urgentAt } = stored;
  if (credential === undefined) return withoutClaim(stored);
  const isNews = rejectedVersion !== undefined && rejectedVersion !== knownRejection;
  if (!isNews || rejectedVersion !== credential.current?.version) return withoutClaim(credential);
  return withoutClaim({
    ...credential,
    rejectedVersion,
    ...(dueAt === undefined ? {} : { dueAt }),
    ...(urgentAt === undefined ? {} : { urgentAt }),
  });
}

function withoutClaim(credential: CredentialRecord): CredentialRecord {
  const copy: { -readonly [Key in keyof CredentialRecord]: CredentialRecord[Key] } = { ...credential };
  delete copy.claim;
  return copy;
}

/**
 * A version that hosts cannot be given any more: the registry refuses it, or the vault lost it (`lost`). The registry is due at
 * once, once per version. What is lost is urgent, too, since nothing works until there is another one.
 */
export function recordAfterRejection(
  credential: CredentialRecord,
  { version, now, lost }: Pick<RejectionReport, 'version' | 'now' | 'lost'>,
): CredentialRecord | 'already_reported' | 'superseded' {
  if (credential.current?.version !== version) return 'superseded';
  const urgentAt = lost === true ? Math.min(credential.urgentAt ?? now, now) : credential.urgentAt;
  if (credential.rejectedVersion === version && urgentAt === credential.urgentAt) return 'already_reported';
  const dueAt = Math.min(credential.dueAt ?? now, now);
  return { ...credential, rejectedVersion: version, dueAt, ...(urgentAt === undefined ? {} : { urgentAt }) };
}
