/**
 * What functions may do with registries' secrets, as statements: by part, `source` (what somebody typed) or `issued`
 * (what hosts are given), below the installation's own prefix.
 */
import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ORPHAN_TAG } from '../../stores/secrets-manager/secret-names.ts';
import type { Storage } from '../storage.ts';
import type { Permission } from './permission.ts';

export type SecretPart = 'source' | 'issued';

const WHY_PATTERN =
  "Registries come and go while Pullpass runs: their secrets are known by the installation's prefix and the part.";

export function readSecrets(storage: Storage, parts: readonly SecretPart[]): readonly Permission[] {
  const resources = secretArns(storage, parts);
  return [
    {
      statement: new PolicyStatement({ sid: 'ReadSecrets', actions: ['secretsmanager:GetSecretValue'], resources }),
      whyPattern: WHY_PATTERN,
    },
    {
      statement: new PolicyStatement({
        sid: 'OpenSecrets',
        actions: ['kms:Decrypt'],
        resources: [storage.key.keyArn],
        conditions: {
          StringEquals: { 'kms:ViaService': serviceIn(storage, Stack.of(storage).region) },
          StringLike: { 'kms:EncryptionContext:SecretARN': resources },
        },
      }),
    },
  ];
}

/** Which version is the current one. */
export function switchVersions(storage: Storage, parts: readonly SecretPart[]): readonly Permission[] {
  return [
    {
      statement: new PolicyStatement({
        sid: 'SwitchVersions',
        actions: ['secretsmanager:DescribeSecret', 'secretsmanager:UpdateSecretVersionStage'],
        resources: secretArns(storage, parts),
      }),
      whyPattern: WHY_PATTERN,
    },
  ];
}

/** A new version beside the old one. A registry's first credential makes its secret, or brings back a removed one. */
export function writeSecrets(storage: Storage, parts: readonly SecretPart[]): readonly Permission[] {
  return [
    {
      statement: new PolicyStatement({
        sid: 'WriteSecrets',
        actions: [
          'secretsmanager:CreateSecret',
          'secretsmanager:TagResource',
          'secretsmanager:PutSecretValue',
          'secretsmanager:RestoreSecret',
          ...(storage.replica === undefined ? [] : ['secretsmanager:ReplicateSecretToRegions']),
        ],
        resources: secretArns(storage, parts),
      }),
      whyPattern: WHY_PATTERN,
    },
    sealWithKey(storage),
    ...sealReplicas(storage),
  ];
}

/** Without the secret's name: a secret that is being created is sealed before it has one. */
export function sealWithKey(storage: Storage): Permission {
  return {
    statement: new PolicyStatement({
      sid: 'SealSecrets',
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [storage.key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': serviceIn(storage, Stack.of(storage).region) } },
    }),
  };
}

/** Names and labels, never a value. */
export function listSecrets(): readonly Permission[] {
  return [
    {
      statement: new PolicyStatement({
        sid: 'ListSecrets',
        actions: ['secretsmanager:ListSecrets'],
        resources: ['*'],
      }),
      whyPattern: 'A list is of the account and not of a secret: this action knows no resource.',
    },
  ];
}

/** Notes since when no registry seems to use one, and takes the note off again. No other tag. */
export function markOrphans(storage: Storage, parts: readonly SecretPart[]): readonly Permission[] {
  return [
    {
      statement: new PolicyStatement({
        sid: 'MarkOrphans',
        actions: ['secretsmanager:TagResource', 'secretsmanager:UntagResource'],
        resources: secretArns(storage, parts),
        conditions: {
          'ForAllValues:StringEquals': { 'aws:TagKeys': [ORPHAN_TAG] },
          Null: { 'aws:TagKeys': 'false' },
        },
      }),
      whyPattern: WHY_PATTERN,
    },
  ];
}

/** With a recovery window, always: what is gone at once cannot be brought back by anybody. */
export function removeSecrets(storage: Storage, parts: readonly SecretPart[]): readonly Permission[] {
  return [
    {
      statement: new PolicyStatement({
        sid: 'RemoveSecrets',
        actions: [
          'secretsmanager:DescribeSecret',
          'secretsmanager:DeleteSecret',
          // Also where there is no replica any more: one that is left over keeps its secret from being removed.
          'secretsmanager:RemoveRegionsFromReplication',
        ],
        resources: secretArns(storage, parts),
        conditions: { BoolIfExists: { 'secretsmanager:ForceDeleteWithoutRecovery': 'false' } },
      }),
      whyPattern: WHY_PATTERN,
    },
  ];
}

/**
 * Six characters that the service chooses end a secret's ARN. A secret that is not there yet has none, and without the
 * plain name the answer about it would be a refusal instead of "not found".
 */
function secretArns(storage: Storage, parts: readonly SecretPart[]): string[] {
  const { partition, region, account } = Stack.of(storage);
  const secrets = `arn:${partition}:secretsmanager:${region}:${account}:secret:${storage.secretPrefix}/*`;
  return parts.flatMap((part) => [`${secrets}/${part}-??????`, `${secrets}/${part}`]);
}

function sealReplicas(storage: Storage): readonly Permission[] {
  const { replica } = storage;
  if (replica === undefined) return [];
  return [
    {
      statement: new PolicyStatement({
        sid: 'SealReplicas',
        actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [replica.kmsKeyArn],
        conditions: { StringEquals: { 'kms:ViaService': serviceIn(storage, replica.region) } },
      }),
    },
  ];
}

function serviceIn(storage: Storage, region: string): string {
  return `secretsmanager.${region}.${Stack.of(storage).urlSuffix}`;
}
