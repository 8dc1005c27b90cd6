/**
 * What administrators and viewers send (agents: host-request-schemas.ts). The same schemas validate and describe (openapi/); unknown fields are refused. Rules that need more
 * than the document itself (does this address parse, is this key Google's) are the services'.
 */
import * as z from 'zod/mini';
import { ROLES } from '../domain/agent.ts';
import { MAX_ENVIRONMENTS, TOO_MANY_ENVIRONMENTS } from '../domain/environment-name.ts';
import { exceptionSchema, MAX_EXCEPTIONS } from '../domain/policy-exception.ts';
import { POLICY_MODES } from '../domain/policy.ts';
import { BULK_ACTIONS } from '../domain/registry.ts';
import { readableLine, readableLines } from '../domain/readable-text.ts';
import type { SourceKind } from '../sources/source-kind.ts';

/** Patterns that only describe: the domain checks the same, and says it better. */
const ENVIRONMENT = { pattern: '^[a-z0-9-]{1,63}$', examples: ['prod'] };

const environmentNames = z
  .array(
    z
      .string()
      .check(z.maxLength(63), z.meta({ pattern: String.raw`^(?:\*|[a-z0-9-]{1,63})$`, examples: ['prod', '*'] })),
  )
  .check(
    z.maxLength(MAX_ENVIRONMENTS, TOO_MANY_ENVIRONMENTS),
    z.meta({ description: 'Names of environments, or "*" for every one' }),
  );

const tls = z.strictObject({
  ca: z.optional(z.string().check(z.maxLength(65_536), z.meta({ description: 'Certificates in PEM' }))),
  skipVerify: z.optional(z.boolean().check(z.meta({ description: 'Trust any certificate' }))),
  plainHttp: z.optional(z.boolean().check(z.meta({ description: 'HTTP without TLS' }))),
});

const probe = z.strictObject({
  repository: z.string().check(z.minLength(1), z.maxLength(255), z.meta({ examples: ['team/app'] })),
});

const verify = z
  .boolean()
  .check(z.meta({ description: 'false: store it also where logging in fails; true, if nothing is said' }));
const email = readableLine.check(z.maxLength(254), z.regex(/^[^\s@]+@[^\s@]+$/, 'must be an e-mail address'));
const description = readableLines.check(z.maxLength(1000));
const expiresOn = z.iso
  .date('must be a day of the calendar, written like 2027-01-31')
  .check(z.meta({ description: 'Last day (UTC) on which a typed password works at its vendor; warned of before it' }));
const trustedRealms = z.array(z.string().check(z.maxLength(255))).check(z.maxLength(20));

/** Its kind's own schema checks it; which kinds there are is not the transport's business. */
const source = z.looseObject({ kind: z.optional(z.string()) });

export const registryRequest = z.strictObject({
  address: z.string().check(
    z.minLength(1),
    z.maxLength(512),
    z.meta({
      description: 'host[:port][/path], without scheme',
      examples: ['quay.io', 'harbor.example:5000/team'],
    }),
  ),
  source,
  environments: environmentNames,
  tls: z.optional(tls),
  probe: z.optional(probe),
  trustedRealms: z.optional(trustedRealms),
  email: z.optional(email),
  description: z.optional(description),
  expiresOn: z.optional(expiresOn),
  state: z
    .optional(z.enum(['active', 'inactive']))
    .check(z.meta({ description: 'As it starts; active, if nothing is said' })),
  verify: z.optional(verify),
});

export const registryPatch = z.strictObject({
  source: z.optional(source),
  environments: z.optional(environmentNames),
  tls: z.optional(tls),
  probe: z.optional(z.nullable(probe)),
  trustedRealms: z.optional(trustedRealms),
  email: z.optional(z.nullable(email)),
  description: z.optional(z.nullable(description)),
  expiresOn: z.optional(
    z.nullable(expiresOn).check(z.meta({ description: 'null takes it away; so does a new password without it' })),
  ),
  verify: z.optional(verify),
});

const MOST_AT_ONCE = 100;

