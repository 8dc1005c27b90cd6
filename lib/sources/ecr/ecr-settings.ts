/**
 * What an ECR source is told and what of it is kept. Its job: documents in, settings and secret out, or the field and the
 * rule. Not its job: asking AWS.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { InvalidInput } from '../../domain/failures.ts';
import { parseDocument } from '../../domain/parse-document.ts';
import { failure, success, type Result } from '../../domain/result.ts';
import { Secret } from '../../domain/secret.ts';
import type { AcceptedSource, SourceKind } from '../source-kind.ts';
import { readStoredSecret } from '../stored-secret.ts';
import { accessKeyFault, repositoriesFault, roleFault, upstreamFault, type EcrWishes } from './ecr-rules.ts';
import { externalIdFor } from './session-policy.ts';

export const KIND = 'ecr';

/** Short texts, and null to take a field away on edit. */
const text = (description: string): z.ZodMiniOptional<z.ZodMiniNullable<z.ZodMiniString>> =>
  z.nullish(z.string().check(z.maxLength(600))).check(z.meta({ description }));

export const inputSchema = z.strictObject({
  kind: z.literal(KIND),
  upstream: text(
    'The ECR host behind a registry whose own address is another name. Without an access key that address must be named ' +
      'where Pullpass runs (`serve --ecr-upstream-host`, on AWS `ecrUpstreamHosts`).',
  ),
  roleArn: text('A role to assume; its trust policy must ask for the external id shown in the settings.'),
  repositories: z
    .nullish(z.array(z.string()))
    .check(z.meta({ description: 'Narrows the role to pulling these repositories; "*" stands for any characters.' })),
  accessKeyId: text("An access key to use instead of Pullpass's own AWS identity."),
  secretAccessKey: z
    .optional(z.string().check(z.regex(/^[!-~]{1,128}$/, 'must be the secret part of an access key')))
    .check(z.meta({ writeOnly: true, description: 'The secret part of the access key.' })),
});
const editSchema = z.partial(inputSchema);

export const storedSettings = z.object({
  kind: z.literal(KIND),
  upstream: z.optional(z.string()),
  roleArn: z.optional(z.string()),
  externalId: z.optional(z.string()),
  repositories: z.optional(z.array(z.string())),
  accessKeyId: z.optional(z.string()),
  /** Tells which registries hold the same access key without telling the key. */
  accessKeyFingerprint: z.optional(z.string()),
});
export type EcrSettings = z.infer<typeof storedSettings>;

const storedSecret = z.object({ secretAccessKey: z.string() });

/** Undefined for settings that another version of Pullpass, or nobody, wrote. */
export function readSettings(settings: unknown): EcrSettings | undefined {
  const parsed = z.safeParse(storedSettings, settings);
  return parsed.success ? parsed.data : undefined;
}

export function readSecretAccessKey(secret: Secret | undefined): Secret | undefined {
  const stored = readStoredSecret(storedSecret, secret);
  return stored === undefined ? undefined : new Secret(stored.secretAccessKey);
}

export function acceptEcr(request: Parameters<SourceKind['accept']>[0]): Result<AcceptedSource, InvalidInput> {
  const { input, address, installationId, previous } = request;
  const earlier = readSettings(previous?.settings);
  const parsed = parseDocument(earlier === undefined ? inputSchema : editSchema, input, 'source');
  if (!parsed.ok) return parsed;
  const next = withChanges(earlier, parsed.value);
  const wrong = upstreamFault(next, address) ?? roleFault(next, address) ?? repositoriesFault(next, address);
  if (wrong !== undefined) return failure(wrong);

  const mayKeep = earlier !== undefined && usesKeyAlike(earlier, next);
  const given = parsed.value.secretAccessKey;
  const secretAccessKey =
    given ?? (mayKeep ? readStoredSecret(storedSecret, previous?.secret)?.secretAccessKey : undefined);
  const keyWrong = accessKeyFault(next, { given, secretAccessKey, earlier });
  if (keyWrong !== undefined) return failure(keyWrong);

  const { roleArn } = next;
  const externalId = roleArn === undefined ? {} : { externalId: externalIdFor({ installationId, roleArn, address }) };
  const settings = { ...next, ...externalId };
  if (next.accessKeyId === undefined || secretAccessKey === undefined) return success({ settings });
  const keep: z.infer<typeof storedSecret> = { secretAccessKey };
  const accessKeyFingerprint = fingerprint(next.accessKeyId, secretAccessKey);
  return success({ settings: { ...settings, accessKeyFingerprint }, secret: new Secret(JSON.stringify(keep)) });
}

/** 64 bits of a hash over a key of 240 random ones: enough to tell keys apart, nothing to find one with. */
function fingerprint(accessKeyId: string, secretAccessKey: string): string {
  return createHash('sha256').update(`${accessKeyId} ${secretAccessKey}`).digest('hex').slice(0, 16);
}

/** Absent = as it was, null = taken away. A taken-away role takes its repositories along, unless they are named again. */
function withChanges(earlier: EcrSettings | undefined, input: z.infer<typeof editSchema>): EcrWishes {
  const pick = <Value>(given: Value | null | undefined, before: Value | undefined): Value | undefined =>
    given === undefined ? before : (given ?? undefined);
  const upstream = pick(input.upstream, earlier?.upstream);
  const roleArn = pick(input.roleArn, earlier?.roleArn);
  const repositories = pick(input.repositories, input.roleArn === null ? undefined : earlier?.repositories);
  const accessKeyId = pick(input.accessKeyId, earlier?.accessKeyId);
  return {
    kind: KIND,
    ...(upstream === undefined ? {} : { upstream }),
    ...(roleArn === undefined ? {} : { roleArn }),
    ...(repositories === undefined ? {} : { repositories }),
    ...(accessKeyId === undefined ? {} : { accessKeyId }),
  };
}

/**
 * Whoever does not know the stored key must not have it used elsewhere, to become somebody else, or for more than pulling:
 * without `repositories` a session may do all that its role may.
 */
function usesKeyAlike(earlier: EcrSettings, next: EcrWishes): boolean {
  const { accessKeyId, roleArn, upstream } = earlier;
  if (earlier.repositories !== undefined && next.repositories === undefined) return false;
  return accessKeyId === next.accessKeyId && roleArn === next.roleArn && upstream === next.upstream;
}
