/**
 * What callers send. The same schemas validate and describe (openapi.ts); unknown fields are refused. Rules that need more
 * than the document itself (does this address parse, is this key Google's) are the services'.
 */
import * as z from 'zod/mini';
import { ROLES } from '../domain/agent.ts';
import { POLICY_MODES } from '../domain/policy.ts';
import type { SourceKind } from '../sources/source-kind.ts';

const image = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(4096),
    z.meta({ description: 'An image reference', examples: ['quay.io/team/app:1'] }),
  );

export const resolveRequest = z.strictObject({ image });

export const rejectionRequest = z.strictObject({
  registryId: z.string().check(z.minLength(1), z.maxLength(64)),
  version: z.string().check(z.minLength(1), z.maxLength(64)),
});

const environmentNames = z.array(z.string().check(z.maxLength(63))).check(z.maxLength(1000));

const tls = z.strictObject({
  ca: z.optional(z.string().check(z.maxLength(65_536), z.meta({ description: 'Certificates in PEM' }))),
  skipVerify: z.optional(z.boolean()),
  plainHttp: z.optional(z.boolean()),
});

const probe = z.strictObject({
  repository: z.string().check(z.minLength(1), z.maxLength(255), z.meta({ examples: ['team/app'] })),
});

const email = z.string().check(z.maxLength(254), z.regex(/^[^\s@]+@[^\s@]+$/, 'must be an e-mail address'));
const description = z.string().check(z.maxLength(1000));
const trustedRealms = z.array(z.string().check(z.maxLength(255))).check(z.maxLength(20));

/** Its kind's own schema checks it; which kinds there are is not the transport's business. */
const source = z.looseObject({ kind: z.optional(z.string()) });

export const registryRequest = z.strictObject({
  address: z
    .string()
    .check(z.minLength(1), z.maxLength(512), z.meta({ examples: ['quay.io', 'harbor.example:5000/team'] })),
  source,
  environments: environmentNames,
  tls: z.optional(tls),
  probe: z.optional(probe),
  trustedRealms: z.optional(trustedRealms),
  email: z.optional(email),
  description: z.optional(description),
  verify: z.optional(z.boolean()),
});

export const registryPatch = z.strictObject({
  source: z.optional(source),
  environments: z.optional(environmentNames),
  tls: z.optional(tls),
  probe: z.optional(z.nullable(probe)),
  trustedRealms: z.optional(trustedRealms),
  email: z.optional(z.nullable(email)),
  description: z.optional(z.nullable(description)),
  verify: z.optional(z.boolean()),
});

/** For the OpenAPI document: the source is one of what the kinds themselves check. */
export function describedRegistryRequest(kinds: readonly SourceKind[]): z.core.$ZodType {
  return z.extend(registryRequest, { source: z.union(kinds.map(({ inputSchema }) => inputSchema)) });
}

/** On edit the kinds take a part of their document: what is left out stays as it is. */
export function describedRegistryPatch(kinds: readonly SourceKind[]): z.core.$ZodType {
  const names = kinds.map(({ kind }) => kind);
  const described = { description: 'Fields of the source as when adding it; what is left out stays as it is.' };
  const part = z.looseObject({ kind: z.optional(z.enum(names)) }).check(z.meta(described));
  return z.extend(registryPatch, { source: z.optional(part) });
}

const entries = z.union([z.string().check(z.maxLength(65_536)), z.array(z.string()).check(z.maxLength(1_000))]);

/** Only described: the domain parses policies, entry by entry. */
export const policyRequest = z.strictObject({
  whitelist: z.optional(z.nullable(entries)),
  deny: z.optional(z.nullable(entries)),
  defaultRegistry: z.optional(z.nullable(z.string())),
  mode: z.optional(z.nullable(z.enum(POLICY_MODES))),
});

export const agentRequest = z.strictObject({
  name: z.string(),
  environments: z.optional(environmentNames),
  role: z.optional(z.enum(ROLES)),
  export: z.optional(z.boolean()),
  principal: z.optional(
    z.string().check(
      z.meta({
        description: 'ARN of an IAM role or user, with * in names: such callers are this agent, which has no token',
        examples: ['arn:aws:iam::123456789012:role/node-*'],
      }),
    ),
  ),
  expiresAt: z.optional(
    z.iso.datetime({ offset: true, message: 'must be an RFC 3339 time such as 2027-01-31T00:00:00Z' }),
  ),
});

const limit = z.optional(
  z.string().check(z.regex(/^(?:[1-9]\d?|[1-4]\d{2}|500)$/, 'must be a whole number from 1 to 500')),
);
const cursor = z.optional(z.string().check(z.maxLength(1024)));

export const pageQuery = z.strictObject({ limit, cursor });

export const registryQuery = z.strictObject({
  limit,
  cursor,
  environment: z.optional(z.string()),
  address: z.optional(z.string()),
  kind: z.optional(z.string()),
  state: z.optional(z.enum(['active', 'inactive'])),
});

export const auditQuery = z.strictObject({
  limit,
  cursor,
  environment: z.optional(z.string()),
  type: z.optional(z.enum(['decision', 'change'])),
});

export const exportQuery = z.strictObject({ paths: z.optional(z.enum(['true', 'false'])) });

export const noQuery = z.strictObject({});