export const bulkRequest = z.strictObject({
  action: z.enum(BULK_ACTIONS),
  registries: z
    .array(
      z.strictObject({
        id: z.string().check(z.minLength(1), z.maxLength(64)),
        revision: z.optional(
          z
            .int()
            .check(z.minimum(1), z.meta({ description: 'Only at this revision, as If-Match has it for a single one' })),
        ),
      }),
    )
    .check(z.minLength(1), z.maxLength(MOST_AT_ONCE)),
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
  alwaysAllow: z.optional(z.nullable(entries)),
  exceptions: z.optional(z.nullable(z.array(exceptionSchema).check(z.maxLength(MAX_EXCEPTIONS)))),
  defaultRegistry: z.optional(
    z.nullable(z.string().check(z.meta({ minLength: 1, maxLength: 600, examples: ['quay.io'] }))),
  ),
  mode: z.optional(z.nullable(z.enum(POLICY_MODES))),
});

const time = z.iso.datetime({ offset: true, message: 'must be an RFC 3339 time such as 2027-01-31T00:00:00Z' });

const policyTest = {
  images: z.optional(
    z
      .array(z.string().check(z.maxLength(4096)))
      .check(
        z.maxLength(1_000),
        z.meta({ description: 'As clients write them', examples: [['nginx:1', 'quay.io/team/app:1']] }),
      ),
  ),
  hosts: z.optional(
    z
      .array(z.string().check(z.maxLength(600)))
      .check(
        z.maxLength(100),
        z.meta({ description: "All that docker's, podman's and skopeo's helpers name", examples: [['quay.io']] }),
      ),
  ),
  environment: z.optional(
    z.string().check(z.meta({ description: "Absent: the organisation's policy alone", examples: ['prod'] })),
  ),
  at: z.optional(time.check(z.meta({ description: 'The moment that is asked about; now, if nothing is said' }))),
};

/** The domain parses what is proposed, entry by entry. */
export const policyTestInput = z.strictObject({
  ...policyTest,
  proposed: z.optional(z.strictObject({ organisation: z.optional(z.unknown()), environment: z.optional(z.unknown()) })),
});

/** Only described. */
export const policyTestRequest = z.strictObject({
  ...policyTest,
  proposed: z.optional(
    z
      .strictObject({ organisation: z.optional(policyRequest), environment: z.optional(policyRequest) })
      .check(z.meta({ description: 'In place of the present ones; what is left out stays as it is' })),
  ),
});

export const refusalsQuery = z.strictObject({
  since: z.optional(time.check(z.meta({ description: 'Not before then; 7 days, if nothing is said' }))),
  cursor: z.optional(z.string().check(z.maxLength(1024))),
  all: z.optional(
    z
      .enum(['true', 'false'])
      .check(z.meta({ description: 'true: what was allowed, too, so all that hosts asked for' })),
  ),
});

export const agentRequest = z.strictObject({
  name: z.string().check(
    z.meta({
      description: 'Letters, digits, spaces and . _ @ : / -, beginning with a letter or digit',
      ...{ minLength: 1, maxLength: 128, examples: ['web-1'] },
    }),
  ),
  environments: z.optional(environmentNames),
  role: z.optional(z.enum(ROLES)),
  export: z.optional(z.boolean()),
  principal: z.optional(
    z.string().check(
      z.meta({
        description: 'ARN of an IAM role or user, with * in names: such callers are this agent, which has no token',
        ...{ minLength: 1, maxLength: 640, pattern: '^arn:' },
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
const cursor = z.optional(
  z.string().check(z.maxLength(1024), z.meta({ description: 'From the page before', pattern: '^[A-Za-z0-9_-]+$' })),
);

export const pageQuery = z.strictObject({ limit, cursor });

export const registryQuery = z.strictObject({
  limit,
  cursor,
  environment: z.optional(z.string().check(z.meta(ENVIRONMENT))),
  address: z.optional(z.string().check(z.meta({ minLength: 1, maxLength: 600, examples: ['quay.io'] }))),
  kind: z.optional(z.string().check(z.meta({ minLength: 1, examples: ['static', 'ecr', 'google'] }))),
  state: z.optional(z.enum(['active', 'inactive'])),
});

export const auditQuery = z.strictObject({
  limit,
  cursor,
  environment: z.optional(z.string().check(z.meta(ENVIRONMENT))),
  type: z.optional(z.enum(['decision', 'change'])),
  subject: z.optional(
    z
      .string()
      .check(
        z.minLength(1),
        z.maxLength(128),
        z.meta({ description: 'Changes of this: the id of a registry or an agent, an environment, or "organisation"' }),
      ),
  ),
});
